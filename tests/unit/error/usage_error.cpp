#include <catch2/catch_test_macros.hpp>

#include <string>
#include <type_traits>

#include <pqscope/error/usage_error.hpp>

static_assert(std::is_nothrow_copy_constructible_v<pqscope::usage_error>);

TEST_CASE("a usage error is an error that leaves the connection usable") {
  try {
    throw pqscope::usage_error("the transaction has ended");
  } catch (pqscope::error const& failure) {
    CHECK(std::string(failure.what()) == "the transaction has ended");
    CHECK(failure.connection_usable());
    CHECK_FALSE(failure.is_retryable());
  }
}
