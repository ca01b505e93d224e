#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

#include <pqscope/error/mask_message.hpp>
#include <pqscope/error/server_error.hpp>

namespace {

std::string masked(std::string message, std::string_view sql, int position = 0) {
  pqscope::detail::mask_message(message, sql, position);
  return message;
}

}  // namespace

TEST_CASE("a password that the server quotes is masked, in any language") {
  CHECK(masked("unterminated quoted string at or near \"'s3cr LOGIN\"",
               "CREATE ROLE a PASSWORD 's3cr LOGIN") ==
        "unterminated quoted string at or near \"'***\"");
  CHECK(masked("erreur de syntaxe sur ou près de « 's3cr' »", "SET PASSWORD 's3cr'") ==
        "erreur de syntaxe sur ou près de « '***' »");
  CHECK(masked("syntax error at or near \"U&'s3cr'\"", "SET PASSWORD U&'s3cr'") ==
        "syntax error at or near \"U&'***'\"");
  CHECK(masked("unterminated dollar-quoted string at or near \"$q$s3cr\"",
               "ALTER ROLE a PASSWORD $q$s3cr") ==
        "unterminated dollar-quoted string at or near \"$q$***\"");
  CHECK(masked("invalid input syntax for type integer: \"s3cr\"", "SELECT password = 's3cr'") ==
        "invalid input syntax for type integer: \"***\"");
}

TEST_CASE("a part of a password is masked where the error is within it") {
  std::string const sql = "ALTER ROLE a PASSWORD 's3'cr'";
  CHECK(masked("syntax error at or near \"cr\"", sql, 27) == "syntax error at or near \"***\"");
  CHECK(masked("role \"cr\" does not exist", sql, 12) == "role \"cr\" does not exist");
}

TEST_CASE("a message that quotes no password stays as it is") {
  CHECK(masked("role \"a\" does not exist", "ALTER ROLE a PASSWORD 'role'") ==
        "role \"a\" does not exist");
  CHECK(masked("syntax error at or near \"FOO\"", "CREATE ROLE x PASSWORD 's3cr' FOO", 31) ==
        "syntax error at or near \"FOO\"");
  CHECK(masked("", "ALTER ROLE a PASSWORD 'x'") == "");
  CHECK(masked("syntax error at end of input", "ALTER ROLE a PASSWORD ''") ==
        "syntax error at end of input");
}

TEST_CASE("a server error shows no password of its statements in its message and hint") {
  pqscope::server_error const failure{
      {.message = "at or near \"'one\"", .hint = "not \"two\"", .internal_query = "PASSWORD 'two'"},
      "PASSWORD 'one"};
  CHECK(failure.message() == "at or near \"'***\"");
  CHECK(failure.hint() == "not \"***\"");
  std::string const shown = failure.what();
  CHECK(shown.find("one") == std::string::npos);
  CHECK(shown.find("two") == std::string::npos);
}
