#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/testing/temporary_cluster.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"
#include "support/pgbouncer.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::dynamic_sql;
using pqscope::session;
using pqscope::with_session;
using support::pgbouncer;
using support::witness;
using texts = std::vector<std::string>;

#define SKIP_WITHOUT_PGBOUNCER()   \
  if (!pgbouncer::available()) {   \
    SKIP("there is no PgBouncer"); \
  }

namespace {

/// A table that everybody sees, dropped at the end.
struct table {
  std::string name = support::unique_name("pooled");
  witness outside;

  table() { outside.execute("CREATE TABLE " + name + " (n int PRIMARY KEY)"); }
  table(table const&) = delete;
  table& operator=(table const&) = delete;
  ~table() { outside.execute("DROP TABLE " + name); }

  dynamic_sql insert(int n) const {
    return dynamic_sql{"INSERT INTO " + name + " VALUES (" + std::to_string(n) + ")"};
  }
  texts rows() { return outside.column("SELECT n FROM " + name + " ORDER BY n"); }
};

/// The number of the server process that works for it; `backend_pid()` is PgBouncer's invention.
int server_process(auto& db) {
  return db.template query<int>("SELECT pg_backend_pid()").one();
}

bool sleeping(std::string const& mark) {
  return witness{}.number(
             "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE "
             "'%' || $1 || '%'",
             {mark}) == 1;
}

}  // namespace

TEST_CASE("behind PgBouncer, with_session commits and rolls back") {
  SKIP_WITHOUT_PGBOUNCER();
  pgbouncer const bouncer{support::test_config()};
  CHECK(bouncer.version().find('.') != std::string::npos);
  table t;
  pqscope::config const db = bouncer.config();
  CHECK(with_session(db, [&](session& s) {
          s.execute(t.insert(1));
          return s.query<int>("SELECT $1::int4 + 1", 41).one();
        }) == 42);
  CHECK(t.rows() == texts{"1"});

  CHECK_THROWS_AS(with_session(db,
                               [&](session& s) {
                                 s.execute(t.insert(2));
                                 throw std::runtime_error("no");
                               }),
                  std::runtime_error);
  with_session(db, [&](session& s) {
    s.execute(t.insert(3));
    throw pqscope::rollback{};
  });
  CHECK_THROWS_AS(with_session(db, [&](session& s) { s.execute(t.insert(1)); }),
                  pqscope::unique_violation);
  with_session(db, [&](session& s) {
    s.execute(t.insert(4));
    CHECK_THROWS_AS(with_session(s, [&](session& n) { n.execute(t.insert(1)); }),
                    pqscope::unique_violation);
    with_session(s, [&](session& n) { n.execute(t.insert(5)); });
  });
  CHECK(t.rows() == texts{"1", "4", "5"});
}

TEST_CASE("behind PgBouncer, BEGIN rides with the first statement") {
  SKIP_WITHOUT_PGBOUNCER();
  pgbouncer const bouncer{support::test_config()};
  table t;
  pqscope::testing::recorder seen;
  connection db{bouncer.config(), {.observer = &seen, .statement_cache = 0}};
  with_session(db, {.isolation = pqscope::isolation::serializable}, [&](session& s) {
    s.execute(t.insert(1));
    CHECK(seen.round_trips() == 1);
    CHECK(s.query<std::string>("SHOW transaction_isolation").one() == "serializable");
  });
  CHECK(seen.round_trips() == 3);
  CHECK(seen.statements() == texts{"BEGIN ISOLATION LEVEL SERIALIZABLE",
                                   std::string(t.insert(1).text()), "SHOW transaction_isolation",
                                   "COMMIT"});
  CHECK(t.rows() == texts{"1"});
  support::ensure_usable(db);
}

TEST_CASE("two clients of one server connection take turns by transaction") {
  SKIP_WITHOUT_PGBOUNCER();
  pgbouncer const bouncer{support::test_config(), {.pool_size = 1}};
  table t;
  connection first{bouncer.config().with("application_name", "first"), {.statement_cache = 0}};
  connection second{bouncer.config().with("application_name", "second"), {.statement_cache = 0}};
  int const process = server_process(first);
  for (int round = 0; round < 5; ++round) {
    with_session(first, [&](session& s) {
      s.execute(t.insert(2 * round));
      CHECK(s.query<std::string>("SHOW application_name").one() == "first");
      CHECK(server_process(s) == process);
    });
    with_session(second, [&](session& s) {
      s.execute(t.insert(2 * round + 1));
      CHECK(s.query<std::string>("SHOW application_name").one() == "second");
      CHECK(server_process(s) == process);
      throw pqscope::rollback{};
    });
  }
  CHECK(t.rows() == texts{"0", "2", "4", "6", "8"});
  support::ensure_usable(first);
  support::ensure_usable(second);
}

TEST_CASE("a client waits while another's transaction has the only server connection") {
  SKIP_WITHOUT_PGBOUNCER();
  pgbouncer const bouncer{support::test_config(), {.pool_size = 1}};
  table t;
  connection first{bouncer.config(), {.statement_cache = 0}};
  connection second{bouncer.config(), {.statement_cache = 0}};
  pqscope::transaction open{first};
  open.execute(t.insert(1));
  std::thread other{[&] {
    with_session(second, [&](session& s) {
      CHECK(s.query<std::int64_t>(dynamic_sql{"SELECT count(*) FROM " + t.name}).one() == 1);
      s.execute(t.insert(2));
    });
  }};
  CHECK(support::eventually([&] { return bouncer.waiting() == 1; }));
  CHECK(t.rows().empty());
  open.execute(t.insert(3));
  open.execute(dynamic_sql{"DELETE FROM " + t.name + " WHERE n = 3"});
  open.commit();
  other.join();
  CHECK(t.rows() == texts{"1", "2"});
  support::ensure_usable(first);
  support::ensure_usable(second);
}

TEST_CASE("a deadline ends the wait for PgBouncer's server connection") {
  SKIP_WITHOUT_PGBOUNCER();
  pgbouncer const bouncer{support::test_config(), {.pool_size = 1}};
  connection first{bouncer.config(), {.statement_cache = 0}};
  connection second{bouncer.config(), {.statement_cache = 0}};
  pqscope::transaction open{first};
  open.execute("SELECT 1");
  second.deadline(100ms);
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(second.execute("SELECT 1"), pqscope::deadline_exceeded);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  // PgBouncer 1.18 to 1.24 do not cancel a client that waits: the connection was given up.
  CHECK(second.status() != pqscope::connection_status::busy);
  second.close();
  // PgBouncer looks at a client that waits when its turn comes.
  open.commit();
  CHECK(support::eventually([&] { return bouncer.waiting() == 0; }));
  support::ensure_usable(first);
}

TEST_CASE("a cancel reaches the statement through PgBouncer, and no other client's") {
  SKIP_WITHOUT_PGBOUNCER();
  pgbouncer const bouncer{support::test_config(), {.pool_size = 2}};
  connection db{bouncer.config(), {.statement_cache = 0}};
  connection bystander{bouncer.config(), {.statement_cache = 0}};
  std::string const mark = support::unique_name("cancelled");
  pqscope::transaction open{bystander};
  open.execute("SELECT 1");
  std::thread other{[&] {
    CHECK(support::eventually([&] { return sleeping(mark); }));
    CHECK(db.canceller().cancel());
  }};
  CHECK_THROWS_AS(db.execute(dynamic_sql{"SELECT pg_sleep(30) AS " + mark}),
                  pqscope::query_canceled);
  other.join();
  CHECK_NOTHROW(open.execute("SELECT 1"));
  open.commit();

  db.deadline(100ms);
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), pqscope::deadline_exceeded);
  support::ensure_usable(db);
  support::ensure_usable(bystander);
}

TEST_CASE(
    "PgBouncer's other modes: a session keeps its server connection, a statement no transaction") {
  SKIP_WITHOUT_PGBOUNCER();
  pgbouncer const by_session{support::test_config(), {.mode = "session", .pool_size = 2}};
  connection first{by_session.config()};
  connection second{by_session.config()};
  first.execute("CREATE TEMP TABLE kept AS SELECT 7 AS n");
  CHECK(server_process(second) != server_process(first));
  CHECK(with_session(first, [](session& s) { return s.query<int>("SELECT n FROM kept").one(); }) ==
        7);
  support::ensure_usable(first);

  pgbouncer const by_statement{support::test_config(), {.mode = "statement"}};
  connection db{by_statement.config(), {.deadline = 20s, .statement_cache = 0}};
  support::ensure_usable(db);
  try {
    with_session(db, [](session& s) { s.execute("SELECT 1"); });
    FAIL("it was in a transaction");
  } catch (pqscope::deadline_exceeded const&) {
    FAIL("it hung");
  } catch (pqscope::error const& failure) {
    CHECK_FALSE(failure.connection_usable());
  }
}

TEST_CASE("a server restarted behind PgBouncer costs the open transaction, and no hang") {
  SKIP_WITHOUT_PGBOUNCER();
  using pqscope::testing::shutdown_mode;
  pqscope::testing::temporary_cluster server;
  pgbouncer const bouncer{server.config(), {.pool_size = 2}};
  witness(server.url()).execute("CREATE TABLE t (n int)");
  for (shutdown_mode const mode : {shutdown_mode::fast, shutdown_mode::immediate}) {
    connection idle{bouncer.config(), {.deadline = 20s, .statement_cache = 0}};
    connection db{bouncer.config(), {.deadline = 20s, .statement_cache = 0}};
    idle.execute("SELECT 1");
    try {
      with_session(db, [&](session& s) {
        s.execute("INSERT INTO t VALUES (1)");
        server.restart(mode);
        s.execute("INSERT INTO t VALUES (2)");
      });
      FAIL("it committed");
    } catch (pqscope::deadline_exceeded const&) {
      FAIL("it hung");
    } catch (pqscope::error const& failure) {
      CHECK_FALSE(failure.connection_usable());
    }
    CHECK(db.status() == pqscope::connection_status::broken);
    // It had no server connection to lose.
    CHECK(idle.query<std::int64_t>("SELECT count(*) FROM t").one() == 0);
    support::ensure_usable(idle);
  }

  connection waiting{bouncer.config(), {.deadline = 20s, .statement_cache = 0}};
  waiting.execute("SELECT 1");
  std::thread other{[&] {
    CHECK(support::eventually([&] {
      return witness(server.url())
                 .number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 1;
    }));
    server.restart(shutdown_mode::immediate);
  }};
  try {
    waiting.execute("SELECT pg_sleep(60)");
    FAIL("it slept");
  } catch (pqscope::deadline_exceeded const&) {
    FAIL("it hung");
  } catch (pqscope::error const& failure) {
    CHECK_FALSE(failure.connection_usable());
  }
  other.join();
}

TEST_CASE(
    "a PgBouncer that dies is a lost connection, and with_session can go on when it is back") {
  SKIP_WITHOUT_PGBOUNCER();
  pgbouncer bouncer{support::test_config()};
  table t;
  connection db{bouncer.config(), {.statement_cache = 0}};
  db.execute("SELECT 1");
  bouncer.stop();
  CHECK_THROWS_AS(db.execute("SELECT 1"), pqscope::connection_lost);
  bouncer.start();

  int runs = 0;
  with_session(bouncer.config(), {.retry = {.attempts = 3}}, [&](session& s) {
    s.execute(t.insert(1));
    if (++runs == 1) {
      bouncer.stop();
      bouncer.start();
    }
    s.execute(t.insert(2));
  });
  CHECK(runs == 2);
  CHECK(t.rows() == texts{"1", "2"});
}
