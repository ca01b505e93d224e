#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <type_traits>

#include <pqscope/error/commit_in_doubt.hpp>

using pqscope::commit_in_doubt;

static_assert(std::is_nothrow_copy_constructible_v<commit_in_doubt>);

TEST_CASE("a commit in doubt tells the transaction and what to do, and is not retryable") {
  std::uint64_t const id = 18'000'000'000'000'000'000U;
  commit_in_doubt const failure(id, "the server closed the connection",
                                std::source_location::current());
  std::string const text = failure.what();
  CHECK(text.find("may or may not have been persisted") != std::string::npos);
  CHECK(text.find("reason: the server closed the connection") != std::string::npos);
  CHECK(text.find("transaction 18000000000000000000: pqscope::resolve()") != std::string::npos);
  CHECK(text.find("\n  at ") != std::string::npos);
  CHECK(failure.transaction_id() == id);
  CHECK_FALSE(failure.is_retryable());
  CHECK_FALSE(failure.connection_usable());
}

TEST_CASE("a commit in doubt without an id says that it cannot be asked for") {
  commit_in_doubt const failure({}, "");
  CHECK_FALSE(failure.transaction_id());
  std::string const text = failure.what();
  CHECK(text.find("its id is not known") != std::string::npos);
  CHECK(text.find("reason") == std::string::npos);
}
