#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::transaction;
using texts = std::vector<std::string>;

namespace {

/// Which of BEGIN and COMMIT are prepared on the server.
texts prepared_control(connection& on) {
  texts found;
  for (auto row : on.execute("SELECT statement FROM pg_prepared_statements "
                             "WHERE statement IN ('BEGIN', 'COMMIT') ORDER BY statement")) {
    found.emplace_back(row[0].text());
  }
  return found;
}

/// A connection with a table of its own.
struct stage {
  explicit stage(pqscope::connection_options options = {}) : conn{support::test_config(), options} {
    conn.execute("CREATE TEMPORARY TABLE t (value int4)");
  }

  void insert(int value) {
    transaction tx{conn};
    tx.execute("INSERT INTO t VALUES ($1)", value);
    tx.commit();
  }
  /// As what no command tag tells of.
  void lose_what_is_prepared() { conn.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"); }
  std::int64_t count() { return conn.query<std::int64_t>("SELECT count(*) FROM t").one(); }

  connection conn;
};

}  // namespace

TEST_CASE("BEGIN and COMMIT are prepared by the second transaction, at no round trip") {
  pqscope::testing::recorder watcher;
  stage on{{.observer = &watcher}};
  on.insert(0);
  CHECK(prepared_control(on.conn).empty());
  for (int i = 1; i < 4; ++i) {
    watcher.clear();
    on.insert(i);
    CHECK(watcher.round_trips() == 2);
    texts const sent = watcher.statements();
    REQUIRE(sent.size() == 3);
    CHECK(sent.front() == "BEGIN");
    CHECK(sent.back() == "COMMIT");
  }
  CHECK(prepared_control(on.conn) == texts{"BEGIN", "COMMIT"});
  CHECK(on.count() == 4);
  support::ensure_usable(on.conn);
}

TEST_CASE("without a statement cache neither BEGIN nor COMMIT is prepared") {
  stage on{{.statement_cache = 0}};
  for (int i = 0; i < 3; ++i) {
    on.insert(i);
  }
  CHECK(prepared_control(on.conn).empty());
  CHECK(on.conn.query<std::int64_t>("SELECT count(*) FROM pg_prepared_statements").one() == 0);
  support::ensure_usable(on.conn);
}

TEST_CASE("a transaction whose prepared BEGIN the server has lost begins all the same") {
  stage on;
  for (int i = 0; i < 3; ++i) {
    on.insert(i);
  }
  on.lose_what_is_prepared();
  on.insert(3);
  CHECK(on.count() == 4);
  SECTION("and again") {
    on.insert(4);
    on.insert(5);
    CHECK(on.count() == 6);
  }
  SECTION("when nothing but deferred statements goes with it") {
    on.lose_what_is_prepared();
    pqscope::with_session(on.conn,
                          [](pqscope::session& s) { s.defer("INSERT INTO t VALUES (4)"); });
    CHECK(on.count() == 5);
  }
  SECTION("when a stream goes with it") {
    on.lose_what_is_prepared();
    pqscope::with_session(on.conn, [](pqscope::session& s) {
      std::int64_t sum = 0;
      for (auto const value : s.stream<std::int64_t>("SELECT value::int8 FROM t")) {
        sum += value;
      }
      CHECK(sum == 6);
      s.execute("INSERT INTO t VALUES (4)");
    });
    CHECK(on.count() == 5);
  }
  SECTION("when a script goes behind it") {
    on.lose_what_is_prepared();
    transaction tx{on.conn};
    tx.execute_script(pqscope::dynamic_sql{"INSERT INTO t VALUES (4); SELECT 1"});
    tx.commit();
    CHECK(on.count() == 5);
  }
  support::ensure_usable(on.conn);
}

TEST_CASE("a prepared COMMIT that the server has lost on the way fails, and commits nothing") {
  stage on;
  for (int i = 0; i < 3; ++i) {
    on.insert(i);
  }
  {
    transaction tx{on.conn};
    tx.execute("INSERT INTO t VALUES (3)");
    tx.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$");
    CHECK_THROWS_AS(tx.commit(), pqscope::server_error);
  }
  CHECK(on.conn.status() == pqscope::connection_status::idle);
  CHECK(on.count() == 3);
  on.insert(3);
  CHECK(on.count() == 4);
  support::ensure_usable(on.conn);
}
