#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/database.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::testing::faulty_proxy;
using pqscope::testing::shutdown_mode;
using pqscope::testing::temporary_cluster;
using support::witness;

TEST_CASE("after a restart of the server one check fails, and nobody gets a dead connection") {
  temporary_cluster cluster;
  pqscope::pool pool{cluster.config(),
                     {.min_size = 8, .max_size = 8, .open_at_construction = true}};
  REQUIRE(pool.stats().idle == 8);
  for (int round = 1; round <= 3; ++round) {
    cluster.restart(round % 2 == 0 ? shutdown_mode::immediate : shutdown_mode::fast);
    std::atomic<int> dead{0};
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
          for (int n = 0; n < 20; ++n) {
            auto lease = pool.acquire();
            try {
              lease->execute("SELECT 1");
            } catch (pqscope::error const&) {
              ++dead;
            }
          }
        });
      }
    }
    CHECK(dead == 0);
    CHECK(pool.stats().failed_checks == static_cast<unsigned>(round));
    CHECK(pool.stats().retired == static_cast<unsigned>(round));
    pool.warm_up();
    CHECK(pool.stats().idle == 8);
  }
}

TEST_CASE(
    "under load, a restart of the server costs one failed check at most for each generation") {
  temporary_cluster cluster;
  pqscope::pool pool{cluster.config(), {.max_size = 4}};
  std::atomic<bool> stop{false};
  std::atomic<int> done{0};
  std::atomic<int> odd{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        while (!stop) {
          auto lease = pool.acquire();
          try {
            lease->execute("SELECT 1");
            ++done;
          } catch (pqscope::error const& failure) {
            odd += failure.connection_usable() ? 1 : 0;  // it was lost in use
          }
        }
      });
    }
    for (int round = 0; round < 3; ++round) {
      int const before = done;
      CHECK(support::eventually([&] { return done > before + 100; }));
      cluster.restart(shutdown_mode::fast);
    }
    int const before = done;
    CHECK(support::eventually([&] { return done > before + 100; }));
    stop = true;
  }
  CHECK(odd == 0);
  auto const stats = pool.stats();
  CHECK(stats.failed_checks <= stats.retired);
  CHECK(stats.failed_checks <= 3);
  CHECK(stats.size == stats.idle + stats.opening);
}

TEST_CASE(
    "while the server is away callers wait, try again after growing pauses, and are served "
    "when it is back") {
  temporary_cluster cluster;
  pqscope::pool pool{
      cluster.config(),
      {.min_size = 2,
       .max_size = 4,
       .connect_retry = {.attempts = 1'000'000, .base_delay = 50ms, .max_delay = 400ms}}};
  pool.warm_up();
  cluster.stop();
  std::atomic<int> served{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        auto lease = pool.acquire();
        served += lease->query<int>("SELECT 1").one();
      });
    }
    CHECK(support::eventually([&] { return pool.stats().connect_errors >= 4; }));
    CHECK(served == 0);
    cluster.start();
  }
  CHECK(served == 4);
  // 50 + 100 + 200 + 400 + 400 ... ms: not many attempts fit into the second that it took
  CHECK(pool.stats().connect_errors < 30);
  pool.warm_up();
  CHECK(pool.stats().size >= 2);
}

TEST_CASE("a server that stays away is named by pool_timeout, in the time allowed") {
  temporary_cluster cluster;
  pqscope::pool pool{cluster.config(), {.max_size = 2, .acquire_timeout = 400ms}};
  pool.acquire(10s).release();  // connecting may take longer
  cluster.stop();
  auto const start = std::chrono::steady_clock::now();
  try {
    auto lease = pool.acquire();
    FAIL("there is no server");
  } catch (pqscope::pool_timeout const& timeout) {
    auto const took = std::chrono::steady_clock::now() - start;
    CHECK(took >= 400ms);
    CHECK(took < 2s);
    CHECK(timeout.cause().find(cluster.socket_directory()) != std::string::npos);
    CHECK(std::string{timeout.what()}.find("cannot connect") != std::string::npos);
  }
  // who does not wait for the server is told at once
  CHECK_THROWS_AS(pool.acquire({.waits_for_server = false}), pqscope::connection_error);
  cluster.start();
  auto lease = pool.acquire(10s);
  CHECK(lease->query<int>("SELECT 1").one() == 1);
}

TEST_CASE("a refusal that waiting does not mend reaches the caller at once, with its SQLSTATE") {
  auto nowhere = support::test_config();
  nowhere.dbname = support::unique_name("no_such_database");
  pqscope::pool pool{nowhere};
  auto const start = std::chrono::steady_clock::now();
  try {
    auto lease = pool.acquire();
    FAIL("there is no such database");
  } catch (pqscope::connection_error const& refusal) {
    CHECK(refusal.sqlstate() == "3D000");
    CHECK(std::string{refusal.what()}.find("3D000:") == std::string::npos);
    CHECK(std::string{refusal.what()}.find("LOCATION") == std::string::npos);
  }
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(pool.stats().size == 0);
}

TEST_CASE(
    "in a network that has gone dark an acquire fails in its time, and the next one that can "
    "succeeds") {
  temporary_cluster cluster;
  faulty_proxy proxy{cluster.config()};
  pqscope::pool pool{
      proxy.config(),
      {.max_size = 2, .health_check = pqscope::health_check::ping, .ping_timeout = 200ms}};
  {
    auto lease = pool.acquire();
  }
  proxy.stall();
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(pool.acquire(500ms), pqscope::pool_timeout);
  CHECK(std::chrono::steady_clock::now() - start < 4s);
  proxy.resume();
  auto lease = pool.acquire(10s);
  CHECK(lease->query<int>("SELECT 1").one() == 1);
}

TEST_CASE("a connection that cannot be rolled back on its way into the pool is replaced") {
  faulty_proxy proxy{support::test_config()};
  pqscope::testing::recorder watcher;
  pqscope::pool pool{proxy.config(), {.max_size = 1, .observer = &watcher}};
  {
    auto lease = pool.acquire();
    lease->execute("BEGIN");
    proxy.cut_before("ROLLBACK");
  }
  CHECK(pool.stats().size == 0);
  CHECK(pool.stats().discarded == 1);
  CHECK_FALSE(watcher.problems().empty());
  auto lease = pool.acquire();
  CHECK(lease->query<int>("SELECT 1").one() == 1);
}
