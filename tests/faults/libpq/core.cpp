// What a connection does between a statement and its exchange.

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>
#include <stdexcept>
#include <string>

#include "faults/misbehaving/verdict.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/scripted_server.hpp"

namespace {

using namespace std::chrono_literals;
using pqscope::connection_status;
using pqscope::dynamic_sql;
using support::verdict;

}  // namespace

TEST_CASE("a connection whose native handle is in use is busy, and not harmed") {
  pqscope::connection conn{support::test_config()};
  PGconn* const native = conn.native_handle();
  REQUIRE(PQsendQuery(native, "SELECT 1") == 1);
  CHECK(conn.status() == connection_status::busy);
  CHECK(verdict([&] { conn.execute("SELECT 2"); }) == "connection_busy usable");
  CHECK(conn.status() == connection_status::busy);
  PQsetnonblocking(native, 0);
  while (PGresult* const result = PQgetResult(native)) {
    PQclear(result);
  }
  PQsetnonblocking(native, 1);
  support::ensure_usable(conn);
}

TEST_CASE("a script that would end the transaction is refused unsent, and harms nothing") {
  support::witness witness;
  std::string const table = support::unique_name("ended");
  witness.execute("CREATE TABLE " + table + " (a int)");
  for (std::string const end : {"COMMIT", "ROLLBACK"}) {
    pqscope::connection conn{support::test_config()};
    bool committed = false;
    pqscope::transaction tx{conn};
    tx.after_commit([&] { committed = true; });
    tx.execute("SELECT 1");
    CHECK(verdict([&] {
            tx.execute_script(
                dynamic_sql{"INSERT INTO " + table + " VALUES (1); " + end + "; SELECT 1/0"});
          }) == "usage_error usable");
    CHECK(witness.count(table) == 0);
    tx.execute("SELECT 1");
    tx.commit();
    CHECK(committed);
    support::ensure_usable(conn);
  }
  CHECK(witness.count(table) == 0);
  witness.execute("DROP TABLE " + table);
}

TEST_CASE("a script that fails inside the transaction leaves it to be rolled back") {
  pqscope::connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  tx.execute("SELECT 1");
  CHECK(verdict([&] { tx.execute_script(dynamic_sql{std::string{"SELECT 1; SELECT 1/0"}}); }) ==
        "server_error 22012 usable");
  CHECK(verdict([&] { tx.commit(); }) == "transaction_rolled_back usable");
  support::ensure_usable(conn);
}

TEST_CASE("an observer that throws, or uses the connection, harms neither") {
  struct nuisance : pqscope::observer {
    pqscope::connection* conn = nullptr;
    int refused = 0;
    void statement_started(pqscope::statement_event const&) override { use(); }
    void statement_ended(pqscope::statement_event const&) override { use(); }
    void round_trip() override { throw std::runtime_error("no"); }
    void use() {
      try {
        conn->execute("SELECT 1");
      } catch (pqscope::connection_busy const&) {
        ++refused;
        throw;
      }
    }
  } observer;
  pqscope::connection conn{support::test_config()};
  observer.conn = &conn;
  conn.observe(&observer);
  CHECK(conn.query<int>("SELECT 5").one() == 5);
  CHECK(verdict([&] { conn.execute("SELECT 1/0"); }) == "server_error 22012 usable");
  CHECK(observer.refused == 4);
  conn.observe(nullptr);
  support::ensure_usable(conn);
}

TEST_CASE("a statement that is refused leaves nothing of itself behind") {
  pqscope::connection conn{support::test_config()};
  pqscope::testing::recorder recorder;
  conn.observe(&recorder);
  {
    pqscope::transaction tx{conn};
    CHECK(verdict([&] { tx.execute("COMMIT"); }) == "usage_error usable");
    conn.deadline(0ns);
    CHECK(verdict([&] { tx.execute("SELECT 1"); }) == "deadline_exceeded usable");
    conn.deadline(std::nullopt);
    CHECK(recorder.round_trips() == 0);
    tx.execute("SELECT 2");
    tx.commit();
  }
  CHECK(recorder.statements() == std::vector<std::string>{"BEGIN", "SELECT 2", "COMMIT"});
  CHECK(recorder.round_trips() == 2);
  support::ensure_usable(conn);
}

TEST_CASE("a server too old to tell transaction ids is not asked for them") {
  std::string welcome = support::wire::welcome();
  std::string const version = support::wire::parameter_status("server_version", "15.4");
  welcome.replace(welcome.find(version), version.size(),
                  support::wire::parameter_status("server_version", "12.9"));
  support::scripted_server const server{support::script{}.startup({welcome, support::then::go_on})};
  pqscope::connection conn{pqscope::config::from_url(server.url())};
  pqscope::transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (1)");
  tx.commit();
  CHECK_FALSE(tx.id());
  for (auto const& message : server.received()) {
    CHECK(message.text.find("pg_current_xact_id") == std::string::npos);
  }
}
