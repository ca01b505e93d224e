#include "wire_bytes.hpp"

#include <pqscope/types/json.hpp>

#include <string>
#include <string_view>

namespace oid = pqscope::oid;
using pqscope::find_json_fault;
using pqscope::json;
using pqscope::jsonb;

namespace {

constexpr bool is_json(std::string_view text) {
  return find_json_fault(text) == std::string_view::npos;
}

}  // namespace

TEST_CASE("what RFC 8259 calls JSON is taken") {
  for (std::string_view const text : {"null",
                                      "true",
                                      "false",
                                      "0",
                                      "-0",
                                      "1",
                                      "-1.5e+10",
                                      "1E5",
                                      "0.0",
                                      "10e-2",
                                      "\"\"",
                                      "\"a\"",
                                      "\"\\u00e9\\n\\\\\\\"\\/\"",
                                      "\"\xc3\xa9\"",
                                      "[]",
                                      "[ ]",
                                      "[1,2]",
                                      "{}",
                                      "{ }",
                                      "{\"a\":1}",
                                      " { \"a\" : [ 1 , { } ] , \"b\" : null } ",
                                      "\t\r\n1\n",
                                      "\"\x7f\"",
                                      "[[[[]]]]"}) {
    INFO(text);
    CHECK(is_json(text));
  }
}

TEST_CASE("what only looks like JSON is refused at the byte where it goes wrong") {
  struct bad_text {
    std::string_view text;
    std::size_t offset;
  };
  for (auto const& bad : {bad_text{"", 0},           bad_text{" ", 1},
                          bad_text{"nul", 3},        bad_text{"True", 0},
                          bad_text{"01", 1},         bad_text{"1.", 2},
                          bad_text{".5", 0},         bad_text{"+1", 0},
                          bad_text{"-", 1},          bad_text{"1e", 2},
                          bad_text{"1e+", 3},        bad_text{"NaN", 0},
                          bad_text{"[1,]", 3},       bad_text{"[1", 2},
                          bad_text{"[1 2]", 3},      bad_text{"{\"a\"}", 4},
                          bad_text{"{\"a\":}", 5},   bad_text{"{a:1}", 1},
                          bad_text{"{\"a\":1,}", 7}, bad_text{"'a'", 0},
                          bad_text{"\"a", 2},        bad_text{"\"\t\"", 1},
                          bad_text{"\"\\x\"", 2},    bad_text{"\"\\u12g4\"", 5},
                          bad_text{"1 2", 2},        bad_text{"{}}", 2},
                          bad_text{"// x", 0},       bad_text{"\xef\xbb\xbf{}", 0},
                          bad_text{"\"\\", 2}}) {
    INFO(bad.text);
    CHECK(find_json_fault(bad.text) == bad.offset);
    CHECK_THROWS_AS(json(std::string(bad.text)), pqscope::usage_error);
    CHECK_THROWS_AS(jsonb(std::string(bad.text)), pqscope::usage_error);
  }
  CHECK_FALSE(is_json(std::string_view("1\0", 2)));
  CHECK_FALSE(is_json(std::string_view("\"\0\"", 3)));
}

TEST_CASE("the error about bad JSON names the offset and quotes nothing") {
  try {
    json value("{\"secret\": x}");
    FAIL("nothing was thrown");
  } catch (pqscope::usage_error const& e) {
    std::string const message = e.what();
    CHECK(message.find("byte 11") != std::string::npos);
    CHECK(message.find("secret") == std::string::npos);
  }
}

TEST_CASE("JSON may be nested deeply but not without limit") {
  auto const nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(is_json(nested(1000)));
  CHECK_FALSE(is_json(nested(1001)));
  CHECK_FALSE(is_json(nested(10'000'000)));
}

TEST_CASE("json travels as its text, jsonb with a version byte before it") {
  CHECK(encoded(json("{\"a\": 1}")) == "{\"a\": 1}");
  CHECK(encoded(jsonb("{}")) == "\x01{}");
  CHECK(round_trip(json("[1]")) == json("[1]"));
  CHECK(round_trip(jsonb("[1]")) == jsonb("[1]"));
  CHECK(decoded<json>("\x01[1]", oid::jsonb).text() == "[1]");
  CHECK(decoded<jsonb>("[1]", oid::json).text() == "[1]");
  CHECK(parsed<json>("[1]").text() == "[1]");
  CHECK(parsed<jsonb>("[1]").text() == "[1]");
}

TEST_CASE("a jsonb without its version byte is refused") {
  CHECK_THROWS_AS(decoded<jsonb>("", oid::jsonb), pqscope::decode_error);
  CHECK_THROWS_AS(decoded<jsonb>("{}", oid::jsonb), pqscope::decode_error);
  CHECK_THROWS_AS(decoded<json>("\x02{}", oid::jsonb), pqscope::decode_error);
}

TEST_CASE("json compares as text and is null by default") {
  CHECK(json().text() == "null");
  CHECK(json("1") == json("1"));
  CHECK(json("1") != json("1 "));
  CHECK(json("1") < json("2"));
  CHECK(json("[1]").text() == "[1]");
}

TEST_CASE("json is read from json and jsonb only") {
  STATIC_CHECK(pqscope::codec<json>::accepts(oid::json));
  STATIC_CHECK(pqscope::codec<json>::accepts(oid::jsonb));
  STATIC_CHECK(pqscope::codec<jsonb>::accepts(oid::json));
  STATIC_CHECK_FALSE(pqscope::codec<json>::accepts(oid::text));
}
