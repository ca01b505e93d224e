#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include <pqscope/error/server_error.hpp>

using namespace pqscope;

static_assert(std::is_nothrow_copy_constructible_v<server_error>);
static_assert(std::is_nothrow_copy_assignable_v<server_error>);

namespace {

diagnostics undefined_column() {
  diagnostics fields;
  fields.severity = "ERROR";
  fields.sqlstate = "42703";
  fields.message = "column \"nam\" does not exist";
  fields.position = 8;
  return fields;
}

std::string text_of(diagnostics const& fields, std::string const& sql) {
  return server_error(fields, sql).what();
}

server_error of(std::string const& sqlstate, std::string const& severity, bool usable = true) {
  diagnostics fields;
  fields.severity = severity;
  fields.sqlstate = sqlstate;
  fields.message = "no";
  return server_error(fields, "SELECT 1", {}, usable);
}

}  // namespace

TEST_CASE("a server error shows message, SQLSTATE with name, the place in the text and the hint") {
  diagnostics fields = undefined_column();
  fields.hint = "Perhaps you meant \"name\".";
  CHECK(text_of(fields, "SELECT nam FROM t") ==
        "column \"nam\" does not exist (SQLSTATE 42703 undefined_column)\n"
        "  SELECT nam FROM t\n"
        "         ^\n"
        "  hint: Perhaps you meant \"name\".");
}

TEST_CASE("a server error ends with the call site") {
  auto const here = std::source_location::current();
  std::string const text = server_error(undefined_column(), "SELECT nam", here).what();
  CHECK(text.find("\n  at " + std::string(here.file_name()) + ':' + std::to_string(here.line())) !=
        std::string::npos);
}

TEST_CASE("a server error without a position shows the beginning of the text without a caret") {
  diagnostics fields = undefined_column();
  fields.position = 0;
  CHECK(text_of(fields, "INSERT INTO t\n  VALUES ($1)") ==
        "column \"nam\" does not exist (SQLSTATE 42703 undefined_column)\n"
        "  INSERT INTO t VALUES ($1)");
}

TEST_CASE("a server error in a function's statement shows that with its caret") {
  diagnostics fields = undefined_column();
  fields.position = 0;
  fields.internal_query = "SELECT nam";
  fields.internal_position = 8;
  CHECK(text_of(fields, "SELECT f()") ==
        "column \"nam\" does not exist (SQLSTATE 42703 undefined_column)\n"
        "  SELECT f()\n"
        "  in the function's statement\n"
        "    SELECT nam\n"
        "           ^");
}

TEST_CASE("a server error never shows detail, context or a password in the SQL text") {
  diagnostics fields = undefined_column();
  fields.detail = "Key (email)=(ada@example.org) already exists.";
  fields.context = "COPY t, line 1: \"ada@example.org\"";
  fields.position = 32;
  std::string const text = text_of(fields, "ALTER ROLE a PASSWORD 'hunter' LOGN");
  CHECK(text.find("ada@") == std::string::npos);
  CHECK(text.find("hunter") == std::string::npos);
  CHECK(
      text.ends_with("  ALTER ROLE a PASSWORD '***' LOGN\n"
                     "                              ^"));
}

TEST_CASE("a server error without SQLSTATE or message still says something") {
  diagnostics fields;
  fields.message = "query_wait_timeout";
  CHECK(text_of(fields, "") == "query_wait_timeout");
  CHECK(text_of(diagnostics{}, "") == "the server reported an error");
  fields.sqlstate = "ZZ123";
  CHECK(text_of(fields, "") == "query_wait_timeout (SQLSTATE ZZ123)");
}

TEST_CASE("a server error gives every field the server sent") {
  diagnostics fields;
  fields.severity = "ERROR";
  fields.sqlstate = "23505";
  fields.message = "message";
  fields.detail = "detail";
  fields.hint = "hint";
  fields.context = "context";
  fields.schema_name = "schema";
  fields.table_name = "table";
  fields.column_name = "column";
  fields.data_type_name = "type";
  fields.constraint_name = "constraint";
  fields.internal_query = "internal";
  fields.source_file = "file.c";
  fields.source_function = "function";
  fields.source_line = 11;
  fields.position = 12;
  fields.internal_position = 13;
  server_error const failure(fields, "SELECT 1");
  CHECK(failure.severity() == "ERROR");
  CHECK(failure.sqlstate() == "23505");
  CHECK(failure.condition() == "unique_violation");
  CHECK(failure.message() == "message");
  CHECK(failure.detail() == "detail");
  CHECK(failure.hint() == "hint");
  CHECK(failure.context() == "context");
  CHECK(failure.schema_name() == "schema");
  CHECK(failure.table_name() == "table");
  CHECK(failure.column_name() == "column");
  CHECK(failure.data_type_name() == "type");
  CHECK(failure.constraint_name() == "constraint");
  CHECK(failure.internal_query() == "internal");
  CHECK(failure.source_file() == "file.c");
  CHECK(failure.source_function() == "function");
  CHECK(failure.source_line() == 11);
  CHECK(failure.position() == 12);
  CHECK(failure.internal_position() == 13);
  CHECK(failure.sql() == "SELECT 1");
  CHECK(failure.diagnostics().source_function == "function");
}

TEST_CASE("a server error knows the constraint that was violated") {
  diagnostics fields;
  fields.constraint_name = "users_email_key";
  CHECK(server_error(fields).violates("users_email_key"));
  CHECK_FALSE(server_error(fields).violates("users_email"));
  CHECK_FALSE(server_error(diagnostics{}).violates(""));
}

TEST_CASE("serialization failures, deadlocks and sessions the server has ended are retryable") {
  CHECK(of("40001", "ERROR").is_retryable());
  CHECK(of("40P01", "ERROR").is_retryable());
  CHECK(of("57P01", "FATAL").is_retryable());
  CHECK(of("57P02", "FATAL").is_retryable());
  CHECK(of("57P03", "FATAL").is_retryable());
  CHECK(of("57P05", "FATAL").is_retryable());
  CHECK(of("08P01", "FATAL").is_retryable());
  CHECK_FALSE(of("08P01", "ERROR").is_retryable());
  CHECK_FALSE(of("57P01", "ERROR").is_retryable());
  CHECK_FALSE(of("40002", "ERROR").is_retryable());
  CHECK_FALSE(of("25P03", "FATAL").is_retryable());
  CHECK_FALSE(of("23505", "ERROR").is_retryable());
  CHECK_FALSE(of("", "ERROR").is_retryable());
}

TEST_CASE("a connection survives an ERROR unless told otherwise, and no FATAL or PANIC") {
  CHECK(of("23505", "ERROR").connection_usable());
  CHECK_FALSE(of("23505", "ERROR", false).connection_usable());
  CHECK_FALSE(of("57P01", "FATAL").connection_usable());
  CHECK_FALSE(of("XX000", "PANIC").connection_usable());
}

TEST_CASE("a copy of a server error outlives the original, a moved-from one stays whole") {
  std::optional<server_error> original(std::in_place, undefined_column(), "SELECT nam");
  server_error const copy = *original;
  server_error const moved = std::move(*original);
  CHECK(original->sql() == "SELECT nam");
  original.reset();
  CHECK(copy.sqlstate() == "42703");
  CHECK(moved.sql() == "SELECT nam");
  CHECK(std::string(copy.what()) == moved.what());
}
