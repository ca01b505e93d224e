#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::savepoint;
using pqscope::session;
using pqscope::transaction;
using pqscope::transaction_rolled_back;
using pqscope::with_session;
using support::watched;

namespace {

// Fails first with 23505, then with 25P02, and catches both.
template <class Scope>
void fail_and_go_on(Scope& in) {
  in.execute("INSERT INTO t VALUES (1)");
  CHECK_THROWS_AS(in.execute("INSERT INTO t VALUES (1)"), pqscope::unique_violation);
  CHECK_THROWS_AS(in.execute("SELECT 1"), pqscope::in_failed_sql_transaction);
}

void check_first_error(transaction_rolled_back const& told) {
  CHECK(told.sqlstate() == "23505");
  CHECK(told.violates("t_pkey"));
  CHECK_FALSE(told.is_retryable());
  REQUIRE(told.first_error() != nullptr);
  CHECK(dynamic_cast<pqscope::unique_violation const*>(told.first_error()) != nullptr);
  CHECK(told.first_error()->sql() == "INSERT INTO t VALUES (1)");
  CHECK(told.first_error()->where().line() != 0);
}

}  // namespace

TEST_CASE("a transaction whose statement failed does not commit, and says which was the first") {
  watched w;
  std::string calls;
  transaction tx{w.conn};
  tx.after_commit([&] { calls += 'c'; });
  tx.after_rollback([&] { calls += 'r'; });
  fail_and_go_on(tx);
  try {
    tx.commit();
    FAIL("commit returned");
  } catch (transaction_rolled_back const& told) {
    check_first_error(told);
  }
  CHECK(calls == "r");
  CHECK_FALSE(tx.is_active());
  CHECK(w.log.notices().empty());
  CHECK(w.log.transactions() == std::vector{pqscope::transaction_end::rolled_back});
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a session whose work swallowed an error does not commit, and says which was the first") {
  watched w;
  SECTION("when the work returns") {
    try {
      with_session(w.conn, [](session& s) { fail_and_go_on(s); });
      FAIL("with_session returned");
    } catch (transaction_rolled_back const& told) {
      check_first_error(told);
    }
  }
  SECTION("when it commits itself") {
    with_session(w.conn, [](session& s) {
      fail_and_go_on(s);
      try {
        s.commit();
        FAIL("commit returned");
      } catch (transaction_rolled_back const& told) {
        check_first_error(told);
      }
    });
  }
  SECTION("when statements went through the connection") {
    try {
      with_session(w.conn, [&](session& s) {
        s.execute("INSERT INTO t VALUES (9)");
        fail_and_go_on(w.conn);
      });
      FAIL("with_session returned");
    } catch (transaction_rolled_back const& told) {
      check_first_error(told);
    }
  }
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a session on a connection of its own says which error was the first") {
  try {
    with_session(support::test_config(), [](session& s) {
      s.execute("CREATE TEMP TABLE t (n int PRIMARY KEY)");
      fail_and_go_on(s);
    });
    FAIL("with_session returned");
  } catch (transaction_rolled_back const& told) {
    check_first_error(told);
  }
}

TEST_CASE("a savepoint whose statement failed is rolled back by its commit, the outer goes on") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (5)");
  savepoint inner{tx};
  fail_and_go_on(inner);
  try {
    inner.commit();
    FAIL("commit returned");
  } catch (transaction_rolled_back const& told) {
    check_first_error(told);
  }
  CHECK_FALSE(inner.is_active());
  CHECK(w.conn.status() == pqscope::connection_status::in_transaction);
  tx.execute("INSERT INTO t VALUES (6)");
  tx.commit();
  CHECK(w.rows() == std::vector{5, 6});
  support::ensure_usable(w.conn);
}

TEST_CASE("a nested session whose work swallowed an error is rolled back, the outer goes on") {
  watched w;
  with_session(w.conn, [&](session& outer) {
    outer.execute("INSERT INTO t VALUES (5)");
    try {
      with_session(outer, [](session& inner) { fail_and_go_on(inner); });
      FAIL("with_session returned");
    } catch (transaction_rolled_back const& told) {
      check_first_error(told);
    }
    outer.execute("INSERT INTO t VALUES (6)");
  });
  CHECK(w.rows() == std::vector{5, 6});
  support::ensure_usable(w.conn);
}

TEST_CASE("an error that a savepoint undid is not the first error of its transaction") {
  watched w;
  transaction tx{w.conn};
  {
    savepoint inner{tx};
    CHECK_THROWS_AS(inner.execute("SELECT 1/0"), pqscope::division_by_zero);
  }
  CHECK_THROWS_AS(tx.execute("SELECT * FROM nowhere"), pqscope::undefined_table);
  try {
    tx.commit();
    FAIL("commit returned");
  } catch (transaction_rolled_back const& told) {
    CHECK(told.sqlstate() == "42P01");
  }
  support::ensure_usable(w.conn);
}

TEST_CASE("the first error of one transaction is not carried over to the next") {
  watched w;
  for (bool const commits : {true, false}) {
    transaction failed{w.conn};
    CHECK_THROWS_AS(failed.execute("SELECT 1/0"), pqscope::division_by_zero);
    if (commits) {
      CHECK_THROWS_AS(failed.commit(), transaction_rolled_back);
    } else {
      failed.rollback();
    }
    transaction next{w.conn};
    CHECK_THROWS_AS(next.execute("SELECT * FROM nowhere"), pqscope::undefined_table);
    try {
      next.commit();
      FAIL("commit returned");
    } catch (transaction_rolled_back const& told) {
      CHECK(told.sqlstate() == "42P01");
    }
  }
  support::ensure_usable(w.conn);
}

TEST_CASE("a retryable first error makes the silent rollback retryable") {
  watched w;
  transaction tx{w.conn};
  CHECK_THROWS_AS(tx.execute("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"),
                  pqscope::serialization_failure);
  try {
    tx.commit();
    FAIL("commit returned");
  } catch (transaction_rolled_back const& told) {
    CHECK(told.is_retryable());
  }
  support::ensure_usable(w.conn);
}

TEST_CASE("a hook that fails after a silent rollback does not hide it") {
  watched w;
  transaction tx{w.conn};
  tx.after_rollback([] { throw 42; });
  CHECK_THROWS_AS(tx.execute("SELECT 1/0"), pqscope::division_by_zero);
  CHECK_THROWS_AS(tx.commit(), transaction_rolled_back);
  CHECK(w.log.problems().size() == 1);
  support::ensure_usable(w.conn);
}
