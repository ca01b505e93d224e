#include <pqscope/asio.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/testing/temporary_cluster.hpp>
#include <pqscope/transaction/resolve.hpp>

#include <asio/experimental/awaitable_operators.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faults/async/proxy_in_front.hpp"
#include "integration/async/async_db.hpp"

using pqscope::commit_in_doubt;
using pqscope::connection_lost;
using pqscope::on_in_doubt;
using pqscope::async::listener;
using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;
using support::held_lock;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

// An asynchronous engine behind a proxy, which is in front of the server of the tests.
struct proxied : support::proxy_in_front {
  async_db t;

  explicit proxied(pqscope::engine_options options = {}) : t{through(), std::move(options)} {}

  // How long others had to wait for their turn at most, until a condition holds.
  template <class Condition>
  std::chrono::steady_clock::duration longest_turn_until(Condition condition) {
    auto longest = std::chrono::steady_clock::duration::zero();
    t.run([&]() -> asio::awaitable<void> {
      asio::steady_timer often{*t.io};
      for (auto last = std::chrono::steady_clock::now(); !condition();) {
        often.expires_after(1ms);
        co_await often.async_wait(asio::use_awaitable);
        auto const now = std::chrono::steady_clock::now();
        longest = std::max(longest, now - last);
        last = now;
      }
    });
    return longest;
  }
};

asio::awaitable<void> insert_one(session& s) {
  co_await s.execute("INSERT INTO t VALUES ($1)", s.attempt());
}

}  // namespace

TEST_CASE("an io_context that is destroyed while a session that went is rolled back") {
  proxied p;
  if (GENERATE(false, true)) {
    asio::steady_timer const older_than_any_session{*p.t.io};
  }
  p.t.run([&]() -> asio::awaitable<void> {
    auto s = p.t.db.begin();
    co_await s.execute("INSERT INTO t VALUES (1)");
    p.proxy.stall();
  });
  CHECK(p.t.db.stats().primary.in_use == 1);
  p.t.io.reset();
  CHECK(p.t.db.stats().primary.in_use == 0);
  p.proxy.resume();
  p.t.ensure_usable();
  CHECK(p.t.here.count() == 0);
}

TEST_CASE("a LISTEN that is cancelled while there is no connection says so") {
  support::proxy_in_front p;
  asio::io_context io;
  bool lost = false;
  pqscope::listener_options options;
  options.on_lost = [&](connection_lost const&) { lost = true; };
  auto in = support::run(io, [&] {
    return listener::open(io.get_executor(), p.through()(p.outside), std::move(options));
  });
  std::string const channel = support::unique_name("jobs");
  support::run(io, [&] { return in.listen(channel); });
  p.proxy.cut_all();
  p.proxy.stall();
  asio::cancellation_signal signal;
  auto other = support::start(io, [&] { return in.listen(channel + "2"); }, signal.slot());
  support::run_until(io, [&] { return lost; });
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(other.get(), pqscope::operation_cancelled);
  p.proxy.resume();
  support::run(io, [&] { return in.listen(channel + "2"); });
  p.outside.outside.execute("NOTIFY " + channel + ", 'back'");
  CHECK(support::run(io, [&] { return in.wait_for(10s); }).size() == 1);
}

TEST_CASE("an asynchronous COMMIT whose answer is lost is in doubt, and can be resolved") {
  bool const carried_out = GENERATE(false, true);
  proxied p;
  carried_out ? p.proxy.cut_after("COMMIT") : p.proxy.cut_before("COMMIT");
  int calls = 0;
  auto all = p.t.start_session({.retry = {.attempts = 3, .base_delay = 1ms}},
                               [&](session& s) -> asio::awaitable<void> {
                                 ++calls;
                                 co_await insert_one(s);
                               });
  try {
    all.get();
    FAIL("a doubtful commit was reported as a success");
  } catch (commit_in_doubt const& doubt) {
    REQUIRE(doubt.transaction_id());
    auto const truth = p.t.run([&]() -> asio::awaitable<pqscope::resolution> {
      co_return co_await pqscope::async::run(
          p.t.io->get_executor(), [&] { return pqscope::resolve(p.t.here.db(), doubt, 10s); });
    });
    CHECK(truth == (carried_out ? pqscope::resolution::committed : pqscope::resolution::aborted));
  }
  CHECK(calls == 1);
  CHECK(p.t.here.count() == (carried_out ? 1 : 0));
  p.t.ensure_usable();
}

TEST_CASE("an asynchronous COMMIT whose answer is lost is found out where that is asked for") {
  bool const carried_out = GENERATE(false, true);
  proxied p;
  carried_out ? p.proxy.cut_after("COMMIT") : p.proxy.cut_before("COMMIT");
  texts said;
  p.t.session({.retry = {.attempts = 2, .base_delay = 1ms}, .on_in_doubt = on_in_doubt::resolve},
              [&](session& s) -> asio::awaitable<void> {
                s.after_commit([&] { said.emplace_back("committed"); });
                s.after_rollback([&] { said.emplace_back("rolled back"); });
                co_await insert_one(s);
              });
  CHECK(p.t.here.ids() == texts{carried_out ? "1" : "2"});
  CHECK(said == (carried_out ? texts{"committed"} : texts{"rolled back", "committed"}));
  p.t.ensure_usable();
}

TEST_CASE("an asynchronous session whose statement is cut off is run again") {
  proxied p;
  bool const answered = GENERATE(false, true);
  answered ? p.proxy.cut_after("INSERT") : p.proxy.cut_before("INSERT");
  p.t.session({.retry = {.attempts = 2, .base_delay = 1ms}},
              [](session& s) -> asio::awaitable<void> { co_await insert_one(s); });
  CHECK(p.t.here.ids() == texts{"2"});
  p.t.ensure_usable();
}

TEST_CASE("an asynchronous session whose statement is cut off fails where it is not run again") {
  proxied p;
  p.proxy.cut_before("INSERT");
  CHECK_THROWS_AS(p.t.session([](session& s) -> asio::awaitable<void> { co_await insert_one(s); }),
                  pqscope::connection_lost);
  CHECK(p.t.here.count() == 0);
  p.t.ensure_usable();
}

TEST_CASE("a stream that is cut off in the middle throws, and its session can be left") {
  proxied p;
  bool first_came = false;
  CHECK_THROWS_AS(p.t.session([&](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)");
    auto const first = co_await rows.next();
    first_came = first.has_value();
    p.proxy.cut_all();
    while (co_await rows.next()) {
    }
  }),
                  pqscope::connection_error);
  CHECK(first_came);
  p.t.ensure_usable();
}

TEST_CASE("a server that falls silent in a statement holds up nobody but its session") {
  proxied p;
  p.proxy.stall_before("INSERT");
  asio::cancellation_signal signal;
  auto stalled = p.t.start_session({.deadline = 200ms}, insert_one);
  asio::steady_timer often{*p.t.io};
  auto longest = std::chrono::steady_clock::duration::zero();
  auto other = p.t.start([&]() -> asio::awaitable<void> {
    for (auto last = std::chrono::steady_clock::now(); !stalled.done();) {
      often.expires_after(1ms);
      co_await often.async_wait(asio::use_awaitable);
      auto const now = std::chrono::steady_clock::now();
      longest = std::max(longest, now - last);
      last = now;
    }
  });
  CHECK_THROWS_AS(stalled.get(), pqscope::deadline_exceeded);
  other.get();
  CHECK(longest < 1s);
  p.proxy.resume();
  p.t.ensure_usable();
  CHECK(p.t.here.count() == 0);
}

TEST_CASE("a rollback that gets no answer holds up nobody, and has its connection given up") {
  proxied p;
  p.proxy.stall_before("ROLLBACK");
  auto stalled = p.t.start_session([](session& s) -> asio::awaitable<void> {
    co_await insert_one(s);
    throw pqscope::rollback{};
  });
  CHECK(p.longest_turn_until([&] { return stalled.done(); }) < 1s);
  stalled.get();
  CHECK(p.t.db.stats().primary.size == 0);
  p.proxy.resume();
  p.t.ensure_usable();
  CHECK(p.t.here.count() == 0);
}

TEST_CASE(
    "a session that goes in the middle of an operation holds up nobody when it is rolled back") {
  proxied p;
  p.proxy.stall_before("ROLLBACK");
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  bool const is_session = GENERATE(true, false);
  bool answered = false;
  auto const completed = [&](std::exception_ptr const& failure, pqscope::result const&) {
    answered = failure == nullptr;
  };
  if (is_session) {
    auto s = p.t.db.begin();
    s.execute("SELECT pg_advisory_xact_lock($1)", number)(completed);
    p.t.run_until_blocked();
  } else {
    p.t.run([&]() -> asio::awaitable<void> {
      auto conn = co_await p.t.db.acquire();
      co_await conn.execute("BEGIN");
      conn.execute("SELECT pg_advisory_xact_lock($1)", number)(completed);
      while (p.t.blocked() == 0) {
        co_await asio::post(*p.t.io, asio::use_awaitable);
      }
    });
  }
  lock.release();
  CHECK(p.longest_turn_until([&] { return p.t.db.stats().primary.in_use == 0; }) < 1s);
  CHECK(answered);
  p.proxy.resume();
  p.t.run_out();
  p.t.ensure_usable();
}

TEST_CASE("a cancelled COMMIT that gets no answer is in doubt") {
  proxied p;
  p.proxy.stall_after("COMMIT");
  asio::cancellation_signal signal;
  auto all = p.t.start_session(insert_one, signal.slot());
  support::run_until(*p.t.io, [&] { return p.t.here.count() == 1; });
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(all.get(), commit_in_doubt);
  p.proxy.resume();
  CHECK(p.t.here.count() == 1);
  p.t.ensure_usable();
}

TEST_CASE("a server that dies in an asynchronous statement and comes up again is used again") {
  pqscope::testing::temporary_cluster cluster;
  asio::io_context io;
  pqscope::async::engine db{io, cluster.config()};
  auto waits = support::start(io, [&] {
    return with_session(db, [](session& s) -> asio::awaitable<void> {
      co_await s.execute("SELECT pg_advisory_lock(1)");
      co_await with_session(s, [](session& n) -> asio::awaitable<void> {
        co_await n.execute("SELECT pg_sleep(100)");
      });
    });
  });
  support::witness outside{cluster.url()};
  support::run_until(io, [&] {
    return outside.number(
               "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(100)' "
               "AND state = 'active' AND pid <> pg_backend_pid()") == 1;
  });
  cluster.restart();
  CHECK_THROWS_AS(waits.get(), pqscope::error);
  CHECK(support::run(io, [&] {
          return with_session(db, [](session& s) -> asio::awaitable<int> {
            auto const rows = co_await s.query<int>("SELECT 5");
            co_return rows.one();
          });
        }) == 5);
  CHECK(db.stats().primary.in_use == 0);
}

TEST_CASE("sessions that wait for a server that is down are served once it is up") {
  proxied p{{.pool = {.connect_retry = {.attempts = 50, .base_delay = 10ms, .max_delay = 20ms}}}};
  p.proxy.refuse();
  std::vector<support::started<void>> all;
  for (int n = 0; n < 5; ++n) {
    all.push_back(p.t.start_session([n](session& s) -> asio::awaitable<void> {
      co_await s.execute("INSERT INTO t VALUES ($1)", n);
    }));
  }
  support::run_until(*p.t.io, [&] { return p.t.db.stats().primary.connect_errors > 0; });
  p.proxy.refuse(false);
  for (auto& each : all) {
    each.get();
  }
  CHECK(p.t.here.count() == 5);
  p.t.ensure_usable();
}

TEST_CASE(
    "asynchronous sessions that are cut off at every message lose nothing and do nothing twice") {
  proxied p;
  for (int nth = 1; nth <= 14; ++nth) {
    p.proxy.cut_before_client_message('\0', nth);
    auto const before = p.t.here.count();
    bool committed = true;
    try {
      p.t.session([nth](session& s) -> asio::awaitable<void> {
        co_await s.execute("INSERT INTO t VALUES ($1)", 2 * nth);
        co_await s.execute("INSERT INTO t VALUES ($1)", 2 * nth + 1);
      });
    } catch (commit_in_doubt const&) {
      committed = p.t.here.count() > before;
    } catch (pqscope::error const&) {
      committed = false;
    }
    CHECK(p.t.here.count() == before + (committed ? 2 : 0));
    p.proxy.disarm();
    REQUIRE(p.t.db.stats().primary.in_use == 0);
  }
  p.t.ensure_usable();
}
