#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <source_location>
#include <string>
#include <type_traits>

#include <pqscope/error/conditions.hpp>
#include <pqscope/error/transaction_rolled_back.hpp>

using namespace pqscope;

static_assert(std::is_nothrow_copy_constructible_v<transaction_rolled_back>);

namespace {

diagnostics fields(std::string const& sqlstate) {
  diagnostics made;
  made.severity = "ERROR";
  made.sqlstate = sqlstate;
  made.message = "no";
  made.detail = "Key (email)=(ada@example.org) already exists.";
  made.constraint_name = "users_email_key";
  return made;
}

}  // namespace

TEST_CASE("a rolled-back transaction carries the first error and answers as it does") {
  auto const first = std::make_shared<unique_violation const>(fields("23505"), "INSERT 1");
  transaction_rolled_back const failure(first, std::source_location::current());
  CHECK(failure.first_error() == first.get());
  CHECK(dynamic_cast<unique_violation const*>(failure.first_error()) != nullptr);
  CHECK(failure.sqlstate() == "23505");
  CHECK(failure.violates("users_email_key"));
  CHECK_FALSE(failure.violates("users_pkey"));
  CHECK_FALSE(failure.is_retryable());
  CHECK(failure.connection_usable());
  CHECK(transaction_rolled_back(server_error(fields("40001"))).is_retryable());
}

TEST_CASE("a rolled-back transaction says that nothing was persisted, and the first error") {
  transaction_rolled_back const failure(server_error(fields("23505"), "INSERT 1"));
  CHECK(std::string(failure.what()) ==
        "the transaction was rolled back: COMMIT was answered ROLLBACK, nothing was persisted\n"
        "  first error: no (SQLSTATE 23505 unique_violation)\n"
        "    INSERT 1");
}

TEST_CASE("a rolled-back transaction whose first error is not known says so") {
  transaction_rolled_back const failure(nullptr);
  CHECK(failure.first_error() == nullptr);
  CHECK(failure.sqlstate().empty());
  CHECK_FALSE(failure.is_retryable());
  CHECK_FALSE(failure.violates(""));
  CHECK(std::string(failure.what()).find("not known") != std::string::npos);
}

TEST_CASE("a copy of a rolled-back transaction's error keeps the first error") {
  transaction_rolled_back copy(nullptr);
  copy = transaction_rolled_back(server_error(fields("23505")));
  CHECK(copy.first_error()->constraint_name() == "users_email_key");
}
