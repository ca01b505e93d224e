#include <pqscope/pqscope.hpp>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::commit_prepared;
using pqscope::connection;
using pqscope::prepared_transactions;
using pqscope::rollback_prepared;
using pqscope::savepoint;
using pqscope::transaction;
using pqscope::usage_error;
using support::shared_table;
using support::texts;
using support::watched;

namespace {

bool is_prepared(connection& on, std::string const& gid) {
  auto const all = prepared_transactions(on);
  return std::any_of(all.begin(), all.end(), [&](auto const& each) { return each.gid == gid; });
}

}  // namespace

TEST_CASE("a prepared transaction is listed until it is committed, and seen after that") {
  shared_table table;
  watched w;
  std::string const gid = support::unique_name("gid");
  transaction tx{w.conn};
  tx.execute(table.insert(1));
  tx.prepare(gid);
  CHECK_FALSE(tx.is_active());
  CHECK(w.conn.status() == pqscope::connection_status::idle);
  CHECK(table.count() == 0);
  bool listed = false;
  for (auto const& each : prepared_transactions(w.conn)) {
    if (each.gid == gid) {
      listed = true;
      CHECK(each.owner == w.conn.query<std::string>("SELECT current_user::text").one());
      CHECK(each.database == w.conn.query<std::string>("SELECT current_database()::text").one());
      CHECK(each.prepared.time_since_epoch().count() > 0);
    }
  }
  CHECK(listed);
  commit_prepared(w.conn, gid);
  CHECK_FALSE(is_prepared(w.conn, gid));
  CHECK(table.count() == 1);
  support::ensure_usable(w.conn);
}

TEST_CASE("an observer is told that a transaction was prepared, which is no doubt") {
  std::string const gid = support::unique_name("gid");
  std::ostringstream lines;
  pqscope::log_observer log{lines};
  pqscope::metrics numbers;
  watched w;
  pqscope::observer_list all{&w.log, &log, &numbers};
  w.conn.observe(&all);
  {
    transaction tx{w.conn};
    tx.execute("SELECT 1");
    tx.prepare(gid);
  }
  rollback_prepared(w.conn, gid);
  CHECK(w.log.transactions() == std::vector{pqscope::transaction_end::prepared});
  CHECK(lines.str().empty());
  CHECK(numbers.transactions(pqscope::transaction_end::prepared) == 1);
  CHECK(numbers.transactions(pqscope::transaction_end::in_doubt) == 0);
  support::ensure_usable(w.conn);
}

TEST_CASE("a prepared transaction is recovered from another connection by its gid") {
  shared_table table;
  std::string const kept = support::unique_name("gid");
  std::string const undone = support::unique_name("gid");
  {
    connection gone{support::test_config()};
    transaction first{gone};
    first.execute(table.insert(1));
    first.prepare(kept);
    transaction second{gone};
    second.execute(table.insert(2));
    second.prepare(undone);
  }
  connection fresh{support::test_config()};
  CHECK(is_prepared(fresh, kept));
  CHECK(is_prepared(fresh, undone));
  commit_prepared(fresh, kept);
  rollback_prepared(fresh, undone);
  CHECK_FALSE(is_prepared(fresh, kept));
  CHECK_FALSE(is_prepared(fresh, undone));
  CHECK(table.outside.column("SELECT n FROM " + table.name) == texts{"1"});
  support::ensure_usable(fresh);
}

TEST_CASE("a transaction that could be prepared can be committed in one phase, or rolled back") {
  shared_table table;
  watched w;
  transaction one{w.conn};
  one.execute(table.insert(1));
  one.commit();
  transaction two{w.conn};
  two.execute(table.insert(2));
  two.rollback();
  CHECK(table.count() == 1);
  support::ensure_usable(w.conn);
}

TEST_CASE("nested scopes and what they left to be sent go with the prepared transaction") {
  shared_table table;
  watched w;
  std::string const gid = support::unique_name("gid");
  transaction tx{w.conn};
  {
    savepoint inner{tx};
    CHECK_THROWS_AS(tx.prepare(gid), usage_error);
  }
  savepoint inner{tx};
  inner.execute(table.insert(1));
  inner.commit();
  tx.prepare(gid);
  commit_prepared(w.conn, gid);
  CHECK(table.count() == 1);
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction without a statement can be prepared, too") {
  watched w;
  std::string const gid = support::unique_name("gid");
  transaction tx{w.conn};
  tx.prepare(gid);
  CHECK(is_prepared(w.conn, gid));
  rollback_prepared(w.conn, gid);
  support::ensure_usable(w.conn);
}

TEST_CASE("a prepared transaction refuses commands, and the connection is free for others") {
  shared_table table;
  watched w;
  std::string const gid = support::unique_name("gid");
  int called = 0;
  transaction tx{w.conn};
  tx.after_commit([&] { ++called; });
  tx.after_rollback([&] { ++called; });
  tx.execute(table.insert(1));
  tx.prepare(gid);
  auto const before = w.log.round_trips();
  CHECK_THROWS_AS(tx.execute("SELECT 1"), usage_error);
  CHECK_THROWS_AS(tx.commit(), usage_error);
  CHECK_THROWS_AS(tx.rollback(), usage_error);
  CHECK_THROWS_AS(tx.prepare(gid), usage_error);
  CHECK(w.log.round_trips() == before);
  transaction next{w.conn};
  next.execute("INSERT INTO t VALUES (1)");
  next.commit();
  rollback_prepared(w.conn, gid);
  CHECK(called == 0);
  CHECK(table.count() == 0);
  support::ensure_usable(w.conn);
}

TEST_CASE("preparing after a temporary table was touched fails with 0A000 and leaves nothing") {
  watched w;
  std::string const gid = support::unique_name("gid");
  std::string calls;
  transaction tx{w.conn};
  tx.after_commit([&] { calls += 'c'; });
  tx.after_rollback([&] { calls += 'r'; });
  tx.execute("INSERT INTO t VALUES (1)");
  CHECK_THROWS_AS(tx.prepare(gid), pqscope::feature_not_supported);
  CHECK(calls == "r");
  CHECK_FALSE(tx.is_active());
  CHECK(w.log.notices().empty());
  CHECK(w.rows().empty());
  CHECK_FALSE(is_prepared(w.conn, gid));
  support::ensure_usable(w.conn);
}

TEST_CASE("preparing a failed transaction is answered ROLLBACK: it throws the first error") {
  watched w;
  std::string const gid = support::unique_name("gid");
  transaction tx{w.conn};
  CHECK_THROWS_AS(tx.execute("SELECT 1/0"), pqscope::division_by_zero);
  try {
    tx.prepare(gid);
    FAIL("prepare returned");
  } catch (pqscope::transaction_rolled_back const& told) {
    CHECK(told.sqlstate() == "22012");
  }
  CHECK_FALSE(tx.is_active());
  CHECK_FALSE(is_prepared(w.conn, gid));
  CHECK(w.log.notices().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a gid is quoted, and one the server does not take rolls back") {
  watched w;
  std::string const gid = support::unique_name("it's; \"$1\" \\ ");
  {
    transaction tx{w.conn};
    tx.execute("SELECT 1");
    tx.prepare(gid);
    CHECK(is_prepared(w.conn, gid));
    rollback_prepared(w.conn, gid);
  }
  {
    transaction tx{w.conn};
    tx.execute("SELECT 1");
    auto const before = w.log.round_trips();
    CHECK_THROWS_AS(tx.prepare(std::string_view{"a\0b", 3}), usage_error);
    CHECK(w.log.round_trips() == before);
    CHECK(tx.is_active());
    CHECK_THROWS_AS(tx.prepare(std::string(200, 'x')), pqscope::invalid_parameter_value);
    CHECK_FALSE(tx.is_active());
  }
  support::ensure_usable(w.conn);
}

TEST_CASE("a gid that is taken already fails with 42710 and leaves the other alone") {
  watched w;
  std::string const gid = support::unique_name("gid");
  transaction first{w.conn};
  first.execute("SELECT 1");
  first.prepare(gid);
  transaction second{w.conn};
  second.execute("SELECT 1");
  CHECK_THROWS_AS(second.prepare(gid), pqscope::duplicate_object);
  CHECK(is_prepared(w.conn, gid));
  rollback_prepared(w.conn, gid);
  support::ensure_usable(w.conn);
}

TEST_CASE("ending what was not prepared is an undefined_object") {
  watched w;
  CHECK_THROWS_AS(commit_prepared(w.conn, "there is none"), pqscope::undefined_object);
  CHECK_THROWS_AS(rollback_prepared(w.conn, "there is none"), pqscope::undefined_object);
  support::ensure_usable(w.conn);
}

TEST_CASE("the second phase inside a transaction is refused, and does not harm that") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  auto const before = w.log.round_trips();
  CHECK_THROWS_AS(commit_prepared(w.conn, "any"), usage_error);
  CHECK_THROWS_AS(rollback_prepared(w.conn, "any"), usage_error);
  CHECK(w.log.round_trips() == before);
  tx.commit();
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE("an XA xid names a prepared transaction, and is read back from the list") {
  shared_table table;
  watched w;
  pqscope::xid const id{.format_id = 1234567,
                        .gtrid = support::unique_name("global"),
                        .bqual = std::string{"\0branch_\xff", 9}};
  transaction tx{w.conn};
  tx.execute(table.insert(1));
  tx.prepare(id);
  int found = 0;
  for (auto const& each : prepared_transactions(w.conn)) {
    found += pqscope::xid::parse(each.gid) == id ? 1 : 0;
  }
  CHECK(found == 1);
  commit_prepared(w.conn, id);
  CHECK(table.count() == 1);

  transaction other{w.conn};
  other.execute(table.insert(2));
  other.prepare(id);
  rollback_prepared(w.conn, id);
  CHECK(table.count() == 1);
  support::ensure_usable(w.conn);
}
