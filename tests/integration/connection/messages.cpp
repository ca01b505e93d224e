#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

#include <cstdint>
#include <string>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::dynamic_sql;
using pqscope::identifier;
using pqscope::server_error;

namespace {

/// The error that `work` ends in.
template <class Work>
server_error error_of(Work work) {
  try {
    work();
  } catch (server_error const& failure) {
    return failure;
  }
  FAIL("it succeeded");
  throw 0;
}

std::string before_call_site(server_error const& failure) {
  std::string const said = failure.what();
  return said.substr(0, said.find("\n  at "));
}

}  // namespace

TEST_CASE("the place of the call is in the error, for every form of SQL") {
  connection db{support::test_config()};
  std::uint_least32_t const line = __LINE__;
  auto const literal = error_of([&] { db.execute("SELECT nonsense"); });
  auto const typed = error_of([&] { static_cast<void>(db.query<int>("SELECT nonsense")); });
  auto const with_values = error_of([&] { db.execute("SELECT nonsense + $1", 1); });
  auto const dynamic = error_of([&] { db.execute(dynamic_sql{"SELECT nonsense"}); });
  auto const composed =
      error_of([&] { db.execute(pqscope::compose("SELECT {}", identifier{"nonsense"})); });
  auto const script = error_of([&] { db.execute_script(dynamic_sql{"SELECT nonsense"}); });
  CHECK(literal.where().line() == line + 1);
  CHECK(typed.where().line() == line + 2);
  CHECK(with_values.where().line() == line + 3);
  CHECK(dynamic.where().line() == line + 4);
  CHECK(composed.where().line() == line + 6);
  CHECK(script.where().line() == line + 7);
  for (auto const* each : {&literal, &typed, &with_values, &dynamic, &composed, &script}) {
    std::string const place = "messages.cpp:" + std::to_string(each->where().line());
    CHECK(std::string{each->what()}.find(place) != std::string::npos);
    CHECK(each->sqlstate() == "42703");
    CHECK(each->condition() == "undefined_column");
  }
  support::ensure_usable(db);
}

TEST_CASE("a message shows the statement with a caret under the error") {
  connection db{support::test_config()};
  CHECK(before_call_site(error_of([&] { db.execute("SELECT nonsense FROM pg_class"); })) ==
        "column \"nonsense\" does not exist (SQLSTATE 42703 undefined_column)\n"
        "  SELECT nonsense FROM pg_class\n"
        "         ^");
  CHECK(before_call_site(error_of([&] { db.execute(dynamic_sql{"SELECT 1,\n  'ä', oops"}); })) ==
        "column \"oops\" does not exist (SQLSTATE 42703 undefined_column)\n"
        "  line 2:   'ä', oops\n"
        "                 ^");
  support::ensure_usable(db);
}

TEST_CASE("a message without a position shows the beginning of the statement and the hint") {
  connection db{support::test_config()};
  CHECK(before_call_site(error_of([&] { db.execute("SELECT 1/0"); })) ==
        "division by zero (SQLSTATE 22012 division_by_zero)\n  SELECT 1/0");
  auto const hinted = error_of([&] {
    db.execute(
        "DO $$ BEGIN RAISE EXCEPTION 'oh' USING HINT = 'try again', DETAIL = 'a ' || 'value'; END "
        "$$");
  });
  CHECK(before_call_site(hinted).find("hint: try again") != std::string::npos);
  CHECK(std::string{hinted.what()}.find("a value") == std::string::npos);
  CHECK(hinted.detail() == "a value");
  support::ensure_usable(db);
}

TEST_CASE("no parameter value is in a message") {
  connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE t (n text PRIMARY KEY, k integer CHECK (k > 0))");
  db.execute("INSERT INTO t VALUES ($1, 1)", "hush-hush");
  auto const twice = error_of([&] { db.execute("INSERT INTO t VALUES ($1, 1)", "hush-hush"); });
  auto const checked =
      error_of([&] { db.execute("INSERT INTO t VALUES ($1, $2)", "hush-hush", -77); });
  auto const input = error_of([&] { db.execute("SELECT $1::text::int4", "hush-hush"); });
  auto const bound = error_of([&] { db.execute("SELECT $1::int4 + 1", "hush-hush"); });
  for (auto const* each : {&twice, &checked, &input, &bound}) {
    CAPTURE(each->what());
    CHECK(std::string{each->what()}.find("hush-hush") == std::string::npos);
    CHECK(std::string{each->what()}.find("-77") == std::string::npos);
  }
  CHECK(twice.violates("t_pkey"));
  CHECK(checked.violates("t_k_check"));
  support::ensure_usable(db);
}

TEST_CASE("an error has every field the server sent") {
  connection db{support::test_config()};
  auto const failure = error_of([&] {
    db.execute(
        "DO $$ BEGIN RAISE EXCEPTION 'oh' USING ERRCODE = '23505', DETAIL = 'd', HINT = 'h',"
        " SCHEMA = 's', TABLE = 't', COLUMN = 'c', CONSTRAINT = 'k', DATATYPE = 'y'; END $$");
  });
  CHECK(failure.severity() == "ERROR");
  CHECK(failure.message() == "oh");
  CHECK(failure.detail() == "d");
  CHECK(failure.hint() == "h");
  CHECK(failure.schema_name() == "s");
  CHECK(failure.table_name() == "t");
  CHECK(failure.column_name() == "c");
  CHECK(failure.constraint_name() == "k");
  CHECK(failure.data_type_name() == "y");
  CHECK(failure.context().find("PL/pgSQL") != std::string::npos);
  CHECK_FALSE(failure.source_file().empty());
  CHECK(failure.source_line() > 0);
  CHECK_THROWS_AS(db.execute("DO $$ BEGIN RAISE unique_violation; END $$"),
                  pqscope::unique_violation);
  support::ensure_usable(db);
}

TEST_CASE("an error within a function shows the function's statement") {
  connection db{support::test_config()};
  db.execute(
      "CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN EXECUTE "
      "'SELECT nonsense'; END $$");
  auto const failure = error_of([&] { db.execute("SELECT pg_temp.f()"); });
  CHECK(failure.internal_query() == "SELECT nonsense");
  CHECK(failure.internal_position() == 8);
  CHECK(failure.sql() == "SELECT pg_temp.f()");
  CHECK(std::string{failure.what()}.find("SELECT nonsense\n           ^") != std::string::npos);
  support::ensure_usable(db);
}
