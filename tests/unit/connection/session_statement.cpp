#include <pqscope/connection/planned_statement.hpp>
#include <pqscope/connection/session_statement.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string_view>

using pqscope::detail::concerns_session;
using pqscope::detail::is_planned;

TEST_CASE("statements that are there to change the session are told by their first words") {
  for (std::string_view const text :
       {"SET x = 1", "set local x = 1", "Reset ALL", "LISTEN c", "UNLISTEN *", "DISCARD ALL",
        "DEALLOCATE ALL", "PREPARE p AS SELECT 1", "EXECUTE p", "DECLARE c CURSOR FOR SELECT 1",
        "FETCH c", "MOVE c", "CLOSE c", "LOAD 'auto_explain'"}) {
    INFO(text);
    CHECK(concerns_session(text));
    CHECK_FALSE(is_planned(text));
  }
}

TEST_CASE("temporary objects concern the session, in whatever words they are made") {
  for (std::string_view const text :
       {"CREATE TEMP TABLE t (a int)", "create temporary table t (a int)",
        "CREATE LOCAL TEMP TABLE t (a int)", "CREATE GLOBAL TEMPORARY TABLE t (a int)",
        "CREATE OR REPLACE TEMP VIEW v AS SELECT 1", "CREATE TEMP SEQUENCE s",
        "CREATE /* of mine */ TEMP TABLE t (a int)",
        "CREATE TEMP RECURSIVE VIEW v (n) AS SELECT 1"}) {
    INFO(text);
    CHECK(concerns_session(text));
  }
  for (std::string_view const text :
       {"CREATE TABLE temp (a int)", "CREATE UNLOGGED TABLE t (a int)",
        "CREATE VIEW temporary AS SELECT 1",
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE \"temp\" TABLE t (a int)", "CREATE", "CREATE OR REPLACE"}) {
    INFO(text);
    CHECK_FALSE(concerns_session(text));
  }
}

TEST_CASE("comments, parentheses and empty statements before a statement hide nothing") {
  for (std::string_view const text :
       {"/* SELECT */ SET x = 1", "-- SELECT\nSET x = 1", "/* a /* b */ c */\n\t SET x = 1",
        "; SET x = 1", "/**/;;-- \n;SET x = 1"}) {
    INFO(text);
    CHECK(concerns_session(text));
  }
  for (std::string_view const text :
       {"/* SET */ SELECT 1", "-- SET\nSELECT 1", "(SELECT 1)", "((SELECT 1) UNION (SELECT 2))",
        "( /* SET */ (VALUES (1)))"}) {
    INFO(text);
    CHECK(is_planned(text));
    CHECK_FALSE(concerns_session(text));
  }
}

TEST_CASE("statements that are planned are told by their first word, whole and not quoted") {
  for (std::string_view const text :
       {"SELECT 1", "select 1", "SeLeCt 1", "INSERT INTO t VALUES (1)", "UPDATE t SET a = 1",
        "DELETE FROM t", "WITH a AS (SELECT 1) SELECT * FROM a", "VALUES (1)",
        "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", "TABLE t", "SELECT",
        "\n\t SELECT 1"}) {
    INFO(text);
    CHECK(is_planned(text));
    CHECK_FALSE(concerns_session(text));
  }
  for (std::string_view const text : {"",
                                      " ",
                                      ";",
                                      "()",
                                      "-- SELECT 1",
                                      "/* SELECT 1 */",
                                      "'SELECT'",
                                      "\"SELECT\" 1",
                                      "\"set\"",
                                      "$$SET$$",
                                      "selection",
                                      "settle",
                                      "sets",
                                      "1",
                                      "VACUUM t",
                                      "EXPLAIN SELECT 1",
                                      "SHOW x",
                                      "CALL p()",
                                      "DO 'BEGIN END'",
                                      "ALTER TABLE t ADD b int",
                                      "DROP TABLE t",
                                      "NOTIFY c",
                                      "REFRESH MATERIALIZED VIEW v",
                                      "/* unfinished SET",
                                      "'unfinished SET"}) {
    INFO(text);
    CHECK_FALSE(is_planned(text));
    CHECK_FALSE(concerns_session(text));
  }
}

static_assert(is_planned("SELECT 1") && concerns_session("SET x = 1"));
