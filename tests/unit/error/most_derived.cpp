#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <typeinfo>
#include <utility>

#include <pqscope/error/conditions.hpp>
#include <pqscope/error/most_derived.hpp>
#include <pqscope/error/transaction_rolled_back.hpp>

using namespace pqscope;

TEST_CASE("an error kept as a plain server error is had as its own class, and outlives it") {
  std::shared_ptr<server_error const> kept;
  {
    diagnostics fields;
    fields.sqlstate = "23505";
    kept = detail::most_derived(server_error(fields, "INSERT 1"));
  }
  server_error const& seen = *kept;
  CHECK(typeid(seen) == typeid(unique_violation));
  CHECK(kept->sql() == "INSERT 1");
  transaction_rolled_back const failure(std::move(kept));
  CHECK(dynamic_cast<unique_violation const*>(failure.first_error()) != nullptr);
}
