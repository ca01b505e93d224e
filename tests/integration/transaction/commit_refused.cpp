#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::transaction;
using pqscope::transaction_end;
using support::watched;

TEST_CASE("a deferred constraint that fails at COMMIT throws its own error and undoes everything") {
  watched w;
  w.conn.execute("CREATE TEMP TABLE parent (id int PRIMARY KEY)");
  w.conn.execute(
      "CREATE TEMP TABLE child (id int CONSTRAINT child_parent REFERENCES parent "
      "DEFERRABLE INITIALLY DEFERRED)");
  std::string calls;
  transaction tx{w.conn};
  tx.after_commit([&] { calls += 'c'; });
  tx.after_rollback([&] { calls += 'r'; });
  tx.execute("INSERT INTO child VALUES (7)");
  try {
    tx.commit();
    FAIL("commit returned");
  } catch (pqscope::foreign_key_violation const& refused) {
    CHECK(refused.violates("child_parent"));
    CHECK(refused.sql() == "COMMIT");
    CHECK(refused.connection_usable());
  }
  CHECK(calls == "r");
  CHECK_FALSE(tx.is_active());
  CHECK(w.log.transactions() == std::vector{transaction_end::rolled_back});
  CHECK(w.log.notices().empty());
  CHECK(w.conn.query<int>("SELECT count(*)::int FROM child").one() == 0);
  support::ensure_usable(w.conn);
}

TEST_CASE("a deferred unique constraint fails at COMMIT also behind a nested scope") {
  watched w;
  w.conn.execute("CREATE TEMP TABLE u (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  transaction tx{w.conn};
  tx.execute("INSERT INTO u VALUES (1)");
  pqscope::savepoint inner{tx};
  inner.execute("INSERT INTO u VALUES (1)");
  inner.commit();
  CHECK_THROWS_AS(tx.commit(), pqscope::unique_violation);
  CHECK(w.conn.query<int>("SELECT count(*)::int FROM u").one() == 0);
  support::ensure_usable(w.conn);
}

TEST_CASE("a hook that fails after a refused COMMIT does not hide why it was refused") {
  watched w;
  w.conn.execute("CREATE TEMP TABLE u (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  transaction tx{w.conn};
  tx.after_rollback([] { throw 42; });
  tx.execute("INSERT INTO u VALUES (1), (1)");
  CHECK_THROWS_AS(tx.commit(), pqscope::unique_violation);
  CHECK(w.log.problems().size() == 1);
  support::ensure_usable(w.conn);
}

TEST_CASE("write skew under serializable: exactly one of two commits fails with 40001") {
  support::shared_table table{"name text, on_call bool"};
  table.outside.execute("INSERT INTO " + table.name + " VALUES ('ada', true), ('bob', true)");
  watched a;
  watched b;
  pqscope::dynamic_sql const look{"SELECT count(*)::int FROM " + table.name + " WHERE on_call"};
  auto const leave = [&](std::string const& who) {
    return pqscope::dynamic_sql{"UPDATE " + table.name + " SET on_call = false WHERE name = '" +
                                who + "'"};
  };
  transaction first{a.conn, {.isolation = pqscope::isolation::serializable}};
  transaction second{b.conn, {.isolation = pqscope::isolation::serializable}};
  CHECK(first.query<int>(look).one() == 2);
  CHECK(second.query<int>(look).one() == 2);
  first.execute(leave("ada"));
  second.execute(leave("bob"));
  first.commit();
  try {
    second.commit();
    FAIL("both were committed");
  } catch (pqscope::serialization_failure const& refused) {
    CHECK(refused.is_retryable());
  }
  CHECK(table.outside.number("SELECT count(*) FROM " + table.name + " WHERE on_call") == 1);
  support::ensure_usable(a.conn);
  support::ensure_usable(b.conn);
}

TEST_CASE("rollback after a commit that failed has nothing left to do") {
  watched w;
  w.conn.execute("CREATE TEMP TABLE u (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  transaction tx{w.conn};
  tx.execute("INSERT INTO u VALUES (1), (1)");
  CHECK_THROWS_AS(tx.commit(), pqscope::unique_violation);
  auto const before = w.log.round_trips();
  CHECK_NOTHROW(tx.rollback());
  CHECK_THROWS_AS(tx.commit(), pqscope::usage_error);
  CHECK_THROWS_AS(tx.execute("SELECT 1"), pqscope::usage_error);
  CHECK(w.log.round_trips() == before);
  support::ensure_usable(w.conn);
}
