#include <pqscope/pool/pool.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/transaction/transaction.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "integration/pool/pool_db.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::lease;
using pqscope::pool;
using pqscope::pool_closed;
using support::pool_db;
using clock_type = std::chrono::steady_clock;

TEST_CASE("when a pool is closed those who wait are told, and those who ask later") {
  pool_db here;
  pool db{here.config(), {.max_size = 1, .acquire_timeout = 1h}};
  lease held = db.acquire();
  std::vector<std::string> how(3);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < how.size(); ++i) {
      threads.emplace_back(
          [&, i] { how[i] = support::outcome_of([&] { static_cast<void>(db.acquire()); }); });
      REQUIRE(support::comes_to_wait(db, i + 1));
    }
    CHECK_FALSE(db.close());
  }
  CHECK(how == std::vector<std::string>(3, "pool_closed"));
  CHECK_THROWS_AS(db.acquire(), pool_closed);
  CHECK_THROWS_AS(db.acquire(0ns), pool_closed);
  CHECK_THROWS_AS(db.warm_up(), pool_closed);
  CHECK(held->query<int>("SELECT 1").one() == 1);
  CHECK(here.backends() == 1);
  held.release();
  CHECK(here.comes_to(0));
  CHECK(db.stats().size == 0);
  CHECK(db.close());
  CHECK(support::add_up(db.stats()));
}

TEST_CASE("closing closes what is idle") {
  pool_db here;
  pool db{here.config(), {.min_size = 3, .max_size = 3}};
  db.warm_up();
  CHECK(db.close());
  CHECK(here.comes_to(0));
  CHECK(db.stats().size == 0);
  CHECK(db.close());
  CHECK(db.close(1h));
  CHECK_FALSE(db.try_acquire());
}

TEST_CASE("closing with a time waits for what is in use") {
  pool_db here;
  pool db{here.config(), {.max_size = 1}};
  lease held = db.acquire();
  std::optional<bool> complete;
  std::jthread closing{[&] { complete = db.close(1h); }};
  CHECK(support::eventually([&] {
    return support::outcome_of([&] { static_cast<void>(db.acquire(0ns)); }) == "pool_closed";
  }));
  CHECK(held->query<int>("SELECT 1").one() == 1);
  held.release();
  closing.join();
  CHECK(complete == true);
  CHECK(here.comes_to(0));
}

TEST_CASE("closing cancels what still runs when its time is over, and cuts the rest") {
  pool_db here;
  pool db{here.config(), {.max_size = 2}};
  lease working = db.acquire();
  lease resting = db.acquire();
  int const pid = working->backend_pid();
  std::string how;
  std::jthread beside{[&] {
    how = support::outcome_of([&] { working->execute("SELECT pg_sleep(60)"); });
    working.release();
  }};
  CHECK(here.comes_to_work(pid));
  auto const start = clock_type::now();
  CHECK_FALSE(db.close(50ms));
  CHECK(clock_type::now() - start >= 50ms);
  beside.join();
  CHECK(clock_type::now() - start < 20s);
  CHECK(how != "done");
  CHECK_THROWS_AS(resting->execute("SELECT 1"), pqscope::connection_lost);
  resting.release();
  CHECK(here.comes_to(0));
  CHECK(db.stats().size == 0);
}

TEST_CASE("closing does not wait for each of the cancel requests that a dead network swallows") {
  constexpr std::size_t count = 6;
  pool_db here;
  pqscope::testing::faulty_proxy proxy{here.config()};
  pool db{proxy.config(), {.max_size = count}};
  std::vector<std::string> how(count);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < count; ++i) {
      lease working = db.acquire();
      int const pid = working->backend_pid();
      threads.emplace_back([&, i, held = std::move(working)] {
        how[i] = support::outcome_of([&] { held->execute("SELECT pg_sleep(60)"); });
      });
      REQUIRE(here.comes_to_work(pid));
    }
    proxy.stall();
    auto const start = clock_type::now();
    CHECK_FALSE(db.close(0ns));
    CHECK(clock_type::now() - start < 4s);
    proxy.cut_all();
  }
  CHECK(std::ranges::count(how, "done") == 0);
  CHECK(db.stats().size == 0);
}

TEST_CASE("closing with no time at all cuts what is in use at once") {
  pool_db here;
  pool db{here.config(), {.max_size = 1}};
  lease const held = db.acquire();
  CHECK_FALSE(db.close(0ns));
  CHECK_THROWS_AS(held->execute("SELECT 1"), pqscope::connection_lost);
}

TEST_CASE("a transaction whose connection was cut before COMMIT was sent is not in doubt") {
  pool_db here;
  pool db{here.config(), {.max_size = 1}};
  lease held = db.acquire();
  bool told = false;
  {
    pqscope::transaction tx{*held};
    tx.after_rollback([&] { told = true; });
    tx.execute("CREATE TEMP TABLE t (i int)");
    CHECK_FALSE(db.close(0ns));
    CHECK_THROWS_AS(tx.commit(), pqscope::connection_lost);
    CHECK(told);
  }
  held.release();
  CHECK(here.comes_to(0));
}

TEST_CASE("a pool may be destroyed while leases are out, which go on working") {
  pool_db here;
  std::optional<pool> db{std::in_place, here.config(), pqscope::pool_options{.max_size = 2}};
  lease a = db->acquire();
  {
    lease const b = db->acquire();
  }
  db.reset();
  CHECK(here.comes_to(1));
  support::ensure_usable(*a);
  a->execute("BEGIN");
  a.release();
  CHECK(here.comes_to(0));
  CHECK_FALSE(a);
}

TEST_CASE("a pool may be destroyed while others wait in it, and work with what it lent") {
  pool_db here;
  std::optional<pool> db{std::in_place, here.config(),
                         pqscope::pool_options{.max_size = 2, .acquire_timeout = 1h}};
  pool& shared = *db;
  lease held = db->acquire();
  std::vector<std::string> how(4);
  std::string worked;
  std::atomic<bool> over{false};
  int const pid = held->backend_pid();
  {
    std::vector<std::jthread> threads;
    std::jthread const working{[&, mine = db->acquire()] {
      worked = support::outcome_of([&] {
        do {
          mine->execute("SELECT 1");
        } while (!over);
        mine->execute("SELECT 1");
      });
    }};
    for (std::size_t i = 0; i < how.size(); ++i) {
      threads.emplace_back(
          [&, i] { how[i] = support::outcome_of([&] { static_cast<void>(shared.acquire()); }); });
      REQUIRE(support::comes_to_wait(shared, i + 1));
    }
    db.reset();
    over = true;
  }
  CHECK(how == std::vector<std::string>(4, "pool_closed"));
  CHECK(worked == "done");
  CHECK(held->backend_pid() == pid);
  held.release();
  CHECK(here.comes_to(0));
}

TEST_CASE("a pool may be destroyed while somebody connects") {
  support::deaf_server const deaf;
  std::optional<pool> db{std::in_place, deaf.config(support::test_config()),
                         pqscope::pool_options{.max_size = 1, .acquire_timeout = 1h}};
  pool& shared = *db;
  std::string how;
  std::jthread beside{
      [&] { how = support::outcome_of([&] { static_cast<void>(shared.acquire()); }); }};
  CHECK(support::eventually([&] { return shared.stats().opening == 1; }));
  db.reset();
  beside.join();
  CHECK(how == "pool_closed");
}

TEST_CASE("a pool that is closed while somebody connects gives the attempt up") {
  support::deaf_server const deaf;
  pool db{deaf.config(support::test_config()), {.max_size = 1, .acquire_timeout = 1h}};
  std::string how;
  std::jthread beside{[&] { how = support::outcome_of([&] { static_cast<void>(db.acquire()); }); }};
  CHECK(support::eventually([&] { return db.stats().opening == 1; }));
  db.close();
  beside.join();
  CHECK(how == "pool_closed");
  CHECK(db.stats().size == 0);
  CHECK(db.close(10s));
}

TEST_CASE("a pool that is closed amid its work loses none of it") {
  pool_db here;
  pool db{here.config(), {.max_size = 3, .acquire_timeout = 1h}};
  std::atomic<int> done{0};
  std::vector<std::string> how(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& each : how) {
      threads.emplace_back([&] {
        while (each.empty()) {
          std::string const end = support::outcome_of([&] {
            lease const conn = db.acquire();
            conn->execute("BEGIN");
            conn->execute("COMMIT");
          });
          done += end == "done" ? 1 : 0;
          each = end == "done" ? "" : end;
        }
      });
    }
    CHECK(support::eventually([&] { return done > 50; }));
    CHECK(db.close(1h));
  }
  CHECK(how == std::vector<std::string>(8, "pool_closed"));
  CHECK(db.stats().acquired == static_cast<std::uint64_t>(done));
  CHECK(here.comes_to(0));
  CHECK(support::add_up(db.stats()));
}

TEST_CASE("a pool moved elsewhere goes on there, and is of no use here") {
  pool_db here;
  pool first{here.config(), {.max_size = 1}};
  lease held = first.acquire();
  pool second{std::move(first)};
  CHECK_THROWS_AS(first.acquire(), pqscope::usage_error);  // NOLINT(bugprone-use-after-move)
  CHECK(first.close());
  held.release();
  CHECK(second.stats().idle == 1);
  pool third{here.config(), {.max_size = 2}};
  {
    lease const conn = third.acquire();
  }
  CHECK(here.backends() == 2);
  third = std::move(second);
  CHECK(here.comes_to(1));
  CHECK(third.stats().max_size == 1);
  support::ensure_whole(third);
}

TEST_CASE("a pool that begins anew has its options, no connection, and is open again") {
  pool_db here;
  pool db{here.config(), {.max_size = 2}};
  lease held = db.acquire();
  {
    lease const conn = db.acquire();
  }
  db.dispose();
  CHECK(db.stats().size == 0);
  CHECK(db.stats().max_size == 2);
  CHECK(here.comes_to(1));
  support::ensure_usable(*held);
  held.release();
  CHECK(here.comes_to(0));
  db.close();
  db.dispose();
  support::ensure_whole(db);
}
