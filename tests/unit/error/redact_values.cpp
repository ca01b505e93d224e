#include <catch2/catch_test_macros.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <pqscope/error/redact_values.hpp>

using pqscope::detail::redact_values;

namespace {

std::string redacted(std::string message, std::initializer_list<std::string_view> values) {
  std::vector<std::string_view> const list(values);
  redact_values(message, list);
  return message;
}

}  // namespace

TEST_CASE("a quoted value is replaced by its placeholder") {
  CHECK(redacted("invalid input syntax for type integer: \"secret\"", {"a", "secret"}) ==
        "invalid input syntax for type integer: \"$2\"");
  CHECK(redacted("\"x\" and \"y\" and \"x\"", {"x", "y"}) == "\"$1\" and \"$2\" and \"$1\"");
}

TEST_CASE("what is not a quoted value stays") {
  CHECK(redacted("secret \"secretive\" secret", {"secret"}) == "secret \"secretive\" secret");
  CHECK(redacted("a zero-length value \"\"", {"", {}}) == "a zero-length value \"\"");
  CHECK(redacted("nothing", {}) == "nothing");
  CHECK(redacted("", {"x"}).empty());
}

TEST_CASE("the longest of several values that fit is replaced") {
  CHECK(redacted("bad: \"a\" b\"", {"a", "a\" b"}) == "bad: \"$2\"");
  CHECK(redacted("bad: \"a\" b\"", {"a\" b", "a"}) == "bad: \"$1\"");
}

TEST_CASE("a placeholder put in is not taken for a value") {
  CHECK(redacted("bad: \"x\"", {"x", "$1"}) == "bad: \"$1\"");
}

TEST_CASE("quotation marks of other languages are known") {
  CHECK(redacted("ungültig: „secret“", {"secret"}) == "ungültig: „$1“");
  CHECK(redacted("invalide : « secret »", {"secret"}) == "invalide : « $1 »");
  CHECK(redacted("invalide : «\u00A0secret\u00A0»", {"secret"}) == "invalide : «\u00A0$1\u00A0»");
  CHECK(redacted("неверно: \"secret\"", {"secret"}) == "неверно: \"$1\"");
}

TEST_CASE("a part of a value is replaced in a data exception only") {
  pqscope::diagnostics fields;
  std::vector<std::string_view> const values{"{1,secret}"};
  fields.message = "invalid input syntax for type integer: \"secret\"";
  fields.sqlstate = "22P02";
  redact_values(fields, values);
  CHECK(fields.message == "invalid input syntax for type integer: \"$1\"");

  fields.message = "relation \"secret\" does not exist";
  fields.sqlstate = "42P01";
  redact_values(fields, values);
  CHECK(fields.message == "relation \"secret\" does not exist");
}

TEST_CASE("values in the hint and in a function's statement are replaced") {
  pqscope::diagnostics fields;
  std::vector<std::string_view> const values{"O'Brien", "plain"};
  fields.message = "no";
  fields.hint = "not \"plain\"";
  fields.internal_query = "SELECT x FROM t WHERE a = 'O''Brien' AND b = 'plain'";
  fields.internal_position = 8;
  redact_values(fields, values);
  CHECK(fields.hint == "not \"$2\"");
  CHECK(fields.internal_query == "SELECT x FROM t WHERE a = '$1' AND b = '$2'");
  CHECK(fields.internal_position == 0);
}

TEST_CASE("a function's statement without values keeps its position") {
  pqscope::diagnostics fields;
  std::vector<std::string_view> const values{"secret"};
  fields.internal_query = "SELECT x";
  fields.internal_position = 8;
  redact_values(fields, values);
  CHECK(fields.internal_position == 8);
}
