// Cursors WITH HOLD, which outlive their transaction, and what closes them.

#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/cursor.hpp>
#include <pqscope/transfer/stream.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

namespace {

using ints = std::vector<int>;

/// A connection, what it sends, and how many cursors are open on it.
struct watched {
  pqscope::testing::recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};

  pqscope::cursor<int> hold(std::string name = {}) {
    return conn.cursor<int>("SELECT generate_series(1, 9)",
                            {.with_hold = true, .name = std::move(name)});
  }
  std::int64_t cursors() {
    return conn.query<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE name <> ''").one();
  }
  void done() {
    CHECK(seen.problems().empty());
    support::ensure_usable(conn);
  }
};

}  // namespace

TEST_CASE("a cursor WITH HOLD survives the commit of its transaction") {
  pqscope::connection conn{support::test_config()};
  std::optional<pqscope::cursor<int>> held;
  pqscope::with_session(conn, [&](pqscope::session& s) {
    held = s.cursor<int>("SELECT generate_series(1, 5)", {.with_hold = true});
    CHECK(held->fetch(2) == ints{1, 2});
  });
  CHECK(held->is_open());
  CHECK(held->fetch(2) == ints{3, 4});
  pqscope::with_session(conn, [&](pqscope::session& s) {
    CHECK(held->fetch_one() == 5);
    held.reset();
    CHECK(s.query<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE name <> ''").one() == 0);
  });
  support::ensure_usable(conn);
}

TEST_CASE("a cursor WITH HOLD whose transaction was rolled back is closed without a trace") {
  pqscope::testing::recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};
  for (bool const in_next : {false, true}) {
    std::optional<pqscope::cursor<int>> held;
    pqscope::with_session(conn, [&](pqscope::session& s) {
      held = s.cursor<int>("SELECT 1", {.with_hold = true});
      s.rollback();
    });
    if (in_next) {
      pqscope::transaction next{conn};
      next.execute("SELECT 1");
      held.reset();
      CHECK(next.query<int>("SELECT 2").one() == 2);
      next.commit();
    } else {
      CHECK_THROWS_AS(held->fetch_one(), pqscope::invalid_cursor_name);
      held.reset();
    }
    CHECK(seen.problems().empty());
  }
  support::ensure_usable(conn);
}

TEST_CASE("a cursor WITH HOLD closed in a transaction that has failed is closed behind it") {
  for (bool const by_itself : {true, false}) {
    watched at;
    auto held = at.hold("hx");
    if (!by_itself) {
      CHECK(at.cursors() == 1);  // nothing ties the cursor to the transaction that follows
    }
    {
      pqscope::transaction tx{at.conn};
      CHECK_THROWS_AS(tx.execute("SELECT 1/0"), pqscope::division_by_zero);
      auto const trips = at.conn.round_trips();
      held.close();
      CHECK(at.conn.round_trips() == trips);
    }
    auto const trips = at.conn.round_trips();
    CHECK(at.cursors() == 0);
    CHECK(at.conn.round_trips() == trips + 2);
    CHECK(at.hold("hx").fetch(1) == ints{1});
    at.done();
  }
}

TEST_CASE("a cursor WITH HOLD stays closed where the transaction is rolled back after that") {
  watched at;
  auto held = at.hold();
  {
    pqscope::transaction tx{at.conn};
    held.close();
    tx.execute("SELECT 1");
  }
  CHECK(at.cursors() == 0);
  held = at.hold();
  {
    pqscope::transaction tx{at.conn};
    tx.execute("SELECT 1");
    held.close();
    tx.rollback();
  }
  CHECK(at.cursors() == 0);
  held = at.hold();
  CHECK_THROWS_AS(pqscope::with_session(at.conn,
                                        [&](pqscope::session& s) {
                                          s.execute("SELECT 1");
                                          held.close();
                                          throw 7;
                                        }),
                  int);
  CHECK(at.cursors() == 0);
  at.done();
}

TEST_CASE("a cursor WITH HOLD of an earlier transaction is closed in a later one that fails") {
  for (bool const fails : {false, true}) {
    watched at;
    std::optional<pqscope::cursor<int>> held;
    pqscope::with_session(at.conn, [&](pqscope::session& s) {
      held = s.cursor<int>("SELECT generate_series(1, 5)", {.with_hold = true});
    });
    {
      pqscope::transaction tx{at.conn};
      tx.execute("SELECT 1");
      if (fails) {
        CHECK_THROWS_AS(tx.execute("SELECT 1/0"), pqscope::division_by_zero);
      }
      held.reset();
      tx.rollback();
    }
    CHECK(at.cursors() == 0);
    at.done();
  }
}

TEST_CASE("a cursor WITH HOLD closed in a savepoint that fails does not outlive its transaction") {
  watched at;
  {
    pqscope::transaction tx{at.conn};
    auto held = tx.cursor<int>("SELECT generate_series(1, 5)", {.with_hold = true});
    auto other = tx.cursor<int>("SELECT generate_series(1, 5)", {.with_hold = true});
    {
      pqscope::savepoint inner{tx};
      held.close();
    }
    {
      pqscope::savepoint inner{tx};
      CHECK_THROWS_AS(inner.execute("SELECT 1/0"), pqscope::division_by_zero);
      other.close();
    }
    tx.commit();
  }
  CHECK(at.cursors() == 0);
  at.done();
}

TEST_CASE("executing a cursor WITH HOLD anew in a failed transaction closes the one it was") {
  watched at;
  auto held = at.hold();
  {
    pqscope::transaction tx{at.conn};
    CHECK_THROWS_AS(tx.execute("SELECT 1/0"), pqscope::division_by_zero);
    CHECK_THROWS_AS(held.execute("SELECT 1"), pqscope::in_failed_sql_transaction);
    CHECK_FALSE(held.is_open());
  }
  CHECK(at.cursors() == 0);
  held.execute("SELECT 2");
  CHECK(held.fetch_all() == ints{2});
  at.done();
}

TEST_CASE("a cursor WITH HOLD that goes while rows of a stream arrive is closed behind them") {
  watched at;
  std::optional<pqscope::cursor<int>> held = at.hold();
  int sum = 0;
  for (int const each : at.conn.stream<int>("SELECT generate_series(1, 3)")) {
    held.reset();
    sum += each;
  }
  CHECK(sum == 6);
  CHECK(at.cursors() == 0);
  held = at.hold();
  pqscope::with_session(at.conn, [&](pqscope::session& s) {
    for (int const each : s.stream<int>("SELECT generate_series(1, 3)")) {
      held.reset();
      sum += each;
    }
    CHECK(s.query<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE name <> ''").one() == 0);
  });
  CHECK(sum == 12);
  at.done();
}

TEST_CASE("a cursor WITH HOLD that is gone when it is to be closed harms no later statement") {
  for (bool const inside : {false, true}) {
    watched at;
    auto held = at.hold();
    auto other = at.hold();
    at.conn.execute("CLOSE ALL");
    {
      pqscope::transaction tx{at.conn};
      if (inside) {
        tx.execute("SELECT 1");
        held.close();
      }
      CHECK_THROWS_AS(tx.execute("SELECT 1/0"), pqscope::division_by_zero);
      held.close();
      other.close();
    }
    pqscope::with_session(at.conn,
                          [](pqscope::session& s) { CHECK(s.query<int>("SELECT 3").one() == 3); });
    at.done();
  }
}

TEST_CASE("a cursor WITH HOLD whose closing finds no time is closed when there is some") {
  watched at;
  auto held = at.hold();
  at.conn.deadline(std::chrono::steady_clock::now());
  held.close();
  CHECK_THROWS_AS(at.conn.execute("SELECT 1"), pqscope::deadline_exceeded);
  at.conn.deadline(std::nullopt);
  CHECK(at.cursors() == 0);
  at.done();
}
