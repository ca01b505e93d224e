#include <pqscope/connection/connection.hpp>
#include <pqscope/events/log_observer.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::log_observer;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> lines_of(std::ostringstream& out) {
  std::vector<std::string> lines;
  std::istringstream text{out.str()};
  out.str({});
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line);
  }
  return lines;
}

bool contains(std::string const& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string here(int line) {
  return std::string{" at="} + __FILE__ + ':' + std::to_string(line) + ' ';
}

}  // namespace

TEST_CASE("a slow statement is logged with the caller's file and line") {
  std::ostringstream out;
  log_observer log{out, {.slow_statement = 50ms}};
  connection db{support::test_config(), {.observer = &log}};
  pqscope::transaction work{db};
  work.execute("SELECT pg_sleep(0.06)");
  int const line = __LINE__ - 1;
  auto const lines = lines_of(out);
  REQUIRE(lines.size() == 1);  // neither BEGIN nor what the library asks for itself
  CHECK(contains(lines[0], "Z warning slow_statement duration="));
  CHECK(contains(lines[0], " rows=1 "));
  CHECK(contains(lines[0], here(line)));
  CHECK(lines[0].ends_with(" sql=SELECT pg_sleep(0.06)"));
  work.rollback();
  db.observe(nullptr);
  support::ensure_usable(db);
}

TEST_CASE("a slow commit is logged") {
  std::ostringstream out;
  log_observer log{out, {.slow_statement = 50ms}};
  connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE t (n int)");
  db.execute(
      "CREATE FUNCTION pg_temp.pause() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM pg_sleep(0.06); RETURN NULL; END $$");
  db.execute(
      "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION pg_temp.pause()");
  pqscope::transaction work{db};
  work.execute("INSERT INTO t VALUES (1)");
  db.observe(&log);
  work.commit();
  auto const lines = lines_of(out);
  REQUIRE(lines.size() == 1);
  CHECK(contains(lines[0], " warning slow_statement "));
  CHECK(lines[0].ends_with(" sql=COMMIT"));
  db.observe(nullptr);
  support::ensure_usable(db);
}

TEST_CASE("a failing statement is logged once, with its SQLSTATE and place") {
  std::ostringstream out;
  log_observer log{out};
  connection db{support::test_config(), {.observer = &log}};
  int line = 0;
  auto const work = [&line](pqscope::session& s) {
    s.execute("SELECT 1");
    line = __LINE__ + 1;
    s.execute("SELECT * FROM no_such_table");
  };
  CHECK_THROWS_AS(pqscope::with_session(db, work), pqscope::undefined_table);
  auto const lines = lines_of(out);
  REQUIRE(lines.size() == 1);
  CHECK(contains(lines[0], "Z error failed_statement duration="));
  CHECK(contains(lines[0], " sqlstate=42P01 "));
  CHECK(contains(lines[0], here(line)));
  CHECK(lines[0].ends_with(" sql=SELECT * FROM no_such_table"));
  db.observe(nullptr);
  support::ensure_usable(db);
}

TEST_CASE("secrets are not in a log of everything") {
  std::ostringstream out;
  log_observer log{
      out, {.slow_statement = 0ns, .statements = true, .connections = true, .transactions = true}};
  auto to = support::test_config();
  auto const outside = to;
  to.password = "hush-hush";
  connection db{to, {.observer = &log}};
  db.execute("SELECT $1::text", "hush");
  CHECK_THROWS_AS(db.execute("SELECT $1::text::int", "hush"), pqscope::invalid_text_representation);
  CHECK_THROWS_AS(db.query<int>("SELECT $1::text::int", "hush").one(),
                  pqscope::invalid_text_representation);
  CHECK_THROWS_AS(db.execute("CREATE ROLE pg_nobody PASSWORD 'hush'"), pqscope::reserved_name);
  CHECK_THROWS_AS(db.execute("CREATE ROLE pg_nobody\n ENCRYPTED PASSWORD $x$hush$x$"),
                  pqscope::reserved_name);
  pqscope::with_session(db, {.label = "a label"},
                        [](pqscope::session& s) { s.execute("SELECT $1::bytea", "hush"); });
  to.dbname = "no such database";
  CHECK_THROWS_AS((connection{to, {.observer = &log}}), pqscope::connection_error);

  std::string const text = out.str();
  auto const lines = lines_of(out);
  CAPTURE(text);
  CHECK(text.find("hush") == std::string::npos);
  CHECK(contains(text, "CREATE ROLE pg_nobody PASSWORD '***'"));
  CHECK(contains(text, "CREATE ROLE pg_nobody ENCRYPTED PASSWORD $x$***$x$"));
  CHECK(contains(text, " info transaction end=committed "));
  CHECK(contains(text, " label=\"a label\" "));
  CHECK(contains(text, " info connect "));
  CHECK(contains(text, " error failed_connect "));
  CHECK(contains(lines.back(), "no such database"));
  CHECK(lines.size() == 11);
  db.observe(nullptr);
  support::ensure_usable(db);
}

TEST_CASE("notices are logged, and a statement whose connection was lost") {
  std::ostringstream out;
  log_observer log{out};
  connection db{support::test_config(), {.observer = &log}};
  db.execute("DO $$ BEGIN RAISE WARNING E'hear\\nthis'; END $$");
  auto lines = lines_of(out);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].ends_with("Z warning notice severity=WARNING sqlstate=01000 message=hear this"));
  CHECK_THROWS_AS(db.execute("SELECT pg_terminate_backend(pg_backend_pid())"),
                  pqscope::admin_shutdown);
  lines = lines_of(out);
  REQUIRE_FALSE(lines.empty());
  CHECK(contains(lines.back(), " error failed_statement "));
  CHECK(contains(lines.back(), " sqlstate=57P01 "));
}
