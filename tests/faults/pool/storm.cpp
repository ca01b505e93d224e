#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing.hpp>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

#include "support/database.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using support::witness;

TEST_CASE("two hundred threads share four connections, and all are served in turn") {
  pqscope::pool pool{support::test_config(), {.max_size = 4}};
  std::atomic<int> served{0};
  std::atomic<int> at_once{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 200; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 10; ++n) {
          auto lease = pool.acquire();
          int const now = ++at_once;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          served += lease->query<int>("SELECT 1").one();
          --at_once;
        }
      });
    }
  }
  auto const stats = pool.stats();
  CHECK(served == 2000);
  CHECK(most <= 4);
  CHECK(stats.acquired == 2000);
  CHECK(stats.connects <= 4);
  CHECK(stats.waiting == 0);
  CHECK(stats.in_use == 0);
}

TEST_CASE(
    "fifty workers whose connections are killed, expire and come back broken leave a pool that "
    "is whole") {
  auto const name = support::unique_name("chaos");
  pqscope::pool pool{support::test_config().with("application_name", name),
                     {.min_size = 1,
                      .max_size = 8,
                      .max_lifetime = 50ms,
                      .idle_timeout = 5ms,
                      .reset = pqscope::reset_policy::light}};
  std::atomic<bool> stop{false};
  std::atomic<int> worked{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 50; ++i) {
      threads.emplace_back([&, i] {
        std::mt19937 random{i};
        while (!stop) {
          try {
            auto lease = pool.acquire(20s);
            switch (random() % 6) {
              case 0:
                lease->execute("BEGIN");
                break;
              case 1:
                lease->execute("SELECT 1/0");
                break;
              case 2:
                lease->close();
                break;
              case 3:
                lease->execute("LISTEN chaos");
                break;
              default:
                lease->execute("SELECT 1");
                break;
            }
            ++worked;
          } catch (pqscope::error const&) {
          }
        }
      });
    }
    witness killer;
    for (int kill = 0; kill < 30; ++kill) {
      int const before = worked;
      CHECK(support::eventually([&] { return worked > before + 20; }));
      killer.text(
          "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity "
          "WHERE application_name = $1 LIMIT 2) victim",
          {name});
    }
    stop = true;
  }
  CHECK(support::eventually([&] {
    pool.maintain();
    auto const now = pool.stats();
    return now.size == now.idle && now.size <= 1;
  }));
  auto const stats = pool.stats();
  CHECK(stats.waiting == 0);
  CHECK(stats.requests == stats.acquired + stats.timeouts + stats.errors);
  CHECK(stats.connects == stats.closed + stats.size);
  witness outside;
  CHECK(support::eventually([&] {
    return outside.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1",
                          {name}) == static_cast<long long>(stats.size);
  }));
}
