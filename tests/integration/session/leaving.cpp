#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/two_phase.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::rollback;
using pqscope::session;
using pqscope::usage_error;
using pqscope::with_session;
using support::scratch;

namespace {

struct without_default {
  explicit without_default(int given) : value{given} {}
  int value;
};

}  // namespace

TEST_CASE("throwing rollback leaves without effect and without an error") {
  scratch here;
  pqscope::connection conn{here.db()};
  with_session(conn, [](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    throw rollback{};
  });
  int const value = with_session(conn, [](session& s) -> int {
    s.execute("INSERT INTO t VALUES (1)");
    throw rollback{};
  });
  CHECK(value == 0);
  auto const text = with_session(conn, [](session& s) -> std::optional<std::string> {
    if (s.execute("INSERT INTO t VALUES (1)").affected_rows() == 1) {
      throw rollback{};
    }
    return "not left";
  });
  CHECK_FALSE(text);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("throwing rollback where no empty result exists is an error, without effect") {
  scratch here;
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn,
                               [](session& s) -> without_default {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 throw rollback{};
                               }),
                  usage_error);
  CHECK_THROWS_AS(with_session(conn, [](session&) -> int& { throw rollback{}; }), usage_error);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("rollback() undoes everything, and the work's value is returned") {
  scratch here;
  pqscope::connection conn{here.db()};
  int const value = with_session(conn, [](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    s.rollback();
    CHECK_FALSE(s.is_active());
    return 4;
  });
  CHECK(value == 4);
  CHECK(with_session(conn, [](session& s) {
          s.execute("INSERT INTO t VALUES (1)");
          s.rollback();
          return without_default{5};
        }).value == 5);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("rollback() forgives a failed statement") {
  scratch here;
  pqscope::connection conn{here.db()};
  with_session(conn, [](session& s) {
    CHECK_THROWS_AS(s.execute("SELECT 1/0"), pqscope::division_by_zero);
    s.rollback();
  });
  support::ensure_usable(conn);
}

TEST_CASE("rollback of a nested scope leaves the outer one as it was") {
  scratch here;
  pqscope::connection conn{here.db()};
  with_session(conn, [](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    with_session(s, [](session& n) {
      n.execute("INSERT INTO t VALUES (2)");
      throw rollback{};
    });
    with_session(s, [](session& n) {
      n.execute("INSERT INTO t VALUES (3)");
      n.rollback();
    });
    s.execute("INSERT INTO t VALUES (4)");
  });
  CHECK(here.ids() == std::vector<std::string>{"1", "4"});
  support::ensure_usable(conn);
}

TEST_CASE("commit() commits at once; what the work throws later arrives, and undoes nothing") {
  scratch here;
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 s.commit();
                                 CHECK(here.count() == 1);
                                 CHECK(conn.status() == pqscope::connection_status::idle);
                                 throw 1;
                               }),
                  int);
  CHECK(here.count() == 1);
  support::ensure_usable(conn);
}

TEST_CASE("work that failed after its own commit is not run again") {
  scratch here;
  auto const db = here.db();
  int calls = 0;
  CHECK_THROWS_AS(with_session(db, {.retry = {.attempts = 3}},
                               [&](session& s) {
                                 ++calls;
                                 s.execute("INSERT INTO t VALUES ($1)", calls);
                                 s.commit();
                                 throw pqscope::connection_lost("another one");
                               }),
                  pqscope::connection_lost);
  CHECK(calls == 1);
  CHECK(here.count() == 1);
}

TEST_CASE("a session that has ended refuses every use and sends nothing") {
  pqscope::testing::recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};
  bool const commits = true;
  for (bool const how : {commits, !commits}) {
    with_session(conn, [&](session& s) {
      s.execute("SELECT 1");
      how ? s.commit() : s.rollback();
      auto const trips = seen.round_trips();
      CHECK_THROWS_AS(s.execute("SELECT 1"), usage_error);
      CHECK_THROWS_AS(s.query<int>("SELECT 1"), usage_error);
      CHECK_THROWS_AS(s.execute_script(pqscope::dynamic_sql{std::string{"SELECT 1"}}), usage_error);
      CHECK_THROWS_AS(s.commit(), usage_error);
      CHECK_THROWS_AS(s.rollback(), usage_error);
      CHECK_THROWS_AS(s.after_commit([] {}), usage_error);
      CHECK_THROWS_AS(s.canceller(), usage_error);
      CHECK_THROWS_AS(pqscope::savepoint{s}, usage_error);
      CHECK_THROWS_AS(with_session(s, [](session&) {}), usage_error);
      CHECK(s.status() == pqscope::connection_status::closed);
      CHECK(seen.round_trips() == trips);
    });
  }
  support::ensure_usable(conn);
}

TEST_CASE("SQL text that would end the scope is refused") {
  scratch here;
  pqscope::connection conn{here.db()};
  with_session(conn, [](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(s.execute("COMMIT"), usage_error);
    CHECK_THROWS_AS(s.execute("ROLLBACK"), usage_error);
    CHECK_THROWS_AS(s.execute("BEGIN"), usage_error);
    s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(here.count() == 2);
  support::ensure_usable(conn);
}

TEST_CASE("a session can be prepared for two-phase commit") {
  scratch here;
  pqscope::connection conn{here.db()};
  std::string const gid = support::unique_name("gid");
  with_session(conn, [&](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    with_session(s, [&](session& n) { CHECK_THROWS_AS(n.prepare(gid), usage_error); });
    s.prepare(gid);
    CHECK_FALSE(s.is_active());
  });
  CHECK(here.count() == 0);
  pqscope::commit_prepared(conn, gid);
  CHECK(here.count() == 1);
  support::ensure_usable(conn);
}
