#include <pqscope/connection/connection.hpp>
#include <pqscope/sql/compose.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/testing/rolled_back.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/cursor.hpp>
#include <pqscope/transfer/stream.hpp>
#include <pqscope/unique_session.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::dynamic_sql;

namespace {

using ints = std::vector<int>;

struct item {
  int id;
  std::string name;
};

/// A connection, a transaction on it, and what it sends.
struct opened {
  pqscope::testing::recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};
  std::optional<pqscope::transaction> tx{std::in_place, conn};

  std::int64_t cursors() {
    return tx->query<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE name <> ''").one();
  }
  void done() {
    tx->commit();
    tx.reset();
    support::ensure_usable(conn);
  }
};

}  // namespace

TEST_CASE("a cursor gives all rows in order, a round trip for each page") {
  opened at;
  auto cur = at.tx->cursor<int>("SELECT generate_series(1, $1::int4)", {.fetch = 4}, 10);
  CHECK(at.conn.round_trips() == 1);
  ints seen;
  for (int const each : cur) {
    seen.push_back(each);
  }
  CHECK(seen == ints{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  CHECK(at.conn.round_trips() == 4);
  CHECK(cur.begin() == cur.end());
  CHECK(at.conn.round_trips() == 4);
  at.done();
}

TEST_CASE("a cursor is read in pages, in pieces and backwards") {
  pqscope::connection conn{support::test_config()};
  pqscope::with_session(conn, [](pqscope::session& s) {
    s.execute("CREATE TEMPORARY TABLE big (id int, name text) ON COMMIT DROP");
    s.execute("INSERT INTO big SELECT i, 'name ' || i FROM generate_series(1, 100) AS i");
    int count = 0;
    auto const visit = [&](item const& each) { count += each.name.empty() ? 0 : 1; };
    // [cursor]
    auto cur = s.cursor<item>("SELECT id, name FROM big WHERE id > $1 ORDER BY id",
                              {.fetch = 20, .scrollable = true}, 10);
    for (item const& each : cur) {  // a round trip for every 20 rows
      visit(each);
      if (each.id == 50) {
        break;
      }
    }
    auto const next = cur.fetch(3);  // 51, 52, 53
    cur.move(-2);                    // 51 counts as read last
    auto const again = cur.fetch_one();
    cur.move_to(1);
    cur.execute("SELECT id, name FROM big WHERE id = $1", 7);  // another query, the same object
    auto const seven = cur.fetch_all();
    // [cursor]
    CHECK(count == 40);
    CHECK(next.size() == 3);
    CHECK(next.back().id == 53);
    CHECK(again->id == 52);
    CHECK(seven.size() == 1);
  });
  support::ensure_usable(conn);
}

TEST_CASE("a page that is full is followed by one more, which is empty") {
  opened at;
  auto cur = at.tx->cursor<int>("SELECT generate_series(1, 4)", {.fetch = 2});
  int sum = 0;
  for (int const each : cur) {
    sum += each;
  }
  CHECK(sum == 10);
  CHECK(at.conn.round_trips() == 4);
  at.done();
}

TEST_CASE("rows of a cursor are what rows of a query are") {
  opened at;
  auto by_name = at.tx->cursor<item>("SELECT 'a' AS name, 1 AS id");
  auto const one = by_name.fetch_one();
  REQUIRE(one);
  CHECK(one->id == 1);
  CHECK(one->name == "a");
  auto tuples =
      at.tx->cursor<int, std::optional<std::string>>(dynamic_sql{"SELECT $1::int4, NULL::text"}, 7);
  CHECK(tuples.fetch_all() == std::vector{std::tuple{7, std::optional<std::string>{}}});
  auto views = at.tx->cursor<int, std::string_view>(
      dynamic_sql{"SELECT i, repeat('x', i) FROM generate_series(1, $1::int4) i"}, {.fetch = 2}, 5);
  for (auto const [number, text] : views) {
    CHECK(text == std::string(static_cast<std::size_t>(number), 'x'));
  }
  auto flags = at.tx->cursor<bool>("VALUES (true), (false);");
  CHECK(flags.fetch_one() == true);
  CHECK(flags.fetch_all() == std::vector{false});
  at.done();
}

TEST_CASE("columns that do not fit a cursor's row are told with the first page") {
  opened at;
  auto cur = at.tx->cursor<int>("SELECT 'text'::text AS t");
  CHECK_THROWS_AS(cur.fetch_one(), pqscope::type_mismatch);
  CHECK(at.tx->query<int>("SELECT 1").one() == 1);
  at.done();
}

TEST_CASE("other statements run between the rows of a cursor") {
  opened at;
  int sum = 0;
  for (int const each : at.tx->cursor<int>("SELECT generate_series(1, 9)", {.fetch = 2})) {
    sum += at.tx->query<int>("SELECT $1::int4 * 2", each).one();
    pqscope::savepoint inner{*at.tx};
    inner.execute("SELECT 1");
  }
  CHECK(sum == 90);
  at.done();
}

TEST_CASE("a cursor needs a transaction unless it is WITH HOLD, and nothing is sent without") {
  pqscope::connection conn{support::test_config()};
  CHECK_THROWS_AS(conn.cursor<int>("SELECT 1"), pqscope::usage_error);
  CHECK_THROWS_AS(conn.adopt_cursor<int>("c"), pqscope::usage_error);
  CHECK(conn.round_trips() == 0);
  {
    auto held = conn.cursor<int>("SELECT generate_series(1, 3)", {.fetch = 1, .with_hold = true});
    CHECK(held.fetch_all() == ints{1, 2, 3});
  }
  CHECK(conn.query<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE name <> ''").one() == 0);
  static_cast<void>(conn.cursor<int>("SELECT 1", {.with_hold = true}));
  CHECK(conn.query<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE name <> ''").one() == 0);
  conn.execute("BEGIN");
  CHECK(conn.cursor<int>("SELECT 1").fetch_all() == ints{1});
  conn.execute("COMMIT");
  support::ensure_usable(conn);
}

TEST_CASE("inside testing::rolled_back a cursor needs a transaction of its own all the same") {
  pqscope::connection conn{support::test_config()};
  pqscope::testing::rolled_back(conn, [&](pqscope::connection&) {
    CHECK_THROWS_AS(conn.cursor<int>("SELECT 1"), pqscope::usage_error);
    pqscope::with_session(
        conn, [](pqscope::session& s) { CHECK(s.cursor<int>("SELECT 1").fetch_all() == ints{1}); });
  });
  support::ensure_usable(conn);
}

TEST_CASE("sessions and savepoints have cursors too") {
  pqscope::connection conn{support::test_config()};
  pqscope::with_session(conn, [](pqscope::session& s) {
    CHECK(s.cursor<int>("SELECT 1").fetch_all() == ints{1});
    pqscope::savepoint inner{s};
    CHECK(inner.cursor<int>("SELECT 2").fetch_all() == ints{2});
  });
  pqscope::unique_session s{conn};
  CHECK(s.cursor<int>("SELECT 3").fetch_all() == ints{3});
  s.commit();
  support::ensure_usable(conn);
}

TEST_CASE("after the end of its transaction a cursor refuses every use and sends nothing") {
  for (bool const commits : {true, false}) {
    opened at;
    auto cur = at.tx->cursor<int>("SELECT generate_series(1, 9)");
    CHECK(*cur.begin() == 1);
    commits ? at.tx->commit() : at.tx->rollback();
    auto const trips = at.conn.round_trips();
    CHECK_FALSE(cur.is_open());
    CHECK_THROWS_AS(cur.fetch(1), pqscope::usage_error);
    CHECK_THROWS_AS(cur.fetch_all(), pqscope::usage_error);
    CHECK_THROWS_AS(cur.begin(), pqscope::usage_error);
    CHECK_THROWS_AS(cur.move(1), pqscope::usage_error);
    CHECK_THROWS_AS(cur.move_to(1), pqscope::usage_error);
    CHECK_THROWS_AS(cur.execute("SELECT 1"), pqscope::usage_error);
    pqscope::transaction next{at.conn};
    CHECK_THROWS_AS(cur.fetch(1), pqscope::usage_error);
    next.rollback();
    CHECK(at.conn.round_trips() == trips);
    at.tx.reset();
    support::ensure_usable(at.conn);
  }
}

TEST_CASE("a cursor may outlive its connection, and the use of one that is in a pool") {
  std::optional<pqscope::cursor<int>> left;
  {
    pqscope::connection conn{support::test_config()};
    pqscope::transaction tx{conn};
    left = tx.cursor<int>("SELECT 1");
    tx.commit();
  }
  CHECK_THROWS_AS(left->fetch(1), pqscope::usage_error);
  left.reset();
  pqscope::with_session(support::test_config(), [&](pqscope::session& s) {
    left = s.cursor<int>("SELECT 1", {.with_hold = true});
  });
  CHECK_FALSE(left->is_open());
  CHECK_THROWS_AS(left->fetch(1), pqscope::usage_error);
}

TEST_CASE("fetching one, many and all goes on where the one before stopped") {
  opened at;
  auto cur = at.tx->cursor<int>("SELECT generate_series(1, 10)", {.fetch = 3});
  CHECK(cur.fetch_one() == 1);
  CHECK(cur.fetch(3) == ints{2, 3, 4});
  CHECK(cur.fetch(0).empty());
  CHECK(cur.fetch_all() == ints{5, 6, 7, 8, 9, 10});
  CHECK(cur.fetch_one() == std::nullopt);
  CHECK(cur.fetch(5).empty());
  CHECK(cur.fetch_all().empty());
  CHECK(cur.move(5) == 0);
  at.done();
}

TEST_CASE("mixing iteration, fetch and move keeps the order, whatever the page") {
  for (int page = 1; page <= 12; ++page) {
    opened at;
    auto cur = at.tx->cursor<int>("SELECT generate_series(1, 11)", {.fetch = page});
    ints seen;
    for (int const each : cur) {
      seen.push_back(each);
      if (each == 2) {
        break;
      }
    }
    seen.push_back(cur.fetch_one().value());
    CHECK(cur.move(1) == 1);
    for (int const each : cur.fetch(2)) {
      seen.push_back(each);
    }
    for (int const each : cur) {
      seen.push_back(each);
      if (each == 7) {
        CHECK(cur.fetch_one() == 8);
      }
      if (each == 10) {
        break;
      }
    }
    CHECK(cur.move(5) == 1);
    CHECK(seen == ints{1, 2, 3, 5, 6, 7, 9, 10});
    CHECK(cur.fetch_all().empty());
    at.done();
  }
}

TEST_CASE("rows that were read ahead are not lost where fetching more fails") {
  pqscope::connection conn{support::test_config()};
  for (bool const all : {false, true}) {
    auto held = conn.cursor<int>("SELECT generate_series(1, 10)", {.fetch = 3, .with_hold = true});
    auto const it = held.begin();
    conn.deadline(std::chrono::steady_clock::now());
    if (all) {
      CHECK_THROWS_AS(held.fetch_all(), pqscope::deadline_exceeded);
    } else {
      CHECK_THROWS_AS(held.fetch(20), pqscope::deadline_exceeded);
    }
    conn.deadline(std::nullopt);
    {
      auto busy = conn.stream<int>("SELECT generate_series(1, 5)");
      CHECK_THROWS_AS(held.fetch(20), pqscope::connection_busy);
      CHECK_THROWS_AS(held.fetch_all(), pqscope::connection_busy);
    }
    CHECK(*it == 1);
    CHECK(held.fetch(3) == ints{2, 3, 4});
    CHECK((all ? held.fetch_all() : held.fetch(20)) == ints{5, 6, 7, 8, 9, 10});
    CHECK(held.fetch_all().empty());
  }
  support::ensure_usable(conn);
}

TEST_CASE("after a rollback to a savepoint a cursor goes on where fetching has failed") {
  opened at;
  auto cur = at.tx->cursor<int>("SELECT generate_series(1, 6)", {.fetch = 3});
  CHECK(*cur.begin() == 1);
  {
    pqscope::savepoint inner{*at.tx};
    CHECK_THROWS_AS(inner.execute("SELECT 1/0"), pqscope::division_by_zero);
    CHECK_THROWS_AS(cur.fetch(5), pqscope::in_failed_sql_transaction);
    CHECK_THROWS_AS(cur.fetch_all(), pqscope::in_failed_sql_transaction);
  }
  CHECK(cur.fetch_all() == ints{2, 3, 4, 5, 6});
  at.done();
}

TEST_CASE("a value that cannot be decoded takes no other row of a cursor with it") {
  for (int page = 1; page <= 6; ++page) {
    opened at;
    auto cur =
        at.tx->cursor<int>("SELECT nullif(i, 4) FROM generate_series(1, 6) AS i", {.fetch = page});
    CHECK(*cur.begin() == 1);
    CHECK_THROWS_AS(cur.fetch(5), pqscope::unexpected_null);
    CHECK_THROWS_AS(cur.fetch_all(), pqscope::unexpected_null);
    CHECK_THROWS_AS(cur.fetch(3), pqscope::unexpected_null);
    CHECK(cur.fetch(2) == ints{2, 3});
    CHECK_THROWS_AS(cur.fetch_one(), pqscope::unexpected_null);
    CHECK(cur.move(1) == 1);
    ints seen;
    for (int const each : cur) {
      seen.push_back(each);
    }
    CHECK(seen == ints{5, 6});
    CHECK(cur.fetch(1).empty());
    at.done();
  }
}

TEST_CASE("a scrollable cursor goes backwards and to any row, whatever was read ahead") {
  for (int page = 1; page <= 12; ++page) {
    opened at;
    auto cur =
        at.tx->cursor<int>("SELECT generate_series(1, 10)", {.fetch = page, .scrollable = true});
    for (int const each : cur) {
      if (each == 5) {
        break;
      }
    }
    CHECK(cur.fetch_backward(2) == ints{4, 3});
    CHECK(cur.fetch_one() == 4);
    for (int const each : cur) {
      if (each == 7) {
        break;
      }
    }
    CHECK(cur.move(-2) == 2);
    CHECK(cur.fetch_one() == 6);
    CHECK(cur.move(-100) == 5);
    CHECK(cur.fetch_one() == 1);
    CHECK(cur.move_to(9));
    CHECK(cur.fetch_all() == ints{10});
    CHECK(cur.fetch_backward(1) == ints{10});
    CHECK(cur.move_to(-2));
    CHECK(cur.fetch_one() == 10);
    CHECK_FALSE(cur.move_to(50));
    CHECK(cur.fetch_one() == std::nullopt);
    CHECK(cur.move(-1) == 1);
    CHECK(cur.fetch_all().empty());
    CHECK_FALSE(cur.move_to(0));
    CHECK(cur.fetch_backward(3).empty());
    CHECK(cur.fetch_backward(0).empty());
    ints all;
    for (int const each : cur) {
      all.push_back(each);
    }
    CHECK(all.size() == 10);
    CHECK(cur.move(-3) == 3);
    CHECK(cur.fetch_all() == ints{9, 10});
    at.done();
  }
}

TEST_CASE("random walks over a cursor go where a walk over a list goes") {
  opened at;
  std::uint32_t state = 12345;
  auto const next = [&](int limit) {
    state = state * 1664525U + 1013904223U;
    return static_cast<int>((state >> 16U) % static_cast<std::uint32_t>(limit));
  };
  for (int round = 0; round < 40; ++round) {
    int const size = next(12);
    auto cur = at.tx->cursor<int>("SELECT generate_series(1, $1::int4)",
                                  {.fetch = 1 + next(6), .scrollable = true}, size);
    int place = 0;  // the row read last; size + 1 behind the last one
    for (int step = 0; step < 30; ++step) {
      int const count = 1 + next(5);
      ints expected;
      switch (next(5)) {
        case 0:
          for (int i = 0; i < count && place <= size; ++i) {
            if (++place <= size) {
              expected.push_back(place);
            }
          }
          REQUIRE(cur.fetch(static_cast<std::size_t>(count)) == expected);
          break;
        case 1: {
          int left = count;
          for (int const each : cur) {
            REQUIRE(each == ++place);
            if (--left == 0) {
              break;
            }
          }
          place = left > 0 ? size + 1 : place;
          break;
        }
        case 2:
          for (int i = 0; i < count && place > 0; ++i) {
            if (--place > 0) {
              expected.push_back(place);
            }
          }
          REQUIRE(cur.fetch_backward(static_cast<std::size_t>(count)) == expected);
          break;
        case 3: {
          int const by = next(2) == 0 ? count : -count;
          std::uint64_t gone = 0;
          for (int i = 0; i < count && (by > 0 ? place <= size : place > 0); ++i) {
            place += by > 0 ? 1 : -1;
            gone += place >= 1 && place <= size ? 1U : 0U;
          }
          REQUIRE(cur.move(by) == gone);
          break;
        }
        default:
          place = next(size + 2);
          REQUIRE(cur.move_to(place) == (place >= 1 && place <= size));
      }
    }
  }
  at.done();
}

TEST_CASE("a cursor that is not scrollable refuses to go backwards, on the server") {
  opened at;
  auto cur = at.tx->cursor<int>("SELECT generate_series(1, 3)");
  CHECK(cur.fetch(2) == ints{1, 2});
  CHECK_THROWS_AS(cur.fetch_backward(1), pqscope::object_not_in_prerequisite_state);
  CHECK_THROWS_AS(cur.fetch(1), pqscope::in_failed_sql_transaction);
  cur.close();
  CHECK_THROWS_AS(at.tx->commit(), pqscope::transaction_rolled_back);
  support::ensure_usable(at.conn);
}

TEST_CASE("numbers of rows that PostgreSQL cannot count are refused") {
  opened at;
  auto cur = at.tx->cursor<int>("SELECT 1", {.scrollable = true});
  auto const trips = at.conn.round_trips();
  CHECK_THROWS_AS(cur.move(INT64_MAX), pqscope::usage_error);
  CHECK_THROWS_AS(cur.move(INT64_MIN), pqscope::usage_error);
  CHECK_THROWS_AS(cur.move_to(INT64_MIN), pqscope::usage_error);
  CHECK_THROWS_AS(at.tx->cursor<int>("SELECT 1", {.fetch = 0}), pqscope::usage_error);
  CHECK(at.conn.round_trips() == trips);
  CHECK(cur.fetch(SIZE_MAX) == ints{1});
  at.done();
}

TEST_CASE("names of cursors are taken as they stand and quoted") {
  opened at;
  for (std::string const name :
       {R"(a "quoted" name)", "Upper.case", "select", "it's", R"(back\)"}) {
    {
      auto cur = at.tx->cursor<int>("SELECT generate_series(1, 2)", {.name = name});
      CHECK(cur.name() == name);
      CHECK(cur.fetch_one() == 1);
      CHECK(at.tx->query<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE name = $1", name)
                .one() == 1);
      CHECK(cur.fetch_all() == ints{2});
    }
    CHECK(at.cursors() == 0);
  }
  CHECK_THROWS_AS(at.tx->cursor<int>("SELECT 1", {.name = std::string(64, 'x')}),
                  pqscope::usage_error);
  auto const first = at.tx->cursor<int>("SELECT 1");
  auto const second = at.tx->cursor<int>("SELECT 1");
  CHECK(first.name() != second.name());
  at.done();
}

TEST_CASE("WHERE CURRENT OF a cursor is the row fetched last") {
  opened at;
  at.tx->execute("CREATE TEMPORARY TABLE marks (id int, marked bool) ON COMMIT DROP");
  at.tx->execute("INSERT INTO marks SELECT generate_series(1, 5), false");
  auto cur = at.tx->cursor<int>("SELECT id FROM marks ORDER BY id FOR UPDATE");
  CHECK(cur.fetch(3) == ints{1, 2, 3});
  at.tx->execute(pqscope::compose("UPDATE marks SET marked = true WHERE CURRENT OF {}",
                                  pqscope::identifier{cur.name()}));
  CHECK(at.tx->query<int>("SELECT id FROM marks WHERE marked").all() == ints{3});
  at.done();
}

TEST_CASE("CLOSE rides with the next statement, the commit included, and is sent once") {
  opened at;
  {
    auto cur = at.tx->cursor<int>("SELECT 1");
    cur.close();
    CHECK_FALSE(cur.is_open());
    CHECK_THROWS_AS(cur.fetch(1), pqscope::usage_error);
    cur.close();
  }
  CHECK(at.conn.round_trips() == 1);
  CHECK(at.cursors() == 0);
  CHECK(at.conn.round_trips() == 2);
  at.tx->cursor<int>("SELECT 1").close();
  at.tx->commit();
  CHECK(at.conn.round_trips() == 4);
  auto const sent = at.seen.statements();
  CHECK(sent.size() == 7);
  CHECK(sent.at(5).starts_with("CLOSE"));
  CHECK(sent.back() == "COMMIT");
  at.tx.reset();
  support::ensure_usable(at.conn);
}

TEST_CASE("a cursor that CLOSE ALL has closed is not closed again, and the transaction commits") {
  opened at;
  at.tx->execute("CREATE TEMPORARY TABLE t (id int4)");
  at.tx->execute("INSERT INTO t VALUES (1)");
  {
    auto cur = at.tx->cursor<int>("SELECT g FROM generate_series(1, 10) AS g", {.fetch = 2});
    CHECK(cur.fetch(2).size() == 2);
    at.tx->execute("CLOSE ALL");
  }
  at.tx->commit();
  CHECK(at.conn.query<std::int64_t>("SELECT count(*) FROM t").one() == 1);
  at.tx.reset();
  support::ensure_usable(at.conn);
}

TEST_CASE("closing in a failed transaction is silent, in a savepoint too") {
  opened at;
  {
    auto outer = at.tx->cursor<int>("SELECT generate_series(1, 3)");
    {
      pqscope::savepoint inner{*at.tx};
      auto cur = inner.cursor<int>("SELECT 1");
      CHECK_THROWS_AS(inner.execute("SELECT 1/0"), pqscope::division_by_zero);
    }
    CHECK(outer.fetch_one() == 1);
  }
  CHECK(at.tx->query<int>("SELECT 1").one() == 1);
  CHECK_THROWS_AS(at.tx->execute("SELECT 1/0"), pqscope::division_by_zero);
  at.tx->rollback();
  at.tx.reset();
  CHECK(at.seen.problems().empty());
  support::ensure_usable(at.conn);
}

TEST_CASE("a cursor declared in a savepoint is gone with it, or goes on in what encloses it") {
  opened at;
  std::optional<pqscope::cursor<int>> kept;
  std::optional<pqscope::cursor<int>> lost;
  {
    pqscope::savepoint inner{*at.tx};
    kept = inner.cursor<int>("SELECT generate_series(1, 3)");
    CHECK(kept->fetch_one() == 1);
    inner.commit();
  }
  CHECK(kept->fetch_one() == 2);
  {
    pqscope::savepoint inner{*at.tx};
    lost = inner.cursor<int>("SELECT 1", {.name = "again"});
    inner.rollback();
  }
  lost.reset();
  CHECK(kept->fetch_one() == 3);
  CHECK(at.tx->cursor<int>("SELECT 4", {.name = "again"}).fetch_all() == ints{4});
  at.done();
}

TEST_CASE("a cursor object is used again for another query, or another cursor moved into it") {
  opened at;
  auto cur = at.tx->cursor<int>("SELECT generate_series(1, 5)", {.fetch = 2});
  CHECK(*cur.begin() == 1);
  auto const trips = at.conn.round_trips();
  cur.execute("SELECT generate_series(10, $1::int4)", 12);
  CHECK(at.conn.round_trips() == trips + 1);
  CHECK(cur.fetch_all() == ints{10, 11, 12});
  cur.execute(dynamic_sql{"SELECT 20"});
  CHECK(cur.fetch_all() == ints{20});
  cur.close();
  cur.execute("SELECT 21");
  cur = at.tx->cursor<int>("SELECT 30");
  CHECK(cur.fetch_all() == ints{30});
  auto named = at.tx->cursor<int>("SELECT 40", {.name = "mine"});
  named.execute("SELECT 41");
  {
    pqscope::savepoint inner{*at.tx};
    inner.execute("SELECT 1");
    inner.rollback();
  }
  named.execute("SELECT 42");
  CHECK(named.fetch_all() == ints{42});
  CHECK(at.cursors() == 2);
  auto moved = std::move(named);
  CHECK_THROWS_AS(named.fetch(1), pqscope::usage_error);
  CHECK(moved.fetch(1).empty());
  at.done();
}

TEST_CASE("a cursor that is moved onto itself keeps what it has read ahead") {
  opened here;
  auto cur = here.tx->cursor<int>("SELECT generate_series(1, 7)", {.fetch = 5});
  CHECK(*cur.begin() == 1);
  auto& same = cur;
  cur = std::move(same);
  CHECK(cur.is_open());
  CHECK(cur.fetch_all() == ints{2, 3, 4, 5, 6, 7});
  here.done();
}

TEST_CASE("a refcursor that a function returned is adopted by its name") {
  opened at;
  auto const name = support::unique_name("opens");
  at.tx->execute(dynamic_sql{"CREATE FUNCTION " + name +
                             "() RETURNS refcursor LANGUAGE plpgsql AS $$DECLARE c refcursor; "
                             "BEGIN OPEN c FOR SELECT generate_series(1, 5); RETURN c; END$$"});
  auto const opens = dynamic_sql{"SELECT " + name + "()"};
  {
    auto cur = at.tx->adopt_cursor<int>(at.tx->query<std::string>(opens).one(), {.fetch = 2});
    CHECK(cur.fetch_all() == ints{1, 2, 3, 4, 5});
  }
  CHECK(at.cursors() == 0);
  auto cur = at.tx->adopt_cursor<int>(at.tx->query<std::string>(opens).one());
  CHECK(cur.fetch(2) == ints{1, 2});
  CHECK_THROWS_AS(at.tx->adopt_cursor<int>(""), pqscope::usage_error);
  at.tx->rollback();
  at.tx.reset();
  support::ensure_usable(at.conn);
}

TEST_CASE("what the server says against a query is thrown where the cursor is declared") {
  opened at;
  try {
    static_cast<void>(at.tx->cursor<int>("SELECT * FROM missing_table"));
    FAIL("nothing thrown");
  } catch (pqscope::undefined_table const& failure) {
    CHECK(std::string_view{failure.where().file_name()}.ends_with("cursor.cpp"));
  }
  at.tx->rollback();
  at.tx.reset();
  support::ensure_usable(at.conn);
}

TEST_CASE("an error in the middle of a cursor comes with its page, at the place of the cursor") {
  opened at;
  ints seen;
  try {
    for (int const each :
         at.tx->cursor<int>("SELECT 10 / (4 - i) FROM generate_series(1, 9) i", {.fetch = 2})) {
      seen.push_back(each);
    }
    FAIL("nothing thrown");
  } catch (pqscope::division_by_zero const& failure) {
    CHECK(std::string_view{failure.where().file_name()}.ends_with("cursor.cpp"));
  }
  CHECK(seen == ints{3, 5});
  CHECK_THROWS_AS(at.tx->commit(), pqscope::transaction_rolled_back);
  CHECK(at.seen.problems().empty());
  at.tx.reset();
  support::ensure_usable(at.conn);
}

TEST_CASE("a row's exception leaves the transaction of a cursor unharmed") {
  opened at;
  CHECK_THROWS_AS(
      [&] {
        for (int const each : at.tx->cursor<int>("SELECT generate_series(1, 9)", {.fetch = 2})) {
          throw each;
        }
      }(),
      int);
  CHECK(at.cursors() == 0);
  at.done();
}
