#include <pqscope/pqscope.hpp>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <memory>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::dynamic_sql;
using pqscope::savepoint;
using pqscope::transaction;
using pqscope::usage_error;
using support::watched;

namespace {

bool was_sent(watched const& w, std::string const& text) {
  auto const sent = w.log.statements();
  return std::find(sent.begin(), sent.end(), text) != sent.end();
}

}  // namespace

TEST_CASE("names of savepoints are quoted, whatever is in them") {
  std::string const name =
      GENERATE(as<std::string>{}, "a\"b", "x; DROP TABLE t; --", "it's", "Upper Case", "select",
               "snörkel", "$1", "a\\b", "\n", std::string(63, 'x'));
  CAPTURE(name);
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  {
    savepoint left{tx, name};
    left.execute("INSERT INTO t VALUES (2)");
  }
  savepoint kept{tx, name};
  kept.execute("INSERT INTO t VALUES (3)");
  kept.commit();
  tx.commit();
  CHECK(w.rows() == std::vector{1, 3});
  std::string const quoted = pqscope::identifier{name}.text();
  CHECK(was_sent(w, "SAVEPOINT " + quoted));
  CHECK(was_sent(w, "ROLLBACK TO SAVEPOINT " + quoted));
  CHECK(was_sent(w, "RELEASE SAVEPOINT " + quoted));
  support::ensure_usable(w.conn);
}

TEST_CASE("the same name at three depths means the innermost savepoint each time") {
  watched w;
  transaction tx{w.conn};
  savepoint a{tx, "same"};
  a.execute("INSERT INTO t VALUES (1)");
  savepoint b{a, "same"};
  b.execute("INSERT INTO t VALUES (2)");
  {
    savepoint c{b, "same"};
    c.execute("INSERT INTO t VALUES (3)");
  }
  CHECK(w.rows() == std::vector{1, 2});
  {
    savepoint c{b, "same"};
    c.execute("INSERT INTO t VALUES (4)");
    c.commit();
  }
  b.rollback();
  CHECK(w.rows() == std::vector{1});
  a.commit();
  tx.commit();
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE("the same name inside a savepoint that is left first does not stand in for that") {
  watched w;
  bool const works = GENERATE(false, true);
  transaction tx{w.conn};
  auto outer = std::make_unique<savepoint>(tx, "same");
  outer->execute("INSERT INTO t VALUES (1)");
  savepoint inner{*outer, "same"};
  if (works) {
    inner.execute("INSERT INTO t VALUES (2)");
  }
  outer.reset();
  CHECK_FALSE(inner.is_active());
  CHECK(w.rows().empty());
  tx.execute("INSERT INTO t VALUES (3)");
  tx.commit();
  CHECK(w.rows() == std::vector{3});
  support::ensure_usable(w.conn);
}

TEST_CASE("a name that is too long, empty or holds a NUL is refused, and nothing is sent") {
  watched w;
  transaction tx{w.conn};
  CHECK_THROWS_AS((savepoint{tx, std::string(64, 'x')}), usage_error);
  CHECK_THROWS_AS((savepoint{tx, ""}), usage_error);
  CHECK_THROWS_AS((savepoint{tx, std::string_view{"a\0b", 3}}), usage_error);
  CHECK(w.log.round_trips() == 0);
  tx.execute("INSERT INTO t VALUES (1)");
  tx.commit();
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE("names of our own do not meet those that people give by hand") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  {
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (2)");
    for (char const* const name : {"p", "p1", "s", "s1", "sp", "sp1", "savepoint_1"}) {
      inner.execute(dynamic_sql{"SAVEPOINT " + std::string{name}});
    }
    inner.execute("INSERT INTO t VALUES (3)");
  }
  CHECK(w.rows() == std::vector{1});
  tx.commit();
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE(
    "a savepoint of the name of an enclosing one is refused, which could not be rolled back") {
  watched w;
  transaction tx{w.conn};
  tx.execute("SAVEPOINT a");  // no scope has it yet
  {
    savepoint outer{tx, "a"};
    outer.execute("INSERT INTO t VALUES (1)");
    savepoint inner{outer, "B c"};
    for (char const* const text : {"SAVEPOINT a", "savepoint A", "/* x */ Savepoint -- y\n \"a\"",
                                   "SAVEPOINT \"B c\"", "SELECT 1; SAVEPOINT a"}) {
      INFO(text);
      CHECK_THROWS_AS(inner.execute_script(dynamic_sql{text}), usage_error);
    }
    CHECK_THROWS_AS(inner.execute("SAVEPOINT a"), usage_error);
    CHECK_THROWS_AS(inner.defer("SAVEPOINT a"), usage_error);
    inner.execute("SAVEPOINT \"A\"");
    inner.execute_script(dynamic_sql{"SAVEPOINT bc; SELECT 1 AS savepoint, 2 AS a"});
    inner.commit();
    outer.rollback();
  }
  tx.execute("INSERT INTO t VALUES (2)");
  tx.commit();
  CHECK(w.rows() == std::vector{2});
  support::ensure_usable(w.conn);
}

TEST_CASE("savepoints set by hand inside a nested scope go with it") {
  watched w;
  transaction tx{w.conn};
  savepoint inner{tx};
  inner.execute("INSERT INTO t VALUES (1)");
  inner.execute("SAVEPOINT by_hand");
  inner.execute("INSERT INTO t VALUES (2)");
  inner.execute("ROLLBACK TO SAVEPOINT by_hand");
  inner.execute("INSERT INTO t VALUES (3)");
  inner.commit();
  tx.commit();
  CHECK(w.rows() == std::vector{1, 3});
  support::ensure_usable(w.conn);
}

TEST_CASE("a savepoint released by hand: its commit throws, and the outer has to roll back") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  savepoint inner{tx, "mine"};
  inner.execute("INSERT INTO t VALUES (2)");
  inner.execute("RELEASE SAVEPOINT mine");
  CHECK_THROWS_AS(inner.commit(), pqscope::invalid_savepoint_specification);
  CHECK_FALSE(inner.is_active());
  auto const before = w.log.round_trips();
  CHECK_NOTHROW(inner.rollback());
  CHECK_THROWS_AS(inner.commit(), usage_error);
  CHECK(w.log.round_trips() == before);
  CHECK(w.conn.status() == pqscope::connection_status::in_failed_transaction);
  SECTION("which it may do by its commit") {
    try {
      tx.commit();
      FAIL("commit returned");
    } catch (pqscope::transaction_rolled_back const& told) {
      CHECK(told.sqlstate() == "3B001");
    }
  }
  SECTION("or by its rollback") {
    CHECK_NOTHROW(tx.rollback());
  }
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a savepoint released by hand: its rollback throws, and the outer has to roll back") {
  watched w;
  transaction tx{w.conn};
  savepoint inner{tx, "mine"};
  inner.execute("RELEASE SAVEPOINT mine");
  CHECK_THROWS_AS(inner.rollback(), pqscope::invalid_savepoint_specification);
  CHECK_FALSE(inner.is_active());
  CHECK_NOTHROW(inner.rollback());
  tx.rollback();
  support::ensure_usable(w.conn);
}

TEST_CASE("a savepoint released by hand and left is told to the observer, the outer rolls back") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  {
    savepoint inner{tx, "mine"};
    inner.execute("RELEASE SAVEPOINT mine");
  }
  CHECK(w.log.problems().size() == 1);
  CHECK_THROWS_AS(tx.commit(), pqscope::transaction_rolled_back);
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("an inner scope whose outer savepoint was rolled back to by hand cannot be committed") {
  watched w;
  transaction tx{w.conn};
  savepoint outer{tx, "outer"};
  outer.execute("INSERT INTO t VALUES (1)");
  savepoint inner{outer};
  inner.execute("INSERT INTO t VALUES (2)");
  inner.execute("ROLLBACK TO SAVEPOINT \"outer\"");
  CHECK_THROWS_AS(inner.commit(), pqscope::invalid_savepoint_specification);
  outer.rollback();
  tx.execute("INSERT INTO t VALUES (3)");
  tx.commit();
  CHECK(w.rows() == std::vector{3});
  support::ensure_usable(w.conn);
}

TEST_CASE(
    "a savepoint released by a script is missed at the next statement, and nothing persists") {
  watched w;
  int called = 0;
  transaction tx{w.conn};
  savepoint inner{tx, "mine"};
  inner.after_commit([&] { ++called; });
  inner.execute("INSERT INTO t VALUES (1)");
  inner.execute_script(dynamic_sql{"SELECT 1; RELEASE SAVEPOINT mine"});
  try {
    inner.commit();
    tx.commit();
    FAIL("both returned");
  } catch (pqscope::invalid_savepoint_specification const&) {
    CHECK(called == 0);
  }
  tx.rollback();
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}
