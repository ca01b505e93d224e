#include <pqscope/connection/connection.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <stdexcept>
#include <string>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::session;
using pqscope::with_session;
using support::scratch;

namespace {

struct no_exception_at_all {
  int value;
};

struct refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What `throwing` throws in a scope round an INSERT, as `Error`.
template <class Error, class Throwing>
Error caught_from(pqscope::connection& conn, Throwing throwing) {
  try {
    with_session(conn, [&](session& s) {
      s.execute("INSERT INTO t VALUES (1)");
      throwing();
    });
  } catch (Error const& failure) {
    return failure;
  }
  throw std::logic_error("nothing was thrown");
}

}  // namespace

TEST_CASE("what work throws arrives unchanged, of whatever type, and nothing is persisted") {
  scratch here;
  pqscope::connection conn{here.db()};
  CHECK(caught_from<int>(conn, [] { throw 5; }) == 5);
  CHECK(caught_from<std::string>(conn, [] { throw std::string{"text"}; }) == "text");
  CHECK(caught_from<no_exception_at_all>(conn, [] { throw no_exception_at_all{3}; }).value == 3);
  CHECK(std::string{caught_from<refused>(conn, [] { throw refused("no"); }).what()} == "no");
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("the very object that work throws arrives, not a copy of it") {
  auto const db = support::test_config();
  auto const shared = std::make_shared<int>(1);
  void const* thrown = nullptr;
  try {
    with_session(db, [&](session& s) {
      s.execute("SELECT 1");
      try {
        throw shared;
      } catch (std::shared_ptr<int> const& here) {
        thrown = &here;
        throw;
      }
    });
    FAIL("nothing was thrown");
  } catch (std::shared_ptr<int> const& there) {
    CHECK(&there == thrown);
  }
}

TEST_CASE("an exception passes through nested scopes unchanged and leaves nothing") {
  scratch here;
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn,
                               [](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 with_session(s, [](session& n) {
                                   n.execute("INSERT INTO t VALUES (2)");
                                   with_session(n, [](session& deepest) {
                                     deepest.execute("INSERT INTO t VALUES (3)");
                                     throw no_exception_at_all{1};
                                   });
                                 });
                               }),
                  no_exception_at_all);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("a statement's error arrives as its own class with the place of the statement") {
  scratch here;
  pqscope::connection conn{here.db()};
  unsigned line = 0;
  try {
    with_session(conn, [&](session& s) {
      s.execute("INSERT INTO t VALUES (1)");
      line = __LINE__ + 1;
      s.execute("INSERT INTO t VALUES (1)");
    });
    FAIL("nothing was thrown");
  } catch (pqscope::unique_violation const& failure) {
    CHECK(failure.violates("t_pkey"));
    CHECK(failure.where().line() == line);
  }
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("the connection of a scope is closed when it was made for it, however it ends") {
  scratch here;
  auto const db = here.db();
  with_session(db, [](session& s) { s.execute("SELECT 1"); });
  CHECK_THROWS_AS(with_session(db,
                               [](session& s) {
                                 s.execute("SELECT 1");
                                 throw 1;
                               }),
                  int);
  CHECK_THROWS_AS(with_session(db, [](session& s) { s.execute("SELECT 1/0"); }),
                  pqscope::division_by_zero);
  CHECK(here.outside.number(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state IN "
            "('active', 'idle in transaction', 'idle in transaction (aborted)')",
            {here.schema}) == 0);
}

TEST_CASE("a connection that cannot be made leaks nothing and says why") {
  auto nowhere = support::test_config();
  nowhere.with("dbname", support::unique_name("nodb"));
  int calls = 0;
  auto const work = [&](session& s) {
    ++calls;
    s.execute("SELECT 1");
  };
  CHECK_THROWS_AS(with_session(nowhere, {.retry = {.attempts = 3}}, work),
                  pqscope::connection_error);
  CHECK(calls == 1);
  with_session(nowhere, [](session& s) {
    CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::connection_error);
    CHECK(s.is_active());
    with_session(s, [](session& n) {
      CHECK_THROWS_AS(n.execute("SELECT 1"), pqscope::connection_error);
      CHECK_THROWS_AS(n.execute("SELECT 1"), pqscope::connection_error);
    });
    CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::connection_error);
  });
}

TEST_CASE(
    "the body's exception arrives when its backend was killed, and the connection is broken") {
  scratch here;
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 here.outside.terminate(conn.backend_pid());
                                 throw refused("mine");
                               }),
                  refused);
  CHECK(conn.status() == pqscope::connection_status::broken);
  CHECK(here.count() == 0);
}
