#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <memory>
#include <thread>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::savepoint;
using pqscope::transaction;
using pqscope::usage_error;
using support::watched;

TEST_CASE("ending the outer scope first is refused, and held against the inner one too") {
  watched w;
  bool const commits = GENERATE(false, true);
  {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (2)");
    auto const before = w.log.round_trips();
    CHECK_THROWS_AS(commits ? tx.commit() : tx.rollback(), usage_error);
    CHECK_THROWS_AS(inner.execute("INSERT INTO t VALUES (3)"), usage_error);
    CHECK_THROWS_AS(inner.commit(), usage_error);
    CHECK_THROWS_AS(inner.rollback(), usage_error);
    CHECK_THROWS_AS(tx.commit(), usage_error);
    CHECK(w.log.round_trips() == before);
  }
  CHECK(w.rows().empty());
  CHECK(w.log.problems().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("ending the outer scope first from another thread is an error on both") {
  watched w;
  {
    transaction tx{w.conn};
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (2)");
    std::thread{[&] { CHECK_THROWS_AS(tx.commit(), usage_error); }}.join();
    CHECK_THROWS_AS(inner.commit(), usage_error);
  }
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("once the inner scope that was out of order is destroyed the outer can end") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  {
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (2)");
    CHECK_THROWS_AS(tx.commit(), usage_error);
  }
  tx.commit();
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE("an outer scope destroyed before the inner one takes it along") {
  watched w;
  bool const works = GENERATE(false, true);
  auto outer = std::make_unique<transaction>(w.conn);
  auto middle = std::make_unique<savepoint>(*outer);
  auto inner = std::make_unique<savepoint>(*middle);
  if (works) {
    inner->execute("INSERT INTO t VALUES (1)");
  }
  outer.reset();
  auto const before = w.log.round_trips();
  CHECK_FALSE(inner->is_active());
  CHECK_FALSE(middle->is_active());
  CHECK_THROWS_AS(inner->execute("SELECT 1"), usage_error);
  CHECK_THROWS_AS(inner->commit(), usage_error);
  CHECK_THROWS_AS(middle->rollback(), usage_error);
  CHECK_THROWS_AS(savepoint{*inner}, usage_error);
  middle.reset();
  inner.reset();
  CHECK(w.log.round_trips() == before);
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a savepoint destroyed before the one nested in it leaves the transaction usable") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  auto middle = std::make_unique<savepoint>(tx);
  auto inner = std::make_unique<savepoint>(*middle);
  inner->execute("INSERT INTO t VALUES (2)");
  middle.reset();
  CHECK_THROWS_AS(inner->commit(), usage_error);
  tx.execute("INSERT INTO t VALUES (3)");
  inner.reset();
  tx.commit();
  CHECK(w.rows() == std::vector{1, 3});
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction whose connection is closed ends with an error, and its end is known") {
  watched w;
  int undone = 0;
  bool const nested = GENERATE(false, true);
  {
    transaction tx{w.conn};
    tx.after_rollback([&] { ++undone; });
    tx.execute("INSERT INTO t VALUES (1)");
    if (nested) {
      savepoint inner{tx};
      inner.execute("INSERT INTO t VALUES (2)");
      w.conn.close();
      CHECK_THROWS_AS(inner.commit(), pqscope::connection_closed);
    }
    w.conn.close();
    CHECK_THROWS_AS(tx.execute("SELECT 1"), pqscope::connection_closed);
    CHECK_THROWS_AS(tx.commit(), pqscope::connection_closed);
  }
  CHECK(undone == 1);
  CHECK(w.log.transactions() == std::vector{pqscope::transaction_end::rolled_back});
}

TEST_CASE("a connection destroyed under a transaction leaves it refusing everything") {
  support::shared_table table;
  auto conn = std::make_unique<pqscope::connection>(support::test_config());
  transaction tx{*conn};
  tx.execute(table.insert(1));
  savepoint inner{tx};
  inner.execute(table.insert(2));
  conn.reset();
  CHECK_FALSE(tx.is_active());
  CHECK_FALSE(inner.is_active());
  CHECK_FALSE(tx.id().has_value());
  CHECK_THROWS_AS(inner.execute("SELECT 1"), usage_error);
  CHECK_THROWS_AS(inner.commit(), usage_error);
  CHECK_THROWS_AS(tx.commit(), usage_error);
  CHECK_THROWS_AS(tx.rollback(), usage_error);
  CHECK(table.count() == 0);
}

TEST_CASE("a connection assigned to under a transaction takes the old one's transaction along") {
  watched w;
  pqscope::connection replaced{support::test_config()};
  transaction tx{replaced};
  tx.execute("SELECT 1");
  replaced = std::move(w.conn);
  auto const before = w.log.round_trips();
  CHECK_THROWS_AS(tx.execute("SELECT 1"), usage_error);
  CHECK_THROWS_AS(tx.commit(), usage_error);
  CHECK(w.log.round_trips() == before);
  transaction next{replaced};
  next.execute("INSERT INTO t VALUES (1)");
  next.commit();
  support::ensure_usable(replaced);
}
