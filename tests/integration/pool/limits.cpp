#include <pqscope/pool/pool.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "integration/pool/pool_db.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::acquire_options;
using pqscope::deadline_exceeded;
using pqscope::lease;
using pqscope::operation_cancelled;
using pqscope::pool;
using support::caught;
using support::pool_db;
using clock_type = std::chrono::steady_clock;

TEST_CASE("a deadline ends the wait for a connection that others have") {
  pool db{support::test_config(), {.max_size = 1, .acquire_timeout = 1h}};
  {
    lease const held = db.acquire();
    auto const until = clock_type::now() + 60ms;
    auto const failure = caught<deadline_exceeded>(
        [&] { static_cast<void>(db.acquire(acquire_options{.deadline = until})); });
    CHECK(clock_type::now() >= until);
    CHECK(clock_type::now() < until + 5s);
    CHECK(failure.where().line() == __LINE__ - 3);
    CHECK_THROWS_AS(db.acquire(acquire_options{.deadline = until}), deadline_exceeded);
  }
  CHECK(db.stats().errors == 2);
  CHECK(db.stats().timeouts == 0);
  support::ensure_whole(db);
}

TEST_CASE("the earlier of a time limit and a deadline decides, and names the error") {
  pool db{support::test_config(), {.max_size = 1}};
  {
    lease const held = db.acquire();
    CHECK_THROWS_AS(
        db.acquire(acquire_options{.timeout = 1h, .deadline = clock_type::now() + 30ms}),
        deadline_exceeded);
    CHECK_THROWS_AS(
        db.acquire(acquire_options{.timeout = 30ms, .deadline = clock_type::now() + 1h}),
        pqscope::pool_timeout);
  }
  support::ensure_whole(db);
}

TEST_CASE("a stop request ends the wait for a connection that others have") {
  pool db{support::test_config(), {.max_size = 1, .acquire_timeout = 1h}};
  {
    lease const held = db.acquire();
    std::stop_source stop;
    std::string how;
    std::jthread beside{[&] {
      how = support::outcome_of(
          [&] { static_cast<void>(db.acquire(acquire_options{.stop = stop.get_token()})); });
    }};
    REQUIRE(support::comes_to_wait(db, 1));
    stop.request_stop();
    beside.join();
    CHECK(how == "operation_cancelled");
    CHECK(db.stats().waiting == 0);
    CHECK_THROWS_AS(db.acquire(acquire_options{.stop = stop.get_token()}), operation_cancelled);
  }
  CHECK(db.stats().errors == 2);
  support::ensure_whole(db);
}

TEST_CASE("a deadline ends connecting to a server that never answers") {
  pool_db here;
  support::deaf_server const deaf;
  pool db{deaf.config(here.config()), {.max_size = 1, .acquire_timeout = 1h}};
  auto const until = clock_type::now() + 100ms;
  CHECK_THROWS_AS(db.acquire(acquire_options{.deadline = until}), deadline_exceeded);
  CHECK(clock_type::now() >= until);
  CHECK(clock_type::now() < until + 5s);
  CHECK(db.stats().waiting == 0);
  db.drain(here.config());
  support::ensure_whole(db);
}

TEST_CASE("a stop request ends connecting to a server that never answers") {
  pool_db here;
  support::deaf_server const deaf;
  pool db{deaf.config(here.config()), {.max_size = 1, .acquire_timeout = 1h}};
  std::stop_source stop;
  std::string how;
  std::jthread beside{[&] {
    how = support::outcome_of(
        [&] { static_cast<void>(db.acquire(acquire_options{.stop = stop.get_token()})); });
  }};
  CHECK(support::eventually([&] { return db.stats().opening == 1; }));
  stop.request_stop();
  beside.join();
  CHECK(how == "operation_cancelled");
  db.drain(here.config());
  support::ensure_whole(db);
}

TEST_CASE("a pool's time ends connecting to a server that never answers, and it recovers after") {
  pool_db here;
  pqscope::testing::faulty_proxy proxy{here.config()};
  pool db{proxy.config(), {.max_size = 2, .acquire_timeout = 200ms}};
  proxy.stall();
  for (int i = 0; i < 3; ++i) {
    auto const start = clock_type::now();
    CHECK_THROWS_AS(db.acquire(), pqscope::pool_timeout);
    CHECK(clock_type::now() - start >= 200ms);
    CHECK(clock_type::now() - start < 5s);
  }
  proxy.resume();
  lease conn = db.acquire(10s);
  support::ensure_usable(*conn);
  conn.release();
  support::ensure_whole(db);
}

TEST_CASE("a stop request during a statement on a lease is that connection's own affair") {
  pool db{support::test_config(), {.max_size = 1}};
  std::stop_source stop;
  lease const conn = db.acquire(acquire_options{.stop = stop.get_token()});
  stop.request_stop();
  support::ensure_usable(*conn);
}

TEST_CASE("two hundred threads share four connections, and all are served") {
  pool db{support::test_config(), {.max_size = 4, .acquire_timeout = 1min}};
  constexpr int each = 5;
  std::atomic<int> sum{0};
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 200; ++i) {
      threads.emplace_back([&] {
        for (int job = 0; job < each; ++job) {
          bool const done = support::outcome_of([&] {
                              sum += db.acquire()->query<int>("SELECT 1").one();
                            }) == "done";
          failures += done ? 0 : 1;
        }
      });
    }
  }
  CHECK(failures == 0);
  CHECK(sum == 200 * each);
  auto const seen = db.stats();
  CHECK(seen.requests == 200 * each);
  CHECK(seen.acquired == 200 * each);
  CHECK(seen.size <= 4);
  CHECK(seen.in_use == 0);
  CHECK(seen.waiting == 0);
  CHECK(seen.longest_wait < 30s);
  CHECK(seen.wait_time >= seen.longest_wait);
  support::ensure_whole(db);
}

TEST_CASE("callers that give up in droves take nothing with them") {
  pool db{support::test_config(), {.max_size = 3}};
  std::atomic<int> served{0};
  std::atomic<int> timeouts{0};
  std::atomic<int> others{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 24; ++i) {
      threads.emplace_back([&, i] {
        for (int job = 0; job < 40; ++job) {
          std::stop_source stop;
          acquire_options options{.timeout = std::chrono::microseconds{(i * 40 + job) % 700}};
          if (job % 5 == 0) {
            options.deadline = clock_type::now() + std::chrono::microseconds{job * 10};
          }
          std::string const how = support::outcome_of([&] {
            lease const conn = db.acquire(options);
            if (job % 7 == 0) {
              conn->execute("BEGIN");
            } else if (job % 11 == 0) {
              conn->close();
            }
          });
          (how == "done" ? served : how == "pool_timeout" ? timeouts : others) += 1;
        }
      });
    }
  }
  auto const seen = db.stats();
  CHECK(served + timeouts + others == 24 * 40);
  CHECK(seen.acquired == static_cast<std::uint64_t>(served));
  CHECK(seen.timeouts == static_cast<std::uint64_t>(timeouts));
  CHECK(seen.errors == static_cast<std::uint64_t>(others));
  CHECK(support::add_up(seen));
  support::ensure_whole(db);
}

TEST_CASE("fifty workers and random kills leave a pool whose numbers add up") {
  pool_db here;
  pool db{here.config(),
          {.min_size = 2,
           .max_size = 6,
           .acquire_timeout = 1min,
           .max_lifetime = 40ms,
           .idle_timeout = 10ms}};
  std::atomic<int> done{0};
  std::atomic<int> working{50};
  std::atomic<int> unforeseen{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 50; ++i) {
      threads.emplace_back([&, i] {
        for (int job = 0; job < 20; ++job) {
          try {
            lease const conn = db.acquire();
            if ((i + job) % 13 == 0) {
              conn->execute("SELECT pg_terminate_backend(pg_backend_pid())");
            } else if ((i + job) % 7 == 0) {
              conn->execute("BEGIN");
            }
            conn->execute("SELECT 1");
          } catch (pqscope::pool_error const&) {
            ++unforeseen;
          } catch (pqscope::error const&) {  // killed
          }
          ++done;
        }
        --working;
      });
    }
    while (working > 0) {
      here.outside.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" +
          here.name + "' ORDER BY random() LIMIT 1");
      db.maintain();
    }
  }
  CHECK(done == 1000);
  CHECK(unforeseen == 0);
  auto const seen = db.stats();
  CHECK(seen.size <= 6);
  CHECK(seen.in_use == 0);
  CHECK(seen.waiting == 0);
  CHECK(support::add_up(seen));
}

TEST_CASE("callers are served while a pool is resized, drained and maintained all the time") {
  pool_db here;
  std::atomic<int> opened{0};
  pool db{here.config(),
          {.max_size = 4,
           .acquire_timeout = 1min,
           .idle_timeout = 1ms,
           .after_connect = [&](pqscope::connection&) {
             if (++opened % 7 == 0) {
               throw std::runtime_error("the seventh");
             }
           }}};
  std::atomic<int> done{0};
  std::atomic<int> refused{0};
  std::atomic<int> unforeseen{0};
  std::atomic<int> working{12};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 12; ++i) {
      threads.emplace_back([&, i] {
        for (int job = 0; job < 20; ++job) {
          std::string const how = support::outcome_of([&] {
            lease const conn = (i + job) % 9 == 0 ? db.try_acquire() : db.acquire();
            if (conn && conn->query<int>("SELECT 1").one() != 1) {
              throw std::runtime_error("a wrong answer");
            }
          });
          (how == "done" ? done : how == "the seventh" ? refused : unforeseen) += 1;
        }
        --working;
      });
    }
    for (std::size_t turn = 0; working > 0; ++turn) {
      db.resize(turn % 2, 1 + turn % 6);
      static_cast<void>(db.stats());
      if (turn % 3 == 0) {
        db.drain();
      }
      db.maintain();
      std::this_thread::yield();
    }
  }
  CHECK(unforeseen == 0);
  CHECK(done + refused == 12 * 20);
  CHECK(db.stats().in_use == 0);
  CHECK(db.stats().waiting == 0);
  CHECK(support::add_up(db.stats()));
}

TEST_CASE("a pool's numbers add up whatever has happened") {
  pool_db here;
  bool bad = false;
  pool db{here.config(), {.max_size = 2, .before_acquire = [&](pqscope::connection&) {
                            if (bad) {
                              throw 1;
                            }
                          }}};
  CHECK(db.stats().size == 0);
  {
    lease const a = db.acquire();
    lease b = db.acquire();
    auto const seen = db.stats();
    CHECK(seen.requests == 2);
    CHECK(seen.acquired == 2);
    CHECK(seen.in_use == 2);
    CHECK(seen.idle == 0);
    CHECK(seen.connects == 2);
    CHECK(seen.queued == 2);
    CHECK(seen.connect_time > 0ns);
    CHECK(seen.wait_time >= seen.longest_wait);
    CHECK(seen.longest_wait > 0ns);
    CHECK_THROWS_AS(db.acquire(1ms), pqscope::pool_timeout);
    b->close();
    b.release();
    CHECK(db.stats().lost == 1);
    CHECK(db.stats().closed == 1);
    CHECK(support::add_up(db.stats()));
    a->execute("SELECT pg_sleep(0.05)");
  }
  CHECK(db.stats().usage_time >= 40ms);
  bad = true;
  CHECK_THROWS_AS(db.acquire(), int);
  bad = false;
  CHECK(db.stats().errors == 1);
  CHECK(support::add_up(db.stats()));
  {
    lease const conn = db.acquire();
  }
  int const pid = db.try_acquire()->backend_pid();
  here.outside.terminate(pid);
  CHECK_FALSE(db.try_acquire());
  CHECK(support::add_up(db.stats()));
  db.drain();
  CHECK(db.stats().idle == 0);
  CHECK(support::add_up(db.stats()));
  support::ensure_whole(db);
}
