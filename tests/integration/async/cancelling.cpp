#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/redirect_error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"
#include "integration/pool/pool_db.hpp"

using pqscope::operation_cancelled;
using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;
using support::held_lock;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

namespace {

// A timer of a user's, as the other side of `||`.
asio::awaitable<void> after(asio::io_context& io, std::chrono::milliseconds time) {
  asio::steady_timer timer{io, time};
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

TEST_CASE("a cancelled statement is cancelled on the server, and its session rolled back") {
  async_db t;
  auto const type = GENERATE(asio::cancellation_type::terminal, asio::cancellation_type::all);
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  asio::cancellation_signal signal;
  auto all = t.start_session(
      [&](session& s) -> asio::awaitable<void> {
        co_await s.execute("INSERT INTO t VALUES (1)");
        co_await s.execute("SELECT pg_advisory_lock($1)", number);
      },
      signal.slot());
  t.run_until_blocked();
  signal.emit(type);
  CHECK_THROWS_AS(all.get(), operation_cancelled);
  CHECK(t.busy() == 0);
  CHECK(t.seen.statements().back() == "ROLLBACK");
  CHECK(t.here.count() == 0);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
  CHECK(t.seen.connects() == 1);
}

TEST_CASE(
    "a timer that is faster than a session cancels it, which is rolled back before that ends") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto const work = [&number](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await s.execute("SELECT pg_advisory_lock($1)", number);
  };
  auto const which = t.run([&]() -> asio::awaitable<std::size_t> {
    auto const first = co_await (with_session(t.db, work) || after(*t.io, 50ms));
    co_return first.index();
  });
  CHECK(which == 1);
  CHECK(t.db.stats().primary.in_use == 0);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE(
    "a timer that is faster than a statement cancels it alone, in a savepoint of the session") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    auto const work = [&number](session& n) -> asio::awaitable<void> {
      co_await n.execute("INSERT INTO t VALUES (2)");
      co_await n.execute("SELECT pg_advisory_lock($1)", number);
    };
    auto const first = co_await (with_session(s, work) || after(*t.io, 50ms));
    CHECK(first.index() == 1);
    co_await s.execute("INSERT INTO t VALUES (3)");
  });
  CHECK(t.here.ids() == texts{"1", "3"});
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("a cancelled statement fails the transaction it is in, as any other error does") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  CHECK_THROWS_AS(t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    auto const first =
        co_await (s.execute("SELECT pg_advisory_lock($1)", number) || after(*t.io, 50ms));
    CHECK(first.index() == 1);
    CHECK(s.status() == pqscope::connection_status::in_failed_transaction);
  }),
                  pqscope::transaction_rolled_back);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a statement that is faster than the timer is not cancelled") {
  async_db t;
  t.session([&](session& s) -> asio::awaitable<void> {
    for (int n = 0; n < 20; ++n) {
      auto const first = co_await (s.execute("INSERT INTO t VALUES ($1)", n) || after(*t.io, 20s));
      CHECK(first.index() == 0);
    }
  });
  CHECK(t.here.count() == 20);
  t.ensure_usable();
}

TEST_CASE("a cancelled wait in the pool's queue is over, and the others' go on") {
  async_db t{{.pool = {.max_size = 1}}};
  auto lease = std::optional{t.db.blocking().acquire()};
  asio::cancellation_signal signal;
  bool ran = false;
  auto cancelled = t.start_session(
      [&](session& s) -> asio::awaitable<void> {
        ran = true;
        co_await s.execute("INSERT INTO t VALUES (1)");
      },
      signal.slot());
  auto stays = t.start_session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (2)"); });
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting == 2; });
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(cancelled.get(), operation_cancelled);
  CHECK(ran);
  CHECK(t.db.stats().primary.waiting == 1);
  CHECK_FALSE(stays.done());
  lease.reset();
  stays.get();
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}

TEST_CASE("a wait in the pool's queue that is cancelled when its connection comes loses nothing") {
  async_db t{{.pool = {.max_size = 1}}};
  auto lease = std::optional{t.db.blocking().acquire()};
  asio::cancellation_signal signal;
  auto both = t.start_session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (1)"); },
      signal.slot());
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting == 1; });
  bool const cancel_first = GENERATE(false, true);
  if (cancel_first) {
    signal.emit(asio::cancellation_type::terminal);
  }
  lease.reset();
  if (!cancel_first) {
    signal.emit(asio::cancellation_type::terminal);
  }
  bool committed = true;
  try {
    both.get();  // the server may have been faster
  } catch (operation_cancelled const&) {
    committed = false;
  }
  CHECK(t.here.count() == (committed ? 1 : 0));
  t.ensure_usable();
}

TEST_CASE("connecting is cancelled") {
  support::deaf_server deaf;
  async_db t{[&](support::scratch const& in) { return deaf.config(in.db()); },
             {.pool = {.max_size = 1}}};
  asio::cancellation_signal signal;
  auto all = t.start_session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("SELECT 1"); }, signal.slot());
  support::run_until(*t.io, [&] { return t.db.stats().primary.opening == 1; });
  CHECK_FALSE(all.done());
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(all.get(), operation_cancelled);
  CHECK(t.db.stats().primary.waiting == 0);
  CHECK(t.db.stats().primary.in_use == 0);
}

TEST_CASE("the pause before another attempt is cancelled") {
  async_db t;
  asio::cancellation_signal signal;
  int calls = 0;
  auto all = t.start_session(
      {.retry = {.attempts = 5, .base_delay = 1h, .max_delay = 1h}},
      [&](session& s) -> asio::awaitable<void> {
        ++calls;
        co_await s.execute(
            "DO $$ BEGIN RAISE EXCEPTION 'collided' USING "
            "ERRCODE = '40001'; END $$");
      },
      signal.slot());
  support::run_until(
      *t.io, [&] { return t.seen.transactions().size() == 1 && t.db.stats().primary.in_use == 0; });
  CHECK_FALSE(all.done());
  signal.emit(asio::cancellation_type::terminal);
  try {
    all.get();
    FAIL("it was cancelled");
  } catch (operation_cancelled const&) {
  } catch (pqscope::serialization_failure const&) {  // what it paused for
  }
  CHECK(calls == 1);
  t.ensure_usable();
}

TEST_CASE("a COMMIT that is cancelled before the server has decided is rolled back") {
  async_db t;
  long long const number = support::unique_lock_number();
  t.here.outside.execute("CREATE FUNCTION " + t.here.schema +
                         ".wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
                         "pg_advisory_xact_lock_shared(" +
                         std::to_string(number) + "); RETURN NULL; END $$");
  t.here.outside.execute("CREATE CONSTRAINT TRIGGER late AFTER INSERT ON " + t.here.table() +
                         " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " +
                         t.here.schema + ".wait()");
  held_lock lock{number};
  asio::cancellation_signal signal;
  auto all = t.start_session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (1)"); },
      signal.slot());
  t.run_until_blocked();
  CHECK(t.here.outside
            .text("SELECT query FROM pg_stat_activity WHERE application_name = $1", {t.here.schema})
            .starts_with("COMMIT"));
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(all.get(), operation_cancelled);
  CHECK(t.here.count() == 0);
  CHECK(t.seen.connects() == 1);
  lock.release();
  t.ensure_usable();
}

TEST_CASE(
    "a session whose coroutine was cancelled while it waited for something else is rolled back") {
  async_db t;
  asio::steady_timer never{*t.io, pqscope::libpq::never};
  asio::cancellation_signal signal;
  bool waits = false;
  auto all = t.start_session(
      [&](session& s) -> asio::awaitable<void> {
        co_await s.execute("INSERT INTO t VALUES (1)");
        waits = true;
        co_await never.async_wait(asio::use_awaitable);
      },
      signal.slot());
  support::run_until(*t.io, [&] { return waits; });
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(all.get(), std::system_error);
  CHECK(t.seen.statements().back() == "ROLLBACK");
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a session whose coroutine was cancelled and returns nevertheless is committed") {
  async_db t;
  asio::steady_timer never{*t.io, pqscope::libpq::never};
  asio::cancellation_signal signal;
  bool waits = false;
  auto all = t.start_session(
      [&](session& s) -> asio::awaitable<void> {
        co_await s.execute("INSERT INTO t VALUES (1)");
        waits = true;
        std::error_code ignored;
        co_await never.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        CHECK(ignored == asio::error::operation_aborted);
      },
      signal.slot());
  support::run_until(*t.io, [&] { return waits; });
  signal.emit(asio::cancellation_type::terminal);
  all.wait();
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a cancellation before the session begins has it do nothing") {
  async_db t;
  asio::cancellation_signal signal;
  bool ran = false;
  auto all = t.start_session(
      [&](session& s) -> asio::awaitable<void> {
        ran = true;
        co_await s.execute("INSERT INTO t VALUES (1)");
      },
      signal.slot());
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(all.get(), std::exception);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a cancellation after the session has ended does nothing") {
  async_db t;
  asio::cancellation_signal signal;
  auto all = t.start_session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (1)"); },
      signal.slot());
  all.get();
  signal.emit(asio::cancellation_type::terminal);
  t.run_out();
  CHECK(t.here.count() == 1);
  t.session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (2)"); });
  CHECK(t.here.count() == 2);
  t.ensure_usable();
}

TEST_CASE("a cancellation at any moment of a session has it done wholly or not at all") {
  async_db t;
  for (int moment = 0; moment < 60; ++moment) {
    asio::cancellation_signal signal;
    auto all = t.start_session(
        [moment](session& s) -> asio::awaitable<void> {
          co_await s.execute("INSERT INTO t VALUES ($1)", 2 * moment);
          co_await s.execute("INSERT INTO t VALUES ($1)", 2 * moment + 1);
        },
        signal.slot());
    for (int turn = 0; turn < moment && !all.done(); ++turn) {
      t.io->restart();
      t.io->run_one_for(20s);
    }
    signal.emit(asio::cancellation_type::terminal);
    try {
      all.get();
      CHECK(t.here.outside.number("SELECT count(*) FROM " + t.here.table() + " WHERE id / 2 = $1",
                                  {std::to_string(moment)}) == 2);
    } catch (operation_cancelled const&) {
      CHECK(t.here.outside.number("SELECT count(*) FROM " + t.here.table() + " WHERE id / 2 = $1",
                                  {std::to_string(moment)}) == 0);
    } catch (std::system_error const&) {
      CHECK(t.here.outside.number("SELECT count(*) FROM " + t.here.table() + " WHERE id / 2 = $1",
                                  {std::to_string(moment)}) == 0);
    } catch (pqscope::commit_in_doubt const&) {
      WARN("in doubt");
    }
    REQUIRE(t.db.stats().primary.in_use == 0);
  }
  CHECK(t.seen.connects() <= 3);
  t.ensure_usable();
}

TEST_CASE("a stop token of the options and a cancellation both end what is waited for") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  bool const by_token = GENERATE(false, true);
  std::stop_source stop;
  asio::cancellation_signal signal;
  auto all = t.start_session(
      {.stop = stop.get_token()},
      [&](session& s) -> asio::awaitable<void> {
        co_await s.execute("SELECT pg_advisory_lock($1)", number);
      },
      signal.slot());
  t.run_until_blocked();
  if (by_token) {
    std::jthread{[&] { stop.request_stop(); }}.join();
  } else {
    signal.emit(asio::cancellation_type::terminal);
  }
  CHECK_THROWS_AS(all.get(), operation_cancelled);
  t.ensure_usable();
}

TEST_CASE("a cancelled statement whose cancel request is lost has its connection given up") {
  support::scratch other;
  pqscope::testing::faulty_proxy proxy{other.db()};
  async_db t{[&](support::scratch const& in) {
               auto to = in.db();
               to.host = proxy.host();
               to.port = proxy.port();
               return to;
             },
             {}};
  asio::cancellation_signal signal;
  auto all = t.start_session(
      [](session& s) -> asio::awaitable<void> {
        co_await s.execute("SELECT 1");
        co_await s.execute("SELECT pg_sleep(100)");
      },
      signal.slot());
  support::run_until(*t.io, [&] { return t.busy() == 1; });
  proxy.stall();
  signal.emit(asio::cancellation_type::terminal);
  all.wait();
  CHECK_THROWS_AS(all.get(), pqscope::connection_error);
  CHECK(t.db.stats().primary.size == 0);
  proxy.resume();
  t.session([](session& s) -> asio::awaitable<void> { co_await s.execute("SELECT 1"); });
}
