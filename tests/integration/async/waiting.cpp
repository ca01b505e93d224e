#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/redirect_error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;
using support::held_lock;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

TEST_CASE("a session that waits for a lock does not delay another one of the same thread") {
  async_db t;
  t.here.outside.execute("INSERT INTO " + t.here.table() + " VALUES (1, 0)");
  asio::steady_timer gate{*t.io, pqscope::libpq::never};
  auto holder = t.start_session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("UPDATE t SET v = v + 1 WHERE id = 1");
    std::error_code ignored;
    co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  });
  support::run_until(*t.io, [&] {
    return t.here.outside.number(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
               "$1 AND state = 'idle in transaction'",
               {t.here.schema}) == 1;
  });
  auto waiter = t.start_session([](session& s) -> asio::awaitable<int> {
    auto const rows = co_await s.query<int>("UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v");
    co_return rows.one();
  });
  t.run_until_blocked();
  CHECK_FALSE(waiter.done());
  CHECK(t.session([](session& s) -> asio::awaitable<int> {
    auto const rows = co_await s.query<int>("SELECT 42");
    co_return rows.one();
  }) == 42);
  gate.cancel();
  holder.get();
  CHECK(waiter.get() == 2);
  t.ensure_usable();
}

TEST_CASE("of two sessions in one thread the first can wait for what the second does") {
  async_db t;
  t.here.outside.execute("INSERT INTO " + t.here.table() + " VALUES (1, 0)");
  std::optional<support::started<int>> first;
  t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("UPDATE t SET v = 10 WHERE id = 1");
    first = t.start_session([](session& other) -> asio::awaitable<int> {
      auto const rows =
          co_await other.query<int>("UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v");
      co_return rows.one();
    });
    asio::steady_timer soon{*t.io};
    while (t.blocked() == 0) {
      soon.expires_after(1ms);
      co_await soon.async_wait(asio::use_awaitable);
    }
  });
  REQUIRE(first);
  CHECK(first->get() == 11);
  t.ensure_usable();
}

TEST_CASE("fifty sessions go through a pool of two in one thread, first come, first served") {
  async_db t{{.pool = {.max_size = 2}}};
  std::vector<int> order;
  std::vector<support::started<void>> all;
  for (int n = 0; n < 50; ++n) {
    all.push_back(t.start_session([&order, n](session& s) -> asio::awaitable<void> {
      co_await s.execute("SELECT 1");
      order.push_back(n);
      co_await s.execute("INSERT INTO t VALUES ($1)", n);
    }));
  }
  for (auto& each : all) {
    each.get();
  }
  REQUIRE(order.size() == 50);
  int most = -1;
  for (std::size_t at = 0; at < order.size(); ++at) {
    // two are served side by side: one of those before it may still be under way
    most = std::max(most, order[at]);
    CHECK(most - static_cast<int>(at) <= 1);
  }
  CHECK(t.here.count() == 50);
  CHECK(t.seen.connects() <= 2);
  CHECK(t.db.stats().primary.queued >= 48);
  t.ensure_usable();
}

TEST_CASE("sessions that wait for a connection do so for the pool's time, and no longer") {
  async_db t{{.pool = {.max_size = 1, .acquire_timeout = 50ms}}};
  t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("SELECT 1");
    bool timed_out = false;
    try {
      co_await with_session(t.db, [](session& other) -> asio::awaitable<void> {
        co_await other.execute("SELECT 1");
      });
    } catch (pqscope::pool_timeout const&) {
      timed_out = true;
    }
    CHECK(timed_out);
    co_await s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a blocking thread and a coroutine hand the pool's only connection to each other") {
  async_db t{{.pool = {.max_size = 1}}};
  auto lease = std::optional{t.db.blocking().acquire()};
  auto waits = t.start_session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (1)"); });
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting == 1; });
  CHECK_FALSE(waits.done());
  std::jthread other{[&] { lease.reset(); }};
  waits.get();
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a second operation while one is under way is refused, and the first completes") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  std::exception_ptr refused;
  auto all = t.start_session([&](session& s) -> asio::awaitable<int> {
    auto second = t.start([&]() -> asio::awaitable<void> {
      while (t.busy() == 0) {
        asio::steady_timer soon{*t.io, 1ms};
        co_await soon.async_wait(asio::use_awaitable);
      }
      try {
        co_await s.execute("INSERT INTO t VALUES (1)");
      } catch (...) {
        refused = std::current_exception();
      }
      lock.release();
    });
    auto const rows = co_await s.query<int>(
        "SELECT 5 FROM (SELECT pg_advisory_lock_shared($1)) AS waited", number);
    CHECK(second.done());
    co_return rows.one();
  });
  CHECK(all.get() == 5);
  REQUIRE(refused);
  CHECK_THROWS_AS(std::rethrow_exception(refused), pqscope::connection_busy);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a nested session while an operation of the outer one is under way is refused") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  std::exception_ptr refused;
  t.session([&](session& s) -> asio::awaitable<void> {
    auto second = t.start([&]() -> asio::awaitable<void> {
      while (t.busy() == 0) {
        asio::steady_timer soon{*t.io, 1ms};
        co_await soon.async_wait(asio::use_awaitable);
      }
      try {
        co_await with_session(s, [](session& n) -> asio::awaitable<void> {
          co_await n.execute("INSERT INTO t VALUES (1)");
        });
      } catch (...) {
        refused = std::current_exception();
      }
      lock.release();
    });
    co_await s.execute("SELECT pg_advisory_lock_shared($1)", number);
    CHECK(second.done());
    co_await s.execute("INSERT INTO t VALUES (2)");
  });
  REQUIRE(refused);
  CHECK_THROWS_AS(std::rethrow_exception(refused), pqscope::connection_busy);
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}

TEST_CASE("two statements of one session that are awaited together: one is refused") {
  async_db t;
  using namespace asio::experimental::awaitable_operators;
  CHECK_THROWS_AS(t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await (s.execute("INSERT INTO t VALUES (2)") && s.execute("INSERT INTO t VALUES (3)"));
  }),
                  pqscope::connection_busy);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("statements of two sessions are awaited together") {
  async_db t;
  using namespace asio::experimental::awaitable_operators;
  t.session([&](session& a) -> asio::awaitable<void> {
    co_await with_session(t.db, [&a](session& b) -> asio::awaitable<void> {
      co_await (a.execute("INSERT INTO t VALUES (1)") && b.execute("INSERT INTO t VALUES (2)"));
    });
  });
  CHECK(t.here.ids() == texts{"1", "2"});
  t.ensure_usable();
}
