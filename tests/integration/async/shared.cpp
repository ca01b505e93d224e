#include <pqscope/asio.hpp>
#include <pqscope/error/conditions.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/detached.hpp>
#include <asio/use_future.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "integration/async/shared_db.hpp"

using pqscope::async::session;
using pqscope::async::shared_connections;
using pqscope::async::shared_options;
using support::held_lock;
using support::shared_db;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

inline constexpr pqscope::statement<int(int)> twice{"SELECT $1 * 2"};
inline constexpr pqscope::statement<void(int, int)> put{"INSERT INTO t VALUES ($1, $2)"};

// One of several statements, with an answer that no other caller gets.
asio::awaitable<void> ask(shared_connections& all, int n) {
  switch (n % 7) {
    case 0: {
      auto const rows = co_await all.query<int>("SELECT $1::int4", n);
      REQUIRE(rows.one() == n);
      break;
    }
    case 1: {
      std::string const text = "text of " + std::to_string(n);
      auto const rows = co_await all.query<std::string, std::int64_t>("SELECT $1::text, $2::int8",
                                                                      text, std::int64_t{n});
      REQUIRE(rows.one() == std::tuple{text, std::int64_t{n}});
      break;
    }
    case 2: {
      auto const rows = co_await all.query<int>("SELECT generate_series($1::int4, $1 + 99)", n);
      REQUIRE(rows.size() == 100);
      REQUIRE(rows[0] == n);
      REQUIRE(rows[99] == n + 99);
      break;
    }
    case 3: {
      pqscope::dynamic_sql const text{"SELECT " + std::to_string(n) + " AS n, $1::text AS s"};
      auto const result = co_await all.execute(text, "literal");
      REQUIRE(result[0]["n"].as<int>() == n);
      REQUIRE(result[0]["s"].as<std::string>() == "literal");
      break;
    }
    case 4: {
      auto const rows = co_await all.query(twice, n);
      REQUIRE(rows.one() == 2 * n);
      break;
    }
    case 5: {
      auto const result = co_await all.execute(put, n, -n);
      REQUIRE(result.affected_rows() == 1);
      break;
    }
    default: {
      auto const rows =
          co_await all.query<std::optional<int>>("SELECT CASE WHEN $1 > 10 THEN $1 END", n);
      REQUIRE(rows.one() == (n > 10 ? std::optional{n} : std::nullopt));
      break;
    }
  }
}

}  // namespace

TEST_CASE("the answers of hundreds of callers who share connections go to those who asked") {
  shared_db t;
  t.run_many(350, [&](int n) -> asio::awaitable<void> {
    for (int k = 0; k < 5; ++k) {
      co_await ask(*t.all, n + 350 * k);
    }
  });
  CHECK(t.here.count() == 250);
  CHECK(t.here.outside.number("SELECT count(*) FROM " + t.here.table() + " WHERE v <> -id") == 0);
  CHECK(t.seen.connects() <= 2);
  t.ensure_usable();
}

TEST_CASE("the failure of one statement is nothing to those that are sent with it") {
  shared_db t{{.connections = 1}};
  t.here.outside.execute("CREATE TABLE " + t.here.schema +
                         ".d (a int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO " +
                         t.here.schema + ".d VALUES (1)");
  bool const again = GENERATE(false, true);
  if (again) {  // what can be prepared is
    t.run_many(40, [&](int n) -> asio::awaitable<void> {
      co_await t.all->execute("INSERT INTO t VALUES ($1)", 1000 + n);
    });
  }
  int failed = 0;
  t.seen.clear();
  t.run_many(40, [&](int n) -> asio::awaitable<void> {
    try {
      if (n % 8 == 1) {
        pqscope::dynamic_sql const text{"SELEC " + std::to_string(n)};
        co_await t.all->execute(text);
      } else if (n % 8 == 3) {
        co_await t.all->execute("INSERT INTO d VALUES (1)");
      } else if (n % 8 == 5) {
        co_await t.all->execute("SELECT 1 / ($1::int4 - $1)", n);
      } else if (n % 8 == 7) {
        co_await t.all->execute("INSERT INTO t VALUES (0)");
      } else {
        co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
      }
      REQUIRE((n % 2 == 0 || n == 7));
    } catch (pqscope::server_error const& failure) {
      ++failed;
      std::string const& sql = failure.sql();
      switch (n % 8) {
        case 1:
          REQUIRE(failure.sqlstate() == "42601");
          REQUIRE(sql == "SELEC " + std::to_string(n));
          break;
        case 3:
          REQUIRE(failure.sqlstate() == "23505");
          REQUIRE(sql == "INSERT INTO d VALUES (1)");
          break;
        case 5:
          REQUIRE(failure.sqlstate() == "22012");
          REQUIRE(sql == "SELECT 1 / ($1::int4 - $1)");
          break;
        default:
          REQUIRE(n % 8 == 7);
          REQUIRE(failure.sqlstate() == "23505");
          REQUIRE(sql == "INSERT INTO t VALUES (0)");
          break;
      }
      REQUIRE(failure.connection_usable());
      REQUIRE(std::string_view{failure.where().file_name()}.ends_with("shared.cpp"));
    }
  });
  CHECK(failed == 20);
  CHECK(t.here.count() == (again ? 60 : 20));
  CHECK(t.here.outside.count(t.here.schema + ".d") == 1);
  CHECK(t.seen.connects() <= 1);
  t.ensure_usable();
}

TEST_CASE("an error of a shared connection names the caller's line") {
  shared_db t;
  int right = 0;
  auto first = t.start([&]() -> asio::awaitable<void> {
    unsigned const here = std::source_location::current().line();
    try {
      co_await t.all->execute("SELECT 1 / 0");
    } catch (pqscope::server_error const& failure) {
      right += failure.where().line() == here + 2 ? 1 : 0;
    }
  });
  auto second = t.start([&]() -> asio::awaitable<void> {
    unsigned const here = std::source_location::current().line();
    try {
      co_await t.all->query<int>("SELECT 1 / 0");
    } catch (pqscope::server_error const& failure) {
      right += failure.where().line() == here + 2 ? 1 : 0;
    }
  });
  first.get();
  second.get();
  CHECK(right == 2);
  t.ensure_usable();
}

TEST_CASE("each statement on a shared connection is a transaction of its own") {
  shared_db t{{.connections = 1}};
  std::set<std::string> transactions;
  t.run_many(50, [&](int n) -> asio::awaitable<void> {
    auto const rows = co_await t.all->query<std::string>(
        "INSERT INTO t VALUES ($1) RETURNING pg_current_xact_id()::text", n);
    transactions.insert(rows.one());
  });
  CHECK(transactions.size() == 50);
  CHECK(t.here.outside.number("SELECT count(DISTINCT xmin::text) FROM " + t.here.table()) == 50);
  t.ensure_usable();
}

TEST_CASE("what is answered has been committed, and others see it") {
  shared_db t;
  t.run_many(20, [&](int n) -> asio::awaitable<void> {
    co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
    REQUIRE(t.here.outside.number("SELECT count(*) FROM " + t.here.table() +
                                  " WHERE id = " + std::to_string(n)) == 1);
  });
  t.ensure_usable();
}

TEST_CASE("statements that come at a time go to the server in one round trip") {
  shared_db t{{.connections = 1}};
  t.run_many(64, [&](int n) -> asio::awaitable<void> { co_await ask(*t.all, n + 1000); });
  t.run_out();
  t.seen.clear();
  t.run_many(64, [&](int n) -> asio::awaitable<void> {
    auto const rows = co_await t.all->query<int>("SELECT $1::int4", n);
    REQUIRE(rows.one() == n);
  });
  CHECK(t.seen.details().size() == 64);
  CHECK(t.seen.round_trips() <= 2);
  t.ensure_usable();
}

TEST_CASE("no more statements are under way than may be") {
  shared_db t{{.connections = 1, .under_way = 4}};
  t.run_many(1, [&](int n) -> asio::awaitable<void> { co_await ask(*t.all, n); });
  t.run_out();
  t.seen.clear();
  t.run_many(64, [&](int n) -> asio::awaitable<void> {
    auto const rows = co_await t.all->query<int>("SELECT $1::int4", n);
    REQUIRE(rows.one() == n);
  });
  CHECK(t.seen.details().size() == 64);
  CHECK(t.seen.round_trips() >= 16);
  t.ensure_usable();
}

TEST_CASE("one statement under way on one connection is enough") {
  shared_db t{{.connections = 1, .under_way = 1}, {.max_size = 1}};
  t.run_many(60, [&](int n) -> asio::awaitable<void> { co_await ask(*t.all, n); });
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("no connections, or no statements under way, cannot be shared") {
  shared_db t;
  CHECK_THROWS_AS(shared_connections(t.db, {.connections = 0}), pqscope::usage_error);
  CHECK_THROWS_AS(shared_connections(t.db, {.under_way = 0}), pqscope::usage_error);
  t.ensure_usable();
}

TEST_CASE("as many connections and statements as can be counted may be allowed") {
  shared_db t{{.connections = std::numeric_limits<std::size_t>::max(),
               .under_way = std::numeric_limits<std::size_t>::max(),
               .deadline = std::chrono::milliseconds::max()},
              {.max_size = 3}};
  t.run_many(200, [&](int n) -> asio::awaitable<void> { co_await ask(*t.all, n); });
  CHECK(t.seen.connects() <= 3);
  t.ensure_usable();
}

TEST_CASE("no more connections of the pool are shared than may be, and they go back at once") {
  shared_db t{{.connections = 2}, {.max_size = 8}};
  std::size_t most = 0;
  t.run_many(100, [&](int n) -> asio::awaitable<void> {
    for (int k = 0; k < 10; ++k) {
      co_await ask(*t.all, n * 10 + k);
      most = std::max(most, t.db.stats().primary.in_use + t.db.stats().primary.opening);
    }
  });
  CHECK(most >= 1);
  CHECK(most <= 2);
  t.run_out();
  CHECK(t.db.stats().primary.in_use == 0);
  CHECK(t.db.stats().primary.connects <= 2);
  t.ensure_usable();
}

TEST_CASE("several statements at a time have several connections where there may be some") {
  shared_db t{{.connections = 3}, {.max_size = 3}};
  std::vector<long long> numbers;
  std::vector<std::unique_ptr<held_lock>> locks;
  std::vector<support::started<void>> waiting;
  for (int n = 0; n < 3; ++n) {
    numbers.push_back(support::unique_lock_number());
    locks.push_back(std::make_unique<held_lock>(numbers.back()));
    waiting.push_back(t.start_waiting(numbers.back()));
  }
  t.run_until_blocked(3);
  for (auto& each : locks) {
    each->release();
  }
  for (auto& each : waiting) {
    each.get();
  }
  t.ensure_usable();
}

TEST_CASE("an io_context has nothing left to run when all has been answered") {
  shared_db t;
  bool const again = GENERATE(false, true);
  if (again) {
    t.run_many(5, [&](int n) -> asio::awaitable<void> { co_await ask(*t.all, n); });
  }
  auto const callers =
      t.start_many(20, [&](int n) -> asio::awaitable<void> { co_await ask(*t.all, n + 100); });
  t.run_out();
  for (auto const& each : callers) {
    CHECK(each.done());
  }
  CHECK(t.db.stats().primary.in_use == 0);
  t.ensure_usable();
}

TEST_CASE("a pool with fewer connections than may be shared serves all") {
  auto const size = GENERATE(std::size_t{1}, std::size_t{2});
  shared_db t{{.connections = 5}, {.max_size = size}};
  t.run_many(150, [&](int n) -> asio::awaitable<void> {
    co_await ask(*t.all, n);
    co_await ask(*t.all, n + 150);
  });
  CHECK(t.seen.connects() <= size);
  t.ensure_usable();
}

TEST_CASE("callers wait for a connection that others have, and are served then") {
  shared_db t{{.connections = 2}, {.max_size = 1}};
  auto lease = std::optional{t.db.blocking().acquire()};
  auto callers = t.start_many(30, [&](int n) -> asio::awaitable<void> { co_await ask(*t.all, n); });
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting > 0; });
  for (auto const& each : callers) {
    CHECK_FALSE(each.done());
  }
  lease.reset();
  for (auto& each : callers) {
    each.get();
  }
  t.ensure_usable();
}

TEST_CASE("statements for which there is no second connection go to the first one") {
  shared_db t{{.connections = 2}, {.max_size = 2}};
  auto lease = std::optional{t.db.blocking().acquire()};
  t.run_many(100, [&](int n) -> asio::awaitable<void> {
    co_await ask(*t.all, n);
    co_await ask(*t.all, n + 100);
  });
  lease.reset();
  t.ensure_usable();
}

TEST_CASE("who waits for a connection has it soon, though callers who share it never stop") {
  shared_db t{{.connections = 2}, {.max_size = 1}};
  bool stops = false;
  auto callers = t.start_many(16, [&](int n) -> asio::awaitable<void> {
    while (!stops) {
      auto const rows = co_await t.all->query<int>("SELECT $1::int4", n);
      REQUIRE(rows.one() == n);
    }
  });
  for (int n = 0; n < 5; ++n) {
    t.session([n](session& s) -> asio::awaitable<void> {
      co_await s.execute("INSERT INTO t VALUES ($1)", n);
    });
  }
  CHECK(t.here.count() == 5);
  for (auto const& each : callers) {
    CHECK_FALSE(each.done());
  }
  stops = true;
  for (auto& each : callers) {
    each.get();
  }
  t.ensure_usable();
}

TEST_CASE("several share the connections of one engine") {
  shared_db t{{.connections = 2}, {.max_size = 2}};
  shared_connections others{t.db, {.connections = 2}};
  shared_connections more{t.db.get_executor(), t.db.blocking().pool(), {.connections = 1}};
  t.run_many(90, [&](int n) -> asio::awaitable<void> {
    for (int k = 0; k < 4; ++k) {
      co_await ask(n % 3 == 0 ? *t.all : n % 3 == 1 ? others : more, n + 90 * k);
    }
  });
  t.run_out();
  t.ensure_usable();
}

TEST_CASE("large results and small ones come in their order") {
  shared_db t;
  t.run_many(12, [&](int n) -> asio::awaitable<void> {
    if (n % 4 == 0) {
      auto const rows = co_await t.all->query<int, std::string>(
          "SELECT i, repeat('x', 20) FROM generate_series(1, 100000) i");
      REQUIRE(rows.size() == 100'000);
      REQUIRE(rows[99'999] == std::tuple{100'000, std::string(20, 'x')});
    } else {
      co_await ask(*t.all, n);
    }
  });
  t.ensure_usable();
}

TEST_CASE("large values go both ways at once") {
  shared_db t{{.connections = 1}};
  t.run_many(10, [&](int n) -> asio::awaitable<void> {
    std::string const large(3'000'000 + static_cast<std::size_t>(n), static_cast<char>('a' + n));
    for (int k = 0; k < 2; ++k) {
      auto const rows = co_await t.all->query<std::string>("SELECT $1::text", large);
      REQUIRE(rows.one() == large);
    }
  });
  t.ensure_usable();
}

TEST_CASE("a statement on a shared connection completes with any token") {
  shared_db t;
  int called = 0;
  t.all->query<int>("SELECT 5")([&](std::exception_ptr failure, pqscope::rows<int> rows) {
    CHECK_FALSE(failure);
    CHECK(rows.one() == 5);
    ++called;
  });
  t.all->execute("SELECT 1 / 0")([&](std::exception_ptr failure, pqscope::result const&) {
    CHECK(failure);
    ++called;
  });
  auto later = t.all->query<std::string>("SELECT 'text'")(asio::use_future);
  t.all->execute("INSERT INTO t VALUES (1)")(asio::detached);
  t.run_out();
  CHECK(called == 2);
  REQUIRE(later.wait_for(0s) == std::future_status::ready);
  CHECK(later.get().one() == "text");
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a statement on a shared connection that is not begun is not carried out") {
  shared_db t;
  {
    auto const unused = t.all->execute("INSERT INTO t VALUES (1)");
  }
  t.run_out();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a statement owns its arguments until it is answered") {
  shared_db t;
  auto callers = t.start_many(10, [&](int n) -> asio::awaitable<void> {
    std::optional<pqscope::async::operation<pqscope::rows<std::string>>> later;
    {
      std::string value(100, static_cast<char>('a' + n));
      std::string text = "SELECT $1::text || " + std::to_string(n);
      later.emplace(t.all->query<std::string>(pqscope::dynamic_sql{text}, value));
      value.assign(100, '-');
      text.assign(20, '-');
    }
    auto operation = std::move(*later);
    auto const rows = co_await std::move(operation);
    REQUIRE(rows.one() == std::string(100, static_cast<char>('a' + n)) + std::to_string(n));
  });
  for (auto& each : callers) {
    each.get();
  }
  t.ensure_usable();
}

namespace {

// Counts how often each statement of a caller's was begun and ended.
class counter : public pqscope::observer {
 public:
  struct seen {
    int started = 0;
    int ended = 0;
    std::string sqlstate;
  };

  std::map<std::string, seen> statements() const {
    std::lock_guard const held{mutex_};
    return statements_;
  }
  void statement_started(pqscope::statement_event const& event) override {
    std::lock_guard const held{mutex_};
    ++statements_[std::string{event.text}].started;
  }
  void statement_ended(pqscope::statement_event const& event) override {
    std::lock_guard const held{mutex_};
    seen& of = statements_[std::string{event.text}];
    ++of.ended;
    of.sqlstate = event.sqlstate;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, seen> statements_;
};

}  // namespace

TEST_CASE("observers are told once of the beginning and once of the end of a shared statement") {
  counter watcher;
  pqscope::pool_options pool;
  pool.observer = &watcher;
  shared_db t{{.connections = 1}, pool};
  t.run_many(40, [&](int n) -> asio::awaitable<void> {
    pqscope::dynamic_sql const text{(n % 2 == 0 ? "SELECT " : "SELECT 1 / 0, ") +
                                    std::to_string(n)};
    try {
      co_await t.all->execute(text);
      REQUIRE(n % 2 == 0);
    } catch (pqscope::division_by_zero const&) {
      REQUIRE(n % 2 == 1);
    }
  });
  int seen = 0;
  for (auto const& [text, what] : watcher.statements()) {
    INFO(text);
    CHECK(what.started == 1);
    CHECK(what.ended == 1);
    CHECK(what.sqlstate == (text.starts_with("SELECT 1 / 0") ? "22012" : ""));
    ++seen;
  }
  CHECK(seen == 40);
  t.ensure_usable();
}
