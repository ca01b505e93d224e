#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/mapping/verify.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/testing/rolled_back.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/with_session.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "scratch.hpp"

using mapping_verify::problems;
using mapping_verify::scratch;
using pqscope::statement;
using namespace std::chrono_literals;

namespace {

constexpr statement<std::string()> good{"SELECT name FROM users"};
constexpr statement<std::string(std::int64_t)> also_good{"SELECT title FROM posts WHERE id = $1"};
constexpr statement<std::optional<int>()> drafts{"SELECT id FROM drafts"};
constexpr statement<int()> refused{"SELECT 1 FROM no_such_table"};
constexpr statement<int()> refused_too{"SELECT no_such_column FROM users"};

/// What a check must leave as it was.
std::string state(pqscope::connection& db) {
  return db
      .query<std::string>(
          "SELECT current_setting('plan_cache_mode') || (SELECT count(*) FROM "
          "pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared_statements%')")
      .one();
}

}  // namespace

TEST_CASE("a check leaves settings and prepared statements as they were") {
  scratch on;
  std::string const before = state(on.db);
  CHECK(problems(on.db, good, refused, also_good, refused_too).size() == 2);
  CHECK(state(on.db) == before);
  on.db.execute("SET plan_cache_mode = force_custom_plan");
  CHECK(problems(on.db, refused, good).size() == 1);
  CHECK(state(on.db) == "force_custom_plan" + before.substr(before.size() - 1));
}

TEST_CASE("a transaction goes on after a check that found mistakes") {
  scratch on;
  pqscope::transaction tx{on.db};
  tx.execute("INSERT INTO users VALUES (1, 'ada')");
  CHECK(problems(tx, refused, good, refused_too).size() == 2);
  CHECK(problems(tx, good, refused).size() == 1);
  CHECK(on.db.status() == pqscope::connection_status::in_transaction);
  tx.execute("INSERT INTO users VALUES (2, 'bob')");
  CHECK(tx.query<std::string>("SHOW plan_cache_mode").one() == "auto");
  tx.commit();
  CHECK(on.db.query<int>("SELECT count(*)::int FROM users").one() == 2);
}

TEST_CASE("a transaction begun by hand goes on, too, without the locks that describing took") {
  scratch on;
  on.db.execute("BEGIN");
  CHECK(problems(on.db, good, refused).size() == 1);
  CHECK(on.db
            .query<int>("SELECT count(*)::int FROM pg_locks WHERE pid = pg_backend_pid() AND "
                        "relation = 'users'::regclass")
            .one() == 0);
  on.db.execute("COMMIT");
}

TEST_CASE("a session is checked with its first statement, and commits what it did") {
  scratch on;
  pqscope::with_session(on.db, [](pqscope::session& s) {
    CHECK(problems(s, refused, good).size() == 1);
    s.execute("INSERT INTO users VALUES (1, 'ada')");
  });
  CHECK(on.db.query<int>("SELECT count(*)::int FROM users").one() == 1);
}

TEST_CASE("what is undone at the end of a test can be checked like anything else") {
  scratch on;
  pqscope::testing::rolled_back(on.db, [](pqscope::connection& db) {
    db.execute("CREATE TEMP TABLE drafts (id int)");
    CHECK(problems(db, refused, drafts, good).size() == 1);
    pqscope::with_session(db, [](pqscope::session& s) { CHECK(problems(s, drafts).empty()); });
  });
}

TEST_CASE("a check takes two round trips, and one more for each statement that is refused") {
  pqscope::testing::recorder watcher;
  pqscope::connection db{support::test_config(), {.observer = &watcher}};
  constexpr statement<std::string()> name{"SELECT relname::text FROM pg_class"};
  constexpr statement<pqscope::oid_t()> kind{"SELECT oid FROM pg_class"};
  auto const trips = [&](auto const&... statements) {
    std::size_t const before = watcher.round_trips();
    static_cast<void>(pqscope::find_mismatches(db, statements...));
    return watcher.round_trips() - before;
  };
  CHECK(trips() == 0);
  CHECK(trips(name, name, name) == 1);
  CHECK(trips(name, kind, kind) == 2);
  CHECK(trips(kind, refused, kind, refused) == 3);
  support::ensure_usable(db);
}

TEST_CASE("in a transaction that has failed nothing can be checked") {
  scratch on;
  pqscope::transaction tx{on.db};
  CHECK_THROWS_AS(tx.execute("SELECT 1/0"), pqscope::division_by_zero);
  CHECK_THROWS_AS(problems(tx, good), pqscope::in_failed_sql_transaction);
  tx.rollback();
}

TEST_CASE("a lock that is not to be had is an error, and no mismatch") {
  std::string const schema = support::unique_name("locked");
  support::witness other;
  other.execute("CREATE SCHEMA " + schema + "; CREATE TABLE " + schema + ".occupied (id int)");
  scratch on;
  on.db.execute_script(
      pqscope::dynamic_sql{"SET search_path = " + schema + "; SET lock_timeout = '50ms'"});
  constexpr statement<int()> waits{"SELECT id FROM occupied"};
  other.execute("BEGIN; LOCK TABLE " + schema + ".occupied");
  CHECK_THROWS_AS(problems(on.db, refused, waits, good), pqscope::lock_not_available);
  other.execute("ROLLBACK");
  CHECK(problems(on.db, waits).size() == 1);
  other.execute("DROP SCHEMA " + schema + " CASCADE");
}

TEST_CASE("a plan that the server refuses leaves nothing prepared, and its statement fits") {
  constexpr statement<std::string(std::string)> argument_of_domain{
      "SELECT name FROM users WHERE name = $1::given_name"};
  scratch on{"CREATE DOMAIN pg_temp.given_name AS text NOT NULL"};
  std::string const before = state(on.db);
  CHECK(problems(on.db, good, argument_of_domain, also_good).empty());
  CHECK(state(on.db) == before);
  pqscope::transaction tx{on.db};
  CHECK(problems(tx, argument_of_domain, good).empty());
  tx.commit();
  CHECK(state(on.db) == before);
}

TEST_CASE("a deadline that passes while the server waits for a lock cancels the check") {
  std::string const schema = support::unique_name("occupied");
  support::witness other;
  other.execute("CREATE SCHEMA " + schema + "; CREATE TABLE " + schema + ".occupied (id int)");
  scratch on;
  on.db.execute_script(pqscope::dynamic_sql{"SET search_path = " + schema});
  constexpr statement<int()> waits{"SELECT id FROM occupied"};
  other.execute("BEGIN; LOCK TABLE " + schema + ".occupied");
  on.db.deadline(50ms);
  CHECK_THROWS_AS(problems(on.db, refused, waits, good), pqscope::deadline_exceeded);
  on.db.deadline(std::nullopt);
  other.execute("ROLLBACK; DROP SCHEMA " + schema + " CASCADE");
}

TEST_CASE("a connection that is lost is told as for any statement") {
  pqscope::connection db{support::test_config()};
  support::witness{}.terminate(db.query<int>("SELECT pg_backend_pid()").one());
  try {
    static_cast<void>(pqscope::find_mismatches(db, good));
    FAIL("nothing was thrown");
  } catch (pqscope::error const& lost) {
    CHECK_FALSE(lost.connection_usable());
    CHECK(lost.where().line() == good.where().line());
  }
  pqscope::connection next{support::test_config()};
  support::ensure_usable(next);
}

TEST_CASE("a deadline limits a check") {
  scratch on;
  on.db.deadline(0ms);
  CHECK_THROWS_AS(problems(on.db, good), pqscope::deadline_exceeded);
  on.db.deadline(std::nullopt);
  CHECK(problems(on.db, good).empty());
}
