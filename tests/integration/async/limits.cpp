#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::deadline_exceeded;
using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;
using support::held_lock;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

TEST_CASE("the deadline of an asynchronous session cancels its statement on the server") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(t.session({.deadline = 100ms},
                            [number](session& s) -> asio::awaitable<void> {
                              co_await s.execute("INSERT INTO t VALUES (1)");
                              co_await s.execute("SELECT pg_advisory_lock($1)", number);
                            }),
                  deadline_exceeded);
  auto const took = std::chrono::steady_clock::now() - start;
  CHECK(took >= 100ms);
  CHECK(took < 5s);
  CHECK(t.busy() == 0);
  CHECK(t.here.count() == 0);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
  CHECK(t.seen.connects() == 1);
}

TEST_CASE("the deadline of statements in an asynchronous session is theirs alone") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    bool late = false;
    try {
      co_await with_session(s, [number](session& n) -> asio::awaitable<void> {
        n.deadline(50ms);
        co_await n.execute("SELECT pg_advisory_lock($1)", number);
      });
    } catch (deadline_exceeded const&) {
      late = true;
    }
    CHECK(late);
    s.deadline(std::nullopt);
    co_await s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(t.here.ids() == texts{"1", "2"});
  t.ensure_usable();
}

TEST_CASE("the deadline of an asynchronous session holds in the pool's queue") {
  async_db t{{.pool = {.max_size = 1}}};
  auto lease = std::optional{t.db.blocking().acquire()};
  CHECK_THROWS_AS(t.session({.deadline = 50ms},
                            [](session& s) -> asio::awaitable<void> {
                              co_await s.execute("INSERT INTO t VALUES (1)");
                            }),
                  deadline_exceeded);
  CHECK(t.db.stats().primary.waiting == 0);
  lease.reset();
  t.ensure_usable();
}

TEST_CASE("the server's statement timeout is set for an asynchronous session") {
  async_db t;
  CHECK_THROWS_AS(t.session({.statement_timeout = 30ms},
                            [](session& s) -> asio::awaitable<void> {
                              co_await s.execute("SELECT pg_sleep(100)");
                            }),
                  pqscope::query_canceled);
  t.ensure_usable();
}

TEST_CASE("the time that the work of an asynchronous session waits for others counts") {
  async_db t;
  CHECK_THROWS_AS(t.session({.deadline = 50ms},
                            [&](session& s) -> asio::awaitable<void> {
                              co_await s.execute("INSERT INTO t VALUES (1)");
                              asio::steady_timer timer{*t.io, 80ms};
                              co_await timer.async_wait(asio::use_awaitable);
                              co_await s.execute("INSERT INTO t VALUES (2)");
                            }),
                  deadline_exceeded);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}
