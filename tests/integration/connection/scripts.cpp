#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <string>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::connection_status;
using pqscope::dynamic_sql;
using pqscope::usage_error;

TEST_CASE("a script runs all its statements in one round trip") {
  connection db{support::test_config()};
  auto const before = db.round_trips();
  db.execute_script(
      dynamic_sql{"CREATE TEMP TABLE t (n integer); INSERT INTO t VALUES (1), (2);"
                  " SELECT * FROM t; -- done\n"});
  CHECK(db.round_trips() == before + 1);
  CHECK(db.query<std::int64_t>("SELECT count(*) FROM t").one() == 2);
  support::ensure_usable(db);
}

TEST_CASE("a script that fails does nothing") {
  connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE t (n integer)");
  CHECK_THROWS_AS(db.execute_script(dynamic_sql{"INSERT INTO t VALUES (1); SELECT 1/0;"
                                                " INSERT INTO t VALUES (2)"}),
                  pqscope::division_by_zero);
  CHECK(db.query<std::int64_t>("SELECT count(*) FROM t").one() == 0);
  support::ensure_usable(db);
}

TEST_CASE("a script may be empty") {
  connection db{support::test_config()};
  CHECK_NOTHROW(db.execute_script(dynamic_sql{""}));
  CHECK_NOTHROW(db.execute_script(dynamic_sql{" ; ;; -- nothing"}));
  support::ensure_usable(db);
}

TEST_CASE("a script may hold transactions of its own") {
  connection db{support::test_config()};
  db.execute_script(
      dynamic_sql{"CREATE TEMP TABLE t (n integer); BEGIN; INSERT INTO t VALUES (1);"
                  " COMMIT; BEGIN; INSERT INTO t VALUES (2); ROLLBACK"});
  CHECK(db.query<std::int64_t>("SELECT count(*) FROM t").one() == 1);
  CHECK(db.status() == connection_status::idle);
  support::ensure_usable(db);
}

TEST_CASE("an error of a script has its text, position and call") {
  connection db{support::test_config()};
  try {
    db.execute_script(dynamic_sql{"SELECT 1;\nSELECT nonsense"});
    FAIL("it ran");
  } catch (pqscope::undefined_column const& failure) {
    CHECK(failure.sql() == "SELECT 1;\nSELECT nonsense");
    CHECK(failure.position() == 18);
    CHECK(failure.where().line() == __LINE__ - 5);
  }
  support::ensure_usable(db);
}

TEST_CASE("several statements are refused where one is asked for") {
  connection db{support::test_config()};
  CHECK_THROWS_AS(db.execute(dynamic_sql{"SELECT 1; SELECT 2"}), pqscope::syntax_error);
  CHECK_THROWS_AS(db.query<int>(dynamic_sql{"SELECT 1; SELECT 2"}), pqscope::syntax_error);
  CHECK_NOTHROW(db.execute(dynamic_sql{"SELECT 1;"}));
  support::ensure_usable(db);
}

TEST_CASE("a COPY is refused where it has no place, and leaves the connection usable") {
  connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE t (n integer)");
  CHECK_THROWS_AS(db.execute("COPY t FROM STDIN"), usage_error);
  CHECK(db.status() == connection_status::idle);
  CHECK_THROWS_AS(db.execute("COPY t TO STDOUT"), usage_error);
  CHECK(db.status() == connection_status::idle);
  CHECK_THROWS_AS(db.query<int>("COPY t TO STDOUT"), usage_error);
  CHECK_THROWS_AS(db.execute("COPY (SELECT generate_series(1, 100000)) TO STDOUT"), usage_error);
  CHECK_THROWS_AS(db.execute_script(dynamic_sql{"SELECT 1; COPY t FROM STDIN; SELECT 2"}),
                  usage_error);
  CHECK_THROWS_AS(db.execute_script(dynamic_sql{"COPY t TO STDOUT; SELECT 2"}), usage_error);
  CHECK(db.status() == connection_status::idle);
  db.execute("BEGIN");
  CHECK_THROWS_AS(db.execute("COPY t TO STDOUT"), usage_error);
  CHECK(db.status() == connection_status::in_transaction);
  CHECK_THROWS_AS(db.execute("COPY t FROM STDIN"), usage_error);
  CHECK(db.status() == connection_status::in_failed_transaction);
  db.execute("ROLLBACK");
  support::ensure_usable(db);
}

TEST_CASE("a COPY that the server refuses is the server's error") {
  connection db{support::test_config()};
  CHECK_THROWS_AS(db.execute("COPY no_such_table_anywhere FROM STDIN"), pqscope::undefined_table);
  support::ensure_usable(db);
}
