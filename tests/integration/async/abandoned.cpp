#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/libpq/features.hpp>

#include <asio/detached.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"
#include "integration/pool/pool_db.hpp"
#include "support/eventually.hpp"

using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;
using support::held_lock;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

// Sets a flag when it goes: what a coroutine owns has to go, too.
struct tells_its_end {
  bool* gone;
  explicit tells_its_end(bool& flag) : gone{&flag} {}
  tells_its_end(tells_its_end const&) = delete;
  tells_its_end& operator=(tells_its_end const&) = delete;
  ~tells_its_end() { *gone = true; }
};

// The io_context is destroyed; what was under way is gone then, and its connections closed. Before
// libpq 17 a thread cancels the statements; from then on the server may find out at their end.
void destroy_context(async_db& t, held_lock* held = nullptr) {
  t.io.reset();
  CHECK(t.db.stats().primary.in_use == 0);
  if (PQSCOPE_HAS_ASYNC_CANCEL && held != nullptr) {
    held->release();
  }
  CHECK(support::eventually([&] {
    return t.here.outside.number(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
               "$1 AND state <> 'idle'",
               {t.here.schema}) == 0;
  }));
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

}  // namespace

TEST_CASE("an io_context that is destroyed in the middle of a statement ends its session") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  bool gone = false;
  t.start_session([&, number](session& s) -> asio::awaitable<void> {
    tells_its_end const owned{gone};
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await s.execute("SELECT pg_advisory_lock($1)", number);
  });
  t.run_until_blocked();
  auto const start = std::chrono::steady_clock::now();
  destroy_context(t, &lock);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(gone);
}

TEST_CASE("an io_context that is destroyed while a session waits for a connection") {
  async_db t{{.pool = {.max_size = 1}}};
  auto lease = std::optional{t.db.blocking().acquire()};
  bool gone = false;
  for (int n = 0; n < 3; ++n) {
    t.start_session([&](session& s) -> asio::awaitable<void> {
      tells_its_end const owned{gone};
      co_await s.execute("INSERT INTO t VALUES (1)");
    });
  }
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting == 3; });
  t.io.reset();
  CHECK(gone);
  CHECK(t.db.stats().primary.waiting == 0);
  lease.reset();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("an io_context that is destroyed while a session connects") {
  support::deaf_server deaf;
  async_db t{[&](support::scratch const& in) { return deaf.config(in.db()); },
             {.pool = {.max_size = 1}}};
  t.start_session([](session& s) -> asio::awaitable<void> { co_await s.execute("SELECT 1"); });
  support::run_until(*t.io, [&] { return t.db.stats().primary.opening == 1; });
  t.io.reset();
  CHECK(t.db.stats().primary.in_use == 0);
  CHECK(t.db.stats().primary.waiting == 0);
}

TEST_CASE("an io_context that is destroyed while a session's work waits for something else") {
  async_db t;
  bool waits = false;
  bool gone = false;
  t.start_session([&](session& s) -> asio::awaitable<void> {
    tells_its_end const owned{gone};
    co_await s.execute("INSERT INTO t VALUES (1)");
    asio::steady_timer never{*t.io, pqscope::libpq::never};
    waits = true;
    co_await never.async_wait(asio::use_awaitable);
  });
  support::run_until(*t.io, [&] { return waits; });
  destroy_context(t);
  CHECK(gone);
}

TEST_CASE("an io_context that is destroyed before a session began") {
  async_db t;
  t.start_session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (1)"); });
  destroy_context(t);
}

TEST_CASE("an io_context that is destroyed at any moment of a session") {
  for (int moment = 0; moment < 40; ++moment) {
    async_db t;
    auto all = t.start_session([](session& s) -> asio::awaitable<void> {
      co_await s.execute("INSERT INTO t VALUES (1)");
      auto rows = co_await s.stream<int>("SELECT generate_series(1, 10)");
      co_await rows.next();
      co_await with_session(s, [](session& n) -> asio::awaitable<void> {
        co_await n.execute("SELECT 1 / 1");
        throw pqscope::rollback{};
      });
    });
    for (int turn = 0; turn < moment && !all.done(); ++turn) {
      t.io->run_one_for(20s);
    }
    t.io.reset();
    REQUIRE(t.db.stats().primary.in_use == 0);
    t.ensure_usable();
  }
}

TEST_CASE("an io_context that is destroyed in the middle of a stream") {
  async_db t;
  bool waits = false;
  t.start_session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    auto rows = co_await s.stream<int>("SELECT generate_series(1, 10000000)");
    co_await rows.next();
    asio::steady_timer never{*t.io, pqscope::libpq::never};
    waits = true;
    co_await never.async_wait(asio::use_awaitable);
  });
  support::run_until(*t.io, [&] { return waits; });
  destroy_context(t);
}

TEST_CASE("an io_context that is destroyed while a row is awaited") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  t.start_session([&, number](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    auto rows = co_await s.stream<int>("SELECT 1 FROM pg_advisory_lock_shared($1)", number);
    co_await rows.next();
  });
  t.run_until_blocked();
  destroy_context(t, &lock);
}

TEST_CASE("an io_context that is destroyed in the middle of nested sessions") {
  async_db t;
  bool waits = false;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  bool const in_statement = GENERATE(false, true);
  t.start_session([&, number](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await with_session(s, [&, number](session& n) -> asio::awaitable<void> {
      co_await n.execute("INSERT INTO t VALUES (2)");
      co_await with_session(n, [&, number](session& m) -> asio::awaitable<void> {
        co_await m.execute("INSERT INTO t VALUES (3)");
        waits = true;
        if (in_statement) {
          co_await m.execute("SELECT pg_advisory_lock($1)", number);
        } else {
          asio::steady_timer never{*t.io, pqscope::libpq::never};
          co_await never.async_wait(asio::use_awaitable);
        }
      });
    });
  });
  support::run_until(*t.io, [&] { return waits && (!in_statement || t.blocked() == 1); });
  destroy_context(t, &lock);
}

TEST_CASE("an io_context that is destroyed in the pause before another attempt") {
  async_db t;
  t.start_session({.retry = {.attempts = 5, .base_delay = 1h, .max_delay = 1h}},
                  [](session& s) -> asio::awaitable<void> {
                    co_await s.execute("INSERT INTO t VALUES (1)");
                    co_await s.execute(
                        "DO $$ BEGIN RAISE EXCEPTION 'collided' USING ERRCODE = "
                        "'40001'; END $$");
                  });
  support::run_until(
      *t.io, [&] { return t.seen.transactions().size() == 1 && t.db.stats().primary.in_use == 0; });
  destroy_context(t);
}

TEST_CASE("an io_context that is destroyed in the middle of a session of an object") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  bool const in_statement = GENERATE(false, true);
  bool waits = false;
  t.start([&, number]() -> asio::awaitable<void> {
    auto s = t.db.begin();
    co_await s.execute("INSERT INTO t VALUES (1)");
    waits = true;
    if (in_statement) {
      co_await s.execute("SELECT pg_advisory_lock($1)", number);
    } else {
      asio::steady_timer never{*t.io, pqscope::libpq::never};
      co_await never.async_wait(asio::use_awaitable);
    }
  });
  support::run_until(*t.io, [&] { return waits && (!in_statement || t.blocked() == 1); });
  destroy_context(t, &lock);
}

TEST_CASE("an io_context that is destroyed in the middle of blocking work on a fiber") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  bool gone = false;
  t.start([&, number] {
    return pqscope::async::run(t.io->get_executor(), [&, number] {
      tells_its_end const owned{gone};
      pqscope::with_session(t.db.blocking(), [&](pqscope::session& s) {
        s.execute("INSERT INTO t VALUES (1)");
        s.execute("SELECT pg_advisory_lock($1)", number);
      });
    });
  });
  t.run_until_blocked();
  destroy_context(t, &lock);
  CHECK(gone);
}

TEST_CASE("an io_context that is destroyed in the middle of a statement of a connection") {
  support::pool_db outside;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto io = std::make_unique<asio::io_context>();
  bool const in_session = GENERATE(false, true);
  support::start(*io, [&, number]() -> asio::awaitable<void> {
    auto conn = co_await pqscope::async::connection::open(io->get_executor(), outside.config());
    if (in_session) {
      co_await with_session(conn, [number](session& s) -> asio::awaitable<void> {
        co_await s.execute("SELECT pg_advisory_lock($1)", number);
      });
    } else {
      co_await conn.execute("SELECT pg_advisory_lock($1)", number);
    }
  });
  support::run_until(*io, [&] {
    return outside.outside.number(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND "
               "wait_event_type = 'Lock'",
               {outside.name}) == 1;
  });
  io.reset();
  lock.release();
  CHECK(outside.comes_to(0));
}

TEST_CASE("an io_context that is destroyed while a listener waits") {
  support::pool_db outside;
  auto io = std::make_unique<asio::io_context>();
  bool waits = false;
  support::start(*io, [&]() -> asio::awaitable<void> {
    auto in = co_await pqscope::async::listener::open(io->get_executor(), outside.config());
    co_await in.listen(outside.name);
    waits = true;
    co_await in.wait();
  });
  support::run_until(*io, [&] { return waits; });
  io.reset();
  CHECK(outside.comes_to(0));
}

TEST_CASE("sessions of an io_context are destroyed by the last of them, in a handler") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  t.start_session([number](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await s.execute("SELECT pg_advisory_lock($1)", number);
  });
  t.start_session([number](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (2)");
    co_await s.execute("SELECT pg_advisory_lock($1)", number);
  });
  t.run_until_blocked(2);
  t.io->stop();
  destroy_context(t, &lock);
}

TEST_CASE("an operation with a callback is dropped with its io_context, callback and all") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto token = std::make_shared<int>(1);
  {
    auto s = t.db.begin();
    s.execute("SELECT pg_advisory_lock($1)", number)(
        [token](std::exception_ptr, pqscope::result const&) { FAIL("it was to be dropped"); });
    t.run_until_blocked();
  }
  CHECK(token.use_count() == 2);
  destroy_context(t, &lock);
  CHECK(token.use_count() == 1);
}

TEST_CASE("a session of an object that goes while its operation is under way ends after that") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  bool completed = false;
  {
    auto s = t.db.begin();
    s.execute("INSERT INTO t VALUES (1)")(asio::detached);
    t.run_out();
    s.execute("SELECT pg_advisory_xact_lock($1)",
              number)([&](std::exception_ptr failure, pqscope::result const&) {
      completed = true;
      CHECK_FALSE(failure);
    });
    t.run_until_blocked();
  }
  lock.release();
  t.run_out();
  CHECK(completed);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}
