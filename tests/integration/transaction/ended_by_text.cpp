#include <libpq-fe.h>
#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection_status;
using pqscope::dynamic_sql;
using pqscope::savepoint;
using pqscope::transaction;
using pqscope::usage_error;
using support::watched;

namespace {

// Runs a statement by libpq itself, behind the back of everything.
void run_natively(pqscope::connection& on, char const* sql) {
  PGresult* const result = PQexec(on.native_handle(), sql);
  REQUIRE(PQresultStatus(result) == PGRES_COMMAND_OK);
  PQclear(result);
}

}  // namespace

TEST_CASE("SQL text that would end the transaction is refused, and the transaction goes on") {
  std::string const text =
      GENERATE("COMMIT", "commit work", "END", "end transaction", "ABORT", "ROLLBACK", "rollback;",
               "/* x */ commit", "-- x\nCOMMIT", "/* /* nested */ */END", ";; COMMIT",
               "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "ABORT WORK", "PREPARE TRANSACTION 'x'",
               "\tcOmMiT", "BEGIN", "START TRANSACTION READ ONLY");
  CAPTURE(text);
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  auto const before = w.log.round_trips();
  CHECK_THROWS_AS(tx.execute(dynamic_sql{text}), usage_error);
  CHECK_THROWS_AS(w.conn.execute(dynamic_sql{text}), usage_error);
  CHECK_THROWS_AS(tx.execute_script(dynamic_sql{text}), usage_error);
  {
    savepoint inner{tx};
    CHECK_THROWS_AS(inner.execute(dynamic_sql{text}), usage_error);
  }
  CHECK(w.log.round_trips() == before);
  CHECK(w.conn.status() == connection_status::in_transaction);
  tx.execute("INSERT INTO t VALUES (2)");
  tx.commit();
  CHECK(w.rows() == std::vector{1, 2});
  support::ensure_usable(w.conn);
}

TEST_CASE("a literal that would end the transaction is refused as well") {
  watched w;
  transaction tx{w.conn};
  CHECK_THROWS_AS(tx.execute("COMMIT"), usage_error);
  CHECK_THROWS_AS(tx.execute("ROLLBACK"), usage_error);
  CHECK(w.log.round_trips() == 0);
  tx.execute("INSERT INTO t VALUES (1)");
  tx.commit();
  CHECK(w.rows() == std::vector{1});
}

TEST_CASE("a script that ends the transaction behind its first statement does not go unnoticed") {
  std::string const script = GENERATE("SELECT 1; COMMIT", "SELECT 1; ROLLBACK",
                                      "INSERT INTO t VALUES (2); END; INSERT INTO t VALUES (3)");
  CAPTURE(script);
  watched w;
  {
    transaction tx{w.conn};
    tx.execute("SELECT 1");
    CHECK_THROWS_AS(tx.execute_script(dynamic_sql{script}), usage_error);
  }
  CHECK(w.log.transactions() != std::vector{pqscope::transaction_end::committed});
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction ended through the native handle refuses its next statement unsent") {
  char const* const end = GENERATE("COMMIT", "ROLLBACK");
  CAPTURE(end);
  watched w;
  int called = 0;
  {
    transaction tx{w.conn};
    tx.after_commit([&] { ++called; });
    tx.execute("INSERT INTO t VALUES (1)");
    run_natively(w.conn, end);
    auto const before = w.log.round_trips();
    CHECK_THROWS_AS(tx.execute("INSERT INTO t VALUES (2)"), usage_error);
    CHECK_THROWS_AS(tx.commit(), usage_error);
    CHECK_THROWS_AS(tx.rollback(), usage_error);
    CHECK_FALSE(tx.is_active());
    CHECK(w.log.round_trips() == before);
  }
  CHECK(called == 0);
  CHECK(w.rows() == (std::string{end} == "COMMIT" ? std::vector{1} : std::vector<int>{}));
  CHECK(w.log.notices().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction ended through the native handle cannot be said to have committed") {
  watched w;
  int called = 0;
  SECTION("by the transaction itself") {
    transaction tx{w.conn};
    tx.after_commit([&] { ++called; });
    tx.execute("INSERT INTO t VALUES (1)");
    run_natively(w.conn, "ROLLBACK");
    CHECK_THROWS_AS(tx.commit(), usage_error);
  }
  SECTION("by a savepoint in it") {
    transaction tx{w.conn};
    savepoint inner{tx};
    inner.after_commit([&] { ++called; });
    inner.execute("INSERT INTO t VALUES (1)");
    run_natively(w.conn, "ROLLBACK");
    CHECK_THROWS_AS(inner.commit(), usage_error);
    CHECK_THROWS_AS(tx.commit(), usage_error);
  }
  SECTION("by the destructor, which sends nothing") {
    {
      transaction tx{w.conn};
      tx.execute("INSERT INTO t VALUES (1)");
      run_natively(w.conn, "ROLLBACK");
    }
    CHECK(w.log.round_trips() == 1);
  }
  SECTION("by with_session") {
    CHECK_THROWS_AS(pqscope::with_session(w.conn,
                                          [&](pqscope::session& s) {
                                            s.after_commit([&] { ++called; });
                                            s.execute("INSERT INTO t VALUES (1)");
                                            run_natively(w.conn, "ROLLBACK");
                                          }),
                    usage_error);
  }
  SECTION("by preparing it") {
    transaction tx{w.conn};
    tx.execute("SELECT 1");
    run_natively(w.conn, "ROLLBACK");
    CHECK_THROWS_AS(tx.prepare(support::unique_name("gid")), usage_error);
  }
  CHECK(called == 0);
  CHECK(w.rows().empty());
  CHECK(w.log.notices().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction cannot begin while one begun by hand is open") {
  watched w;
  bool const natively = GENERATE(false, true);
  bool const failed = GENERATE(false, true);
  if (natively) {
    run_natively(w.conn, "BEGIN");
  } else {
    w.conn.execute("BEGIN");
  }
  w.conn.execute("INSERT INTO t VALUES (1)");
  if (failed) {
    CHECK_THROWS_AS(w.conn.execute("SELECT 1/0"), pqscope::division_by_zero);
  }
  auto const before = w.log.round_trips();
  CHECK_THROWS_AS(transaction{w.conn}, usage_error);
  CHECK_THROWS_AS(pqscope::with_session(w.conn, [](pqscope::session& s) { s.execute("SELECT 1"); }),
                  usage_error);
  CHECK(w.log.round_trips() == before);
  w.conn.execute("COMMIT");
  CHECK(w.rows() == (failed ? std::vector<int>{} : std::vector{1}));
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (2)");
  tx.commit();
  support::ensure_usable(w.conn);
}
