#include <pqscope/connection/connection.hpp>
#include <pqscope/error/transaction_rolled_back.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::session;
using pqscope::transaction_rolled_back;
using pqscope::with_session;
using support::scratch;

using texts = std::vector<std::string>;

namespace {

// Work that inserts a row, lets two statements fail and returns as if nothing had happened.
void swallow(session& s) {
  s.execute("INSERT INTO t VALUES (7)");
  CHECK_THROWS_AS(s.execute("SELECT 1/0"), pqscope::division_by_zero);
  CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::in_failed_sql_transaction);
}

// Runs it, and checks what comes of it.
template <class Scope>
void expect_rolled_back(Scope& on) {
  try {
    with_session(on, swallow);
    FAIL("a lost commit was reported as a success");
  } catch (transaction_rolled_back const& failure) {
    CHECK(failure.sqlstate() == "22012");
    REQUIRE(failure.first_error() != nullptr);
    CHECK(dynamic_cast<pqscope::division_by_zero const*>(failure.first_error()) != nullptr);
    CHECK(failure.connection_usable());
    CHECK_FALSE(failure.is_retryable());
    CHECK(failure.where().line() != 0);
  }
}

}  // namespace

TEST_CASE("work that returns after a failed statement it caught has not committed: it is told so") {
  scratch here;
  pqscope::connection conn{here.db()};
  expect_rolled_back(conn);
  support::ensure_usable(conn);
  auto const db = here.db();
  expect_rolled_back(db);
  CHECK(here.count() == 0);
}

TEST_CASE(
    "nested work that returns after a failed statement is told so, and the outer one is usable") {
  scratch here;
  pqscope::connection conn{here.db()};
  with_session(conn, [](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    expect_rolled_back(s);
    with_session(s, [](session& n) {
      n.execute("INSERT INTO t VALUES (2)");
      expect_rolled_back(n);
    });
    pqscope::savepoint sp{s};
    expect_rolled_back(sp);
    sp.execute("INSERT INTO t VALUES (3)");
    sp.commit();
  });
  CHECK(here.ids() == texts{"1", "2", "3"});
  {
    pqscope::transaction tx{conn};
    expect_rolled_back(tx);
    tx.execute("INSERT INTO t VALUES (4)");
    tx.commit();
  }
  CHECK(here.ids() == texts{"1", "2", "3", "4"});
  support::ensure_usable(conn);
}

TEST_CASE("a nested scope that was told so takes the outer one along when nobody catches it") {
  scratch here;
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn,
                               [](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 with_session(s, swallow);
                               }),
                  transaction_rolled_back);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("commit() inside work after a failed statement is told the same") {
  scratch here;
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn,
                               [](session& s) {
                                 swallow(s);
                                 s.commit();
                               }),
                  transaction_rolled_back);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("the error that opened the failure is carried, not one of an earlier nested scope") {
  scratch here;
  pqscope::connection conn{here.db()};
  try {
    with_session(conn, [](session& s) {
      CHECK_THROWS_AS(with_session(s, swallow), transaction_rolled_back);
      CHECK_THROWS_AS(s.execute("SELECT * FROM nowhere"), pqscope::undefined_table);
    });
    FAIL("a lost commit was reported as a success");
  } catch (transaction_rolled_back const& failure) {
    CHECK(failure.sqlstate() == "42P01");
  }
  support::ensure_usable(conn);
}

TEST_CASE("a swallowed serialization failure is retried all the same") {
  pqscope::connection conn{support::test_config()};
  int calls = 0;
  with_session(conn, {.retry = {.attempts = 3, .base_delay = {}}}, [&](session& s) {
    if (++calls == 1) {
      CHECK_THROWS_AS(s.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$"),
                      pqscope::serialization_failure);
    }
  });
  CHECK(calls == 2);
  support::ensure_usable(conn);
}

TEST_CASE("a deferred constraint fails the commit of a scope") {
  scratch here;
  here.outside.execute("ALTER TABLE " + here.table() +
                       " ADD CONSTRAINT v_is_id FOREIGN KEY (v) REFERENCES " + here.table() +
                       " DEFERRABLE INITIALLY DEFERRED");
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn, [](session& s) { s.execute("INSERT INTO t VALUES (1, 2)"); }),
                  pqscope::foreign_key_violation);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}
