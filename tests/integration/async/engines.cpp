#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/use_future.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;
using support::held_lock;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

struct async_book {
  std::int64_t id{};
  std::string title{};
  std::optional<int> pages{};
};

// GCC 12 destroys an aggregate twice that is made in an awaited expression.
async_book titled(std::string title, std::optional<int> pages = {}) {
  return {.title = std::move(title), .pages = pages};
}

}  // namespace

template <>
inline constexpr auto pqscope::mapping<async_book> =
    pqscope::table("async_books", pqscope::column<&async_book::id>().primary_key().identity(),
                   pqscope::column<&async_book::title>(), pqscope::column<&async_book::pages>());

using pqscope::col;

TEST_CASE("tables are made on a fiber") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    co_await pqscope::async::run(t.io->get_executor(), [&] {
      pqscope::with_session(t.db.blocking(), [](auto& s) { pqscope::create_all<async_book>(s); });
    });
    auto const n = co_await pqscope::async::run(t.io->get_executor(), [] { return 5; });
    CHECK(n == 5);
  });
  CHECK(t.here.outside.count(t.here.schema + ".async_books") == 0);
  t.ensure_usable();
}

TEST_CASE("typed queries are carried out asynchronously") {
  async_db t;
  pqscope::with_session(t.db.blocking(), [](auto& s) { pqscope::create_all<async_book>(s); });
  t.session([](session& s) -> asio::awaitable<void> {
    auto const first = co_await s.insert(titled("One", 100));
    CHECK(first.id == 1);
    co_await s.insert(titled("Two"));
    co_await s.insert(titled("Three", 300));
    auto const all = co_await s.select<async_book>().order_by(col<&async_book::title>).all();
    REQUIRE(all.size() == 3);
    CHECK(all[1].title == "Three");
    auto const found = co_await s.find<async_book>(col<&async_book::title> == "Two").first();
    REQUIRE(found);
    CHECK(found->id == 2);
    auto const long_ones =
        co_await s.select<async_book>().where(col<&async_book::pages> > 99).limit(5).count();
    CHECK(long_ones == 2);
    auto const exists =
        co_await s.select<async_book>().where(col<&async_book::title> == "Four").exists();
    CHECK_FALSE(exists);
    auto const changed = co_await s.update<async_book>()
                             .set(col<&async_book::pages> = 5)
                             .where(col<&async_book::title> == "Two")
                             .execute();
    CHECK(changed == 1);
    auto const erased =
        co_await s.erase<async_book>().where(col<&async_book::pages> == 5).execute();
    CHECK(erased == 1);
    auto changing = *found;
    changing.id = 1;
    changing.title = "Uno";
    co_await s.upsert(changing);
    auto const one = co_await s.find<async_book>(col<&async_book::id> == 1).one();
    CHECK(one.title == "Uno");
  });
  CHECK(t.here.outside.count(t.here.schema + ".async_books") == 2);
  t.ensure_usable();
}

TEST_CASE("objects of an asynchronous session are added, changed, removed and flushed") {
  async_db t;
  pqscope::with_session(t.db.blocking(), [](auto& s) { pqscope::create_all<async_book>(s); });
  t.seen.clear();
  t.session([](session& s) -> asio::awaitable<void> {
    auto book = co_await s.add(titled("New"));
    CHECK(book->id == 0);
  });
  CHECK(t.seen.round_trips() == 1);
  t.session([](session& s) -> asio::awaitable<void> {
    auto book = co_await s.get<async_book>(std::int64_t{1});
    REQUIRE(book);
    CHECK(book->title == "New");
    book->title = "Changed";
    auto again = co_await s.get<async_book>(std::int64_t{1});
    CHECK(again->title == "Changed");
    co_await s.flush();
    auto const titles = co_await s.query<std::string>("SELECT title FROM async_books");
    CHECK(titles.one() == "Changed");
    co_await s.refresh(book);
    auto other = co_await s.add(titled("Other"));
    co_await s.flush();
    CHECK(other->id == 2);
    co_await s.remove(book);
  });
  CHECK(t.here.outside.column("SELECT title FROM " + t.here.schema + ".async_books") ==
        texts{"Other"});
  CHECK_THROWS_AS(t.session([](session& s) -> asio::awaitable<void> {
    co_await s.add(titled("Lost"));
    co_await s.flush();
    throw std::runtime_error{"mine"};
  }),
                  std::runtime_error);
  CHECK(t.here.outside.count(t.here.schema + ".async_books") == 1);
  t.ensure_usable();
}

TEST_CASE("objects of nested asynchronous sessions are undone with them") {
  async_db t;
  pqscope::with_session(t.db.blocking(), [](auto& s) { pqscope::create_all<async_book>(s); });
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.add(titled("Outer"));
    co_await with_session(s, [](session& n) -> asio::awaitable<void> {
      co_await n.add(titled("Inner"));
      throw pqscope::rollback{};
    });
    co_await with_session(
        s, [](session& n) -> asio::awaitable<void> { co_await n.add(titled("Kept")); });
  });
  CHECK(t.here.outside.column("SELECT title FROM " + t.here.schema + ".async_books ORDER BY 1") ==
        texts{"Kept", "Outer"});
  t.ensure_usable();
}

TEST_CASE("read-only sessions are opened on the reader of an asynchronous engine") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    auto reader = t.db.reader();
    auto const n = co_await with_session(reader, [](session& s) -> asio::awaitable<int> {
      auto const rows = co_await s.query<std::string>("SHOW transaction_read_only");
      CHECK(rows.one() == "on");
      co_return 3;
    });
    CHECK(n == 3);
    bool refused = false;
    try {
      co_await with_session(t.db.reader(), [](session& s) -> asio::awaitable<void> {
        co_await s.execute("INSERT INTO t VALUES (1)");
      });
    } catch (pqscope::read_only_sql_transaction const&) {
      refused = true;
    }
    CHECK(refused);
  });
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("an asynchronous engine is warmed up, drained and closed") {
  async_db t{{.pool = {.min_size = 3, .max_size = 5}}};
  t.run([&]() -> asio::awaitable<void> {
    co_await t.db.warm_up();
    CHECK(t.db.stats().primary.idle == 3);
    co_await t.db.drain();
    co_await with_session(t.db, [](session& s) -> asio::awaitable<void> {
      co_await s.execute("INSERT INTO t VALUES (1)");
    });
  });
  t.ensure_usable();
  t.run([&]() -> asio::awaitable<void> {
    auto const all = co_await t.db.close(5s);
    CHECK(all);
    bool refused = false;
    try {
      co_await with_session(
          t.db, [](session& s) -> asio::awaitable<void> { co_await s.execute("SELECT 1"); });
    } catch (pqscope::pool_closed const&) {
      refused = true;
    }
    CHECK(refused);
  });
  CHECK(support::eventually([&] { return t.here.backends() == 0; }));
}

TEST_CASE("closing an asynchronous engine waits for its sessions without blocking them") {
  async_db t;
  t.run([&]() -> asio::awaitable<void> {
    std::optional<support::started<bool>> closing;
    co_await with_session(t.db, [&](session& s) -> asio::awaitable<void> {
      co_await s.execute("INSERT INTO t VALUES (1)");
      closing = t.start([&] { return t.db.close(10s); });
      asio::steady_timer soon{*t.io, 20ms};
      co_await soon.async_wait(asio::use_awaitable);
      CHECK_FALSE(closing->done());
      co_await s.execute("INSERT INTO t VALUES (2)");
    });
    while (!closing->done()) {
      asio::steady_timer soon{*t.io, 1ms};
      co_await soon.async_wait(asio::use_awaitable);
    }
    CHECK(closing->get());
  });
  CHECK(t.here.count() == 2);
}

TEST_CASE("an observer hears of an asynchronous session what it hears of a blocking one") {
  async_db t;
  auto const both = [&](auto run) {
    t.seen.clear();
    run();
    texts heard = t.seen.statements();
    heard.push_back(std::to_string(t.seen.transactions().size()));
    heard.push_back(std::to_string(t.seen.problems().size()));
    return heard;
  };
  t.session([](session& s) -> asio::awaitable<void> { co_await s.execute("SELECT 1"); });
  auto const asynchronous = both([&] {
    t.session([](session& s) -> asio::awaitable<void> {
      co_await s.execute("DELETE FROM t");
      co_await s.execute("INSERT INTO t VALUES (1)");
      co_await with_session(s, [](session& n) -> asio::awaitable<void> {
        co_await n.execute("INSERT INTO t VALUES (2)");
      });
    });
  });
  auto const blocking = both([&] {
    pqscope::with_session(t.db.blocking(), [](pqscope::session& s) {
      s.execute("DELETE FROM t");
      s.execute("INSERT INTO t VALUES (1)");
      pqscope::with_session(s, [](pqscope::session& n) { n.execute("INSERT INTO t VALUES (2)"); });
    });
  });
  CHECK(asynchronous == blocking);
  t.ensure_usable();
}

TEST_CASE("a whole session of blocking work runs on a fiber of the engine") {
  async_db t;
  int calls = 0;
  t.run([&]() -> asio::awaitable<void> {
    auto const n = co_await t.db.run([&](pqscope::session& s) {
      s.execute("INSERT INTO t VALUES (1)");
      return ++calls;
    });
    CHECK(n == 1);
    pqscope::session_options const options{.retry = {.attempts = 2, .base_delay = 1ms}};
    co_await t.db.run(options, [&](pqscope::session& s) {
      ++calls;
      s.execute("INSERT INTO t VALUES (2)");
      if (s.attempt() == 1) {
        s.execute("DO $$ BEGIN RAISE EXCEPTION 'collided' USING ERRCODE = '40001'; END $$");
      }
    });
  });
  CHECK(calls == 3);
  CHECK(t.here.ids() == texts{"1", "2"});
  t.ensure_usable();
}

TEST_CASE("blocking work on a fiber of the engine is cancelled") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  asio::cancellation_signal signal;
  auto all = t.start(
      [&] {
        return t.db.run([number](pqscope::session& s) {
          s.execute("INSERT INTO t VALUES (1)");
          s.execute("SELECT pg_advisory_lock($1)", number);
        });
      },
      signal.slot());
  t.run_until_blocked();
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(all.get(), pqscope::operation_cancelled);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("an asynchronous lease is used, given back, and given back when it goes") {
  async_db t{{.pool = {.max_size = 1}}};
  t.run([&]() -> asio::awaitable<void> {
    auto conn = co_await t.db.acquire();
    co_await conn.execute("INSERT INTO t VALUES (1)");
    co_await with_session(conn, [](session& s) -> asio::awaitable<void> {
      co_await s.execute("INSERT INTO t VALUES (2)");
    });
    co_await conn.release();
    CHECK(t.db.stats().primary.in_use == 0);
    CHECK_THROWS_AS(conn.execute("SELECT 1"), pqscope::usage_error);
    {
      auto other = co_await t.db.acquire();
      co_await other.execute("BEGIN");
      co_await other.execute("INSERT INTO t VALUES (3)");
    }
    auto third = co_await t.db.acquire();
    auto rows = co_await third.stream<int>("SELECT generate_series(1, 10000000)");
    co_await rows.next();
  });
  t.run_out();
  CHECK(t.here.ids() == texts{"1", "2"});
  t.ensure_usable();
}

TEST_CASE("an asynchronous lease whose release does not begin keeps its connection") {
  async_db t{{.pool = {.max_size = 1}}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  t.run([&]() -> asio::awaitable<void> {
    auto conn = co_await t.db.acquire();
    static_cast<void>(conn.release());
    CHECK(t.db.stats().primary.in_use == 1);
    bool answered = false;
    conn.execute("SELECT pg_advisory_xact_lock($1)", number)(
        [&](std::exception_ptr failure, pqscope::result const&) { answered = failure == nullptr; });
    bool refused = false;
    try {
      co_await conn.release();
    } catch (pqscope::connection_busy const&) {
      refused = true;
    }
    CHECK(refused);
    lock.release();
    while (!answered) {
      co_await asio::post(*t.io, asio::use_awaitable);
    }
    co_await conn.execute("INSERT INTO t VALUES (1)");
    co_await conn.release();
    CHECK(t.db.stats().primary.in_use == 0);
  });
  CHECK(t.here.ids() == texts{"1"});
  t.ensure_usable();
}

TEST_CASE("a connection that comes back from an asynchronous lease heeds no cancellation of its") {
  async_db t{{.pool = {.max_size = 1}}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  asio::cancellation_signal signal;
  auto all = t.start(
      [&]() -> asio::awaitable<void> {
        auto conn = co_await t.db.acquire();
        co_await conn.execute("SELECT pg_advisory_lock($1)", number);
      },
      signal.slot());
  t.run_until_blocked();
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(all.get(), pqscope::operation_cancelled);
  t.run_out();
  t.ensure_usable();
}

TEST_CASE("blocking and asynchronous sessions are found under one name") {
  async_db t;
  {
    using namespace pqscope;
    auto const count = [](auto& s) { return s.template query<int>("SELECT 1").one(); };
    CHECK(with_session(t.db.blocking(), count) == 1);
    CHECK(with_session(t.db.blocking(), {.label = "named"}, count) == 1);
  }
  {
    using pqscope::async::with_session;
    auto const count = [](auto& s) { return s.template query<int>("SELECT 1").one(); };
    CHECK(with_session(t.db.blocking(), count) == 1);
    bool done = false;
    t.run([&]() -> asio::awaitable<void> {
      co_await with_session(t.db, [&](pqscope::async::session& s) -> asio::awaitable<void> {
        auto const rows = co_await s.query<int>("SELECT 1");
        done = rows.one() == 1;
      });
    });
    CHECK(done);
  }
  t.ensure_usable();
}
