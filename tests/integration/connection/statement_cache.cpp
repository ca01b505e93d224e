#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::dynamic_sql;

namespace {

/// Texts of what is prepared on the server, without this question and that for transaction ids.
std::vector<std::string> prepared(connection& on) {
  static int asked = 0;  // a text that is seen once is not prepared
  std::vector<std::string> texts;
  auto const found = on.execute(
      dynamic_sql{"/*" + std::to_string(++asked) +
                  "*/ SELECT statement FROM pg_prepared_statements WHERE name LIKE 'pqscope\\_%' "
                  "AND statement NOT LIKE '%pg_current_xact_id%' ORDER BY prepare_time, name"});
  for (auto row : found) {
    texts.emplace_back(row[0].text());
  }
  std::erase_if(texts, [](std::string const& each) {
    return each.find("pg_prepared_statements") != std::string::npos;
  });
  return texts;
}

}  // namespace

TEST_CASE("a statement is prepared with its first execution, in one round trip, and reused") {
  pqscope::testing::recorder watcher;
  connection conn{support::test_config(), {.observer = &watcher}};
  for (int i = 0; i < 5; ++i) {
    CHECK(conn.query<int>("SELECT $1::int4 + 1", i).one() == i + 1);
  }
  CHECK(watcher.round_trips() == 5);
  CHECK(watcher.statements() == std::vector<std::string>(5, "SELECT $1::int4 + 1"));
  CHECK(prepared(conn) == std::vector<std::string>{"SELECT $1::int4 + 1"});
  support::ensure_usable(conn);
}

TEST_CASE("the same text with other parameter types is another statement") {
  connection conn{support::test_config()};
  auto const type = [&](auto const& value) {
    return conn.query<std::string>("SELECT pg_typeof($1)::text", value).one();
  };
  CHECK(type(1) == "integer");
  CHECK(type(std::int64_t{1}) == "bigint");
  CHECK(type(1) == "integer");
  CHECK(prepared(conn).size() == 2);
  support::ensure_usable(conn);
}

TEST_CASE("those used longest ago make room, and the server forgets them") {
  connection conn{support::test_config(), {.statement_cache = 2}};
  conn.execute("SELECT 1");
  conn.execute("SELECT 2");
  conn.execute("SELECT 1");
  conn.execute("SELECT 3");
  CHECK(prepared(conn) == std::vector<std::string>{"SELECT 1", "SELECT 3"});
  conn.execute("SELECT 2");
  CHECK(prepared(conn) == std::vector<std::string>{"SELECT 3", "SELECT 2"});
  support::ensure_usable(conn);
}

TEST_CASE("a text made at run time is prepared the second time it is used") {
  connection conn{support::test_config()};
  conn.execute(dynamic_sql{"SELECT 'once'"});
  CHECK(prepared(conn).empty());
  conn.execute(dynamic_sql{"SELECT 'once'"});
  CHECK(prepared(conn) == std::vector<std::string>{"SELECT 'once'"});
  support::ensure_usable(conn);
}

TEST_CASE("with statement_cache = 0 nothing is prepared") {
  connection conn{support::test_config(), {.statement_cache = 0}};
  for (int i = 0; i < 3; ++i) {
    conn.execute("SELECT 1");
    pqscope::with_session(conn, [](pqscope::session& s) { s.execute("SELECT 2"); });
  }
  CHECK(conn.query<int>("SELECT count(*)::int4 FROM pg_prepared_statements").one() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("what fails to parse is not kept, and its error is the statement's") {
  pqscope::testing::recorder watcher;
  connection conn{support::test_config(), {.observer = &watcher}};
  try {
    conn.execute("SELECT * FROM no_such_table WHERE a = $1", 1);
    FAIL("there is no such table");
  } catch (pqscope::undefined_table const& failure) {
    CHECK(failure.position() == 15);
    CHECK(failure.sql() == "SELECT * FROM no_such_table WHERE a = $1");
  }
  CHECK(watcher.details().size() == 1);
  CHECK(watcher.details().at(0).sqlstate == "42P01");
  CHECK(prepared(conn).empty());
  support::ensure_usable(conn);
}

TEST_CASE("only what is planned is prepared: not DDL, not SET, not VACUUM") {
  connection conn{support::test_config()};
  conn.execute("SET application_name = 'cache'");
  conn.execute("CREATE TEMPORARY TABLE cached (a int)");
  conn.execute("VACUUM cached");
  conn.execute("/* comment */ INSERT INTO cached VALUES (1)");
  conn.execute("TABLE cached");
  CHECK(prepared(conn) ==
        std::vector<std::string>{"/* comment */ INSERT INTO cached VALUES (1)", "TABLE cached"});
  support::ensure_usable(conn);
}

TEST_CASE("outside a transaction a statement whose result has changed is prepared anew") {
  connection conn{support::test_config()};
  conn.execute("CREATE TEMPORARY TABLE changing (a int)");
  conn.execute("INSERT INTO changing VALUES (1)");
  CHECK(conn.execute("SELECT * FROM changing").columns().size() == 1);
  conn.execute("ALTER TABLE changing ADD b int");
  CHECK(conn.execute("SELECT * FROM changing").columns().size() == 2);
  CHECK(conn.execute("SELECT * FROM changing").columns().size() == 2);
  support::ensure_usable(conn);
}

TEST_CASE("inside a transaction it fails once, and works in the next one") {
  connection conn{support::test_config()};
  connection other{support::test_config()};
  std::string const table = support::unique_name("changing");
  auto const read = dynamic_sql{"SELECT * FROM " + table};
  other.execute(dynamic_sql{"CREATE TABLE " + table + " (a int)"});
  conn.execute(read);
  conn.execute(read);
  other.execute(dynamic_sql{"ALTER TABLE " + table + " ADD b int"});
  pqscope::transaction tx{conn};
  CHECK_THROWS_AS(tx.execute(read), pqscope::feature_not_supported);
  tx.rollback();
  pqscope::transaction again{conn};
  CHECK(again.execute(read).columns().size() == 2);
  again.commit();
  other.execute(dynamic_sql{"DROP TABLE " + table});
  support::ensure_usable(conn);
}

TEST_CASE("what a transaction has altered itself it goes on to use") {
  connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  tx.execute("CREATE TEMPORARY TABLE changing (a int)");
  tx.execute("INSERT INTO changing VALUES ($1)", "1");
  CHECK(tx.execute("SELECT * FROM changing").columns().size() == 1);
  tx.execute("ALTER TABLE changing ALTER a TYPE text, ADD b int");
  tx.execute("INSERT INTO changing VALUES ($1)", "one");
  CHECK(tx.execute("SELECT * FROM changing").columns().size() == 2);
  tx.execute_script(
      dynamic_sql{"DROP TABLE changing; CREATE TEMPORARY TABLE changing (c int, d int, e int)"});
  CHECK(tx.execute("SELECT * FROM changing").columns().size() == 3);
  tx.commit();
  support::ensure_usable(conn);
}

TEST_CASE("statements over a type that a rollback has taken away are prepared anew") {
  connection conn{support::test_config()};
  auto const use = [](auto& on) {
    on.execute("CREATE TYPE pg_temp.mood AS ENUM ('ok', 'sad')");
    on.execute("CREATE TEMPORARY TABLE moods (felt pg_temp.mood[])");
    on.execute("INSERT INTO moods VALUES ($1::pg_temp.mood[])", "{ok}");
    CHECK(on.execute("SELECT felt, 'sad'::pg_temp.mood FROM moods")[0][1].text() == "sad");
  };
  SECTION("to a savepoint") {
    pqscope::transaction tx{conn};
    for (int round = 0; round < 3; ++round) {
      pqscope::savepoint sp{tx};
      use(sp);
      sp.rollback();
    }
    use(tx);
    tx.commit();
  }
  SECTION("to a savepoint, for an error") {
    pqscope::transaction tx{conn};
    for (int round = 0; round < 3; ++round) {
      pqscope::savepoint sp{tx};
      use(sp);
      CHECK_THROWS_AS(sp.execute("SELECT 1/$1", 0), pqscope::division_by_zero);
    }
    use(tx);
    tx.commit();
  }
  SECTION("of the transaction") {
    for (int round = 0; round < 3; ++round) {
      pqscope::transaction tx{conn};
      use(tx);
    }
  }
  SECTION("of statements that were one unit") {
    for (int round = 0; round < 3; ++round) {
      CHECK_THROWS_AS(conn.pipeline([](pqscope::pipeline& p) {
        p.execute("CREATE TYPE pg_temp.mood AS ENUM ('ok')");
        p.execute("SELECT 'ok'::pg_temp.mood");
        p.execute("SELECT 1/$1", 0);
      }),
                      pqscope::division_by_zero);
    }
  }
  support::ensure_usable(conn);
}

TEST_CASE("a statement whose parameters do not fit any more is prepared anew") {
  connection conn{support::test_config()};
  connection other{support::test_config()};
  std::string const table = support::unique_name("changing");
  auto const put = dynamic_sql{"INSERT INTO " + table + " (a) VALUES ($1)"};
  auto const find = dynamic_sql{"SELECT count(*) FROM " + table + " WHERE b = $1"};
  other.execute(dynamic_sql{"CREATE TABLE " + table + " (a text, b int)"});
  for (int i = 0; i < 2; ++i) {
    conn.execute(put, "{}");
    conn.execute(find, "1");
  }
  other.execute(dynamic_sql{"ALTER TABLE " + table +
                            " ALTER a TYPE jsonb USING a::jsonb, ALTER b TYPE text"});
  SECTION("outside a transaction at once") {
    conn.execute(put, "{}");
    CHECK(conn.query<std::int64_t>(find, "1").one() == 0);
  }
  SECTION("in a pipeline, too") {
    conn.pipeline([&](pqscope::pipeline& p) { p.execute(put, "{}"); });
  }
  SECTION("after a transaction has failed for it") {
    pqscope::transaction tx{conn};
    try {
      tx.execute(put, "{}");
      FAIL("it does not fit");
    } catch (pqscope::server_error const& failure) {
      CHECK(failure.sqlstate() == "42804");
      CHECK(failure.hint().find("prepared anew") != std::string::npos);
    }
    tx.rollback();
    pqscope::transaction again{conn};
    again.execute(put, "{}");
    again.commit();
  }
  other.execute(dynamic_sql{"DROP TABLE " + table});
  support::ensure_usable(conn);
}

TEST_CASE(
    "DISCARD ALL and DEALLOCATE ALL, also in scripts, empty it; DEALLOCATE by hand is mended") {
  connection conn{support::test_config()};
  pqscope::testing::recorder watcher;
  for (char const* const text : {"DISCARD ALL", "DEALLOCATE ALL"}) {
    conn.execute("SELECT 1");
    conn.execute(dynamic_sql{text});
    conn.observe(&watcher);
    watcher.clear();
    conn.execute("SELECT 1");
    CHECK(watcher.round_trips() == 1);
    conn.observe(nullptr);
    conn.execute_script(
        dynamic_sql{std::string{text == std::string{"DISCARD ALL"} ? "" : "SELECT 2; "} + text});
    conn.observe(&watcher);
    watcher.clear();
    conn.execute("SELECT 1");
    CHECK(watcher.round_trips() == 1);
    conn.observe(nullptr);
  }
  auto const name =
      conn.execute("SELECT name FROM pg_prepared_statements WHERE statement = 'SELECT 1'");
  conn.execute(dynamic_sql{"DEALLOCATE " + std::string{name[0][0].text()}});
  CHECK(conn.execute("SELECT 1")[0][0].as<int>() == 1);
  CHECK(conn.execute("SELECT 1")[0][0].as<int>() == 1);
  support::ensure_usable(conn);
}

TEST_CASE("statements prepared in a savepoint survive its end, whichever it is") {
  connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  {
    pqscope::savepoint sp{tx};
    CHECK(sp.query<int>("SELECT 7").one() == 7);
    sp.rollback();
  }
  CHECK(tx.query<int>("SELECT 7").one() == 7);
  {
    pqscope::savepoint sp{tx};
    CHECK_THROWS_AS(sp.execute("SELECT 1/$1", 0), pqscope::division_by_zero);
  }
  CHECK(tx.query<int>("SELECT 1/$1", 1).one() == 1);
  tx.commit();
  support::ensure_usable(conn);
}

TEST_CASE("a statement over a type that was dropped and made again is prepared anew") {
  connection conn{support::test_config()};
  std::string const type = support::unique_name("mood");
  auto const make = dynamic_sql{"CREATE TYPE " + type + " AS ENUM ('ok')"};
  auto const drop = dynamic_sql{"DROP TYPE " + type};
  auto const use = dynamic_sql{"SELECT 'ok'::" + type};
  for (int round = 0; round < 3; ++round) {
    conn.execute(make);
    conn.execute(use);
    conn.execute(use);
    conn.execute(drop);
    CHECK_THROWS_AS(conn.execute(use), pqscope::server_error);
  }
  support::ensure_usable(conn);
}

TEST_CASE("outside a transaction types that were dropped and made again meanwhile go unnoticed") {
  connection conn{support::test_config()};
  connection other{support::test_config()};
  std::string const made = support::unique_name("again");
  auto const script = [&](std::string text) {
    for (std::size_t at = 0; (at = text.find('%', at)) != std::string::npos;) {
      text.replace(at, 1, made);
    }
    return dynamic_sql{std::move(text)};
  };
  auto const make = script(
      "CREATE TYPE %_mood AS ENUM ('ok'); CREATE DOMAIN %_small AS int CHECK (VALUE < 10); "
      "CREATE TYPE %_pair AS (a int, b %_mood); CREATE TABLE % (a %_mood, b %_pair); "
      "INSERT INTO % VALUES ('ok', (1, 'ok'))");
  auto const drop = script("DROP TABLE %; DROP TYPE %_pair, %_mood; DROP DOMAIN %_small");
  auto const mood = script("SELECT $1::%_mood");
  auto const moods = script("SELECT $1::%_mood[]");
  auto const small = script("SELECT $1::%_small");
  auto const pair = script("SELECT ROW(1, 'ok')::%_pair");
  auto const stored = script("SELECT a FROM % WHERE a = $1");
  using pair_type = pqscope::composite<std::tuple<int, std::string>>;
  auto const use = [&](auto& on) {
    CHECK(on.template query<std::string>(mood, "ok").one() == "ok");
    CHECK(on.template query<std::vector<std::string>>(moods, "{ok}").one().size() == 1);
    CHECK(on.template query<int>(small, 7).one() == 7);
    CHECK(on.template query<pair_type>(pair).one() == pair_type{{1, "ok"}});
    CHECK(on.template stream<std::string>(stored, "ok").all() == std::vector<std::string>{"ok"});
    CHECK(on.pipeline([&](auto& p) { return p.template query<std::string>(mood, "ok"); }).one() ==
          "ok");
  };
  for (int round = 0; round < 3; ++round) {
    other.execute_script(make);
    use(conn);
    use(conn);
    other.execute_script(drop);
  }
  other.execute_script(make);
  {
    pqscope::transaction tx{conn};
    try {
      tx.query<std::string>(mood, "ok").one();
      FAIL("its type is another one");
    } catch (pqscope::internal_error const& failure) {
      CHECK(failure.hint().find("prepared anew") != std::string::npos);
    }
  }
  pqscope::transaction tx{conn};
  CHECK(tx.query<std::string>(mood, "ok").one() == "ok");
  tx.rollback();
  use(conn);
  other.execute_script(drop);
  support::ensure_usable(conn);
}

TEST_CASE("an error is put down to what was prepared only where that was there before") {
  connection conn{support::test_config()};
  conn.execute(
      "CREATE FUNCTION pg_temp.refuses() RETURNS int LANGUAGE plpgsql AS $$ "
      "BEGIN RAISE 'no' USING ERRCODE = '0A000'; END $$");
  auto const hint_in = [](auto& on) {
    try {
      on.execute("SELECT pg_temp.refuses()");
      FAIL("it refuses");
      return std::string{};
    } catch (pqscope::feature_not_supported const& failure) {
      return std::string{failure.hint()};
    }
  };
  CHECK(hint_in(conn).empty());
  CHECK(hint_in(conn).empty());  // once with what was there, once prepared anew
  pqscope::transaction tx{conn};
  CHECK(hint_in(tx).find("prepared anew") != std::string::npos);
  tx.rollback();
  support::ensure_usable(conn);
}

// A server tells 22P07 of a prepared statement with a constant of a type that was altered since.
// Here a function does, the second time it is called, so that any release will do.
TEST_CASE("a prepared statement whose constant is of an altered type is prepared anew") {
  connection conn{support::test_config()};
  conn.execute("CREATE TEMP SEQUENCE calls");
  conn.execute(
      "CREATE FUNCTION pg_temp.altered() RETURNS int8 LANGUAGE plpgsql AS $$ "
      "DECLARE call int8 := nextval('calls'); BEGIN "
      "IF call = 2 OR call = 5 THEN RAISE 'altered' USING ERRCODE = '22P07'; END IF; "
      "RETURN call; END $$");
  auto const call = [](auto& on) {
    return on.template query<std::int64_t>("SELECT pg_temp.altered()").one();
  };
  CHECK(call(conn) == 1);
  CHECK(call(conn) == 3);
  CHECK(call(conn) == 4);
  pqscope::transaction tx{conn};
  try {
    call(tx);
    FAIL("it is altered");
  } catch (pqscope::data_exception const& failure) {
    CHECK(failure.hint().find("prepared anew") != std::string::npos);
  }
  tx.rollback();
  auto const prepared = [&] {
    return conn
        .query<std::int64_t>(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%altered%' "
            "AND statement NOT LIKE '%count%'")
        .one();
  };
  CHECK(call(conn) == 6);
  CHECK(prepared() == 1);

  std::vector<std::int64_t> seen;
  auto const read = [&](std::int64_t next, bool as_stream) {
    conn.execute("SELECT setval('calls', $1, false)", next);
    seen.clear();
    if (as_stream) {
      for (std::int64_t each :
           conn.stream<std::int64_t>("SELECT pg_temp.altered() FROM generate_series(1, 3000)")) {
        seen.push_back(each);
      }
    } else {
      seen =
          conn.query<std::int64_t>("SELECT pg_temp.altered() FROM generate_series(1, 3000)").all();
    }
  };
  for (bool const as_stream : {true, false}) {
    read(10, as_stream);
    CHECK(seen.size() == 3000);
    CHECK_THROWS_AS(read(1, as_stream), pqscope::data_exception);
    CHECK(seen.size() <= (as_stream ? 1 : 0));  // what was handed out does not come again
    read(10, as_stream);
    read(5, as_stream);  // nothing had arrived
    CHECK(seen.size() == 3000);
  }
  support::ensure_usable(conn);
}

TEST_CASE("a program's own prepared statements are never touched") {
  connection conn{support::test_config(), {.statement_cache = 1}};
  conn.execute("PREPARE mine AS SELECT 42");
  conn.execute("SELECT 1");
  conn.execute("SELECT 2");
  CHECK(conn.execute("EXECUTE mine")[0][0].as<int>() == 42);
  support::ensure_usable(conn);
}

TEST_CASE(
    "a server connection that changes behind a pooler is named in a hint, and outside "
    "transactions goes unnoticed") {
  // DEALLOCATE behind the library's back, on every connection: what a pooler's change looks like
  connection conn{support::test_config()};
  auto const forget = [&] {
    pqscope::connection_status const before = conn.status();
    REQUIRE(before == pqscope::connection_status::idle);
    conn.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$");
  };
  conn.execute("SELECT 1");
  forget();
  pqscope::transaction tx{conn};
  try {
    tx.execute("SELECT 1");
    FAIL("the server does not know it any more");
  } catch (pqscope::server_error const& failure) {
    CHECK(failure.sqlstate() == "26000");
    CHECK(failure.hint().find("statement_cache = 0") != std::string::npos);
  }
  tx.rollback();
  for (int i = 0; i < 4; ++i) {
    forget();
    CHECK(conn.execute("SELECT 1")[0][0].as<int>() == 1);
  }
  support::ensure_usable(conn);
}
