#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/detached.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/async/shared_db.hpp"
#include "integration/pool/pool_db.hpp"
#include "support/eventually.hpp"

using pqscope::async::shared_connections;
using support::held_lock;
using support::shared_db;

namespace {

// Counts those of its kind that are there: what a coroutine owns has to go, too.
struct counted {
  int* there;
  explicit counted(int& count) : there{&count} { ++*there; }
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() { --*there; }
};

// The io_context is destroyed, and what was under way is gone then.
void destroy_context(shared_db& t, held_lock* held = nullptr) {
  t.all.reset();
  t.io.reset();
  CHECK(t.db.stats().primary.in_use == 0);
  CHECK(t.db.stats().primary.waiting == 0);
  if (held != nullptr) {
    held->release();
  }
  CHECK(support::eventually([&] { return t.busy() == 0; }));
  auto const lease = t.db.blocking().acquire();
  support::ensure_usable(*lease);
}

}  // namespace

TEST_CASE("shared connections can go before the statements that are under way on them") {
  shared_db t{{.connections = 2}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto waits = t.start_waiting(number);
  auto others = t.start_many(20, [&](int n) -> asio::awaitable<void> {
    co_await t.all->execute("INSERT INTO t SELECT $1 FROM pg_advisory_xact_lock($2)", n, number);
  });
  t.run_until_blocked(2);
  t.all.reset();
  CHECK_FALSE(waits.done());
  lock.release();
  waits.get();
  for (auto& each : others) {
    each.get();
  }
  t.run_out();
  CHECK(t.here.count() == 20);
  t.async_db::ensure_usable();
}

TEST_CASE("shared connections can go before they have got a connection for their statements") {
  shared_db t{{.connections = 2}, {.max_size = 1}};
  auto lease = std::optional{t.db.blocking().acquire()};
  auto caller = t.start_insert(1);
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting > 0; });
  t.all.reset();
  lease.reset();
  caller.get();
  t.run_out();
  CHECK(t.here.count() == 1);
  t.async_db::ensure_usable();
}

TEST_CASE(
    "an operation that has not begun keeps what it needs of shared connections that are gone") {
  shared_db t;
  auto later = t.all->query<int>("SELECT 5");
  t.all.reset();
  CHECK(t.run([&]() -> asio::awaitable<int> {
    auto operation = std::move(later);
    auto const rows = co_await std::move(operation);
    co_return rows.one();
  }) == 5);
  t.run_out();
  t.async_db::ensure_usable();
}

TEST_CASE("an io_context that is destroyed in the middle of shared statements drops them") {
  auto const connections = GENERATE(std::size_t{1}, std::size_t{2});
  shared_db t{{.connections = connections, .under_way = 10}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  int there = 0;
  auto const callers = t.start_many(50, [&](int) -> asio::awaitable<void> {
    counted const owned{there};
    co_await t.all->execute("SELECT pg_advisory_xact_lock($1)", number);
  });
  t.run_until_blocked(static_cast<long long>(connections));
  CHECK(there == 50);
  destroy_context(t, &lock);
  CHECK(there == 0);
}

TEST_CASE("an io_context that is destroyed before its shared connections") {
  bool const in_the_middle = GENERATE(false, true);
  shared_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  t.run_many(5, [&](int n) -> asio::awaitable<void> {
    co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
  });
  t.run_out();
  std::vector<support::started<void>> waiting;
  for (int n = 0; in_the_middle && n < 3; ++n) {
    waiting.push_back(t.start_waiting(number));
  }
  support::run_until(*t.io, [&] { return !in_the_middle || t.blocked() > 0; });
  t.io.reset();
  CHECK(t.db.stats().primary.in_use == 0);
  t.all.reset();
  lock.release();
  CHECK(t.here.count() == 5);
  t.async_db::ensure_usable();
}

TEST_CASE("an io_context that is destroyed while shared statements wait for a connection") {
  shared_db t{{.connections = 2}, {.max_size = 1}};
  auto lease = std::optional{t.db.blocking().acquire()};
  int there = 0;
  auto const callers = t.start_many(5, [&](int n) -> asio::awaitable<void> {
    counted const owned{there};
    co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
  });
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting > 0; });
  t.all.reset();
  t.io.reset();
  CHECK(there == 0);
  CHECK(t.db.stats().primary.waiting == 0);
  lease.reset();
  CHECK(t.here.count() == 0);
  t.async_db::ensure_usable();
}

TEST_CASE("an io_context that is destroyed before shared statements were sent") {
  shared_db t;
  int there = 0;
  auto const callers = t.start_many(5, [&](int n) -> asio::awaitable<void> {
    counted const owned{there};
    co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
  });
  destroy_context(t);
  CHECK(there == 0);
  CHECK(t.here.count() == 0);
}

TEST_CASE("an io_context that is destroyed while a shared connection is one statement's alone") {
  shared_db t{{.connections = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  int there = 0;
  pqscope::dynamic_sql const text{"DO $$ BEGIN PERFORM pg_advisory_xact_lock(" +
                                  std::to_string(number) + "); END $$"};
  auto const alone = t.start([&]() -> asio::awaitable<void> {
    counted const owned{there};
    co_await t.all->execute(text);
  });
  t.run_until_blocked();
  auto const others = t.start_many(5, [&](int) -> asio::awaitable<void> {
    counted const owned{there};
    co_await t.all->execute(text);
  });
  t.turn();
  CHECK(there == 6);
  destroy_context(t, &lock);
  CHECK(there == 0);
}

TEST_CASE("an io_context that is destroyed while what was cancelled is ended on the server") {
  shared_db t{{.connections = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  asio::cancellation_signal signal;
  auto waits = t.start_waiting(number, signal.slot());
  t.run_until_blocked();
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(waits.get(), pqscope::operation_cancelled);
  destroy_context(t, &lock);
}

TEST_CASE("an io_context that is destroyed at any moment of shared statements") {
  for (int moment = 0; moment < 60; ++moment) {
    shared_db t{{.connections = 2, .under_way = 3}};
    asio::cancellation_signal signal;
    int there = 0;
    auto const callers = t.start_many(8, [&](int n) -> asio::awaitable<void> {
      counted const owned{there};
      for (int k = 0; k < 3; ++k) {
        co_await t.all->execute("INSERT INTO t VALUES ($1)", n * 10 + k);
      }
      co_await t.all->execute("DO $$ BEGIN END $$");
    });
    auto const cancelled = t.start(
        [&]() -> asio::awaitable<void> {
          counted const owned{there};
          co_await t.all->execute("SELECT pg_sleep(0.1)");
        },
        signal.slot());
    for (int turn = 0; turn < moment; ++turn) {
      t.io->run_one_for(support::async_limit);
      if (turn == 20) {
        signal.emit(asio::cancellation_type::terminal);
      }
    }
    t.all.reset();
    t.io.reset();
    REQUIRE(there == 0);
    REQUIRE(t.db.stats().primary.in_use == 0);
    auto const lease = t.db.blocking().acquire();
    support::ensure_usable(*lease);
  }
}

TEST_CASE("a callback of a shared statement is dropped with its io_context") {
  shared_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto token = std::make_shared<int>(1);
  t.all->execute("SELECT pg_advisory_xact_lock($1)", number)(
      [token](std::exception_ptr, pqscope::result const&) { FAIL("it was to be dropped"); });
  t.run_until_blocked();
  CHECK(token.use_count() == 2);
  destroy_context(t, &lock);
  CHECK(token.use_count() == 1);
}

TEST_CASE("shared connections that the last of their callers owns go with him") {
  shared_db t;
  {
    auto own = std::make_shared<shared_connections>(t.db);
    t.start([own = std::move(own)]() -> asio::awaitable<void> {
      co_await own->execute("INSERT INTO t VALUES (1)");
    });
  }
  t.run_out();
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}
