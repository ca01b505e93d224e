#include <catch2/catch_test_macros.hpp>

#include <source_location>
#include <string>
#include <type_traits>

#include <pqscope/error/connection_error.hpp>

using namespace pqscope;

static_assert(std::is_nothrow_copy_constructible_v<connection_error>);
static_assert(std::is_nothrow_copy_constructible_v<deadline_exceeded>);
static_assert(std::is_base_of_v<error, connection_error>);
static_assert(std::is_base_of_v<connection_error, connection_lost>);
static_assert(std::is_base_of_v<connection_error, connection_closed>);
static_assert(std::is_base_of_v<connection_error, connection_busy>);
static_assert(std::is_base_of_v<connection_error, deadline_exceeded>);
static_assert(std::is_base_of_v<connection_error, operation_cancelled>);

TEST_CASE("a failed connect is not retryable and leaves nothing to use") {
  connection_error const failure("no route to db1:5432", std::source_location::current());
  CHECK(std::string(failure.what()).starts_with("no route to db1:5432\n  at "));
  CHECK(failure.sqlstate().empty());
  CHECK_FALSE(failure.is_retryable());
  CHECK_FALSE(failure.connection_usable());
}

TEST_CASE("a failed connect carries the SQLSTATE the server answered, also in a copy") {
  connection_error const copy = connection_error("refused", {}, std::string("28P01"));
  CHECK(copy.sqlstate() == "28P01");
  CHECK(connection_error("refused", {}, "nonsense").sqlstate().empty());
}

TEST_CASE("a lost connection is retryable and not usable") {
  connection_lost const failure("the server closed the connection");
  CHECK(failure.is_retryable());
  CHECK_FALSE(failure.connection_usable());
}

TEST_CASE("a busy connection can be used again, a closed one cannot") {
  CHECK(connection_busy("a stream is open").connection_usable());
  CHECK_FALSE(connection_busy("a stream is open").is_retryable());
  CHECK_FALSE(connection_closed("closed").connection_usable());
  CHECK_FALSE(connection_closed("closed").is_retryable());
}

TEST_CASE("an expired deadline and a stop say whether the connection was kept") {
  for (bool const kept : {true, false}) {
    CHECK(deadline_exceeded("after 2 s", kept).connection_usable() == kept);
    CHECK(operation_cancelled("stopped", kept).connection_usable() == kept);
    CHECK_FALSE(deadline_exceeded("after 2 s", kept).is_retryable());
    CHECK_FALSE(operation_cancelled("stopped", kept).is_retryable());
  }
}
