#include <pqscope/sql/literal.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

using pqscope::literal;

static_assert(!std::is_convertible_v<std::string, literal>);
static_assert(!std::is_convertible_v<int, literal>);
static_assert(!std::is_constructible_v<literal, char>);
static_assert(!std::is_constructible_v<literal, double>);
static_assert(!std::is_constructible_v<literal, void*>);

TEST_CASE("a string becomes a quoted literal") {
  CHECK(literal{"abc"}.text() == "'abc'");
  CHECK(literal{""}.text() == "''");
  CHECK(literal{"it's"}.text() == "'it''s'");
  CHECK(literal{"'; DROP TABLE t; --"}.text() == "'''; DROP TABLE t; --'");
  CHECK(literal{std::string{"$1 {} \"x\""}}.text() == "'$1 {} \"x\"'");
}

TEST_CASE("a backslash makes a literal with escapes, safe under either setting") {
  CHECK(literal{R"(a\b)"}.text() == R"(E'a\\b')");
  CHECK(literal{R"(\')"}.text() == R"(E'\\''')");
  CHECK(literal{R"(\)"}.text() == R"(E'\\')");
}

TEST_CASE("integers and booleans are written as they are") {
  CHECK(literal{5}.text() == "5");
  CHECK(literal{-1}.text() == "-1");
  CHECK(literal{std::int16_t{7}}.text() == "7");
  CHECK(literal{std::numeric_limits<std::int64_t>::min()}.text() == "-9223372036854775808");
  CHECK(literal{std::numeric_limits<std::uint64_t>::max()}.text() == "18446744073709551615");
  CHECK(literal{true}.text() == "TRUE");
  CHECK(literal{false}.text() == "FALSE");
}

TEST_CASE("a NUL byte in a literal is refused and the value not told") {
  std::string const value{"secret\0", 7};
  try {
    literal const refused{value};
    FAIL("no error");
  } catch (pqscope::usage_error const& e) {
    CHECK(std::string{e.what()}.find("secret") == std::string::npos);
  }
}
