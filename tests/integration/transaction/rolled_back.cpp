#include <pqscope/pqscope.hpp>
#include <pqscope/testing.hpp>

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::rolled_back;
using pqscope::savepoint;
using pqscope::session;
using pqscope::transaction;
using pqscope::with_session;
using support::shared_table;
using support::watched;

TEST_CASE("rolled_back: what code commits is seen inside, and gone afterwards") {
  shared_table table;
  watched w;
  std::string calls;
  int const seen = rolled_back(w.conn, [&](connection& db) {
    with_session(db, [&](session& s) {
      s.after_commit([&] { calls += 'a'; });
      s.execute(table.insert(1));
    });
    CHECK(calls == "a");
    transaction tx{db, {.isolation = pqscope::isolation::serializable}};
    tx.after_commit([&] { calls += 'b'; });
    tx.execute(table.insert(2));
    {
      savepoint inner{tx};
      inner.after_commit([&] { calls += 'c'; });
      inner.execute(table.insert(3));
      inner.commit();
    }
    CHECK(calls == "a");
    tx.commit();
    CHECK(calls == "abc");
    db.execute(table.insert(4));
    CHECK(table.count() == 0);
    return db.query<int>(pqscope::dynamic_sql{"SELECT count(*)::int FROM " + table.name}).one();
  });
  CHECK(seen == 4);
  CHECK(calls == "abc");
  CHECK(table.count() == 0);
  CHECK(w.log.problems().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("rolled_back: code that rolls back undoes its own part only") {
  watched w;
  std::string calls;
  rolled_back(w.conn, [&](connection& db) {
    db.execute("INSERT INTO t VALUES (1)");
    {
      transaction left{db};
      left.after_rollback([&] { calls += 'a'; });
      left.execute("INSERT INTO t VALUES (2)");
    }
    CHECK(calls == "a");
    transaction undone{db};
    undone.after_rollback([&] { calls += 'b'; });
    undone.execute("INSERT INTO t VALUES (3)");
    undone.rollback();
    CHECK(calls == "ab");
    CHECK_THROWS_AS(with_session(db,
                                 [](session& s) {
                                   s.execute("INSERT INTO t VALUES (4)");
                                   throw std::runtime_error("own");
                                 }),
                    std::runtime_error);
    CHECK(w.rows() == std::vector{1});
  });
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("rolled_back: a statement that fails outside a transaction is undone alone") {
  watched w;
  rolled_back(w.conn, [&](connection& db) {
    db.execute("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(db.execute("INSERT INTO t VALUES (1)"), pqscope::unique_violation);
    CHECK_THROWS_AS(db.execute("SELECT * FROM nowhere"), pqscope::undefined_table);
    db.execute("INSERT INTO t VALUES (2)");
    CHECK(w.rows() == std::vector{1, 2});
    with_session(db, [](session& s) { s.execute("INSERT INTO t VALUES (3)"); });
    CHECK_THROWS_AS(db.execute_script(
                        pqscope::dynamic_sql{"INSERT INTO t VALUES (4); INSERT INTO t VALUES (4)"}),
                    pqscope::unique_violation);
    CHECK(w.rows() == std::vector{1, 2, 3});
  });
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("rolled_back: the error a transaction swallowed is told by its commit as outside") {
  watched w;
  rolled_back(w.conn, [&](connection& db) {
    CHECK_THROWS_AS(db.execute("SELECT * FROM nowhere"), pqscope::undefined_table);
    transaction tx{db};
    CHECK_THROWS_AS(tx.execute("SELECT 1/0"), pqscope::division_by_zero);
    try {
      tx.commit();
      FAIL("commit returned");
    } catch (pqscope::transaction_rolled_back const& told) {
      CHECK(told.sqlstate() == "22012");
    }
    db.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("rolled_back: what its work throws arrives unchanged, after the rollback") {
  watched w;
  try {
    rolled_back(w.conn, [](connection& db) {
      db.execute("INSERT INTO t VALUES (1)");
      throw std::runtime_error("own");
    });
    FAIL("rolled_back returned");
  } catch (std::runtime_error const& arrived) {
    CHECK(std::string{arrived.what()} == "own");
  }
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("rolled_back: connects by itself where it is given a config") {
  shared_table table;
  rolled_back(support::test_config(), [&](connection& db) {
    with_session(db, [&](session& s) { s.execute(table.insert(1)); });
    CHECK(db.query<int>(pqscope::dynamic_sql{"SELECT count(*)::int FROM " + table.name}).one() ==
          1);
  });
  CHECK(table.count() == 0);
}

TEST_CASE("rolled_back: takes a connection of a pool or an engine") {
  shared_table table;
  pqscope::pool pool{support::test_config(), {.max_size = 1}};
  pqscope::engine engine{support::test_config()};
  auto const work = [&](auto& db) {
    with_session(db, [&](session& s) { s.execute(table.insert(1)); });
    return db.template query<int>(pqscope::dynamic_sql{"SELECT count(*)::int FROM " + table.name})
        .one();
  };
  CHECK(rolled_back(pool, work) == 1);
  CHECK(rolled_back(engine, work) == 1);
  pqscope::lease const lease = pool.acquire();
  CHECK(rolled_back(lease, work) == 1);
  CHECK(pool.stats().rolled_back == 0);
  CHECK(table.count() == 0);
}

TEST_CASE("rolled_back: runs work that takes a session, and undoes its commit") {
  shared_table table;
  watched w;
  std::string calls;
  auto const work = [&](session& s) {
    s.after_commit([&] { calls += 'a'; });
    s.execute(table.insert(1));
    return s.query<int>(pqscope::dynamic_sql{"SELECT count(*)::int FROM " + table.name}).one();
  };
  pqscope::pool pool{support::test_config()};
  CHECK(rolled_back(w.conn, work) == 1);
  CHECK(rolled_back(support::test_config(), work) == 1);
  CHECK(rolled_back(pool, work) == 1);
  CHECK(calls == "aaa");
  CHECK(table.count() == 0);
  support::ensure_usable(w.conn);
}

TEST_CASE("rolled_back: it can be nested, and returns references as they are") {
  watched w;
  int value = 7;
  int& same = rolled_back(w.conn, [&](connection& db) -> int& {
    db.execute("INSERT INTO t VALUES (1)");
    rolled_back(db, [&](connection& inner) {
      inner.execute("INSERT INTO t VALUES (2)");
      transaction tx{inner};
      tx.execute("INSERT INTO t VALUES (3)");
      tx.commit();
      CHECK(w.rows() == std::vector{1, 2, 3});
    });
    CHECK(w.rows() == std::vector{1});
    return value;
  });
  CHECK(&same == &value);
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("rolled_back: work that does nothing sends nothing") {
  watched w;
  rolled_back(w.conn, [](connection&) {});
  CHECK(w.log.round_trips() == 0);
  support::ensure_usable(w.conn);
}

TEST_CASE("rolled_back: what would escape it is refused") {
  watched w;
  rolled_back(w.conn, [&](connection& db) {
    CHECK_THROWS_AS(db.execute("COMMIT"), pqscope::usage_error);
    transaction tx{db};
    tx.execute("SELECT 1");
    auto const before = w.log.round_trips();
    CHECK_THROWS_AS(tx.prepare("gid"), pqscope::usage_error);
    CHECK(w.log.round_trips() == before);
    tx.commit();
  });
  support::ensure_usable(w.conn);
}

TEST_CASE("rolled_back: a transaction in a sandbox refuses use after its end and a second one") {
  watched w;
  rolled_back(w.conn, [&](connection& db) {
    transaction tx{db};
    CHECK_THROWS_AS(transaction{db}, pqscope::usage_error);
    tx.execute("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(transaction{db}, pqscope::usage_error);
    tx.commit();
    CHECK_THROWS_AS(tx.commit(), pqscope::usage_error);
  });
  support::ensure_usable(w.conn);
}
