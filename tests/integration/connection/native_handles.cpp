#include <libpq-fe.h>

#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/transaction/transaction.hpp>

#include <memory>
#include <string>
#include <utility>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::connection_status;
using pqscope::usage_error;

namespace {

struct finisher {
  void operator()(PGconn* open) const noexcept { PQfinish(open); }
};
using native = std::unique_ptr<PGconn, finisher>;

/// The answer of plain, blocking libpq.
std::string ask(PGconn* open, char const* sql) {
  PGresult* const answer = PQexec(open, sql);
  std::string value = PQntuples(answer) == 1 ? PQgetvalue(answer, 0, 0) : PQcmdStatus(answer);
  PQclear(answer);
  return value;
}

}  // namespace

TEST_CASE("a connection that libpq opened is adopted, used and closed") {
  support::witness outside;
  native open{PQconnectdb(support::test_url().c_str())};
  int const pid = PQbackendPID(open.get());
  {
    connection db = connection::adopt(open.release());
    CHECK(db.backend_pid() == pid);
    CHECK(db.status() == connection_status::idle);
    CHECK(db.target() == nullptr);
    db.execute("CREATE TEMP TABLE t AS SELECT 1 AS n");
    support::ensure_usable(db);
  }
  CHECK(outside.number("SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state <> 'idle'",
                       {std::to_string(pid)}) == 0);
}

TEST_CASE("a connection is adopted in the transaction it is in") {
  native open{PQconnectdb(support::test_url().c_str())};
  ask(open.get(), "BEGIN");
  connection db = connection::adopt(open.release());
  CHECK(db.status() == connection_status::in_transaction);
  db.execute("COMMIT");
  support::ensure_usable(db);
}

TEST_CASE("what is not open cannot be adopted, and stays the caller's") {
  CHECK_THROWS_AS(connection::adopt(nullptr), usage_error);
  native const bad{PQconnectdb("host=127.0.0.1 port=1")};
  CHECK_THROWS_AS(connection::adopt(bad.get()), usage_error);
  CHECK(PQstatus(bad.get()) == CONNECTION_BAD);
}

TEST_CASE("a released connection goes on with plain libpq") {
  connection db{support::test_config()};
  db.on_notice([](pqscope::diagnostics const&) { FAIL("this handler is gone"); });
  int const pid = db.backend_pid();
  db.execute("CREATE TEMP TABLE t AS SELECT 7 AS n");
  native const open{std::move(db).release()};
  REQUIRE(open);
  CHECK(db.status() == connection_status::closed);  // NOLINT: that is the point
  CHECK_THROWS_AS(db.execute("SELECT 1"), pqscope::connection_closed);
  CHECK(PQbackendPID(open.get()) == pid);
  CHECK(PQisnonblocking(open.get()) == 0);
  CHECK(ask(open.get(), "SELECT n FROM t") == "7");
  ask(open.get(), "DO $$ BEGIN RAISE NOTICE 'unheard'; END $$");
}

TEST_CASE("a connection goes to and fro") {
  connection db{support::test_config()};
  for (int i = 0; i < 3; ++i) {
    db = connection::adopt(std::move(db).release());
    CHECK(db.query<int>("SELECT $1::int4", i).one() == i);
  }
  support::ensure_usable(db);
}

TEST_CASE("a connection with a transaction alive on it is not released") {
  connection db{support::test_config()};
  {
    pqscope::transaction tx{db};
    CHECK_THROWS_AS(std::move(db).release(), usage_error);
    tx.execute("SELECT 1");
    CHECK_THROWS_AS(std::move(db).release(), usage_error);
    tx.commit();
  }
  support::ensure_usable(db);
}

TEST_CASE("what is done by the native handle is seen in the status") {
  connection db{support::test_config()};
  PGconn* const open = db.native_handle();
  REQUIRE(open != nullptr);
  CHECK(PQserverVersion(open) == db.server_version());
  CHECK(ask(open, "BEGIN") == "BEGIN");
  CHECK(db.status() == connection_status::in_transaction);
  ask(open, "SELECT 1/0");
  CHECK(db.status() == connection_status::in_failed_transaction);
  CHECK(PQsendQuery(open, "ROLLBACK") == 1);
  CHECK(db.status() == connection_status::busy);
  while (PGresult* const rest = PQgetResult(open)) {
    PQclear(rest);
  }
  CHECK(db.status() == connection_status::idle);
  support::ensure_usable(db);
}

TEST_CASE("a statement sent by the native handle and not read keeps others out") {
  connection db{support::test_config()};
  PGconn* const open = db.native_handle();
  CHECK(PQsendQuery(open, "SELECT 1") == 1);
  CHECK(db.status() == connection_status::busy);
  CHECK_THROWS_AS(db.execute("SELECT 2"), pqscope::connection_busy);
  while (PGresult* const rest = PQgetResult(open)) {
    PQclear(rest);
  }
  support::ensure_usable(db);
}
