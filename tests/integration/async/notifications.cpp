#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/experimental/awaitable_operators.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::listener;
using pqscope::async::session;
using support::async_db;

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

TEST_CASE("what an asynchronous session notifies arrives at a listener once it is committed") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto in = co_await listener::open(t.io->get_executor(), t.here.db());
    co_await in.listen("jobs " + t.here.schema);
    co_await pqscope::async::with_session(t.db, [&](session& s) -> asio::awaitable<void> {
      co_await s.notify("jobs " + t.here.schema, "first");
      co_await s.execute("SELECT 1");
      auto const none = co_await in.wait_for(0ms);
      CHECK(none.empty());
    });
    auto const came = co_await in.wait();
    REQUIRE(came.size() == 1);
    CHECK(came[0].payload == "first");
    CHECK(came[0].channel == "jobs " + t.here.schema);
  });
  t.ensure_usable();
}

TEST_CASE("a listener that waits does not delay others, and wait_for ends in time") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto in = co_await listener::open(t.io->get_executor(), t.here.db());
    co_await in.listen(t.here.schema);
    auto const start = std::chrono::steady_clock::now();
    auto const none = co_await in.wait_for(50ms);
    CHECK(none.empty());
    CHECK(std::chrono::steady_clock::now() - start >= 50ms);
    auto const until = co_await in.wait_until(std::chrono::steady_clock::now() + 10ms);
    CHECK(until.empty());
    auto const work = [&](session& s) -> asio::awaitable<void> {
      co_await s.notify(t.here.schema, "late");
    };
    auto const came = co_await (in.wait() && pqscope::async::with_session(t.db, work));
    REQUIRE(came.size() == 1);
    CHECK(came[0].payload == "late");
  });
  t.ensure_usable();
}

TEST_CASE("a listener's wait that is cancelled loses nothing") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto in = co_await listener::open(t.io->get_executor(), t.here.db());
    co_await in.listen(t.here.schema);
    for (int n = 0; n < 3; ++n) {
      asio::steady_timer timer{*t.io, 20ms};
      auto const first = co_await (in.wait() || timer.async_wait(asio::use_awaitable));
      CHECK(first.index() == 1);
    }
    t.here.outside.execute("NOTIFY " + t.here.schema + ", 'kept'");
    auto const came = co_await in.wait();
    REQUIRE(came.size() == 1);
    CHECK(came[0].payload == "kept");
    co_await in.unlisten(t.here.schema);
    t.here.outside.execute("NOTIFY " + t.here.schema);
    auto const none = co_await in.wait_for(20ms);
    CHECK(none.empty());
  });
  t.ensure_usable();
}

TEST_CASE("a listener whose connection is killed listens again") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto in = co_await listener::open(t.io->get_executor(), t.here.db());
    co_await in.listen(t.here.schema);
    auto const pid = t.here.outside.number(
        "SELECT pid FROM pg_stat_activity WHERE application_name = $1", {t.here.schema});
    asio::steady_timer soon{*t.io, 10ms};
    auto const kill = [&]() -> asio::awaitable<void> {
      co_await soon.async_wait(asio::use_awaitable);
      t.here.outside.terminate(static_cast<int>(pid));
      while (t.here.outside.number("SELECT count(*) FROM pg_stat_activity WHERE application_name "
                                   "= $1 AND query LIKE 'LISTEN%' AND state = 'idle'",
                                   {t.here.schema}) == 0) {
        soon.expires_after(1ms);
        co_await soon.async_wait(asio::use_awaitable);
      }
      t.here.outside.execute("NOTIFY " + t.here.schema + ", 'again'");
    };
    auto killing = t.start(kill);
    bool again = false;
    for (int n = 0; n < 5 && !again; ++n) {
      auto const came = co_await in.wait_for(5s);
      for (auto const& each : came) {
        again = again || each.payload == "again";
      }
    }
    CHECK(again);
    CHECK(killing.done());
  });
  t.ensure_usable();
}

TEST_CASE("a listener is moved, and refuses everything moved from") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto in = co_await listener::open(t.io->get_executor(), t.here.db());
    co_await in.listen(t.here.schema);
    auto other = std::move(in);
    t.here.outside.execute("NOTIFY " + t.here.schema);
    auto const came = co_await other.wait();
    CHECK(came.size() == 1);
    CHECK_THROWS_AS(in.wait(), pqscope::usage_error);
    in = std::move(other);
    t.here.outside.execute("NOTIFY " + t.here.schema);
    auto const again = co_await in.wait();
    CHECK(again.size() == 1);
  });
  t.ensure_usable();
}
