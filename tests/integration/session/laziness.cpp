#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::session;
using pqscope::with_session;
using pqscope::testing::faulty_proxy;
using pqscope::testing::recorder;
using support::scratch;

using texts = std::vector<std::string>;

TEST_CASE("an empty scope takes no connection") {
  scratch here;
  faulty_proxy proxy{here.db()};
  CHECK(with_session(proxy.config(), [](session& s) { return s.attempt(); }) == 1);
  with_session(proxy.config(), [&](session& s) {
    CHECK(s.is_active());
    CHECK(s.status() == pqscope::connection_status::idle);
    CHECK_FALSE(s.transaction_id());
    s.after_commit([] {});
    s.rollback();
  });
  CHECK_THROWS_AS(with_session(proxy.config(), [](session&) { throw 1; }), int);
  with_session(proxy.config(), [](session&) { throw pqscope::rollback{}; });
  with_session(proxy.config(), [](session& s) { s.commit(); });
  CHECK(proxy.connections() == 0);
}

TEST_CASE("an empty scope in an empty scope takes no connection either") {
  scratch here;
  faulty_proxy proxy{here.db()};
  with_session(proxy.config(), [&](session& s) {
    with_session(s, [&](session& n) {
      with_session(n, [](session&) {});
      CHECK_THROWS_AS(with_session(n, [](session&) { throw 1; }), int);
    });
  });
  CHECK(proxy.connections() == 0);
}

TEST_CASE("a scope's connection is there from its first statement to its end") {
  scratch here;
  with_session(here.db(), [&](session& s) {
    CHECK(here.backends() == 0);
    s.execute("SELECT 1");
    CHECK(here.backends() == 1);
    CHECK(s.status() == pqscope::connection_status::in_transaction);
  });
  CHECK(here.outside.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND "
                            "state <> 'idle'",
                            {here.schema}) == 0);
}

TEST_CASE("an empty scope on a connection sends nothing") {
  recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};
  with_session(conn, [](session& s) { with_session(s, [](session&) {}); });
  CHECK(seen.round_trips() == 0);
  CHECK(conn.round_trips() == 0);
  CHECK(seen.statements().empty());
  support::ensure_usable(conn);
}

TEST_CASE("one statement and its commit cost two round trips") {
  scratch here;
  faulty_proxy proxy{here.db()};
  recorder seen;
  pqscope::connection conn{proxy.config(), {.observer = &seen}};
  with_session(conn, [](session& s) { s.execute("INSERT INTO t VALUES ($1)", 1); });
  CHECK(proxy.round_trips() == 2);
  CHECK(seen.round_trips() == 2);
  CHECK(conn.round_trips() == 2);
  CHECK(seen.statements() == texts{"BEGIN", "INSERT INTO t VALUES ($1)", "COMMIT"});
  CHECK(here.count() == 1);
}

TEST_CASE("a query and its commit cost two round trips, an INSERT and a query three") {
  scratch here;
  faulty_proxy proxy{here.db()};
  with_session(proxy.config(), [](session& s) { return s.query<int>("SELECT 1").one(); });
  CHECK(proxy.round_trips() == 2);
  proxy.reset_counters();
  with_session(proxy.config(), [](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    return s.query<int>("SELECT max(id) FROM t").one();
  });
  CHECK(proxy.round_trips() == 3);
}

TEST_CASE("options cost no round trip") {
  scratch here;
  faulty_proxy proxy{here.db()};
  recorder seen;
  pqscope::connection conn{proxy.config(), {.observer = &seen}};
  with_session(conn,
               {.isolation = pqscope::isolation::serializable,
                .access = pqscope::access::read_only,
                .deferrable = true,
                .deadline = std::chrono::seconds{30},
                .statement_timeout = std::chrono::milliseconds{1500}},
               [](session& s) {
                 CHECK(s.query<std::string>("SELECT current_setting('statement_timeout')").one() ==
                       "1500ms");
               });
  CHECK(proxy.round_trips() == 2);
  CHECK(seen.statements() == texts{"BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE",
                                   "SET LOCAL statement_timeout = 1500",
                                   "SELECT current_setting('statement_timeout')", "COMMIT"});
}

TEST_CASE("a scope that is rolled back costs a round trip for it") {
  recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};
  with_session(conn, [](session& s) {
    s.execute("SELECT 1");
    throw pqscope::rollback{};
  });
  CHECK(seen.round_trips() == 2);
  CHECK(seen.statements() == texts{"BEGIN", "SELECT 1", "ROLLBACK"});
  support::ensure_usable(conn);
}

TEST_CASE("nested scopes cost no round trip of their own") {
  scratch here;
  faulty_proxy proxy{here.db()};
  recorder seen;
  pqscope::connection conn{proxy.config(), {.observer = &seen}};
  with_session(conn, [](session& s) {
    with_session(s, [](session& n) { n.execute("INSERT INTO t VALUES (1)"); });
    with_session(s, [](session& n) {
      with_session(n, [](session& deep) { deep.execute("INSERT INTO t VALUES (2)"); });
    });
    with_session(s, [](session&) {});
  });
  CHECK(proxy.round_trips() == 3);
  CHECK(seen.round_trips() == 3);
  CHECK(here.count() == 2);
}

TEST_CASE("the library's own handle is in the transaction, whatever was sent before") {
  scratch here;
  pqscope::connection conn{here.db()};
  with_session(conn, [](session& s) {
    PGresult* const sent = PQexec(s.native_handle(), "INSERT INTO t VALUES (1)");
    CHECK(PQresultStatus(sent) == PGRES_COMMAND_OK);
    PQclear(sent);
    throw pqscope::rollback{};
  });
  CHECK(here.count() == 0);
  with_session(conn, [&](session& s) { CHECK(s.backend_pid() == conn.backend_pid()); });
  support::ensure_usable(conn);
}
