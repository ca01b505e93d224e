#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"
#include "integration/pool/pool_db.hpp"
#include "support/async.hpp"
#include "support/ensure_usable.hpp"

using pqscope::async::connection;
using pqscope::async::session;
using pqscope::async::with_session;
using support::pool_db;

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

namespace {

asio::awaitable<void> connect(asio::io_context& io, pqscope::config to) {
  co_await connection::open(io.get_executor(), std::move(to));
}

}  // namespace

TEST_CASE("an asynchronous connection is opened, used and closed") {
  pool_db t;
  asio::io_context io;
  support::run(io, [&]() -> asio::awaitable<void> {
    auto conn = co_await connection::open(io.get_executor(), t.config());
    CHECK(conn.status() == pqscope::connection_status::idle);
    auto const rows = co_await conn.query<int>("SELECT $1::int4", 5);
    CHECK(rows.one() == 5);
    CHECK(t.backends() == 1);
    support::ensure_usable(conn.blocking());
  });
  CHECK(t.comes_to(0));
}

TEST_CASE("opening an asynchronous connection that is refused throws as the blocking one does") {
  pool_db t;
  support::absent_server absent;
  asio::io_context io;
  auto const open = [&]() -> asio::awaitable<void> {
    co_await connection::open(io.get_executor(), absent.config(t.config()));
  };
  CHECK_THROWS_AS(support::run(io, open), pqscope::connection_error);
  auto const nobody = [&]() -> asio::awaitable<void> {
    auto to = t.config();
    to.dbname = "there is no such database";
    co_await connection::open(io.get_executor(), to);
  };
  CHECK_THROWS_AS(support::run(io, nobody), pqscope::error);
}

TEST_CASE("opening an asynchronous connection to a server that says nothing is cancelled") {
  pool_db t;
  support::deaf_server deaf;
  asio::io_context io;
  support::run(io, [&]() -> asio::awaitable<void> {
    asio::steady_timer timer{io, 30ms};
    auto const first =
        co_await (connect(io, deaf.config(t.config())) || timer.async_wait(asio::use_awaitable));
    CHECK(first.index() == 1);
  });
}

TEST_CASE("opening an asynchronous connection ends at its deadline") {
  pool_db t;
  support::deaf_server deaf;
  asio::io_context io;
  auto const open = [&]() -> asio::awaitable<void> {
    co_await connection::open(io.get_executor(),
                              deaf.config(t.config()).with("connect_timeout", "2"));
  };
  CHECK_THROWS_AS(support::run(io, open), pqscope::connection_error);
}

TEST_CASE("an asynchronous connection is busy while an operation of it is under way") {
  pool_db t;
  long long const number = support::unique_lock_number();
  support::held_lock lock{number};
  asio::io_context io;
  support::run(io, [&]() -> asio::awaitable<void> {
    auto conn = co_await connection::open(io.get_executor(), t.config());
    std::exception_ptr refused;
    bool done = false;
    conn.execute("SELECT pg_advisory_lock($1)",
                 number)([&](std::exception_ptr failure, pqscope::result const&) {
      done = true;
      CHECK_FALSE(failure);
    });
    try {
      co_await conn.execute("SELECT 1");
    } catch (...) {
      refused = std::current_exception();
    }
    REQUIRE(refused);
    CHECK_THROWS_AS(std::rethrow_exception(refused), pqscope::connection_busy);
    lock.release();
    while (!done) {
      asio::steady_timer soon{io, 1ms};
      co_await soon.async_wait(asio::use_awaitable);
    }
    support::ensure_usable(conn.blocking());
  });
}

TEST_CASE("an asynchronous connection that was moved from refuses everything") {
  pool_db t;
  asio::io_context io;
  support::run(io, [&]() -> asio::awaitable<void> {
    auto conn = co_await connection::open(io.get_executor(), t.config());
    auto other = std::move(conn);
    CHECK(conn.status() == pqscope::connection_status::closed);
    CHECK_THROWS_AS(conn.execute("SELECT 1"), pqscope::usage_error);
    CHECK_THROWS_AS(conn.blocking(), pqscope::usage_error);
    CHECK_THROWS_AS(with_session(conn, [](session&) -> asio::awaitable<void> { co_return; }),
                    pqscope::usage_error);
    conn = std::move(other);
    co_await conn.execute("SELECT 1");
    support::ensure_usable(conn.blocking());
  });
}

TEST_CASE("a session on an asynchronous connection commits, rolls back and leaves it idle") {
  pool_db t;
  asio::io_context io;
  support::run(io, [&]() -> asio::awaitable<void> {
    auto conn = co_await connection::open(io.get_executor(), t.config());
    co_await conn.execute("CREATE TEMPORARY TABLE t (id int)");
    auto const seven = co_await with_session(conn, [&](session& s) -> asio::awaitable<int> {
      co_await s.execute("INSERT INTO t VALUES (1)");
      bool refused = false;
      try {
        co_await with_session(conn, [](session& other) -> asio::awaitable<void> {
          co_await other.execute("SELECT 1");
        });
      } catch (pqscope::usage_error const&) {
        refused = true;
      }
      CHECK(refused);
      co_return 7;
    });
    CHECK(seven == 7);
    bool failed = false;
    try {
      co_await with_session(conn, [](session& s) -> asio::awaitable<void> {
        co_await s.execute("INSERT INTO t VALUES (2)");
        co_await s.execute("SELECT 1 / 0");
      });
    } catch (pqscope::division_by_zero const&) {
      failed = true;
    }
    CHECK(failed);
    auto const rows = co_await conn.query<int>("SELECT id FROM t");
    CHECK(rows.all() == std::vector<int>{1});
    support::ensure_usable(conn.blocking());
  });
}

TEST_CASE("a cancelled statement of an asynchronous connection leaves it usable") {
  pool_db t;
  asio::io_context io;
  support::run(io, [&]() -> asio::awaitable<void> {
    auto conn = co_await connection::open(io.get_executor(), t.config());
    asio::steady_timer timer{io, 30ms};
    auto const first =
        co_await (conn.execute("SELECT pg_sleep(100)") || timer.async_wait(asio::use_awaitable));
    CHECK(first.index() == 1);
    co_await conn.execute("SELECT 1");
    support::ensure_usable(conn.blocking());
  });
}

TEST_CASE("a stream and a cursor may go together with their asynchronous connection") {
  pool_db t;
  asio::io_context io;
  support::run(io, [&]() -> asio::awaitable<void> {
    auto conn = co_await connection::open(io.get_executor(), t.config());
    auto rows = co_await conn.stream<int>("SELECT generate_series(1, 10000000)");
    co_await rows.next();
  });
  support::run(io, [&]() -> asio::awaitable<void> {
    auto conn = co_await connection::open(io.get_executor(), t.config());
    pqscope::cursor_options const options{.with_hold = true};
    auto rows = co_await conn.cursor<int>("SELECT generate_series(1, 100)", options);
    co_await rows.fetch(1);
  });
  CHECK(t.comes_to(0));
}

TEST_CASE("an asynchronous connection that is closed while an operation is under way lets it end") {
  pool_db t;
  long long const number = support::unique_lock_number();
  support::held_lock lock{number};
  asio::io_context io;
  bool done = false;
  support::run(io, [&]() -> asio::awaitable<void> {
    auto conn = co_await connection::open(io.get_executor(), t.config());
    conn.execute("SELECT pg_advisory_lock($1)",
                 number)([&](std::exception_ptr failure, pqscope::result const&) {
      done = true;
      CHECK_FALSE(failure);
    });
  });
  CHECK_FALSE(done);
  lock.release();
  support::run_out(io);
  CHECK(done);
  CHECK(t.comes_to(0));
}

TEST_CASE("an asynchronous connection whose backend is ended says so") {
  pool_db t;
  asio::io_context io;
  support::run(io, [&]() -> asio::awaitable<void> {
    auto conn = co_await connection::open(io.get_executor(), t.config());
    auto const pid = co_await conn.query<int>("SELECT pg_backend_pid()");
    t.outside.terminate(pid.one());
    bool lost = false;
    try {
      co_await conn.execute("SELECT 1");
    } catch (pqscope::error const& failure) {
      lost = !failure.connection_usable();
    }
    CHECK(lost);
    CHECK(conn.status() == pqscope::connection_status::broken);
    conn = co_await connection::open(io.get_executor(), t.config());
    support::ensure_usable(conn.blocking());
  });
}
