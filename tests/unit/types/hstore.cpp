#include "wire_bytes.hpp"

#include <pqscope/types/hstore.hpp>

#include <random>
#include <string>

using pqscope::hstore;

namespace {

constexpr pqscope::oid_t some_type = 16400;

hstore const example{{"a", "1"}, {"", ""}, {"b", std::nullopt}};

std::string const wire = bytes({0,   0, 0, 3, 0, 0,   0, 0, 0, 0, 0,   0,    0,    0,    0,   1,
                                'a', 0, 0, 0, 1, '1', 0, 0, 0, 1, 'b', 0xff, 0xff, 0xff, 0xff});

}  // namespace

TEST_CASE("an hstore is read pair by pair") {
  CHECK(decoded<hstore>(wire, some_type) == example);
  CHECK(decoded<hstore>(bytes({0, 0, 0, 0}), some_type).empty());
  STATIC_CHECK(pqscope::accepts_type<hstore>(some_type));
  STATIC_CHECK_FALSE(pqscope::accepts_type<hstore>(pqscope::oid::text));
}

TEST_CASE("a malformed hstore is refused") {
  require_other_lengths_refused<hstore>(wire, some_type);
  for (auto const& bad :
       {bytes({0xff, 0xff, 0xff, 0xff}), bytes({0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0}),
        bytes({0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}),
        bytes({0, 0, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe}),
        bytes({0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff, 'a', 0, 0, 0, 0}),
        bytes({0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})}) {
    CHECK_THROWS_AS(decoded<hstore>(bad, some_type), pqscope::decode_error);
  }
}

TEST_CASE("random bytes are an hstore or a decode_error") {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string noise = wire.substr(0, random() % (wire.size() + 1));
    for (std::size_t i = 0; i < noise.size(); ++i) {
      noise[i] = random() % 8 == 0 ? static_cast<char>(random()) : noise[i];
    }
    try {
      auto const pairs = decoded<hstore>(noise, some_type);
      CHECK(pairs.size() <= noise.size() / 8);
    } catch (pqscope::decode_error const& e) {
      CHECK_FALSE(std::string_view(e.what()).empty());
    }
  }
}

TEST_CASE("an hstore is written as text and read from the server's") {
  CHECK(encoded(example) == R"(""=>"","a"=>"1","b"=>NULL)");
  CHECK(encoded(hstore{}).empty());
  CHECK(encoded(hstore{{R"(a"\)", "NULL"}}) == R"("a\"\\"=>"NULL")");
  CHECK(parsed<hstore>(R"(""=>"", "a"=>"1", "b"=>NULL)") == example);
  CHECK(parsed<hstore>("").empty());
  CHECK(parsed<hstore>(R"("a\"\\"=>"NULL")") == hstore{{R"(a"\)", "NULL"}});
}

TEST_CASE("text that the server does not print for an hstore is refused") {
  for (char const* text : {" ", "a", "\"", "\"a", "\"a\"", "\"a\"=>", "\"a\"=>\"b", "\"a\"=>b",
                           "\"a\"=>\"b\"x", "\"a\"=>\"b\", ", "\"a\"=>\"b\",\"c\"=>\"d\"", "\"a\\",
                           "\"a\"=>\"b\\\"", "\"a\"=>NULL, \"a\"=>NULL", "a=>b"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<hstore>(text), pqscope::decode_error);
  }
}
