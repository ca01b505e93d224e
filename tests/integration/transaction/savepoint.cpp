#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::savepoint;
using pqscope::transaction;
using support::texts;
using support::watched;

namespace {

// The first word of each statement; of SAVEPOINT commands two, without the name.
texts verbs(pqscope::testing::recorder const& log) {
  texts all;
  for (std::string const& text : log.statements()) {
    bool const rolls_to = text.starts_with("ROLLBACK TO");
    all.push_back(rolls_to ? "ROLLBACK TO" : text.substr(0, text.find(' ')));
  }
  return all;
}

}  // namespace

TEST_CASE("a nested scope that succeeds is SAVEPOINT and RELEASE, and costs no round trip") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  savepoint inner{tx};
  inner.execute("INSERT INTO t VALUES (2)");
  inner.commit();
  tx.execute("INSERT INTO t VALUES (3)");
  tx.commit();
  CHECK(verbs(w.log) ==
        texts{"BEGIN", "INSERT", "SAVEPOINT", "INSERT", "RELEASE", "INSERT", "COMMIT"});
  CHECK(w.log.round_trips() == 4);
  CHECK(w.rows() == std::vector{1, 2, 3});
  support::ensure_usable(w.conn);
}

TEST_CASE("a nested scope's release rides with the commit") {
  watched w;
  transaction tx{w.conn};
  savepoint inner{tx};
  inner.execute("INSERT INTO t VALUES (1)");
  inner.commit();
  CHECK(w.log.round_trips() == 1);
  tx.commit();
  CHECK(w.log.round_trips() == 2);
  CHECK(verbs(w.log) == texts{"BEGIN", "SAVEPOINT", "INSERT", "RELEASE", "COMMIT"});
  CHECK(w.rows() == std::vector{1});
}

TEST_CASE("nested scopes without a statement send nothing at any depth") {
  watched w;
  transaction tx{w.conn};
  {
    savepoint a{tx};
    savepoint b{a};
    savepoint c{b};
    c.commit();
    b.rollback();
    a.commit();
  }
  {
    savepoint left{tx};
  }
  CHECK(w.log.round_trips() == 0);
  tx.execute("INSERT INTO t VALUES (1)");
  {
    savepoint left{tx};
  }
  savepoint undone{tx};
  undone.rollback();
  tx.commit();
  CHECK(verbs(w.log) == texts{"BEGIN", "INSERT", "COMMIT"});
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE("a nested scope that is left is rolled back to and released in one round trip") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  try {
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (2)");
    throw std::runtime_error("own");
  } catch (std::runtime_error const& arrived) {
    CHECK(std::string{arrived.what()} == "own");
  }
  CHECK(w.log.round_trips() == 3);
  tx.execute("INSERT INTO t VALUES (3)");
  tx.commit();
  CHECK(verbs(w.log) == texts{"BEGIN", "INSERT", "SAVEPOINT", "INSERT", "ROLLBACK TO", "RELEASE",
                              "INSERT", "COMMIT"});
  CHECK(w.rows() == std::vector{1, 3});
  support::ensure_usable(w.conn);
}

TEST_CASE("a server error in a nested scope, caught outside, leaves the outer scope usable") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  try {
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (2)");
    inner.execute("INSERT INTO t VALUES (1)");
  } catch (pqscope::unique_violation const& arrived) {
    CHECK(arrived.violates("t_pkey"));
  }
  CHECK(w.conn.status() == pqscope::connection_status::in_transaction);
  tx.execute("INSERT INTO t VALUES (3)");
  tx.commit();
  CHECK(w.rows() == std::vector{1, 3});
  support::ensure_usable(w.conn);
}

TEST_CASE("a nested scope whose first statement fails leaves the outer scope usable") {
  watched w;
  transaction tx{w.conn};
  for (int round = 0; round < 2; ++round) {  // BEGIN rides with the first of these, too
    savepoint inner{tx};
    CHECK_THROWS_AS(inner.execute("SELECT 1/0"), pqscope::division_by_zero);
    inner.rollback();
  }
  tx.execute("INSERT INTO t VALUES (1)");
  tx.commit();
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE("three levels end on their own: what is kept is what was committed all the way") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  {
    savepoint a{tx};
    a.execute("INSERT INTO t VALUES (2)");
    {
      savepoint b{a};
      b.execute("INSERT INTO t VALUES (3)");
      {
        savepoint c{b};
        c.execute("INSERT INTO t VALUES (4)");
        c.commit();
      }
      // b is left: 3 and 4 go
    }
    {
      savepoint b{a};
      b.execute("INSERT INTO t VALUES (5)");
      b.commit();
    }
    a.commit();
  }
  tx.commit();
  CHECK(w.rows() == std::vector{1, 2, 5});
  support::ensure_usable(w.conn);
}

TEST_CASE("an exception that escapes three levels undoes them all") {
  watched w;
  struct own {};
  try {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    savepoint a{tx};
    a.execute("INSERT INTO t VALUES (2)");
    savepoint b{a};
    b.execute("INSERT INTO t VALUES (3)");
    throw own{};
  } catch (own const&) {
    CHECK(w.conn.status() == pqscope::connection_status::idle);
  }
  CHECK(w.rows().empty());
  CHECK(w.log.problems().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("an outer rollback undoes the nested scopes that were committed") {
  watched w;
  transaction tx{w.conn};
  savepoint a{tx};
  a.execute("INSERT INTO t VALUES (1)");
  savepoint b{a};
  b.execute("INSERT INTO t VALUES (2)");
  b.commit();
  a.rollback();
  tx.execute("INSERT INTO t VALUES (3)");
  tx.commit();
  CHECK(w.rows() == std::vector{3});
  support::ensure_usable(w.conn);
}

TEST_CASE("a savepoint cannot be set in a transaction that has failed") {
  watched w;
  transaction tx{w.conn};
  CHECK_THROWS_AS(tx.execute("SELECT 1/0"), pqscope::division_by_zero);
  auto const before = w.log.round_trips();
  CHECK_THROWS_AS(savepoint{tx}, pqscope::usage_error);
  CHECK(w.log.round_trips() == before);
  CHECK_THROWS_AS(tx.commit(), pqscope::transaction_rolled_back);
  support::ensure_usable(w.conn);
}

TEST_CASE("a savepoint whose rollback could not be sent is as it was before") {
  watched w;
  transaction tx{w.conn};
  savepoint inner{tx};
  inner.execute("INSERT INTO t VALUES (1)");
  w.conn.deadline(std::chrono::nanoseconds{0});
  CHECK_THROWS_AS(inner.rollback(), pqscope::deadline_exceeded);
  w.conn.deadline(std::nullopt);
  CHECK(inner.is_active());
  inner.execute("INSERT INTO t VALUES (2)");
  inner.commit();
  tx.commit();
  CHECK(w.rows() == std::vector{1, 2});
  support::ensure_usable(w.conn);
}

TEST_CASE("a savepoint goes on in the object it is moved to") {
  watched w;
  transaction tx{w.conn};
  savepoint a{tx};
  a.execute("INSERT INTO t VALUES (1)");
  savepoint moved{std::move(a)};
  savepoint b{moved};
  transaction moved_outer{std::move(tx)};
  b.execute("INSERT INTO t VALUES (2)");
  b.commit();
  moved.commit();
  moved_outer.commit();
  CHECK(w.rows() == std::vector{1, 2});
  support::ensure_usable(w.conn);
}

TEST_CASE("10000 failing nested scopes do not grow the memory of the server") {
  support::shared_table table;
  watched w;
  transaction tx{w.conn};
  pqscope::dynamic_sql const insert = table.insert(1);
  tx.execute(insert);
  auto const fail = [&](int times) {
    for (int i = 0; i < times; ++i) {
      try {
        savepoint inner{tx};
        inner.execute(insert);
      } catch (pqscope::unique_violation const&) {
        continue;
      }
      FAIL("the statement did not fail");
    }
  };
  auto const used = [&] {
    return tx.query<std::int64_t>("SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts")
        .one();
  };
  used();
  fail(100);
  auto const before = used();
  fail(10'000);
  CHECK(used() - before < 50'000);
  tx.commit();
  CHECK(table.count() == 1);
  support::ensure_usable(w.conn);
}
