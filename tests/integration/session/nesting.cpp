#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::session;
using pqscope::usage_error;
using pqscope::with_session;
using support::scratch;

using texts = std::vector<std::string>;

TEST_CASE("a session nests in a session, a transaction and a savepoint") {
  scratch here;
  pqscope::connection conn{here.db()};
  {
    pqscope::transaction tx{conn};
    CHECK(with_session(tx, [](session& s) {
            s.execute("INSERT INTO t VALUES (1)");
            return s.attempt();
          }) == 1);
    pqscope::savepoint sp{tx};
    with_session(sp, [](session& s) {
      s.execute("INSERT INTO t VALUES (2)");
      with_session(s, [](session& n) {
        n.execute("INSERT INTO t VALUES (3)");
        pqscope::savepoint innermost{n};
        innermost.execute("INSERT INTO t VALUES (4)");
        innermost.commit();
      });
    });
    sp.commit();
    CHECK(here.count() == 0);
    tx.commit();
  }
  CHECK(here.ids() == texts{"1", "2", "3", "4"});
  support::ensure_usable(conn);
}

TEST_CASE("a nested scope that throws is undone alone when the exception is caught outside it") {
  scratch here;
  pqscope::connection conn{here.db()};
  with_session(conn, [](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(with_session(s,
                                 [](session& n) {
                                   n.execute("INSERT INTO t VALUES (2)");
                                   n.execute("INSERT INTO t VALUES (1)");
                                 }),
                    pqscope::unique_violation);
    CHECK_THROWS_AS(with_session(s, [](session& n) { n.execute("SELECT 1/0"); }),
                    pqscope::division_by_zero);
    s.execute("INSERT INTO t VALUES (3)");
  });
  CHECK(here.ids() == texts{"1", "3"});
  support::ensure_usable(conn);
}

TEST_CASE("a nested scope that fails first, before the outer one did anything, is undone alone") {
  scratch here;
  with_session(here.db(), [](session& s) {
    CHECK_THROWS_AS(with_session(s, [](session& n) { n.execute("SELECT 1/0"); }),
                    pqscope::division_by_zero);
    CHECK_THROWS_AS(with_session(s, [](session&) { throw 1; }), int);
    s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(here.count() == 1);
}

TEST_CASE("a nested session refuses options of the transaction") {
  pqscope::connection conn{support::test_config()};
  for (bool const begun : {false, true}) {
    with_session(conn, [&](session& s) {
      if (begun) {
        s.execute("SELECT 1");
      }
      auto const nothing = [](session&) { FAIL("called"); };
      CHECK_THROWS_AS(with_session(s, {.isolation = pqscope::isolation::serializable}, nothing),
                      usage_error);
      CHECK_THROWS_AS(with_session(s, {.access = pqscope::access::read_only}, nothing),
                      usage_error);
      CHECK_THROWS_AS(with_session(s, {.deferrable = true}, nothing), usage_error);
      CHECK_THROWS_AS(with_session(s, {.statement_timeout = std::chrono::milliseconds{5}}, nothing),
                      usage_error);
      s.execute("SELECT 1");
    });
    pqscope::transaction tx{conn};
    CHECK_THROWS_AS(
        with_session(tx, {.isolation = pqscope::isolation::serializable}, [](session&) {}),
        usage_error);
    tx.execute("SELECT 1");
    tx.commit();
  }
  support::ensure_usable(conn);
}

TEST_CASE("a nested session may ask for what its transaction is already") {
  pqscope::connection conn{support::test_config()};
  pqscope::session_options const same{.isolation = pqscope::isolation::serializable,
                                      .access = pqscope::access::read_only,
                                      .deferrable = false};
  auto const isolation_of = [](auto& in) {
    return in.template query<std::string>("SHOW transaction_isolation").one();
  };
  for (bool const begun : {false, true}) {
    with_session(conn, same, [&](session& s) {
      if (begun) {
        s.execute("SELECT 1");
      }
      with_session(s, same, [&](session& nested) {
        CHECK(with_session(nested, same, isolation_of) == "serializable");
      });
      pqscope::session_options other = same;
      other.isolation = pqscope::isolation::repeatable_read;
      CHECK_THROWS_AS(with_session(s, other, isolation_of), usage_error);
    });
  }
  pqscope::transaction tx{conn, {.isolation = pqscope::isolation::serializable}};
  pqscope::session_options const level{.isolation = pqscope::isolation::serializable};
  CHECK(with_session(tx, level, isolation_of) == "serializable");
  {
    pqscope::savepoint inner{tx};
    CHECK(with_session(inner, level, isolation_of) == "serializable");
    CHECK_THROWS_AS(with_session(inner, same, isolation_of), usage_error);
  }
  tx.commit();
  CHECK_THROWS_AS(with_session(tx, level, isolation_of), usage_error);
  support::ensure_usable(conn);
}

TEST_CASE("a nested session takes a label and a deadline") {
  pqscope::connection conn{support::test_config()};
  with_session(conn, {.label = "outer"}, [](session& s) {
    CHECK(s.label() == "outer");
    with_session(s, {.deadline = std::chrono::seconds{20}, .label = "inner"}, [](session& n) {
      CHECK(n.label() == "inner");
      n.execute("SELECT 1");
    });
  });
  support::ensure_usable(conn);
}

TEST_CASE("the outer scope refuses every use while a nested one lives, and is whole afterwards") {
  pqscope::testing::recorder seen;
  scratch here;
  pqscope::connection conn{here.db(), {.observer = &seen}};
  for (bool const begun : {false, true}) {
    with_session(conn, [&](session& s) {
      if (begun) {
        s.execute("SELECT 1");
      }
      with_session(s, [&](session& n) {
        auto const trips = seen.round_trips();
        CHECK_THROWS_AS(s.execute("SELECT 1"), usage_error);
        CHECK_THROWS_AS(s.query<int>("SELECT 1"), usage_error);
        CHECK_THROWS_AS(s.after_commit([] {}), usage_error);
        CHECK_THROWS_AS(pqscope::savepoint{s}, usage_error);
        CHECK_THROWS_AS(with_session(s, [](session&) {}), usage_error);
        CHECK(seen.round_trips() == trips);
        n.execute("INSERT INTO t VALUES ($1)", begun ? 1 : 2);
      });
      s.execute("SELECT 1");
    });
  }
  CHECK(here.count() == 2);
  support::ensure_usable(conn);
}

TEST_CASE("ending the outer scope before a nested one is held against both") {
  scratch here;
  pqscope::connection conn{here.db()};
  for (bool const begun : {false, true}) {
    for (bool const commits : {false, true}) {
      CHECK_THROWS_AS(with_session(conn,
                                   [&](session& s) {
                                     if (begun) {
                                       s.execute("INSERT INTO t VALUES (1)");
                                     }
                                     with_session(s, [&](session& n) {
                                       auto const end = [&] {
                                         commits ? s.commit() : s.rollback();
                                       };
                                       CHECK_THROWS_AS(end(), usage_error);
                                       CHECK_THROWS_AS(n.execute("SELECT 1"), usage_error);
                                     });
                                   }),
                      usage_error);
      CHECK(here.count() == 0);
      support::ensure_usable(conn);
    }
  }
}

TEST_CASE("a connection that has a scope alive opens no second one beside it") {
  pqscope::connection conn{support::test_config()};
  with_session(conn, [&](session& s) {
    s.execute("SELECT 1");
    CHECK_THROWS_AS(with_session(conn, [](session& other) { other.execute("SELECT 1"); }),
                    usage_error);
    CHECK_THROWS_AS(pqscope::transaction{conn}, usage_error);
    s.execute("SELECT 1");
  });
  support::ensure_usable(conn);
}

TEST_CASE("a scope on a connection with a hand-written BEGIN open is refused") {
  pqscope::connection conn{support::test_config()};
  conn.execute("BEGIN");
  CHECK_THROWS_AS(with_session(conn, [](session& s) { s.execute("SELECT 1"); }), usage_error);
  CHECK(conn.status() == pqscope::connection_status::in_transaction);
  conn.execute("ROLLBACK");
  support::ensure_usable(conn);
}

TEST_CASE("a nested scope is never run again") {
  pqscope::connection conn{support::test_config()};
  int calls = 0;
  with_session(conn, [&](session& s) {
    CHECK_THROWS_AS(with_session(s, {.retry = {.attempts = 5}},
                                 [&](session& n) {
                                   ++calls;
                                   n.execute(
                                       "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = "
                                       "'40001'; END $$");
                                 }),
                    pqscope::serialization_failure);
  });
  CHECK(calls == 1);
  support::ensure_usable(conn);
}

TEST_CASE("a nested session knows the attempt of the outer one") {
  pqscope::connection conn{support::test_config()};
  std::vector<int> attempts;
  with_session(conn, {.retry = {.attempts = 2, .base_delay = {}}}, [&](session& s) {
    with_session(s, [&](session& n) { attempts.push_back(n.attempt()); });
    if (s.attempt() == 1) {
      s.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$");
    }
  });
  CHECK(attempts == std::vector<int>{1, 2});
  support::ensure_usable(conn);
}
