#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::savepoint;
using pqscope::session;
using pqscope::transaction;
using pqscope::with_session;
using support::watched;

namespace {

// Registers both kinds, each leaving its mark.
template <class Scope>
void note(Scope& in, std::string& calls, char mark) {
  in.after_commit([&calls, mark] { calls += mark; });
  in.after_rollback([&calls, mark] { calls += static_cast<char>(mark - 'a' + 'A'); });
}

}  // namespace

TEST_CASE("hooks of a commit run once, in order, when others can see what was done") {
  support::shared_table table;
  watched w;
  std::string calls;
  long long seen = -1;
  transaction tx{w.conn};
  note(tx, calls, 'a');
  tx.execute(table.insert(1));
  note(tx, calls, 'b');
  tx.after_commit([&] { seen = table.count(); });
  CHECK(calls.empty());
  tx.commit();
  CHECK(calls == "ab");
  CHECK(seen == 1);
  support::ensure_usable(w.conn);
}

TEST_CASE("hooks of a rollback run once, in order, however it comes about") {
  watched w;
  std::string calls;
  {
    transaction tx{w.conn};
    note(tx, calls, 'a');
    note(tx, calls, 'b');
    tx.execute("INSERT INTO t VALUES (1)");
    tx.rollback();
    CHECK(calls == "AB");
  }
  CHECK(calls == "AB");
  {
    transaction tx{w.conn};
    note(tx, calls, 'c');
    tx.execute("INSERT INTO t VALUES (1)");
  }
  CHECK(calls == "ABC");
  {
    transaction unused{w.conn};
    note(unused, calls, 'd');
  }
  CHECK(calls == "ABCD");
  support::ensure_usable(w.conn);
}

TEST_CASE("hooks of nested scopes wait for the outermost outcome, in order of registration") {
  watched w;
  std::string calls;
  transaction tx{w.conn};
  note(tx, calls, 'a');
  {
    savepoint first{tx};
    note(first, calls, 'b');
    first.execute("INSERT INTO t VALUES (1)");
    savepoint second{first};
    note(second, calls, 'c');
    second.commit();
    first.commit();
  }
  note(tx, calls, 'd');
  CHECK(calls.empty());
  tx.commit();
  CHECK(calls == "abcd");
  support::ensure_usable(w.conn);
}

TEST_CASE("hooks of a rolled-back nested scope are dropped, with those nested in it") {
  watched w;
  std::string calls;
  transaction tx{w.conn};
  note(tx, calls, 'a');
  {
    savepoint left{tx};
    note(left, calls, 'b');
    left.execute("INSERT INTO t VALUES (1)");
    savepoint inner{left};
    note(inner, calls, 'c');
    inner.commit();
  }
  {
    savepoint failed{tx};
    note(failed, calls, 'd');
    CHECK_THROWS_AS(failed.execute("SELECT 1/0"), pqscope::division_by_zero);
    CHECK_THROWS_AS(failed.commit(), pqscope::transaction_rolled_back);
  }
  savepoint undone{tx};
  note(undone, calls, 'e');
  undone.rollback();
  tx.commit();
  CHECK(calls == "a");
  support::ensure_usable(w.conn);
}

TEST_CASE("hooks of committed nested scopes hear of the outer rollback") {
  watched w;
  std::string calls;
  {
    transaction tx{w.conn};
    savepoint inner{tx};
    note(inner, calls, 'a');
    inner.execute("INSERT INTO t VALUES (1)");
    inner.commit();
  }
  CHECK(calls == "A");
}

TEST_CASE("a commit hook that throws keeps no other from running, and the commit stands") {
  watched w;
  std::string calls;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  note(tx, calls, 'a');
  tx.after_commit([] { throw std::runtime_error("of the hook"); });
  note(tx, calls, 'b');
  CHECK_THROWS_AS(tx.commit(), std::runtime_error);
  CHECK(calls == "ab");
  CHECK_FALSE(tx.is_active());
  CHECK(w.log.transactions() == std::vector{pqscope::transaction_end::committed});
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE("a rollback hook that throws in a destructor is told to the observer") {
  watched w;
  std::string calls;
  {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    tx.after_rollback([] { throw std::runtime_error("of the hook"); });
    note(tx, calls, 'a');
  }
  CHECK(calls == "A");
  REQUIRE(w.log.problems().size() == 1);
  CHECK(w.log.problems()[0].find("of the hook") != std::string::npos);
  support::ensure_usable(w.conn);
}

TEST_CASE("a hook may use the connection, and begin the next transaction on it") {
  watched w;
  {
    transaction tx{w.conn};
    tx.after_commit([&] { w.conn.execute("INSERT INTO t VALUES (2)"); });
    tx.after_commit([&] {
      transaction next{w.conn};
      next.execute("INSERT INTO t VALUES (3)");
      next.commit();
    });
    tx.execute("INSERT INTO t VALUES (1)");
    tx.commit();
  }
  CHECK(w.rows() == std::vector{1, 2, 3});
  {
    transaction tx{w.conn};
    tx.after_rollback([&] { w.conn.execute("INSERT INTO t VALUES (5)"); });
    tx.execute("INSERT INTO t VALUES (4)");
  }
  CHECK(w.rows() == std::vector{1, 2, 3, 5});
  support::ensure_usable(w.conn);
}

TEST_CASE("hooks of sessions, nested ones included, run when with_session has committed") {
  watched w;
  std::string calls;
  with_session(w.conn, [&](session& s) {
    note(s, calls, 'a');
    s.execute("INSERT INTO t VALUES (1)");
    with_session(s, [&](session& inner) {
      note(inner, calls, 'b');
      inner.execute("INSERT INTO t VALUES (2)");
    });
    with_session(s, [&](session& inner) {
      note(inner, calls, 'x');
      inner.execute("INSERT INTO t VALUES (3)");
      throw pqscope::rollback{};
    });
    CHECK(calls.empty());
  });
  CHECK(calls == "ab");
  CHECK(w.rows() == std::vector{1, 2});
  support::ensure_usable(w.conn);
}

TEST_CASE("a rollback hook may close the connection and throw") {
  watched w;
  {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    tx.after_rollback([&] {
      w.conn = pqscope::connection{support::test_config()};
      throw std::runtime_error("of the hook");
    });
  }
  CHECK(w.log.problems().size() == 1);
  support::ensure_usable(w.conn);
}
