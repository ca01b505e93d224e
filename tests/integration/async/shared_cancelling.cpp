#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/experimental/awaitable_operators.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "integration/async/shared_db.hpp"

using pqscope::deadline_exceeded;
using pqscope::operation_cancelled;
using pqscope::async::session;
using pqscope::async::shared_connections;
using support::async_db;
using support::held_lock;
using support::shared_db;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

namespace {

using clock_type = std::chrono::steady_clock;

// A timer of a user's, as the other side of `||`.
asio::awaitable<void> after(asio::io_context& io, std::chrono::milliseconds time) {
  asio::steady_timer timer{io, time};
  co_await timer.async_wait(asio::use_awaitable);
}

// What a caller was told by an exception of this type.
template <class Exception>
std::string told(support::started<void>& caller) {
  try {
    caller.get();
  } catch (Exception const& failure) {
    return failure.what();
  }
  FAIL("the caller got an answer");
  return {};
}

bool says(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a cancelled statement that waits for a connection is taken back, and the others go on") {
  shared_db t{{.connections = 2}, {.max_size = 1}};
  auto lease = std::optional{t.db.blocking().acquire()};
  asio::cancellation_signal signal;
  auto first = t.start_insert(1);
  auto second = t.start(
      [&]() -> asio::awaitable<void> { co_await t.all->execute("INSERT INTO t VALUES (2)"); },
      signal.slot());
  auto third = t.start_insert(3);
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting > 0; });
  signal.emit(asio::cancellation_type::terminal);
  CHECK(says(told<operation_cancelled>(second), "nothing was sent"));
  CHECK_FALSE(first.done());
  CHECK_FALSE(third.done());
  lease.reset();
  first.get();
  third.get();
  CHECK(t.here.ids() == texts{"1", "3"});
  t.ensure_usable();
}

TEST_CASE("nobody waits for a connection any more when the last who did has been cancelled") {
  shared_db t{{.connections = 2}, {.max_size = 1}};
  auto lease = std::optional{t.db.blocking().acquire()};
  std::vector<std::unique_ptr<asio::cancellation_signal>> signals;
  std::vector<support::started<void>> callers;
  for (int n = 0; n < 3; ++n) {
    signals.push_back(std::make_unique<asio::cancellation_signal>());
    callers.push_back(t.start(
        [&, n]() -> asio::awaitable<void> {
          co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
        },
        signals.back()->slot()));
  }
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting > 0; });
  for (auto& each : signals) {
    each->emit(asio::cancellation_type::all);
  }
  for (auto& each : callers) {
    CHECK_THROWS_AS(each.get(), operation_cancelled);
  }
  t.run_out();  // with the lease still held
  CHECK(t.db.stats().primary.waiting == 0);
  lease.reset();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("who is cancelled while waiting for a connection can ask again at once") {
  shared_db t{{.connections = 2}, {.max_size = 1}};
  auto lease = std::optional{t.db.blocking().acquire()};
  asio::cancellation_signal signal;
  auto first = t.start(
      [&]() -> asio::awaitable<void> { co_await t.all->execute("INSERT INTO t VALUES (1)"); },
      signal.slot());
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting > 0; });
  bool failed = false;
  asio::post(*t.io, [&] {
    signal.emit(asio::cancellation_type::terminal);
    t.all->execute("INSERT INTO t VALUES (2)")(
        [&](std::exception_ptr failure, pqscope::result const&) { failed = failure != nullptr; });
  });
  CHECK_THROWS_AS(first.get(), operation_cancelled);
  t.turn();
  lease.reset();
  t.run_out();
  CHECK_FALSE(failed);
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}

TEST_CASE("who is cancelled goes on at once, and the server ends what nobody waits for") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto const type = GENERATE(asio::cancellation_type::terminal, asio::cancellation_type::all);
  asio::cancellation_signal signal;
  auto waits = t.start_waiting(number, signal.slot());
  t.run_until_blocked();
  auto behind = t.start_many(20, [&](int n) -> asio::awaitable<void> {
    co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
  });
  bool at_once = false;
  auto watches = t.start([&]() -> asio::awaitable<void> {
    signal.emit(type);
    for (int turn = 0; turn < 20 && !waits.done(); ++turn) {
      co_await asio::post(*t.io, asio::use_awaitable);
    }
    at_once = waits.done();
  });
  watches.get();
  CHECK(at_once);
  CHECK(says(told<operation_cancelled>(waits), "may be carried out"));
  for (auto& each : behind) {
    each.get();
  }
  CHECK(t.here.count() == 20);
  CHECK(t.blocked() == 0);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("a statement that was cancelled is ended on the server though nobody else asks") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  asio::cancellation_signal signal;
  auto waits = t.start_waiting(number, signal.slot());
  t.run_until_blocked();
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(waits.get(), operation_cancelled);
  t.run_out();
  CHECK(t.blocked() == 0);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("many who are cancelled at once are ended one after the other") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  asio::cancellation_signal signals[5];
  std::vector<support::started<void>> waiting;
  for (auto& each : signals) {
    waiting.push_back(t.start_waiting(number, each.slot()));
  }
  t.run_until_blocked();
  auto last = t.start_insert(1);
  for (auto& each : signals) {
    each.emit(asio::cancellation_type::terminal);
  }
  for (auto& each : waiting) {
    CHECK_THROWS_AS(each.get(), operation_cancelled);
  }
  last.get();
  CHECK(t.here.ids() == texts{"1"});
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("a statement that was cancelled behind another one waits for its turn on the server") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto waits = t.start_waiting(number);
  t.run_until_blocked();
  asio::cancellation_signal signal;
  auto behind = t.start(
      [&]() -> asio::awaitable<void> { co_await t.all->execute("INSERT INTO t VALUES (1)"); },
      signal.slot());
  auto last = t.start_insert(2);
  t.turn();
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(behind.get(), operation_cancelled);
  CHECK_FALSE(waits.done());
  lock.release();
  waits.get();
  last.get();
  CHECK(t.here.count() >= 1);
  t.ensure_usable();
}

TEST_CASE("who is hit by a cancel that was meant for another one is carried out all the same") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  for (int round = 0; round < 12; ++round) {
    asio::cancellation_signal signal;
    // about as long as the server is given
    double const length = 0.040 + 0.002 * round;
    auto unwanted = t.start(
        [&]() -> asio::awaitable<void> { co_await t.all->execute("SELECT pg_sleep($1)", length); },
        signal.slot());
    auto behind = t.start_many(3, [&, round](int n) -> asio::awaitable<void> {
      co_await t.all->execute("INSERT INTO t SELECT $1 FROM pg_sleep(0.02)", round * 10 + n);
    });
    t.turn();
    signal.emit(asio::cancellation_type::terminal);
    CHECK_THROWS_AS(unwanted.get(), operation_cancelled);
    for (auto& each : behind) {
      each.get();
    }
  }
  CHECK(t.here.count() == 36);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("a timer that is faster than a shared statement has its caller go on") {
  shared_db t{{.connections = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto const which = t.run([&]() -> asio::awaitable<std::size_t> {
    auto const first =
        co_await (t.all->execute("SELECT pg_advisory_xact_lock($1)", number) || after(*t.io, 50ms));
    co_await t.all->execute("INSERT INTO t VALUES (1)");
    co_return first.index();
  });
  CHECK(which == 1);
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a shared statement that is faster than the timer is not cancelled") {
  shared_db t;
  t.run_many(20, [&](int n) -> asio::awaitable<void> {
    auto const first =
        co_await (t.all->execute("INSERT INTO t VALUES ($1)", n) || after(*t.io, 20s));
    REQUIRE(first.index() == 0);
  });
  CHECK(t.here.count() == 20);
  t.ensure_usable();
}

TEST_CASE("a statement that is carried out by itself can be cancelled") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  asio::cancellation_signal signal;
  pqscope::dynamic_sql const text{"DO $$ BEGIN PERFORM pg_advisory_xact_lock(" +
                                  std::to_string(number) + "); END $$"};
  auto waits =
      t.start([&]() -> asio::awaitable<void> { co_await t.all->execute(text); }, signal.slot());
  t.run_until_blocked();
  auto next = t.start_insert(1);
  t.turn();
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(waits.get(), operation_cancelled);
  next.get();
  CHECK(t.blocked() == 0);
  CHECK(t.here.count() == 1);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("who is cancelled while his statement turns out to be asked for again goes on as well") {
  // The statement's end is told in one thread, and has another one cancel it meanwhile.
  struct cancels : pqscope::observer {
    asio::io_context& io;
    asio::cancellation_signal signal;
    bool done = false;
    explicit cancels(asio::io_context& on) : io{on} {}
    void statement_ended(pqscope::statement_event const& event) override {
      if (event.sqlstate == "26000" && !std::exchange(done, true)) {
        std::latch cancelled{1};
        asio::post(io, [&] {
          signal.emit(asio::cancellation_type::terminal);
          asio::post(io, [&] { cancelled.count_down(); });
        });
        cancelled.wait();
      }
    }
  };
  async_db t;
  cancels watches{*t.io};
  pqscope::async::engine db{*t.io, t.here.db(), {.pool = {.max_size = 1}, .observer = &watches}};
  shared_connections all{db, {.connections = 1}};
  long long const number = support::unique_lock_number();
  auto const work = [&]() -> asio::awaitable<void> {
    co_await all.execute("SELECT pg_advisory_xact_lock($1)", number);
  };
  t.run(work);
  t.run_out();
  db.blocking().acquire()->execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$");
  held_lock lock{number};
  auto waits = t.start(work, watches.signal.slot());
  t.io->restart();
  std::jthread other{[&] { t.io->run(); }};
  t.io->run_for(support::async_limit);
  lock.release();
  other.join();
  CHECK_THROWS_AS(waits.get(), operation_cancelled);
  CHECK(t.blocked() == 0);
  support::ensure_usable(*db.blocking().acquire());
}

TEST_CASE("a statement that is to be carried out by itself is taken back before that") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto waits = t.start_waiting(number);
  t.run_until_blocked();
  asio::cancellation_signal signal;
  auto alone = t.start(
      [&]() -> asio::awaitable<void> {
        co_await t.all->execute("DO $$ BEGIN INSERT INTO t VALUES (1); END $$");
      },
      signal.slot());
  auto next = t.start_insert(2);
  t.turn();
  signal.emit(asio::cancellation_type::terminal);
  CHECK(says(told<operation_cancelled>(alone), "nothing was sent"));
  CHECK_FALSE(waits.done());
  lock.release();
  waits.get();
  next.get();
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}

TEST_CASE("a deadline ends the wait for a connection, and nothing is sent") {
  shared_db t{{.connections = 2, .deadline = 100ms}, {.max_size = 1}};
  auto lease = std::optional{t.db.blocking().acquire()};
  auto callers = t.start_many(5, [&](int n) -> asio::awaitable<void> {
    co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
  });
  for (auto& each : callers) {
    CHECK(says(told<deadline_exceeded>(each), "nothing was sent"));
  }
  t.run_out();  // with the lease still held
  lease.reset();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a deadline while a connection is waited for is that of each caller alone") {
  constexpr auto limit = 400ms;
  shared_db t{{.connections = 1, .deadline = limit}, {.max_size = 1}};
  auto lease = std::optional{t.db.blocking().acquire()};
  asio::cancellation_signal signal;
  auto first = t.start(
      [&]() -> asio::awaitable<void> { co_await t.all->execute("INSERT INTO t VALUES (1)"); },
      signal.slot());
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting > 0; });
  auto const begun = clock_type::now();
  support::run_until(*t.io, [&] { return clock_type::now() >= begun + limit / 2; });
  auto const asked = clock_type::now();
  auto second = t.start_insert(2);
  t.turn();
  signal.emit(asio::cancellation_type::terminal);
  try {
    first.get();
  } catch (pqscope::connection_error const&) {
  }
  CHECK_THROWS_AS(second.get(), deadline_exceeded);
  CHECK(clock_type::now() - asked >= limit);
  lease.reset();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("who came later than those for whom the pool's time is over waits on") {
  constexpr auto limit = 400ms;
  shared_db t{{.connections = 1}, {.max_size = 1, .acquire_timeout = limit}};
  auto lease = std::optional{t.db.blocking().acquire()};
  auto first = t.start_insert(1);
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting > 0; });
  auto const begun = clock_type::now();
  support::run_until(*t.io, [&] { return clock_type::now() >= begun + limit / 2; });
  auto const asked = clock_type::now();
  auto second = t.start_insert(2);
  CHECK_THROWS_AS(first.get(), pqscope::pool_timeout);
  CHECK_THROWS_AS(second.get(), pqscope::pool_timeout);
  CHECK(clock_type::now() - asked >= limit);
  lease.reset();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a deadline ends a statement that was sent, and the server ends it soon") {
  shared_db t{{.connections = 1, .deadline = 300ms}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto waits = t.start_waiting(number);
  CHECK(says(told<deadline_exceeded>(waits), "may be carried out"));
  t.run_out();
  CHECK(t.blocked() == 0);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("a deadline holds for those who wait for their turn on a connection") {
  shared_db t{{.connections = 1, .under_way = 1}, {.max_size = 1}};
  shared_connections hasty{t.db, {.connections = 1, .under_way = 1, .deadline = 300ms}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto waits = t.start([&]() -> asio::awaitable<void> {
    co_await hasty.execute("SELECT pg_advisory_xact_lock($1)", number);
  });
  auto behind = t.start(
      [&]() -> asio::awaitable<void> { co_await hasty.execute("INSERT INTO t VALUES (1)"); });
  CHECK_THROWS_AS(waits.get(), deadline_exceeded);
  CHECK(says(told<deadline_exceeded>(behind), "nothing was sent"));
  t.run_out();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a deadline holds for who is to be carried out alone, and waits for those before") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  shared_connections hasty{t.db, {.connections = 1, .deadline = 300ms}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto waits = t.start([&]() -> asio::awaitable<void> {
    co_await hasty.execute("SELECT pg_advisory_xact_lock($1)", number);
  });
  auto behind = t.start([&]() -> asio::awaitable<void> {
    co_await hasty.execute("DO $$ BEGIN INSERT INTO t VALUES (1); END $$");
  });
  CHECK(says(told<deadline_exceeded>(behind), "nothing was sent"));
  CHECK_THROWS_AS(waits.get(), deadline_exceeded);
  t.run_out();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a deadline that has passed at once has nothing sent") {
  auto const limit = GENERATE(0ms, -5ms);
  shared_db t{{.connections = 1, .deadline = limit}, {.max_size = 1}};
  t.db.blocking().acquire()->execute("SELECT 1");  // there is a connection
  auto callers = t.start_many(3, [&](int n) -> asio::awaitable<void> {
    co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
  });
  for (auto& each : callers) {
    CHECK(says(told<deadline_exceeded>(each), "nothing was sent"));
  }
  CHECK(t.here.count() == 0);
  t.run_out();
  t.async_db::ensure_usable();
}

TEST_CASE("a deadline ends a statement that is carried out alone") {
  shared_db t{{.connections = 1, .deadline = 300ms}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  pqscope::dynamic_sql const text{"DO $$ BEGIN PERFORM pg_advisory_xact_lock(" +
                                  std::to_string(number) + "); END $$"};
  CHECK_THROWS_AS(t.run([&]() -> asio::awaitable<void> { co_await t.all->execute(text); }),
                  deadline_exceeded);
  t.run_out();
  CHECK(t.blocked() == 0);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("a connection's own limit of operations is one for shared statements as well") {
  shared_db t{{.connections = 1}, {.max_size = 1, .after_connect = [](pqscope::connection& made) {
                                     made.deadline(300ms);
                                   }}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto waits = t.start_waiting(number);
  CHECK_THROWS_AS(waits.get(), deadline_exceeded);
  t.run_out();
  CHECK(t.blocked() == 0);
  t.ensure_usable();
}

TEST_CASE("sessions have their turn while a shared connection waits for what was cancelled") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  asio::cancellation_signal signal;
  auto waits = t.start_waiting(number, signal.slot());
  t.run_until_blocked();
  auto turn = t.start_session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (1)"); });
  signal.emit(asio::cancellation_type::terminal);
  turn.get();
  CHECK_THROWS_AS(waits.get(), operation_cancelled);
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}
