#include <pqscope/pqscope.hpp>

#include <array>
#include <atomic>
#include <barrier>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::transaction;
using support::shared_table;
using support::watched;

TEST_CASE("of two transactions in a deadlock exactly one fails with 40P01") {
  shared_table table{"n int PRIMARY KEY, hits int NOT NULL DEFAULT 0"};
  table.outside.execute("INSERT INTO " + table.name + " VALUES (1), (2)");
  std::array<watched, 2> sides;
  std::barrier both{2};
  std::atomic<int> victims{0};
  std::atomic<int> committed{0};
  auto const run = [&](std::size_t self) {
    auto const hit = [&](std::size_t n) {
      return pqscope::dynamic_sql{"UPDATE " + table.name +
                                  " SET hits = hits + 1 WHERE n = " + std::to_string(n)};
    };
    try {
      transaction tx{sides[self].conn};
      tx.execute("SET LOCAL deadlock_timeout = '20ms'");
      tx.execute(hit(self + 1));
      both.arrive_and_wait();
      tx.execute(hit(2 - self));
      tx.commit();
      ++committed;
    } catch (pqscope::deadlock_detected const& failure) {
      victims += failure.is_retryable() ? 1 : 100;
    }
  };
  std::thread other{run, 1};
  run(0);
  other.join();
  CHECK(victims == 1);
  CHECK(committed == 1);
  CHECK(table.outside.number("SELECT sum(hits) FROM " + table.name) == 2);
  support::ensure_usable(sides[0].conn);
  support::ensure_usable(sides[1].conn);
}

TEST_CASE("both sides of a deadlock succeed where they are run again") {
  shared_table table{"n int PRIMARY KEY, hits int NOT NULL DEFAULT 0"};
  table.outside.execute("INSERT INTO " + table.name + " VALUES (1), (2)");
  std::array<watched, 2> sides;
  std::barrier both{2};
  auto const run = [&](std::size_t self) {
    auto const hit = [&](std::size_t n) {
      return pqscope::dynamic_sql{"UPDATE " + table.name +
                                  " SET hits = hits + 1 WHERE n = " + std::to_string(n)};
    };
    pqscope::with_session(sides[self].conn, {.retry = {.attempts = 5}}, [&](pqscope::session& s) {
      s.execute("SET LOCAL deadlock_timeout = '20ms'");
      s.execute(hit(self + 1));
      if (s.attempt() == 1) {
        both.arrive_and_wait();
      }
      s.execute(hit(2 - self));
    });
  };
  std::thread other{run, 1};
  run(0);
  other.join();
  CHECK(table.outside.number("SELECT sum(hits) FROM " + table.name) == 4);
  support::ensure_usable(sides[0].conn);
  support::ensure_usable(sides[1].conn);
}
