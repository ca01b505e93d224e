#include <pqscope/error/pool_error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <vector>

static_assert(std::is_base_of_v<pqscope::error, pqscope::pool_error>);
static_assert(std::is_base_of_v<pqscope::pool_error, pqscope::pool_timeout>);
static_assert(std::is_base_of_v<pqscope::pool_error, pqscope::pool_closed>);
static_assert(std::is_nothrow_copy_constructible_v<pqscope::pool_timeout>);

TEST_CASE("a pool's errors are caught as pool_error") {
  CHECK_THROWS_AS(throw pqscope::pool_timeout("after 30 s"), pqscope::pool_error);
  CHECK_THROWS_AS(throw pqscope::pool_closed("closed"), pqscope::pool_error);
  CHECK(std::string(pqscope::pool_timeout("after 30 s").what()) == "after 30 s");
}

TEST_CASE("a pool_timeout without particulars has no cause and no holders") {
  pqscope::pool_timeout const failure{"after 30 s"};
  CHECK(failure.cause().empty());
  CHECK(failure.holders().empty());
}

TEST_CASE("a pool_timeout knows why connecting failed and who had the connections") {
  using namespace std::chrono_literals;
  auto const taken = std::source_location::current();
  auto const asked = std::source_location::current();
  pqscope::pool_timeout const failure{"after 30 s",
                                      "connection refused",
                                      {{.where = taken, .held = 5s}, {.where = {}, .held = 1ns}},
                                      asked};
  CHECK(failure.cause() == "connection refused");
  REQUIRE(failure.holders().size() == 2);
  CHECK(failure.holders()[0].where.line() == taken.line());
  CHECK(failure.holders()[0].held == 5s);
  CHECK(failure.holders()[1].where.line() == 0);
  CHECK(failure.holders()[1].held == 1ns);
  CHECK(failure.where().line() == asked.line());
}

TEST_CASE("the particulars of a pool_timeout live as long as a copy of it") {
  using namespace std::chrono_literals;
  std::optional<pqscope::pool_timeout> first;
  first.emplace("after 30 s", "refused", std::vector<pqscope::lease_holder>{{.held = 5s}});
  pqscope::pool_timeout const copy = *first;
  auto const& holders = first->holders();
  first.reset();
  CHECK(copy.cause() == "refused");
  REQUIRE(holders.size() == 1);
  CHECK(holders[0].held == 5s);
  CHECK(&copy.holders() == &holders);
}
