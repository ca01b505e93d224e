#include <pqscope/pool/pool.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <latch>
#include <mutex>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "integration/pool/pool_db.hpp"

using namespace std::chrono_literals;
using pqscope::lease;
using pqscope::pool;
using pqscope::pool_timeout;
using support::caught;
using support::pool_db;
using clock_type = std::chrono::steady_clock;

namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string line_text(unsigned line) {
  return "waiting.cpp:" + std::to_string(line);
}

}  // namespace

TEST_CASE("those who wait are served in the order in which they came") {
  pool db{support::test_config(), {.max_size = 1}};
  lease held = db.acquire();
  std::vector<int> served;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        lease const conn = db.acquire();
        served.push_back(i);  // there is one connection, so one thread at a time is here
      });
      REQUIRE(support::comes_to_wait(db, static_cast<std::size_t>(i) + 1));
    }
    held.release();
  }
  CHECK(served == std::vector{0, 1, 2, 3, 4, 5});
  support::ensure_whole(db);
}

TEST_CASE("six jobs on two connections take three times as long as one, two by two") {
  pool db{support::test_config(), {.min_size = 2, .max_size = 2}};
  db.warm_up();
  std::mutex mutex;
  std::vector<clock_type::duration> times;
  auto const start = clock_type::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        db.acquire()->execute("SELECT pg_sleep(0.1)");
        std::scoped_lock const lock{mutex};
        times.push_back(clock_type::now() - start);
      });
    }
  }
  std::sort(times.begin(), times.end());
  REQUIRE(times.size() == 6);
  for (std::size_t i = 0; i < times.size(); ++i) {
    CHECK(times[i] >= 100ms * (i / 2 + 1));
  }
  CHECK(times.back() < 5s);
  support::ensure_whole(db);
}

TEST_CASE("nobody who comes later takes what somebody waits for") {
  pool db{support::test_config(), {.max_size = 1}};
  lease held = db.acquire();
  int got = 0;
  std::jthread beside{[&] { got = db.acquire()->backend_pid(); }};
  REQUIRE(support::comes_to_wait(db, 1));
  CHECK_FALSE(db.try_acquire());
  CHECK_THROWS_AS(db.acquire(0ns), pool_timeout);
  int const pid = held->backend_pid();
  held.release();
  beside.join();
  CHECK(got == pid);
  support::ensure_whole(db);
}

TEST_CASE("of the idle connections the one used last goes first") {
  pool db{support::test_config(), {.max_size = 3}};
  lease a = db.acquire();
  lease b = db.acquire();
  lease c = db.acquire();
  std::vector const pids{a->backend_pid(), b->backend_pid(), c->backend_pid()};
  b.release();
  c.release();
  a.release();
  lease const first = db.acquire();
  lease const second = db.acquire();
  lease const third = db.acquire();
  CHECK(first->backend_pid() == pids[0]);
  CHECK(second->backend_pid() == pids[2]);
  CHECK(third->backend_pid() == pids[1]);
  CHECK(db.stats().connects == 3);
}

TEST_CASE("a caller gives up after the pool's time") {
  pool db{support::test_config(), {.max_size = 1, .acquire_timeout = 100ms}};
  {
    lease const held = db.acquire(10s);  // connecting may take longer
    auto const start = clock_type::now();
    CHECK_THROWS_AS(db.acquire(), pool_timeout);
    auto const took = clock_type::now() - start;
    CHECK(took >= 100ms);
    CHECK(took < 2s);
    CHECK(db.stats().waiting == 0);
    CHECK(db.stats().timeouts == 1);
  }
  support::ensure_whole(db);
}

TEST_CASE("a call's own time counts in place of the pool's, longer or shorter") {
  pool slow{support::test_config(), {.max_size = 1, .acquire_timeout = 1h}};
  pool fast{support::test_config(), {.max_size = 1, .acquire_timeout = 1ms}};
  lease const of_slow = slow.acquire();
  lease const of_fast = fast.acquire(10s);
  auto const start = clock_type::now();
  CHECK_THROWS_AS(slow.acquire(50ms), pool_timeout);
  CHECK(clock_type::now() - start < 5s);
  auto const again = clock_type::now();
  CHECK_THROWS_AS(fast.acquire(60ms), pool_timeout);
  CHECK(clock_type::now() - again >= 60ms);
  CHECK_THROWS_AS(fast.acquire(pqscope::acquire_options{.timeout = 1ms}), pool_timeout);
}

TEST_CASE("with no time at all a caller gets what is idle, or an error at once") {
  pool db{support::test_config(), {.max_size = 1, .acquire_timeout = 1h}};
  auto const start = clock_type::now();
  CHECK_THROWS_AS(db.acquire(0ns), pool_timeout);
  {
    lease const opened = db.acquire();
  }
  {
    lease const held = db.acquire(0ns);
    CHECK(held);
    CHECK_THROWS_AS(db.acquire(0ns), pool_timeout);
    CHECK_THROWS_AS(db.acquire(-1s), pool_timeout);
  }
  CHECK(clock_type::now() - start < 10s);
  support::ensure_whole(db);
}

TEST_CASE("a timeout names those who have the connections, the longest first") {
  pool db{support::test_config(), {.max_size = 2}};
  lease const a = db.acquire();
  unsigned const line_of_a = __LINE__ - 1;
  // the clock that tells how long goes in steps of some milliseconds
  auto const then = clock_type::now();
  CHECK(support::eventually([&] { return clock_type::now() - then > 30ms; }));
  lease const b = db.acquire();
  unsigned const line_of_b = __LINE__ - 1;
  auto const failure = caught<pool_timeout>([&] { static_cast<void>(db.acquire(20ms)); });
  CHECK(failure.where().line() == __LINE__ - 1);
  CHECK(failure.cause().empty());
  REQUIRE(failure.holders().size() == 2);
  CHECK(failure.holders()[0].where.line() == line_of_a);
  CHECK(failure.holders()[1].where.line() == line_of_b);
  CHECK(failure.holders()[0].held > failure.holders()[1].held);
  CHECK(failure.holders()[0].held >= 20ms);
  CHECK(failure.holders()[0].held < 1min);
  CHECK(std::string_view{failure.holders()[0].where.file_name()}.ends_with("waiting.cpp"));
  std::string const text = failure.what();
  CHECK(contains(text, "2 of at most 2"));
  CHECK(contains(text, line_text(line_of_a)));
  CHECK(contains(text, line_text(line_of_b)));
  CHECK(text.find(line_text(line_of_a)) < text.find(line_text(line_of_b)));
}

TEST_CASE("a lease handed over to a waiter is held by that one") {
  pool db{support::test_config(), {.max_size = 1}};
  lease held = db.acquire();
  lease taken;
  unsigned line = 0;
  std::jthread beside{[&] {
    taken = db.acquire();
    line = __LINE__ - 1;
  }};
  REQUIRE(support::comes_to_wait(db, 1));
  held.release();
  beside.join();
  auto const failure = caught<pool_timeout>([&] { static_cast<void>(db.acquire(0ns)); });
  REQUIRE(failure.holders().size() == 1);
  CHECK(failure.holders()[0].where.line() == line);
  taken.release();
  support::ensure_whole(db);
}

TEST_CASE("a timeout of a pool whose server cannot be reached tells the last connect error") {
  support::absent_server const nobody;
  pool db{nobody.config(support::test_config())};
  auto const failure = caught<pool_timeout>([&] { static_cast<void>(db.acquire(250ms)); });
  CHECK(contains(failure.cause(), "127.0.0.1"));
  CHECK(contains(failure.what(), failure.cause()));
  CHECK(failure.holders().empty());
  CHECK(db.stats().connect_errors >= 2);
  CHECK(db.stats().timeouts == 1);
  CHECK(db.stats().size == 0);
  CHECK(support::add_up(db.stats()));
}

TEST_CASE("who does not wait for a server gets the first failed attempt as an error") {
  support::absent_server const nobody;
  pool db{nobody.config(support::test_config())};
  pqscope::acquire_options const impatient{.waits_for_server = false};
  for (int i = 0; i < 2; ++i) {
    auto const start = clock_type::now();
    auto const failure =
        caught<pqscope::connection_error>([&] { static_cast<void>(db.acquire(impatient)); });
    CHECK(contains(failure.what(), "127.0.0.1"));
    CHECK(clock_type::now() - start < 5s);
  }
  CHECK(db.stats().errors == 2);
  CHECK(support::add_up(db.stats()));
}

TEST_CASE("after as many failed attempts as are allowed a caller gets the error") {
  support::absent_server const nobody;
  pool db{nobody.config(support::test_config()),
          {.connect_retry = {.attempts = 3, .base_delay = 1ms, .max_delay = 1ms}}};
  CHECK_THROWS_AS(db.acquire(), pqscope::connection_error);
  CHECK(db.stats().connect_errors == 3);
  CHECK(db.stats().errors == 1);
  CHECK(support::add_up(db.stats()));
}

TEST_CASE("a server that refuses is not asked again, and its answer reaches the caller") {
  pqscope::config nowhere = support::test_config();
  nowhere.dbname = "no such database";
  pool db{nowhere};
  auto const failure = caught<pqscope::connection_error>([&] { static_cast<void>(db.acquire()); });
  CHECK(failure.sqlstate() == "3D000");
  CHECK(db.stats().connect_errors == 1);
  CHECK(db.stats().errors == 1);
  db.drain(support::test_config());
  support::ensure_whole(db);
}

TEST_CASE("when as many wait as may, the next one is refused at once") {
  pool db{support::test_config(), {.max_size = 1, .acquire_timeout = 1h, .max_waiting = 3}};
  lease held = db.acquire();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i <= 3; ++i) {
      threads.emplace_back([&] { db.acquire()->execute("SELECT 1"); });
      REQUIRE(support::comes_to_wait(db, i));
    }
    auto const start = clock_type::now();
    auto const failure = caught<pool_timeout>([&] { static_cast<void>(db.acquire()); });
    CHECK(clock_type::now() - start < 10s);
    CHECK(contains(failure.what(), "too many"));
    CHECK(failure.holders().size() == 1);
    CHECK(db.stats().waiting == 3);
    CHECK(db.stats().timeouts == 1);
    held.release();
  }
  CHECK(db.stats().acquired == 4);
  support::ensure_whole(db);
}

TEST_CASE("as many callers at once as there may be connections are all served, may nobody wait") {
  pool db{support::test_config(), {.max_size = 8, .acquire_timeout = 1h, .max_waiting = 0}};
  std::array<std::string, 8> how;
  {
    std::latch all_there{8};
    std::vector<std::jthread> threads;
    for (std::string& each : how) {
      threads.emplace_back([&] {
        all_there.arrive_and_wait();
        each = support::outcome_of([&] {
          lease const held = db.acquire();
          support::eventually([&] { return db.stats().acquired + db.stats().timeouts == 8; });
        });
      });
    }
  }
  for (std::string const& each : how) {
    CHECK(each == "done");
  }
  CHECK(db.stats().timeouts == 0);
  support::ensure_whole(db);
}

TEST_CASE("where nobody may wait, connections are opened all the same") {
  pool db{support::test_config(), {.max_size = 2, .max_waiting = 0}};
  {
    lease const a = db.acquire();
    lease const b = db.acquire();
    CHECK(a);
    CHECK(b);
    CHECK_THROWS_AS(db.acquire(), pool_timeout);
  }
  support::ensure_whole(db);
}
