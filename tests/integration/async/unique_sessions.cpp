#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::session;
using pqscope::async::unique_session;
using pqscope::async::with_session;
using support::async_db;

using texts = std::vector<std::string>;

TEST_CASE("a session of an object commits when it is told to") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto s = t.db.begin();
    CHECK(s.is_active());
    co_await s.execute("INSERT INTO t VALUES (1)");
    CHECK(s.transaction_id());
    co_await s.commit();
    CHECK_FALSE(s.is_active());
    CHECK(t.db.stats().primary.in_use == 0);
    bool refused = false;
    try {
      co_await s.execute("SELECT 1");
    } catch (pqscope::usage_error const&) {
      refused = true;
    }
    CHECK(refused);
  });
  CHECK(t.here.ids() == texts{"1"});
  t.ensure_usable();
}

TEST_CASE("a session of an object that goes is rolled back, and its connection comes back") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto s = t.db.begin();
    co_await s.execute("INSERT INTO t VALUES (1)");
  });
  t.run_out();
  CHECK(t.seen.statements().back() == "ROLLBACK");
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a session of an object that did nothing costs nothing") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto const s = t.db.begin();
    co_return;
  });
  t.run_out();
  CHECK(t.db.stats().primary.requests == 0);
  t.ensure_usable();
}

TEST_CASE("a session of an object is moved, and refuses everything moved from") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto s = t.db.begin();
    co_await s.execute("INSERT INTO t VALUES (1)");
    auto other = std::move(s);
    CHECK_FALSE(s.is_active());
    CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::usage_error);
    CHECK_THROWS_AS(s.transaction_id(), pqscope::usage_error);
    co_await other.execute("INSERT INTO t VALUES (2)");
    s = std::move(other);
    co_await s.commit();
  });
  t.run_out();
  CHECK(t.here.ids() == texts{"1", "2"});
  t.ensure_usable();
}

TEST_CASE("assigning over a session of an object rolls it back") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto s = t.db.begin();
    co_await s.execute("INSERT INTO t VALUES (1)");
    s = t.db.begin();
    co_await s.execute("INSERT INTO t VALUES (2)");
    co_await s.commit();
  });
  t.run_out();
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}

TEST_CASE("a session of an object goes with a stream of it open") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto s = t.db.begin();
    co_await s.execute("INSERT INTO t VALUES (1)");
    auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)");
    co_await rows.next();
  });
  t.run_out();
  CHECK(t.here.count() == 0);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("a session of an object whose statement failed is rolled back by its commit") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto s = t.db.begin();
    co_await s.execute("INSERT INTO t VALUES (1)");
    bool failed = false;
    try {
      co_await s.execute("SELECT 1 / 0");
    } catch (pqscope::division_by_zero const&) {
      failed = true;
    }
    CHECK(failed);
    bool told = false;
    try {
      co_await s.commit();
    } catch (pqscope::transaction_rolled_back const&) {
      told = true;
    }
    CHECK(told);
  });
  t.run_out();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("many sessions of objects that go at once give all connections back") {
  async_db t{{.pool = {.max_size = 5}}};
  t.run([&]() -> asio::awaitable<void> {
    std::vector<unique_session> all;
    for (int n = 0; n < 5; ++n) {
      all.push_back(t.db.begin());
      co_await all.back().execute("INSERT INTO t VALUES ($1)", n);
    }
  });
  t.run_out();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a session is nested in a session of an object") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto outer = t.db.begin();
    co_await outer.execute("INSERT INTO t VALUES (1)");
    bool left = false;
    try {
      co_await with_session(outer, [](session& inner) -> asio::awaitable<void> {
        co_await inner.execute("INSERT INTO t VALUES (2)");
        throw std::runtime_error("of the work");
      });
    } catch (std::runtime_error const&) {
      left = true;
    }
    CHECK(left);
    co_await with_session(outer, [](session& inner) -> asio::awaitable<void> {
      co_await inner.execute("INSERT INTO t VALUES (3), (4)");
    });
    co_await outer.commit();
  });
  t.run_out();
  CHECK(t.here.count() == 3);
  t.ensure_usable();
}
