#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/libpq/features.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/post.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"
#include "support/eventually.hpp"

using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;
using support::held_lock;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

// Makes `waits(n, at, number)`: n, which comes once the lock of this number can be had if n is at.
void make_waits(async_db& t) {
  t.here.outside.execute(
      "CREATE FUNCTION " + t.here.schema +
      ".waits(n int, at int, number bigint) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF n = at "
      "THEN PERFORM pg_advisory_xact_lock_shared(number); END IF; RETURN n; END $$");
}

}  // namespace

TEST_CASE("the rows of an asynchronous stream come one by one, in order, to the end") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int, std::string>(
        "SELECT n, 'name ' || n FROM generate_series(1, $1) AS n", 3000);
    int n = 0;
    while (auto const row = co_await rows.next()) {
      auto const& [id, name] = *row;
      if (id != ++n || name != "name " + std::to_string(n)) {
        FAIL("row " << n);
      }
    }
    CHECK(n == 3000);
    auto const behind = co_await rows.next();
    CHECK_FALSE(behind);
    co_await s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("next_rows and all hand out every row once, mixed with next") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int>("SELECT generate_series(1, 5000)");
    auto const first = co_await rows.next();
    CHECK(first == 1);
    auto const some = co_await rows.next_rows();
    REQUIRE_FALSE(some.empty());
    CHECK(some.front() == 2);
    auto const another = co_await rows.next();
    CHECK(another == some.back() + 1);
    auto const rest = co_await rows.all();
    CHECK(rest.size() == 5000 - 2 - some.size());
    CHECK(rest.back() == 5000);
    auto const none = co_await rows.next_rows();
    CHECK(none.empty());
  });
  t.ensure_usable();
}

TEST_CASE("an empty asynchronous stream ends at once") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int>("SELECT 1 WHERE false");
    auto const none = co_await rows.next();
    CHECK_FALSE(none);
    auto others = co_await s.stream<int>("SELECT 1 WHERE false");
    auto const all = co_await others.all();
    CHECK(all.empty());
  });
  t.ensure_usable();
}

TEST_CASE("a row is handed out while the next one is still made") {
  if (pqscope::libpq::has_chunked_rows) {
    SKIP("this libpq hands rows over 256 at a time");
  }
  async_db t;
  make_waits(t);
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  t.session([&](session& s) -> asio::awaitable<void> {
    // the server sends what it has when 8 KiB are full
    auto rows = co_await s.stream<int, std::string>(
        "SELECT waits(n, 10, $1), repeat('x', 9000) FROM generate_series(1, 12) AS n", number);
    for (int n = 1; n <= 8; ++n) {
      auto const row = co_await rows.next();
      REQUIRE(row);
      CHECK(std::get<0>(*row) == n);
    }
    CHECK(support::eventually([&] { return t.blocked() == 1; }));
    lock.release();
    auto const rest = co_await rows.all();
    CHECK(rest.size() == 4);
  });
  t.ensure_usable();
}

TEST_CASE("a session that waits for the next row of a stream does not delay others") {
  async_db t;
  make_waits(t);
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto streams = t.start_session([&](session& s) -> asio::awaitable<int> {
    auto rows = co_await s.stream<int, std::string>(
        "SELECT waits(n, 5, $1), repeat('x', 9000) FROM generate_series(1, 12) AS n", number);
    auto const all = co_await rows.all();
    co_return static_cast<int>(all.size());
  });
  t.run_until_blocked();
  t.session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (1)"); });
  CHECK_FALSE(streams.done());
  lock.release();
  CHECK(streams.get() == 12);
  t.ensure_usable();
}

TEST_CASE("while an asynchronous stream is open another statement is refused") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int>("SELECT generate_series(1, 100000)");
    bool refused = false;
    try {
      co_await s.execute("INSERT INTO t VALUES (1)");
    } catch (pqscope::connection_busy const&) {
      refused = true;
    }
    CHECK(refused);
    auto const all = co_await rows.all();
    CHECK(all.size() == 100000);
    co_await s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}

TEST_CASE("an asynchronous stream that goes early leaves its session usable") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    {
      auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)");
      auto const first = co_await rows.next();
      CHECK(first == 1);
    }
    co_await s.execute("INSERT INTO t VALUES (2)");
    {
      auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)");
    }
    auto again = co_await s.stream<int>("SELECT generate_series(1, 3)");
    auto const all = co_await again.all();
    CHECK(all.size() == 3);
  });
  CHECK(t.here.ids() == texts{"1", "2"});
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("an asynchronous stream that goes with its session is left before the commit") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)");
    co_await rows.next();
  });
  CHECK(t.here.ids() == texts{"1"});
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("an asynchronous stream that was left is out of the way of a nested session") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    {
      auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)");
    }
    co_await with_session(s, [](session& n) -> asio::awaitable<void> {
      co_await n.execute("INSERT INTO t VALUES (2)");
    });
  });
  CHECK(t.here.ids() == texts{"1", "2"});
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("an asynchronous stream is closed") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)");
    co_await rows.next();
    co_await rows.close();
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await rows.close();
    bool refused = false;
    try {
      co_await rows.next();
    } catch (pqscope::usage_error const&) {
      refused = true;
    }
    CHECK(refused);
  });
  CHECK(t.here.ids() == texts{"1"});
  t.ensure_usable();
}

TEST_CASE("closing an asynchronous stream while a row is awaited is refused, and the row comes") {
  if (pqscope::libpq::has_chunked_rows) {
    SKIP("this libpq hands rows over 256 at a time");
  }
  async_db t;
  make_waits(t);
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  bool refused = false;
  bool awaits = false;
  t.session([&](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int, std::string>(
        "SELECT waits(n, 5, $1), repeat('x', 9000) FROM generate_series(1, 6) AS n", number);
    auto second = t.start([&]() -> asio::awaitable<void> {
      while (!awaits || t.blocked() == 0) {
        asio::steady_timer soon{*t.io, 1ms};
        co_await soon.async_wait(asio::use_awaitable);
      }
      try {
        co_await rows.close();
      } catch (pqscope::connection_busy const&) {
        refused = true;
      }
      lock.release();
    });
    awaits = true;
    auto const all = co_await rows.all();
    CHECK(all.size() == 6);
    CHECK(second.done());
    co_await s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(refused);
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("whoever reads an asynchronous stream has it between two waits, too") {
  async_db t;
  int refused = 0;
  bool closed = false;
  bool read = false;
  t.session([&](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int, std::string>(
        "SELECT n, repeat('x', 9000) FROM generate_series(1, 2000) AS n");
    auto second = t.start([&]() -> asio::awaitable<void> {
      while (!read && !closed) {
        co_await asio::post(*t.io, asio::use_awaitable);
        try {
          co_await rows.close();
          closed = true;
        } catch (pqscope::connection_busy const&) {
          ++refused;
        }
      }
    });
    auto const all = co_await rows.all();
    read = true;
    CHECK(all.size() == 2000);
    CHECK_FALSE(closed);
    while (!second.done()) {
      co_await asio::post(*t.io, asio::use_awaitable);
    }
  });
  CHECK(refused > 0);
  t.ensure_usable();
}

TEST_CASE("an error in the middle of an asynchronous stream comes behind the rows before it") {
  async_db t;
  std::vector<int> seen;
  CHECK_THROWS_AS(t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    auto rows = co_await s.stream<int, std::string>(
        "SELECT 10 / (10 - n), repeat('x', 9000) FROM generate_series(1, 20) AS n");
    while (auto const row = co_await rows.next()) {
      seen.push_back(std::get<0>(*row));
    }
  }),
                  pqscope::division_by_zero);
  CHECK(seen.size() == (pqscope::libpq::has_chunked_rows ? 0 : 9));
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a value that cannot be decoded is thrown behind the rows before it, and harms nothing") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    {
      auto rows = co_await s.stream<int>("SELECT nullif(generate_series(1, 10000000), 5)");
      int n = 0;
      bool failed = false;
      try {
        while (auto const row = co_await rows.next()) {
          n = *row;
        }
      } catch (pqscope::unexpected_null const&) {
        failed = true;
      }
      CHECK(failed);
      CHECK(n == 4);
    }
    co_await s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(t.here.ids() == texts{"1", "2"});
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("leaving a stream whose row cannot be decoded does not delay others") {
  support::scratch other;
  pqscope::testing::faulty_proxy proxy{other.db()};
  async_db t{[&](support::scratch const& in) {
               auto to = in.db();
               to.host = proxy.host();
               to.port = proxy.port();
               return to;
             },
             {}};
  auto failing = t.start_session([&](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int>("SELECT nullif(generate_series(1, 10000000), 5)");
    proxy.stall();
    co_await rows.all();
  });
  asio::steady_timer often{*t.io};
  auto longest = std::chrono::steady_clock::duration::zero();
  auto other_work = t.start([&]() -> asio::awaitable<void> {
    for (auto last = std::chrono::steady_clock::now(); !failing.done();) {
      often.expires_after(1ms);
      co_await often.async_wait(asio::use_awaitable);
      auto const now = std::chrono::steady_clock::now();
      longest = std::max(longest, now - last);
      last = now;
    }
  });
  CHECK_THROWS_AS(failing.get(), pqscope::unexpected_null);
  other_work.get();
  CHECK(longest < 1s);
  proxy.resume();
  t.session([](session& s) -> asio::awaitable<void> { co_await s.execute("SELECT 1"); });
}

TEST_CASE("a stream of a wrong type is refused, and harms nothing") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    bool failed = false;
    try {
      auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)::text");
      co_await rows.next();
    } catch (pqscope::type_mismatch const&) {
      failed = true;
    }
    CHECK(failed);
    co_await s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a cancelled wait for a row ends the stream, and the session can be left") {
  if (pqscope::libpq::has_chunked_rows) {
    SKIP("this libpq hands rows over 256 at a time");
  }
  async_db t;
  make_waits(t);
  using namespace asio::experimental::awaitable_operators;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await with_session(s, [&](session& n) -> asio::awaitable<void> {
      auto rows = co_await n.stream<int, std::string>(
          "SELECT waits(n, 5, $1), repeat('x', 9000) FROM generate_series(1, 6) AS n", number);
      asio::steady_timer timer{*t.io, 50ms};
      auto const first = co_await (rows.all() || timer.async_wait(asio::use_awaitable));
      CHECK(first.index() == 1);
      throw pqscope::rollback{};
    });
    co_await s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(t.here.ids() == texts{"1", "2"});
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("an asynchronous stream is moved, and assigned over another one") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)");
    auto moved = std::move(rows);
    auto const first = co_await moved.next();
    CHECK(first == 1);
    bool refused = false;
    try {
      co_await rows.next();
    } catch (pqscope::usage_error const&) {
      refused = true;
    }
    CHECK(refused);
    co_await moved.close();
    moved = co_await s.stream<int>("SELECT generate_series(7, 9)");
    auto const all = co_await moved.all();
    CHECK(all == std::vector<int>{7, 8, 9});
  });
  t.ensure_usable();
}

TEST_CASE("rows of text made at run time are streamed") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    std::string const text = "SELECT generate_series(1, $1::int4)";
    auto rows = co_await s.stream<int>(pqscope::dynamic_sql{text}, 5);
    auto const all = co_await rows.all();
    CHECK(all.size() == 5);
  });
  t.ensure_usable();
}
