#include <pqscope/pool/pool.hpp>
#include <pqscope/pool_source.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "integration/pool/pool_db.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::acquire_options;
using pqscope::health_check;
using pqscope::lease;
using pqscope::pool;
using support::pool_db;

namespace {

using clock_type = std::chrono::steady_clock;

/// Opens as many connections as may be, and gives them back: their numbers.
std::vector<int> fill(pool& db) {
  std::vector<lease> all;
  std::vector<int> pids;
  while (all.size() < db.stats().max_size) {
    all.push_back(db.acquire());
    pids.push_back(all.back()->backend_pid());
  }
  return pids;
}

/// Sees a statement about to be sent: before that nothing is waited for.
struct ping_watch : pqscope::observer {
  std::atomic<bool> asked{false};
  void statement_started(pqscope::statement_event const& event) override {
    static_cast<void>(event);
    asked = true;
  }
};

}  // namespace

TEST_CASE("in place of an idle connection that was killed a caller gets a live one") {
  pool_db here;
  pool db{here.config(),
          {.max_size = 1, .health_check = GENERATE(health_check::socket, health_check::ping)}};
  int const pid = fill(db).front();
  here.outside.terminate(pid);
  {
    lease const conn = db.acquire();
    CHECK(conn->backend_pid() != pid);
    support::ensure_usable(*conn);
  }
  CHECK(db.stats().failed_checks == 1);
  CHECK(db.stats().lost == 1);
  CHECK(db.stats().errors == 0);
  support::ensure_whole(db);
}

TEST_CASE("a ping finds a connection whose network has gone dark, in its own time") {
  pool_db here;
  pqscope::testing::faulty_proxy proxy{here.config()};
  pool db{proxy.config(),
          {.max_size = 1, .health_check = health_check::ping, .ping_timeout = 50ms}};
  int const pid = fill(db).front();
  proxy.stall_before("SELECT 1");
  auto const start = std::chrono::steady_clock::now();
  {
    lease const conn = db.acquire();
    CHECK(std::chrono::steady_clock::now() - start >= 50ms);
    CHECK(std::chrono::steady_clock::now() - start < 10s);
    CHECK(conn->backend_pid() != pid);
    support::ensure_usable(*conn);
  }
  CHECK(db.stats().failed_checks == 1);
  support::ensure_whole(db);
}

TEST_CASE("a ping ends with the caller's own limit, and what was not found dead is not replaced") {
  pool_db here;
  pqscope::testing::faulty_proxy proxy{here.config()};
  ping_watch pings;
  pool db{
      proxy.config(),
      {.max_size = 2, .health_check = health_check::ping, .observer = &pings, .ping_timeout = 1h}};
  fill(db);
  proxy.stall();
  pings.asked = false;
  auto const start = clock_type::now();
  SECTION("its timeout") {
    CHECK_THROWS_AS(db.acquire(100ms), pqscope::pool_timeout);
    CHECK(clock_type::now() - start >= 100ms);
    CHECK(db.stats().timeouts == 1);
  }
  SECTION("its deadline") {
    CHECK_THROWS_AS(db.acquire(acquire_options{.deadline = start + 100ms}),
                    pqscope::deadline_exceeded);
    CHECK(clock_type::now() - start >= 100ms);
    CHECK(db.stats().errors == 1);
  }
  SECTION("that of a session") {
    CHECK_THROWS_AS(pqscope::with_session(db, {.deadline = 100ms},
                                          [](pqscope::session& s) { s.execute("SELECT 1"); }),
                    pqscope::deadline_exceeded);
  }
  SECTION("its stop token") {
    std::stop_source stop;
    std::jthread const beside{[&] {
      support::eventually([&] { return pings.asked.load(); });
      stop.request_stop();
    }};
    CHECK_THROWS_AS(db.acquire(acquire_options{.stop = stop.get_token()}),
                    pqscope::operation_cancelled);
    CHECK(db.stats().errors == 1);
  }
  CHECK(clock_type::now() - start < 20s);
  CHECK(db.stats().failed_checks == 0);
  CHECK(db.stats().retired == 0);
  CHECK(db.stats().idle == 1);
  CHECK(support::add_up(db.stats()));
  proxy.resume();
  support::ensure_whole(db);
  CHECK(db.stats().connects == 3);
}

TEST_CASE("a ping of a pool whose own time is shorter ends with that; try_acquire finds nothing") {
  pool_db here;
  pqscope::testing::faulty_proxy proxy{here.config()};
  pool db{proxy.config(),
          {.max_size = 1,
           .acquire_timeout = 200ms,
           .health_check = health_check::ping,
           .ping_timeout = 1h}};
  REQUIRE(db.acquire(10s));
  proxy.stall();
  auto const start = clock_type::now();
  SECTION("acquire") {
    CHECK_THROWS_AS(db.acquire(), pqscope::pool_timeout);
  }
  SECTION("try_acquire") {
    CHECK_FALSE(db.try_acquire());
  }
  CHECK(clock_type::now() - start < 20s);
  CHECK(db.stats().size == 0);
  CHECK(support::add_up(db.stats()));
  proxy.resume();
  support::ensure_whole(db);
}

TEST_CASE("a caller without any time is handed an idle connection that nobody has pinged") {
  pool_db here;
  pqscope::testing::faulty_proxy proxy{here.config()};
  pool db{proxy.config(), {.max_size = 1, .health_check = health_check::ping}};
  int const pid = fill(db).front();
  auto const trips = proxy.round_trips();
  CHECK(db.acquire(0ns)->backend_pid() == pid);
  CHECK(proxy.round_trips() == trips);
  here.outside.terminate(pid);
  CHECK(support::eventually([&] {  // a dead one is not handed out, as far as its socket tells
    try {
      return !db.acquire(0ns);
    } catch (pqscope::pool_timeout const&) {
      return true;
    }
  }));
  support::ensure_whole(db);
}

TEST_CASE("who was to stop already, or whose deadline has passed, gets no idle connection") {
  pool_db here;
  pqscope::testing::faulty_proxy proxy{here.config()};
  pool db{proxy.config(),
          {.max_size = 1,
           .health_check = GENERATE(health_check::none, health_check::socket, health_check::ping)}};
  fill(db);
  auto const trips = proxy.round_trips();
  std::stop_source stop;
  stop.request_stop();
  auto const work = [](pqscope::session& s) { s.execute("SELECT 1"); };
  CHECK_THROWS_AS(db.acquire(acquire_options{.stop = stop.get_token()}),
                  pqscope::operation_cancelled);
  CHECK_THROWS_AS(db.acquire(acquire_options{.deadline = clock_type::now()}),
                  pqscope::deadline_exceeded);
  CHECK_THROWS_AS(pqscope::with_session(db, {.stop = stop.get_token()}, work),
                  pqscope::operation_cancelled);
  CHECK_THROWS_AS(pqscope::with_session(db, {.deadline = 0ns}, work), pqscope::deadline_exceeded);
  CHECK(proxy.round_trips() == trips);
  CHECK(db.stats().errors == 4);
  CHECK(db.stats().idle == 1);
  CHECK(support::add_up(db.stats()));
  db.close();
  CHECK_THROWS_AS(db.acquire(acquire_options{.stop = stop.get_token()}), pqscope::pool_closed);
}

TEST_CASE("try_acquire hands out no dead connection either") {
  pool_db here;
  pool db{here.config(), {.max_size = 2}};
  for (int const pid : fill(db)) {
    here.outside.terminate(pid);
  }
  CHECK_FALSE(db.try_acquire());
  CHECK(db.stats().size == 0);
  support::ensure_whole(db);
}

TEST_CASE("when all idle connections have died one failed check replaces them all") {
  pool_db here;
  pool db{here.config(), {.max_size = 4}};
  for (int const pid : fill(db)) {
    here.outside.terminate(pid);
  }
  db.acquire()->execute("SELECT 1");
  CHECK(db.stats().failed_checks == 1);
  CHECK(db.stats().retired == 1);
  CHECK(db.stats().size == 1);
  fill(db);
  CHECK(db.stats().failed_checks == 1);
  CHECK(db.stats().connects == 8);
  support::ensure_whole(db);
}

TEST_CASE("one that is in use while all idle ones are replaced is replaced when it comes back") {
  pool_db here;
  pool db{here.config(), {.max_size = 2}};
  lease used = db.acquire();
  int const pid = used->backend_pid();
  int const idle = db.acquire()->backend_pid();
  here.outside.terminate(idle);
  {
    lease const other = db.acquire();
  }
  CHECK(used->query<int>("SELECT 1").one() == 1);
  used.release();
  CHECK(support::eventually([&] { return !here.outside.has_backend(pid); }));
  CHECK(db.stats().size == 1);
  support::ensure_whole(db);
}

TEST_CASE("without a check the first statement finds a dead connection, and the pool replaces it") {
  pool_db here;
  pool db{here.config(), {.max_size = 1, .health_check = health_check::none}};
  int const pid = fill(db).front();
  here.outside.terminate(pid);
  {
    lease const conn = db.acquire();
    CHECK_THROWS_AS(conn->execute("SELECT 1"), pqscope::error);
  }
  CHECK(db.stats().size == 0);
  CHECK(db.stats().lost == 1);
  CHECK(db.acquire()->backend_pid() != pid);
  support::ensure_whole(db);
}

TEST_CASE("an idle connection that the server has given up with a word is replaced") {
  pool_db here;
  pool db{here.config(), {.max_size = 1}};
  int const pid = db.acquire()->backend_pid();
  db.acquire()->execute("SET idle_session_timeout = 20");
  CHECK(here.comes_to(0));
  lease const conn = db.acquire();
  CHECK(conn->backend_pid() != pid);
  CHECK(db.stats().failed_checks == 1);
  support::ensure_usable(*conn);
}

TEST_CASE("a connection that is too old is replaced, and none that is in use is ended") {
  pool_db here;
  pool db{here.config(), {.max_size = 1, .max_lifetime = 50ms}};
  int first = 0;
  {
    lease const conn = db.acquire();
    first = conn->backend_pid();
    auto const end = std::chrono::steady_clock::now() + 100ms;
    while (std::chrono::steady_clock::now() < end) {
      db.maintain();
      REQUIRE(conn->query<int>("SELECT 1").one() == 1);
    }
  }
  CHECK(db.stats().size == 0);
  CHECK(db.stats().expired == 1);
  int const second = db.acquire()->backend_pid();
  CHECK(second != first);
  CHECK(support::eventually([&] { return db.acquire()->backend_pid() != second; }));
  CHECK(db.stats().lost == 0);
}

TEST_CASE("maintain closes idle connections that are too old") {
  pool_db here;
  pool db{here.config(), {.min_size = 2, .max_size = 2, .max_lifetime = 50ms}};
  db.warm_up();
  CHECK(support::eventually([&] {
    db.maintain();
    return db.stats().size == 0;
  }));
  CHECK(db.stats().expired == 2);
  CHECK(here.comes_to(0));
}

TEST_CASE("connections idle for too long are closed, down to the least number") {
  pool_db here;
  pool db{here.config(), {.min_size = 2, .max_size = 5, .idle_timeout = 20ms}};
  fill(db);
  CHECK(support::eventually([&] {
    db.maintain();
    return db.stats().size == 2;
  }));
  auto const end = std::chrono::steady_clock::now() + 80ms;
  while (std::chrono::steady_clock::now() < end) {
    db.maintain();
    REQUIRE(db.stats().size == 2);
  }
  CHECK(here.comes_to(2));
  CHECK(db.stats().expired == 3);
  support::ensure_whole(db);
}

TEST_CASE("a pool that is used by few closes by itself what has been idle for too long") {
  pool_db here;
  pool db{here.config(), {.max_size = 4, .idle_timeout = 30ms}};
  fill(db);
  CHECK(support::eventually([&] {
    db.acquire()->execute("SELECT 1");
    return db.stats().size == 1;
  }));
  CHECK(here.comes_to(1));
  support::ensure_whole(db);
}

TEST_CASE("a maintained pool keeps what is neither old nor long idle") {
  pool db{support::test_config(), {.max_size = 3}};
  fill(db);
  db.maintain();
  CHECK(db.stats().idle == 3);
  support::ensure_whole(db);
  CHECK(db.stats().connects == 3);
}

TEST_CASE("draining replaces idle connections now and others when they come back") {
  pool_db here;
  pool db{here.config(), {.max_size = 2}};
  std::vector<int> const pids = fill(db);
  lease used = db.acquire();
  int const pid = used->backend_pid();
  db.drain();
  CHECK(db.stats().size == 1);
  CHECK(here.comes_to(1));
  CHECK(used->query<int>("SELECT 1").one() == 1);
  lease const fresh = db.acquire();
  CHECK(fresh->backend_pid() != pids[0]);
  CHECK(fresh->backend_pid() != pids[1]);
  used.release();
  CHECK(db.stats().idle == 0);
  CHECK(support::eventually([&] { return !here.outside.has_backend(pid); }));
  CHECK(db.stats().retired == 1);
}

TEST_CASE("draining to another configuration opens new connections by that") {
  pool_db here;
  std::string const other = support::unique_name("other");
  pool db{here.config(), {.max_size = 2}};
  fill(db);
  auto const next = here.config().with("application_name", other);
  db.drain(next);
  CHECK(db.target() == next);
  CHECK(here.comes_to(0));
  CHECK(db.acquire()->query<std::string>("SHOW application_name").one() == other);
  support::ensure_whole(db);
}

TEST_CASE("a waiter of a drained pool gets a new connection") {
  pool db{support::test_config(), {.max_size = 1}};
  lease held = db.acquire();
  int const pid = held->backend_pid();
  int got = 0;
  std::jthread beside{[&] { got = db.acquire()->backend_pid(); }};
  REQUIRE(support::comes_to_wait(db, 1));
  db.drain();
  held.release();
  beside.join();
  CHECK(got != 0);
  CHECK(got != pid);
  support::ensure_whole(db);
}

TEST_CASE("a pool that is made larger serves those who wait") {
  pool db{support::test_config(), {.max_size = 1}};
  lease const held = db.acquire();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i <= 3; ++i) {
      threads.emplace_back([&] { db.acquire()->execute("SELECT 1"); });
      REQUIRE(support::comes_to_wait(db, i));
    }
    db.resize(3);
  }
  CHECK(db.stats().max_size == 3);
  CHECK(db.stats().size <= 3);
  CHECK(db.stats().acquired == 4);
  lease const b = db.acquire(10s);
  lease const c = db.acquire(10s);
  CHECK_THROWS_AS(db.acquire(0ns), pqscope::pool_timeout);
}

TEST_CASE("a pool that is made smaller closes idle connections, then those that come back") {
  pool_db here;
  pool db{here.config(), {.min_size = 2, .max_size = 4}};
  fill(db);
  lease a = db.acquire();
  lease b = db.acquire();
  lease c = db.acquire();
  db.resize(0, 2);
  CHECK(db.stats().size == 3);
  CHECK(db.stats().idle == 0);
  CHECK(here.comes_to(3));
  CHECK_THROWS_AS(db.acquire(10ms), pqscope::pool_timeout);
  CHECK(c->query<int>("SELECT 1").one() == 1);
  a.release();
  CHECK(db.stats().size == 2);
  CHECK(db.stats().idle == 0);
  b.release();
  c.release();
  CHECK(db.stats().size == 2);
  CHECK(here.comes_to(2));
  support::ensure_whole(db);
  CHECK(db.stats().connects == 4);
}

TEST_CASE("sizes that cannot be are refused, and the pool is as it was") {
  pool db{support::test_config(), {.min_size = 1, .max_size = 2}};
  CHECK_THROWS_AS(db.resize(0, 0), pqscope::usage_error);
  CHECK_THROWS_AS(db.resize(3, 2), pqscope::usage_error);
  CHECK_THROWS_AS(db.resize(0), pqscope::usage_error);
  CHECK(db.stats().min_size == 1);
  CHECK(db.stats().max_size == 2);
  db.resize(1);
  CHECK(db.stats().min_size == 1);
  db.resize(3, 5);
  CHECK(db.stats().min_size == 3);
  db.resize(2);
  CHECK(db.stats().min_size == 2);
  support::ensure_whole(db);
}

TEST_CASE("try_acquire takes what is idle, and neither opens a connection nor waits") {
  pool db{support::test_config(), {.max_size = 2}};
  CHECK_FALSE(db.try_acquire());
  CHECK(db.stats().connects == 0);
  int const pid = db.acquire()->backend_pid();
  {
    lease const conn = db.try_acquire();
    REQUIRE(conn);
    CHECK(conn->backend_pid() == pid);
    CHECK_FALSE(db.try_acquire());
    support::ensure_usable(*conn);
  }
  support::ensure_whole(db);
}
