#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>
#include <utility>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::savepoint;
using pqscope::transaction;
using pqscope::usage_error;
using support::watched;

namespace {

template <class Scope>
void check_refuses_all(Scope& ended, watched& w) {
  auto const before = w.log.round_trips();
  CHECK_THROWS_AS(ended.execute("SELECT 1"), usage_error);
  CHECK_THROWS_AS(ended.template query<int>("SELECT 1"), usage_error);
  CHECK_THROWS_AS(ended.execute_script(pqscope::dynamic_sql{"SELECT 1"}), usage_error);
  CHECK_THROWS_AS(ended.commit(), usage_error);
  CHECK_THROWS_AS(ended.rollback(), usage_error);
  CHECK_THROWS_AS(ended.after_commit([] {}), usage_error);
  CHECK_THROWS_AS(ended.after_rollback([] {}), usage_error);
  CHECK_THROWS_AS(savepoint{ended}, usage_error);
  CHECK_THROWS_AS((savepoint{ended, "named"}), usage_error);
  CHECK_THROWS_AS(pqscope::with_session(ended, [](pqscope::session&) {}), usage_error);
  CHECK(w.log.round_trips() == before);
}

}  // namespace

TEST_CASE("a transaction that has ended refuses everything and sends nothing") {
  watched w;
  bool const commits = GENERATE(false, true);
  bool const works = GENERATE(false, true);
  transaction tx{w.conn};
  if (works) {
    tx.execute("INSERT INTO t VALUES (1)");
  }
  commits ? tx.commit() : tx.rollback();
  CHECK_FALSE(tx.is_active());
  CHECK_FALSE(tx.id().has_value());
  check_refuses_all(tx, w);
  CHECK_THROWS_AS(tx.prepare("gid"), usage_error);
  CHECK(w.rows().size() == (commits && works ? 1U : 0U));
  support::ensure_usable(w.conn);
}

TEST_CASE("a savepoint that has ended refuses everything and sends nothing") {
  watched w;
  bool const commits = GENERATE(false, true);
  bool const works = GENERATE(false, true);
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  savepoint inner{tx};
  if (works) {
    inner.execute("INSERT INTO t VALUES (2)");
  }
  commits ? inner.commit() : inner.rollback();
  CHECK_FALSE(inner.is_active());
  check_refuses_all(inner, w);
  tx.commit();
  CHECK(w.rows().size() == (commits && works ? 2U : 1U));
  support::ensure_usable(w.conn);
}

TEST_CASE("a moved-from transaction or savepoint refuses everything and sends nothing") {
  watched w;
  transaction from{w.conn};
  from.execute("INSERT INTO t VALUES (1)");
  transaction to{std::move(from)};
  check_refuses_all(from, w);  // NOLINT(bugprone-use-after-move)
  CHECK_FALSE(from.is_active());
  savepoint first{to};
  savepoint second{std::move(first)};
  check_refuses_all(first, w);  // NOLINT(bugprone-use-after-move)
  second.commit();
  to.commit();
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction cannot be used while a savepoint in it lives, and can afterwards") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  {
    savepoint inner{tx};
    auto const before = w.log.round_trips();
    CHECK_THROWS_AS(tx.execute("INSERT INTO t VALUES (2)"), usage_error);
    CHECK_THROWS_AS(tx.query<int>("SELECT 1"), usage_error);
    CHECK_THROWS_AS(savepoint{tx}, usage_error);
    CHECK_THROWS_AS(tx.after_commit([] {}), usage_error);
    CHECK_THROWS_AS(pqscope::with_session(tx, [](pqscope::session&) {}), usage_error);
    CHECK(w.log.round_trips() == before);
    inner.execute("INSERT INTO t VALUES (3)");
    inner.commit();
  }
  tx.execute("INSERT INTO t VALUES (4)");
  tx.commit();
  CHECK(w.rows() == std::vector{1, 3, 4});
  support::ensure_usable(w.conn);
}

TEST_CASE("a session cannot be used while a session nested in it runs") {
  watched w;
  pqscope::with_session(w.conn, [&](pqscope::session& outer) {
    outer.execute("INSERT INTO t VALUES (1)");
    pqscope::with_session(outer, [&](pqscope::session& inner) {
      auto const before = w.log.round_trips();
      CHECK_THROWS_AS(outer.execute("INSERT INTO t VALUES (2)"), usage_error);
      CHECK(w.log.round_trips() == before);
      inner.execute("INSERT INTO t VALUES (3)");
    });
  });
  CHECK(w.rows() == std::vector{1, 3});
  support::ensure_usable(w.conn);
}

TEST_CASE("a second transaction on a connection is refused while one lives") {
  watched w;
  {
    transaction tx{w.conn};
    CHECK_THROWS_AS(transaction{w.conn}, usage_error);
    tx.execute("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(transaction{w.conn}, usage_error);
    tx.commit();
  }
  transaction next{w.conn};
  next.execute("INSERT INTO t VALUES (2)");
  next.commit();
  CHECK(w.rows() == std::vector{1, 2});
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction on a closed or moved-from connection is refused") {
  watched w;
  pqscope::connection moved{std::move(w.conn)};
  CHECK_THROWS_AS(transaction{w.conn}, pqscope::connection_closed);  // NOLINT(*use-after-move)
  moved.close();
  CHECK_THROWS_AS(transaction{moved}, pqscope::connection_closed);
}
