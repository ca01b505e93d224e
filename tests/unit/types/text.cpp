#include "wire_bytes.hpp"

#include <pqscope/types/text.hpp>

#include <string>
#include <string_view>

namespace oid = pqscope::oid;
using pqscope::codec;
using namespace std::string_literals;

TEST_CASE("text is its bytes, empty or with any character") {
  std::string all;
  for (int c = 1; c < 256; ++c) {
    all += static_cast<char>(c);
  }
  CHECK(encoded(all) == all);
  CHECK(round_trip(all) == all);
  CHECK(parsed<std::string>(all) == all);
  CHECK(round_trip(""s).empty());
  CHECK(parsed<std::string>("").empty());
}

TEST_CASE("text is read from the text types, json and xml, and from no other") {
  for (auto const type : {oid::text, oid::varchar, oid::bpchar, oid::name, oid::char_, oid::unknown,
                          oid::json, oid::jsonb, oid::xml}) {
    CHECK(codec<std::string>::accepts(type));
    CHECK(codec<std::string_view>::accepts(type));
  }
  for (auto const type : {oid::int4, oid::uuid, oid::bytea, oid::date, oid::numeric, oid::none,
                          oid::text_array, oid::first_user}) {
    CHECK_FALSE(codec<std::string>::accepts(type));
  }
}

TEST_CASE("a jsonb read as text comes without its version byte") {
  CHECK(decoded<std::string>("\x01{}", oid::jsonb) == "{}");
  CHECK(decoded<std::string>("{}", oid::json) == "{}");
  CHECK(parsed<std::string>("{}", oid::jsonb) == "{}");
  CHECK_THROWS_AS(decoded<std::string>("\x02{}", oid::jsonb), pqscope::decode_error);
  CHECK_THROWS_AS(decoded<std::string>("", oid::jsonb), pqscope::decode_error);
}

TEST_CASE("a string_view result points into the row") {
  std::string const row = "abc";
  auto const view = pqscope::decode_value<std::string_view>(row.data(), 3, oid::text);
  CHECK(view.data() == row.data());
  CHECK(view == "abc");
}

TEST_CASE("texts that end in NUL are lent, others are not") {
  std::string const value = "abc";
  CHECK(codec<std::string>::borrow(value) == value.c_str());
  CHECK(codec<std::string>::borrow("a\0b"s) == nullptr);
  char const* const pointer = "abc";
  CHECK(codec<char const*>::borrow(pointer) == pointer);
  char const full[3] = {'a', 'b', 'c'};
  CHECK(codec<char[3]>::borrow(full) == nullptr);
  CHECK(encoded(full) == "abc");
  char const padded[8] = "abc";
  CHECK(codec<char[8]>::borrow(padded) == padded);
  CHECK(encoded(padded) == "abc");
}

TEST_CASE("a NUL byte is found anywhere in a text") {
  CHECK_FALSE(pqscope::has_nul(""));
  CHECK_FALSE(pqscope::has_nul({}));
  CHECK_FALSE(pqscope::has_nul("abc"));
  CHECK(pqscope::has_nul("\0abc"s));
  CHECK(pqscope::has_nul("ab\0c"s));
  CHECK(pqscope::has_nul("abc\0"s));
}

TEST_CASE("a char is a text of one byte") {
  CHECK(encoded('x') == "x");
  CHECK(decoded<char>("x", oid::char_) == 'x');
  CHECK(decoded<char>("x", oid::text) == 'x');
  CHECK(decoded<char>("\0"s, oid::char_) == '\0');
  require_other_lengths_refused<char>("x", oid::text);
  CHECK(parsed<char>("x", oid::text) == 'x');
  CHECK_THROWS_AS(parsed<char>("", oid::text), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<char>("xy", oid::bpchar), pqscope::decode_error);
}

TEST_CASE("the type \"char\" in text can be empty or octal") {
  CHECK(parsed<char>("", oid::char_) == '\0');
  CHECK(parsed<char>("\\303", oid::char_) == '\303');
  CHECK(parsed<char>("\\", oid::char_) == '\\');
  CHECK_THROWS_AS(parsed<char>("\\30", oid::char_), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<char>("\\803", oid::char_), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<char>("\\389", oid::char_), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<char>("\\3 3", oid::char_), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<char>("\\303", oid::text), pqscope::decode_error);
}
