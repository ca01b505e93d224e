#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <utility>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::transaction;
using pqscope::transaction_end;
using support::shared_table;
using support::texts;
using support::watched;

TEST_CASE("a transaction sends BEGIN, its statements and COMMIT, and nothing else") {
  watched w;
  {
    transaction tx{w.conn};
    CHECK(tx.is_active());
    tx.execute("INSERT INTO t VALUES ($1)", 1);
    tx.execute("INSERT INTO t VALUES ($1)", 2);
    tx.commit();
    CHECK_FALSE(tx.is_active());
  }
  CHECK(w.log.statements() ==
        texts{"BEGIN", "INSERT INTO t VALUES ($1)", "INSERT INTO t VALUES ($1)", "COMMIT"});
  CHECK(w.log.round_trips() == 3);
  CHECK(w.log.transactions() == std::vector{transaction_end::committed});
  CHECK(w.log.problems().empty());
  CHECK(w.log.notices().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("others see what a transaction did after its commit, not before") {
  shared_table table;
  watched w;
  transaction tx{w.conn};
  tx.execute(table.insert(1));
  CHECK(table.count() == 0);
  CHECK(w.conn.status() == pqscope::connection_status::in_transaction);
  tx.commit();
  CHECK(table.count() == 1);
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction without a statement sends nothing, however it ends") {
  watched w;
  {
    transaction left{w.conn};
  }
  transaction committed{w.conn};
  committed.commit();
  transaction undone{w.conn};
  undone.rollback();
  CHECK(w.log.round_trips() == 0);
  CHECK(w.log.transactions() == std::vector{transaction_end::rolled_back,
                                            transaction_end::committed,
                                            transaction_end::rolled_back});
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction that is not committed is rolled back") {
  watched w;
  {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
  }
  CHECK(w.log.statements() == texts{"BEGIN", "INSERT INTO t VALUES (1)", "ROLLBACK"});
  CHECK(w.log.round_trips() == 2);
  CHECK(w.log.transactions() == std::vector{transaction_end::rolled_back});
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (2)");
  tx.rollback();
  CHECK_FALSE(tx.is_active());
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("an exception that leaves a transaction rolls it back and arrives unchanged") {
  watched w;
  struct own {
    int number;
  };
  try {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    throw own{42};
  } catch (own const& arrived) {
    CHECK(arrived.number == 42);
  }
  CHECK(w.log.statements().back() == "ROLLBACK");
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("statements of the connection belong to the transaction that is alive on it") {
  watched w;
  {
    transaction tx{w.conn};
    w.conn.execute("INSERT INTO t VALUES (1)");
    tx.execute("INSERT INTO t VALUES (2)");
    pqscope::savepoint inner{tx};
    w.conn.execute("INSERT INTO t VALUES (3)");
  }
  CHECK(w.log.statements().front() == "BEGIN");
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction goes on in the object it is moved to") {
  watched w;
  transaction from{w.conn};
  from.execute("INSERT INTO t VALUES (1)");
  transaction to{std::move(from)};
  to.execute("INSERT INTO t VALUES (2)");
  to.commit();
  CHECK(w.rows() == std::vector{1, 2});

  watched other;
  transaction first{w.conn};
  first.execute("INSERT INTO t VALUES (3)");
  transaction second{other.conn};
  second.execute("INSERT INTO t VALUES (3)");
  first = std::move(second);  // what it held before is rolled back
  CHECK(w.rows() == std::vector{1, 2});
  first.commit();
  CHECK(other.rows() == std::vector{3});
  support::ensure_usable(w.conn);
  support::ensure_usable(other.conn);
}

TEST_CASE("a transaction outlives a move of its connection object") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  pqscope::connection moved{std::move(w.conn)};
  tx.execute("INSERT INTO t VALUES (2)");
  tx.commit();
  CHECK(moved.query<int>("SELECT count(*)::int FROM t").one() == 2);
  support::ensure_usable(moved);
}

TEST_CASE("a script in a transaction belongs to it") {
  watched w;
  {
    transaction tx{w.conn};
    tx.execute_script(pqscope::dynamic_sql{"INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)"});
    CHECK(w.rows() == std::vector{1, 2});
  }
  CHECK(w.rows().empty());
  transaction tx{w.conn};
  tx.execute_script(pqscope::dynamic_sql{
      "INSERT INTO t VALUES (1); SAVEPOINT a; INSERT INTO t VALUES (2); RELEASE SAVEPOINT a"});
  tx.commit();
  CHECK(w.rows() == std::vector{1, 2});
  support::ensure_usable(w.conn);
}
