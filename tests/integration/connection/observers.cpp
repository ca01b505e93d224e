#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connect_event;
using pqscope::connection;
using pqscope::diagnostics;
using pqscope::observer;
using pqscope::statement_event;
using pqscope::testing::recorder;
using texts = std::vector<std::string>;

namespace {

/// Writes down what it is told, in order.
struct diary : observer {
  texts entries;
  std::string target;
  std::string error;

  void connect_started(connect_event const& event) override {
    target = event.target;
    CHECK(event.duration.count() == 0);
    entries.emplace_back("connect");
  }
  void connect_ended(connect_event const& event) override {
    CHECK(event.target == target);
    CHECK(event.duration.count() > 0);
    error = event.error;
    entries.emplace_back("connected");
  }
  void statement_started(statement_event const& event) override {
    CHECK_FALSE(event.carried_out);
    entries.push_back("start " + std::string{event.text});
  }
  void statement_ended(statement_event const& event) override {
    CHECK(event.duration.count() > 0);
    entries.push_back("end " + std::string{event.command_tag} + ' ' + std::string{event.sqlstate} +
                      ' ' + std::to_string(event.rows));
  }
  void round_trip() override { entries.emplace_back("trip"); }
  void notice(diagnostics const& fields) override { entries.push_back("notice " + fields.message); }
};

/// Throws at every opportunity.
struct grumbler : observer {
  void connect_started(connect_event const&) override { throw std::runtime_error("no"); }
  void connect_ended(connect_event const&) override { throw 1; }
  void statement_started(statement_event const&) override { throw std::runtime_error("no"); }
  void statement_ended(statement_event const&) override { throw 2; }
  void round_trip() override { throw std::runtime_error("no"); }
  void notice(diagnostics const&) override { throw std::runtime_error("no"); }
  void problem(std::string_view) override { throw std::runtime_error("no"); }
};

}  // namespace

TEST_CASE("an observer is told of everything, in order") {
  diary log;
  {
    connection db{support::test_config(), {.observer = &log}};
    db.execute("SELECT generate_series(1, 3)");
    db.execute("DO $$ BEGIN RAISE NOTICE 'hear'; END $$");
    CHECK_THROWS_AS(db.execute("SELECT 1/0"), pqscope::division_by_zero);
    db.execute("CREATE TEMP TABLE t AS SELECT generate_series(1, 2)");
  }
  CHECK(log.entries ==
        texts{"connect", "connected", "trip", "start SELECT generate_series(1, 3)",
              "end SELECT 3  3", "trip", "start DO $$ BEGIN RAISE NOTICE 'hear'; END $$",
              "notice hear", "end DO  0", "trip", "start SELECT 1/0", "end  22012 0", "trip",
              "start CREATE TEMP TABLE t AS SELECT generate_series(1, 2)", "end SELECT 2  2"});
  CHECK(log.error.empty());
}

TEST_CASE("a recorder keeps statements, places, round trips and notices") {
  recorder log;
  connection db{support::test_config(), {.observer = &log}};
  CHECK(log.connects() == 1);
  CHECK(log.round_trips() == 0);
  db.execute("SELECT $1::text", "never shown");
  auto const line = __LINE__ - 1;
  db.execute_script(pqscope::dynamic_sql{"SELECT 1; SELECT 2"});
  CHECK(log.statements() == texts{"SELECT $1::text", "SELECT 1; SELECT 2"});
  CHECK(log.round_trips() == 2);
  CHECK(log.round_trips() == db.round_trips());
  REQUIRE(log.details().size() == 2);
  CHECK(log.details()[0].where.line() == line);
  CHECK(log.details()[0].carried_out);
  CHECK(log.details()[0].rows == 1);
  CHECK(log.details()[0].origin == pqscope::statement_origin::caller);
  CHECK(log.problems().empty());
  log.clear();
  CHECK(log.details().empty());
  support::ensure_usable(db);
}

TEST_CASE("an observer that throws changes nothing") {
  grumbler grumbling;
  connection db{support::test_config(), {.observer = &grumbling}};
  db.on_notice([](diagnostics const&) { throw std::runtime_error("no"); });
  db.execute("DO $$ BEGIN RAISE NOTICE 'hear'; END $$");
  CHECK_THROWS_AS(db.execute("SELECT 1/0"), pqscope::division_by_zero);
  auto bad = support::test_config();
  bad.dbname = "no such database";
  CHECK_THROWS_AS((connection{bad, {.observer = &grumbling}}), pqscope::connection_error);
  support::ensure_usable(db);
}

TEST_CASE("a failed connect is told with its error and without the password") {
  diary log;
  auto bad = support::test_config();
  bad.dbname = "no such database";
  bad.password = "hush-hush";
  CHECK_THROWS_AS((connection{bad, {.observer = &log}}), pqscope::connection_error);
  CHECK(log.entries == texts{"connect", "connected"});
  CHECK(log.error.find("no such database") != std::string::npos);
  CHECK(log.error.find("hush") == std::string::npos);
  CHECK(log.target == bad.redacted());
  bad.password = []() -> std::string { throw std::runtime_error("no token"); };
  CHECK_THROWS_AS((connection{bad, {.observer = &log}}), std::runtime_error);
  CHECK(log.entries.size() == 4);
  CHECK(log.error.find("no token") != std::string::npos);
}

TEST_CASE("an observer may come and go") {
  diary log;
  connection db{support::test_config()};
  db.execute("SELECT 1");
  db.observe(&log);
  db.execute("SELECT 2");
  db.observe(nullptr);
  db.execute("SELECT 3");
  CHECK(log.entries == texts{"trip", "start SELECT 2", "end SELECT 1  1"});
  support::ensure_usable(db);
}

TEST_CASE("an adopted connection is observed too") {
  diary log;
  connection plain{support::test_config()};
  connection db = connection::adopt(std::move(plain).release(), {.observer = &log});
  db.execute("SELECT 2");
  CHECK(log.entries == texts{"trip", "start SELECT 2", "end SELECT 1  1"});
  db.observe(nullptr);
  support::ensure_usable(db);
}

TEST_CASE("a statement that was not sent is not told") {
  recorder log;
  connection db{support::test_config(), {.observer = &log}};
  db.deadline(std::chrono::seconds{0});
  CHECK_THROWS_AS(db.execute("SELECT 1"), pqscope::deadline_exceeded);
  CHECK(log.details().empty());
  CHECK(log.round_trips() == 0);
  support::ensure_usable(db);
}

TEST_CASE("a statement whose connection was lost is told as not carried out") {
  recorder log;
  connection db{support::test_config(), {.observer = &log}};
  CHECK_THROWS(db.execute("SELECT pg_terminate_backend(pg_backend_pid())"));
  REQUIRE(log.details().size() == 1);
  CHECK_FALSE(log.details()[0].carried_out);
  CHECK(log.details()[0].sqlstate == "57P01");
}
