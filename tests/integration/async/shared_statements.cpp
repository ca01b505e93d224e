#include <pqscope/asio.hpp>
#include <pqscope/error/conditions.hpp>
#include <pqscope/error/errors.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "integration/async/shared_db.hpp"

using pqscope::async::session;
using pqscope::async::shared_connections;
using support::shared_db;

using texts = std::vector<std::string>;

namespace {

// The only connection that is shared has prepared so many statements that contain a text.
long long prepared(shared_db& t, std::string like) {
  return t.run([&t, like = std::move(like)]() -> asio::awaitable<long long> {
    auto const rows = co_await t.all->query<std::int64_t>(
        "SELECT count(*) FROM pg_prepared_statements WHERE strpos(statement, $1) > 0 AND NOT "
        "strpos(statement, 'pg_prepared_statements') > 0",
        like);
    co_return rows.one();
  });
}

// One of eight texts, with an answer that tells which.
asio::awaitable<void> ask_one_of_eight(shared_connections& all, int n) {
  int got = 0;
  switch (n % 8) {
    case 0:
      got = (co_await all.query<int>("SELECT 0 + $1::int4 /* eight */", n)).one();
      break;
    case 1:
      got = (co_await all.query<int>("SELECT 1 + $1::int4 /* eight */", n)).one();
      break;
    case 2:
      got = (co_await all.query<int>("SELECT 2 + $1::int4 /* eight */", n)).one();
      break;
    case 3:
      got = (co_await all.query<int>("SELECT 3 + $1::int4 /* eight */", n)).one();
      break;
    case 4:
      got = (co_await all.query<int>("SELECT 4 + $1::int4 /* eight */", n)).one();
      break;
    case 5:
      got = (co_await all.query<int>("SELECT 5 + $1::int4 /* eight */", n)).one();
      break;
    case 6:
      got = (co_await all.query<int>("SELECT 6 + $1::int4 /* eight */", n)).one();
      break;
    default:
      got = (co_await all.query<int>("SELECT 7 + $1::int4 /* eight */", n)).one();
      break;
  }
  REQUIRE(got == n + n % 8);
}

}  // namespace

TEST_CASE("a statement that many ask for is prepared once on a shared connection") {
  shared_db t{{.connections = 1}};
  for (int round = 0; round < 3; ++round) {
    t.run_many(50, [&](int n) -> asio::awaitable<void> {
      auto const rows = co_await t.all->query<int>("SELECT $1::int4 /* once */", n);
      REQUIRE(rows.one() == n);
    });
    t.run_out();
  }
  CHECK(prepared(t, "once") == 1);
  t.ensure_usable();
}

TEST_CASE("leases and those who share a connection use the same prepared statements") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  for (int round = 0; round < 3; ++round) {
    t.session([](session& s) -> asio::awaitable<void> {
      auto const rows = co_await s.query<int>("SELECT $1::int4 /* both */", 1);
      REQUIRE(rows.one() == 1);
    });
    t.run_many(5, [&](int n) -> asio::awaitable<void> {
      auto const rows = co_await t.all->query<int>("SELECT $1::int4 /* both */", n);
      REQUIRE(rows.one() == n);
    });
    t.run_out();
  }
  CHECK(prepared(t, "both") == 1);
  t.ensure_usable();
}

TEST_CASE("statements whose table has other columns since are prepared anew, for each who asks") {
  shared_db t;
  t.here.outside.execute("INSERT INTO " + t.here.table() + " VALUES (1, 2)");
  auto const columns = [&](std::size_t count) {
    t.run_many(30, [&, count](int n) -> asio::awaitable<void> {
      if (n % 3 == 0) {
        co_await ask_one_of_eight(*t.all, n);
        co_return;
      }
      auto const result = co_await t.all->execute("SELECT * FROM t");
      REQUIRE(result.columns().size() == count);
      REQUIRE(result[0]["v"].as<int>() == 2);
    });
  };
  columns(2);
  t.here.outside.execute("ALTER TABLE " + t.here.table() + " ADD w int DEFAULT 3");
  columns(3);
  columns(3);
  t.run([&]() -> asio::awaitable<void> { co_await t.all->execute("ALTER TABLE t DROP w"); });
  columns(2);
  t.ensure_usable();
}

TEST_CASE("statements that somebody deallocates are prepared anew") {
  shared_db t{{.connections = 1}};
  t.here.outside.execute("CREATE FUNCTION " + t.here.schema +
                         ".forget() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE "
                         "ALL'; RETURN 1; END $$");
  for (int round = 0; round < 4; ++round) {
    t.run_many(24, [&](int n) -> asio::awaitable<void> { co_await ask_one_of_eight(*t.all, n); });
    t.run_many(24, [&](int n) -> asio::awaitable<void> {
      if (n % 12 == 5) {
        auto const rows = co_await t.all->query<int>("SELECT forget()");
        REQUIRE(rows.one() == 1);
      } else {
        co_await ask_one_of_eight(*t.all, n);
      }
    });
    t.run_out();
  }
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("a pool that discards all between uses leaves nothing that is used in vain") {
  shared_db t{{.connections = 2}, {.max_size = 2, .reset = pqscope::reset_policy::discard_all}};
  for (int round = 0; round < 5; ++round) {
    t.run_many(24, [&](int n) -> asio::awaitable<void> { co_await ask_one_of_eight(*t.all, n); });
    t.run_out();
  }
  for (auto const& each : t.seen.details()) {
    CHECK(each.sqlstate.empty());
  }
  t.ensure_usable();
}

TEST_CASE("a statement that cannot be prepared fails for each who asks, and for nobody else") {
  shared_db t{{.connections = 1}};
  for (int round = 0; round < 3; ++round) {
    int failed = 0;
    t.run_many(40, [&](int n) -> asio::awaitable<void> {
      if (n % 2 == 0) {
        co_await ask_one_of_eight(*t.all, n);
        co_return;
      }
      try {
        co_await t.all->query<int>("SELECT a FROM not_there_yet WHERE a = $1", n);
      } catch (pqscope::undefined_table const&) {
        ++failed;
      }
    });
    CHECK(failed == 20);
  }
  CHECK(prepared(t, "not_there_yet") == 0);
  t.here.outside.execute("CREATE TABLE " + t.here.schema +
                         ".not_there_yet AS SELECT generate_series(0, 99) AS a");
  t.run_many(40, [&](int n) -> asio::awaitable<void> {
    auto const rows = co_await t.all->query<int>("SELECT a FROM not_there_yet WHERE a = $1", n);
    REQUIRE(rows.one() == n);
  });
  CHECK(prepared(t, "not_there_yet") == 1);
  t.ensure_usable();
}

TEST_CASE("texts made at run time that are wrong fail again and again, for each who asks") {
  shared_db t{{.connections = 1}};
  for (int round = 0; round < 4; ++round) {
    t.run_many(30, [&](int n) -> asio::awaitable<void> {
      pqscope::dynamic_sql const text{n % 3 == 0 ? "SELEC 1" : "SELECT 1 AS one"};
      try {
        auto const result = co_await t.all->execute(text);
        REQUIRE(n % 3 != 0);
        REQUIRE(result[0]["one"].as<int>() == 1);
      } catch (pqscope::syntax_error const& failure) {
        REQUIRE(n % 3 == 0);
        REQUIRE(failure.sql() == "SELEC 1");
      }
    });
  }
  CHECK(prepared(t, "AS one") == 1);
  t.ensure_usable();
}

TEST_CASE("statements make room for others on a shared connection, whoever waits for them") {
  auto const capacity = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{5});
  shared_db t{{.connections = 1}, {.statement_cache = capacity}};
  for (int round = 0; round < 6; ++round) {
    t.run_many(60, [&](int n) -> asio::awaitable<void> { co_await ask_one_of_eight(*t.all, n); });
    // one by one, too: then each makes room
    t.run([&]() -> asio::awaitable<void> {
      for (int n = 0; n < 16; ++n) {
        co_await ask_one_of_eight(*t.all, n);
      }
    });
    // two who never stop, so that all is on one use of the connection
    t.run_many(2, [&](int caller) -> asio::awaitable<void> {
      for (int n = 0; n < 40; ++n) {
        co_await ask_one_of_eight(*t.all, n * 3 + caller);
      }
    });
    t.run_out();
  }
  CHECK(prepared(t, "") <= static_cast<long long>(capacity));
  CHECK(t.seen.problems().empty());
  t.ensure_usable();
}

TEST_CASE("what is not planned is carried out by itself, between others") {
  shared_db t{{.connections = 1}};
  t.here.outside.execute("CREATE PROCEDURE " + t.here.schema +
                         ".two() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (-1); COMMIT; "
                         "INSERT INTO t VALUES (-2); END $$");
  t.run_many(60, [&](int n) -> asio::awaitable<void> {
    switch (n) {
      case 5:
        co_await t.all->execute("CREATE TABLE made (a int)");
        break;
      case 15:
        co_await t.all->execute("VACUUM t");
        break;
      case 25:
        co_await t.all->execute("CALL two()");
        break;
      case 35:
        co_await t.all->execute("DO $$ BEGIN INSERT INTO t VALUES (-3); END $$");
        break;
      case 45: {
        auto const rows = co_await t.all->query<std::string>("EXPLAIN SELECT * FROM t");
        REQUIRE(rows.size() > 0);
        break;
      }
      case 55: {
        auto const rows = co_await t.all->query<std::string>("SHOW application_name");
        REQUIRE(rows.one() == t.here.schema);
        break;
      }
      case 56: {
        pqscope::dynamic_sql const nothing{" -- nothing"};
        co_await t.all->execute(nothing);
        break;
      }
      case 57:
        try {
          co_await t.all->execute("DROP TABLE not_there");
          FAIL("it was there");
        } catch (pqscope::undefined_table const&) {
        }
        break;
      default:
        co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
    }
  });
  CHECK(t.here.count() == 52 + 3);
  CHECK(t.here.outside.count(t.here.schema + ".made") == 0);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("a failing statement that is carried out by itself is nothing to those around it") {
  shared_db t{{.connections = 1}};
  int failed = 0;
  t.run_many(30, [&](int n) -> asio::awaitable<void> {
    if (n % 3 != 1) {
      co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
      co_return;
    }
    try {
      co_await t.all->execute("DO $$ BEGIN INSERT INTO t VALUES (1000); PERFORM 1 / 0; END $$");
    } catch (pqscope::division_by_zero const&) {
      ++failed;
    }
  });
  CHECK(failed == 10);
  CHECK(t.here.count() == 20);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("what concerns the session, or a transaction, or moves data is refused, and not sent") {
  shared_db t{{.connections = 1}};
  t.run_many(3, [&](int n) -> asio::awaitable<void> { co_await ask_one_of_eight(*t.all, n); });
  t.run_out();
  t.seen.clear();
  texts const refused{
      "SET work_mem = '1MB'",
      "set local work_mem = '1MB'",
      "; SET work_mem = '1MB'",
      "/* well */ RESET ALL",
      "LISTEN c",
      "UNLISTEN *",
      "PREPARE p AS SELECT 1",
      "EXECUTE p",
      "DEALLOCATE ALL",
      "DISCARD ALL",
      "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
      "FETCH c",
      "MOVE c",
      "CLOSE c",
      "LOAD 'auto_explain'",
      "CREATE TEMP TABLE x (a int)",
      "CREATE TEMPORARY TABLE x (a int)",
      "CREATE OR REPLACE TEMP VIEW x AS SELECT 1",
      "BEGIN",
      "START TRANSACTION",
      "COMMIT",
      "END",
      "ROLLBACK",
      "ABORT",
      "SAVEPOINT s",
      "RELEASE SAVEPOINT s",
      "ROLLBACK TO SAVEPOINT s",
      "PREPARE TRANSACTION 'x'",
      "COPY t FROM STDIN",
      "COPY t TO STDOUT",
      "SELECT 1; SELECT 2",
      "INSERT INTO t VALUES (77); COMMIT",
  };
  auto callers =
      t.start_many(static_cast<int>(refused.size()) * 2, [&](int n) -> asio::awaitable<void> {
        if (n % 2 == 0) {
          co_await ask_one_of_eight(*t.all, n);
          co_return;
        }
        std::string const& each = refused[static_cast<std::size_t>(n / 2)];
        pqscope::dynamic_sql const text{each};
        try {
          co_await t.all->execute(text);
          FAIL(each + " was carried out");
        } catch (pqscope::usage_error const& failure) {
          REQUIRE(failure.where().line() > 0);
        }
      });
  for (auto& each : callers) {
    each.get();
  }
  CHECK(t.seen.statements().size() == refused.size());
  CHECK(t.seen.connects() == 0);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("literals that concern the session are refused as well") {
  shared_db t;
  CHECK_THROWS_AS(
      t.run([&]() -> asio::awaitable<void> { co_await t.all->execute("SET work_mem = '1MB'"); }),
      pqscope::usage_error);
  CHECK_THROWS_AS(t.run([&]() -> asio::awaitable<void> { co_await t.all->query<int>("FETCH c"); }),
                  pqscope::usage_error);
  t.ensure_usable();
}

TEST_CASE("transactions of others on the pool's connections are not joined") {
  shared_db t{{.connections = 2}, {.max_size = 2}};
  t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await t.all->execute("INSERT INTO t VALUES (2)");
    CHECK(t.here.ids() == texts{"2"});
    throw pqscope::rollback{};
  });
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}
