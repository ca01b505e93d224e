#include <catch2/catch_test_macros.hpp>

#include <source_location>
#include <string>
#include <type_traits>

#include <pqscope/error/decode_error.hpp>

using namespace pqscope;

static_assert(std::is_nothrow_copy_constructible_v<decode_error>);
static_assert(std::is_nothrow_copy_constructible_v<unexpected_null>);
static_assert(std::is_base_of_v<error, decode_error>);
static_assert(std::is_base_of_v<decode_error, type_mismatch>);
static_assert(std::is_base_of_v<decode_error, unexpected_null>);
static_assert(std::is_base_of_v<decode_error, no_rows>);
static_assert(std::is_base_of_v<decode_error, too_many_rows>);

TEST_CASE("a decode error leaves the connection usable and knows no column at first") {
  decode_error const failure("8 bytes expected, 3 received");
  CHECK(std::string(failure.what()) == "8 bytes expected, 3 received");
  CHECK(failure.column().empty());
  CHECK_FALSE(failure.row());
  CHECK(failure.connection_usable());
  CHECK_FALSE(failure.is_retryable());
}

TEST_CASE("a decode error rethrown with its place keeps its class and names column and row") {
  auto const here = std::source_location::current();
  try {
    try {
      throw unexpected_null("NULL where std::string was asked for");
    } catch (decode_error& failure) {
      failure.locate("email", 1, here);
      throw;
    }
  } catch (unexpected_null const& failure) {
    std::string const text = failure.what();
    CHECK(text.starts_with("column \"email\", row 2: NULL where std::string was asked for\n  at "));
    CHECK(text.find(':' + std::to_string(here.line())) != std::string::npos);
    CHECK(failure.column() == "email");
    CHECK(failure.row() == 1U);
    CHECK(failure.where().line() == here.line());
  }
}

TEST_CASE("the first place given to a decode error wins") {
  decode_error failure("bad");
  failure.locate("a");
  failure.locate("b", 7);
  CHECK(std::string(failure.what()) == "column \"a\": bad");
  CHECK(failure.column() == "a");
  CHECK_FALSE(failure.row());
}

TEST_CASE("a call site a decode error has is kept when its place is added") {
  auto const here = std::source_location::current();
  decode_error failure("bad", here);
  failure.locate("a", 0, std::source_location::current());
  CHECK(failure.where().line() == here.line());
  std::string const text = failure.what();
  CHECK(text.find("\n  at ") == text.rfind("\n  at "));
}

TEST_CASE("a copy of a located decode error keeps its column") {
  decode_error copy("other");
  {
    decode_error original("bad");
    original.locate("a", 3);
    copy = original;
  }
  CHECK(copy.column() == "a");
  CHECK(copy.row() == 3U);
}
