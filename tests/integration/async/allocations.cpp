// How much memory the library itself takes on the way of a shared statement: libpq allocates by
// malloc, which is not counted here.

#include <pqscope/asio.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstddef>

#include "integration/async/shared_db.hpp"
#include "support/allocations.hpp"

TEST_CASE("a shared statement allocates nothing once there have been some", "[no-valgrind]") {
  support::shared_db t{{.connections = 1}};
  std::size_t most = 0;
  constexpr int callers = 16;
  constexpr int rounds = 100;
  t.run_many(callers, [&](int n) -> asio::awaitable<void> {
    for (int k = 0; k < rounds; ++k) {
      auto const rows = co_await t.all->query<int>("SELECT $1::int4", k);
      static_cast<void>(rows);
      if (n == 0 && k == rounds / 2) {
        support::allocated = 0;
      }
    }
    if (n == 0) {
      most = support::allocated;
    }
  });
  INFO(most << " allocations in about " << callers * rounds / 2 << " statements");
  CHECK(most <= 20);  // of the recorder's list, and what grows seldom
  t.ensure_usable();
}
