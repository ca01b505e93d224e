#include <libpq-fe.h>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"
#include "support/scripted_server.hpp"

using namespace pqscope;
using support::shared_table;
using support::watched;
namespace wire = support::wire;

TEST_CASE("a statement of the connection is refused once its transaction was ended natively") {
  watched w;
  {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    PQclear(PQexec(w.conn.native_handle(), "ROLLBACK"));
    CHECK_THROWS_AS(w.conn.execute("INSERT INTO t VALUES (2)"), usage_error);
  }
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a statement of the connection is not carried out after its BEGIN failed") {
  support::scripted_server server;
  connection conn{config::from_url(server.url())};
  server.answer_to("BEGIN",
                   {wire::error_response("ERROR", "0A000", "no") + wire::ready_for_query('I')});
  transaction tx{conn, {.identify = false}};
  CHECK_THROWS_AS(conn.execute("INSERT INTO t VALUES (1)"), feature_not_supported);
  auto const before = conn.round_trips();
  CHECK_THROWS_AS(conn.execute("INSERT INTO t VALUES (2)"), usage_error);
  CHECK(conn.round_trips() == before);
}

TEST_CASE("a script may roll back to a savepoint") {
  watched w;
  transaction tx{w.conn};
  tx.execute_script(dynamic_sql{
      "SAVEPOINT a; INSERT INTO t VALUES (1); ROLLBACK TO a; INSERT INTO t VALUES (2)"});
  tx.commit();
  CHECK(w.rows() == std::vector{2});
  support::ensure_usable(w.conn);
}

TEST_CASE("an error undone by hand is not the first error") {
  watched w;
  transaction tx{w.conn};
  tx.execute("SAVEPOINT a");
  CHECK_THROWS_AS(tx.execute("SELECT 1/0"), division_by_zero);
  tx.execute("ROLLBACK TO SAVEPOINT a");
  CHECK_THROWS_AS(tx.execute("SELECT * FROM nowhere"), undefined_table);
  try {
    tx.commit();
    FAIL("returned");
  } catch (transaction_rolled_back const& told) {
    CHECK(told.sqlstate() == "42P01");
  }
  support::ensure_usable(w.conn);
}

TEST_CASE("what has to come before any query can follow SET and LOCK") {
  shared_table table;
  watched w;
  transaction tx{w.conn};
  tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  tx.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
  tx.execute(dynamic_sql{"LOCK TABLE " + table.name});
  tx.execute("SET TRANSACTION READ ONLY");
  tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  tx.commit();
  support::ensure_usable(w.conn);
}

TEST_CASE("a script that ends the transaction and begins another leaves the connection idle") {
  std::string const script = GENERATE("SELECT 1; COMMIT; BEGIN", "SELECT 1; ROLLBACK; BEGIN",
                                      "SELECT 1; COMMIT AND CHAIN", "SELECT 1; ROLLBACK AND CHAIN");
  CAPTURE(script);
  watched w;
  {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(tx.execute_script(dynamic_sql{script}), usage_error);
  }
  support::ensure_usable(w.conn);
}

TEST_CASE("an unsent statement in a sandbox leaves nothing behind") {
  watched w;
  rolled_back(w.conn, [&](connection& db) {
    db.execute("INSERT INTO t VALUES (1)");
    db.deadline(std::chrono::nanoseconds{0});
    CHECK_THROWS_AS(db.execute("SELECT 1"), deadline_exceeded);
    CHECK_THROWS_AS(db.execute("SELECT 1"), deadline_exceeded);
    db.deadline(std::nullopt);
    w.log.clear();
    db.execute("SELECT 2");
    CHECK(w.log.statements().size() == 3);
  });
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction is not begun on top of one begun natively meanwhile") {
  watched w;
  transaction tx{w.conn};
  PQclear(PQexec(w.conn.native_handle(), "BEGIN"));
  CHECK_THROWS_AS(tx.execute("INSERT INTO t VALUES (1)"), usage_error);
}
