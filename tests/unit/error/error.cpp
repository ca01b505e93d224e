#include <catch2/catch_test_macros.hpp>

#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <pqscope/error/error.hpp>

using pqscope::error;

static_assert(std::is_nothrow_copy_constructible_v<error>);
static_assert(std::is_nothrow_copy_assignable_v<error>);
static_assert(!std::is_convertible_v<std::string, error>);

TEST_CASE("an error without a call site says its message and nothing else") {
  error const failure("it failed");
  CHECK(std::string(failure.what()) == "it failed");
  CHECK(failure.where().line() == 0);
}

TEST_CASE("an error with a call site names its file and line on a line of its own") {
  auto const here = std::source_location::current();
  error const failure("it failed", here);
  std::string const expected = "it failed\n  at " + std::string(here.file_name()) + ':' +
                               std::to_string(here.line()) + " (" + here.function_name() + ')';
  CHECK(failure.what() == expected);
  CHECK(failure.where().line() == here.line());
}

namespace {

template <class...>
std::source_location from_a_long_name() {
  return std::source_location::current();
}

}  // namespace

TEST_CASE("a function name of more than 100 bytes is left out of the message") {
  auto const here = from_a_long_name<std::string, std::string, std::source_location, std::exception,
                                     std::logic_error, std::runtime_error, std::range_error>();
  std::string const text = error("it failed", here).what();
  if (std::string(here.function_name()).size() > 100) {
    CHECK(text.find(here.function_name()) == std::string::npos);
    CHECK(text.ends_with(':' + std::to_string(here.line())));
  } else {  // GCC names the template's parameters, Clang only the template
    CHECK(text.ends_with(')'));
  }
}

TEST_CASE("an error is a std::runtime_error and answers the questions with the harmless answer") {
  try {
    throw error("it failed");
  } catch (std::runtime_error const& caught) {
    auto const& failure = dynamic_cast<error const&>(caught);
    CHECK_FALSE(failure.is_retryable());
    CHECK(failure.connection_usable());
    CHECK_FALSE(failure.violates("anything"));
    CHECK_FALSE(failure.violates(""));
  }
}

TEST_CASE("a copy of an error outlives the original") {
  error copy("another");
  {
    error const original("it failed", std::source_location::current());
    copy = original;
  }
  CHECK(std::string(copy.what()).starts_with("it failed\n  at "));
}
