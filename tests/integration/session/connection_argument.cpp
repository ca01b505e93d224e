#include <pqscope/connection/connection.hpp>
#include <pqscope/connection/observer.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/testing/rolled_back.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::connection_status;
using pqscope::session;
using pqscope::with_session;
using support::scratch;

using namespace std::chrono_literals;

namespace {

struct label_watcher : pqscope::observer {
  std::vector<std::string> begun;
  std::vector<std::string> ended;
  void transaction_started(pqscope::transaction_event const& event) override {
    begun.emplace_back(event.label);
  }
  void transaction_ended(pqscope::transaction_event const& event) override {
    ended.emplace_back(event.label);
  }
};

}  // namespace

TEST_CASE("work that closes the connection and returns gets an error") {
  scratch here;
  connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 conn.close();
                               }),
                  pqscope::connection_closed);
  CHECK(conn.status() == connection_status::closed);
  CHECK(here.count() == 0);
}

TEST_CASE("work that closes the connection may still roll back, or throw what it likes") {
  scratch here;
  connection conn{here.db()};
  with_session(conn, [&](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    conn.close();
    s.rollback();
  });
  CHECK(conn.status() == connection_status::closed);
  connection other{here.db()};
  CHECK_THROWS_AS(with_session(other,
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 other.close();
                                 throw 1;
                               }),
                  int);
  CHECK(here.count() == 0);
}

TEST_CASE("work that replaces the connection under its session gets an error") {
  scratch here;
  connection conn{here.db()};
  conn.deadline(30s);
  CHECK_THROWS_AS(with_session(conn, {.deadline = 20s},
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 conn = connection{here.db()};
                                 CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::usage_error);
                                 CHECK(s.status() == connection_status::closed);
                               }),
                  pqscope::usage_error);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("work that replaces the connection under a nested session gets an error") {
  scratch here;
  connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn, {.deadline = 20s},
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 with_session(s, {.deadline = 10s}, [&](session& n) {
                                   n.execute("SELECT 1");
                                   conn = connection{here.db()};
                                 });
                               }),
                  pqscope::usage_error);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("a connection that was moved away in work is committed where it is") {
  scratch here;
  connection conn{here.db()};
  std::optional<connection> other;
  with_session(conn, [&](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    other.emplace(std::move(conn));
    s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(here.count() == 2);
  support::ensure_usable(*other);
}

TEST_CASE("a session whose connection was moved away in work knows its state, and limits it") {
  scratch here;
  connection conn{here.db()};
  std::optional<connection> other;
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 other.emplace(std::move(conn));
                                 s.deadline(50ms);
                                 CHECK(s.status() == connection_status::in_transaction);
                                 s.execute("SELECT pg_sleep(30)");
                               }),
                  pqscope::deadline_exceeded);
  CHECK(here.count() == 0);
  CHECK(other->query<int>("SELECT 1").one() == 1);
  support::ensure_usable(*other);
}

TEST_CASE("the limits of a session do not stay on a connection that was moved away in work") {
  scratch here;
  connection conn{here.db()};
  std::optional<connection> other;
  std::stop_source stop;
  bool const commits = GENERATE(false, true);
  with_session(conn, {.stop = stop.get_token()}, [&](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    other.emplace(std::move(conn));
    if (!commits) {
      s.rollback();
    }
  });
  stop.request_stop();
  CHECK(other->query<int>("SELECT 1").one() == 1);
  CHECK(here.count() == (commits ? 1 : 0));
  support::ensure_usable(*other);
}

TEST_CASE("a connection is as it was after a scope on it") {
  connection conn{support::test_config()};
  conn.execute("SET work_mem = '7MB'");
  using enum pqscope::isolation;
  with_session(
      conn,
      {.isolation = serializable, .access = pqscope::access::read_only, .statement_timeout = 5s},
      [](session& s) {
        CHECK(s.query<std::string>("SHOW transaction_isolation").one() == "serializable");
        CHECK(s.query<std::string>("SHOW transaction_read_only").one() == "on");
        s.execute("SET LOCAL work_mem = '8MB'");
      });
  CHECK(conn.query<std::string>("SHOW work_mem").one() == "7MB");
  CHECK(conn.query<std::string>("SHOW transaction_isolation").one() == "read committed");
  CHECK(conn.query<std::string>("SHOW transaction_read_only").one() == "off");
  CHECK(conn.query<std::string>("SHOW statement_timeout").one() == "0");
  support::ensure_usable(conn);
}

TEST_CASE("the observer sees the label of a scope") {
  label_watcher seen;
  connection conn{support::test_config(), {.observer = &seen}};
  with_session(conn, {.label = "billing"}, [](session& s) { s.execute("SELECT 1"); });
  CHECK(seen.begun == std::vector<std::string>{"billing"});
  CHECK(seen.ended == std::vector<std::string>{"billing"});
  support::ensure_usable(conn);
}

TEST_CASE("the observer sees how each scope ended") {
  using end = pqscope::transaction_end;
  pqscope::testing::recorder seen;
  connection conn{support::test_config(), {.observer = &seen}};
  with_session(conn, [](session& s) { s.execute("SELECT 1"); });
  with_session(conn, [](session& s) {
    s.execute("SELECT 1");
    throw pqscope::rollback{};
  });
  CHECK(seen.transactions() == std::vector<end>{end::committed, end::rolled_back});
  support::ensure_usable(conn);
}

TEST_CASE("in a sandbox a scope commits, and everything is undone afterwards") {
  scratch here;
  connection conn{here.db()};
  int hooks = 0;
  pqscope::testing::rolled_back(conn, [&](connection& on) {
    with_session(on, [&](session& s) {
      s.after_commit([&] { ++hooks; });
      s.execute("INSERT INTO t VALUES (1)");
    });
    CHECK_THROWS_AS(with_session(on,
                                 [](session& s) {
                                   s.execute("INSERT INTO t VALUES (2)");
                                   throw 1;
                                 }),
                    int);
    CHECK(on.query<int>("SELECT id FROM t").all() == std::vector<int>{1});
    CHECK(hooks == 1);
  });
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("a scope that only reads asks for no transaction id") {
  connection conn{support::test_config()};
  with_session(conn, {.access = pqscope::access::read_only}, [](session& s) {
    s.execute("SELECT 1");
    CHECK_FALSE(s.transaction_id());
  });
  scratch here;
  connection writes{here.db()};
  with_session(writes, [](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    REQUIRE(s.transaction_id());
    CHECK(std::to_string(*s.transaction_id()) ==
          s.query<std::string>("SELECT pg_current_xact_id()::text").one());
  });
  support::ensure_usable(writes);
}
