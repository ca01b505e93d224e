#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "integration/transaction/watched.hpp"

using pqscope::connection_lost;
using pqscope::savepoint;
using pqscope::session;
using pqscope::transaction;
using pqscope::transaction_end;
using pqscope::testing::faulty_proxy;
using support::shared_table;
using support::test_config;
using support::watched;

TEST_CASE("a backend that is gone before COMMIT was sent did not commit: no doubt about it") {
  shared_table table;
  watched w;
  std::string calls;
  transaction tx{w.conn};
  tx.after_commit([&] { calls += 'c'; });
  tx.after_rollback([&] { calls += 'r'; });
  tx.execute(table.insert(1));
  table.outside.terminate(w.conn.backend_pid());
  try {
    tx.commit();
    FAIL("commit returned");
  } catch (connection_lost const& lost) {
    CHECK(lost.is_retryable());
  }
  CHECK(calls == "r");
  CHECK_FALSE(tx.is_active());
  CHECK(w.conn.status() == pqscope::connection_status::broken);
  CHECK(w.log.transactions() == std::vector{transaction_end::rolled_back});
  CHECK(table.count() == 0);
}

TEST_CASE("a backend that is gone with a RELEASE still to be sent did not commit either") {
  shared_table table;
  watched w;
  transaction tx{w.conn};
  savepoint inner{tx};
  inner.execute(table.insert(1));
  inner.commit();
  table.outside.terminate(w.conn.backend_pid());
  CHECK_THROWS_AS(tx.commit(), connection_lost);
  CHECK(table.count() == 0);
}

TEST_CASE("a backend that is gone before PREPARE TRANSACTION was sent has prepared nothing") {
  shared_table table;
  watched w;
  std::string calls;
  transaction tx{w.conn};
  tx.after_rollback([&] { calls += 'r'; });
  tx.execute(table.insert(1));
  table.outside.terminate(w.conn.backend_pid());
  CHECK_THROWS_AS(tx.prepare(support::unique_name("gid")), connection_lost);
  CHECK(calls == "r");
  CHECK_FALSE(tx.is_active());
  CHECK(w.conn.status() == pqscope::connection_status::broken);
  CHECK(w.log.transactions() == std::vector{transaction_end::rolled_back});
  CHECK(table.count() == 0);
}

TEST_CASE("a network that was cut before COMMIT was sent leaves no doubt") {
  bool const reset = GENERATE(false, true);
  shared_table table;
  faulty_proxy proxy{test_config(), {.reset = reset}};
  watched w{proxy.config()};
  transaction tx{w.conn};
  tx.execute(table.insert(1));
  proxy.cut_all();
  CHECK_THROWS_AS(tx.commit(), connection_lost);
  CHECK(table.count() == 0);
}

TEST_CASE("a connection lost in a statement cannot commit, and its end is known") {
  shared_table table;
  faulty_proxy proxy{test_config()};
  watched w{proxy.config()};
  std::string calls;
  transaction tx{w.conn};
  tx.after_rollback([&] { calls += 'r'; });
  tx.execute(table.insert(1));
  proxy.cut_before("INSERT");
  CHECK_THROWS_AS(tx.execute(table.insert(2)), connection_lost);
  CHECK_THROWS_AS(tx.commit(), connection_lost);
  CHECK_FALSE(tx.is_active());
  CHECK(calls == "r");
  CHECK(table.count() == 0);
}

TEST_CASE("a nested scope on a lost connection cannot commit") {
  shared_table table;
  faulty_proxy proxy{test_config()};
  watched w{proxy.config()};
  transaction tx{w.conn};
  savepoint inner{tx};
  inner.execute(table.insert(1));
  proxy.cut_before("INSERT");
  CHECK_THROWS_AS(inner.execute(table.insert(2)), connection_lost);
  CHECK_THROWS_AS(inner.commit(), connection_lost);
  CHECK_THROWS_AS(tx.commit(), connection_lost);
  CHECK(table.count() == 0);
}

TEST_CASE("a session on a backend that is gone before COMMIT runs again where it can reconnect") {
  shared_table table;
  int runs = 0;
  pqscope::with_session(test_config(), {.retry = {.attempts = 3}}, [&](session& s) {
    ++runs;
    s.execute(table.insert(1));
    if (s.attempt() == 1) {
      table.outside.terminate(s.query<int>("SELECT pg_backend_pid()").one());
    }
  });
  CHECK(runs == 2);
  CHECK(table.count() == 1);
}

TEST_CASE("rollback on a lost connection throws, and the transaction has ended all the same") {
  watched w;
  std::string calls;
  support::witness outside;
  transaction tx{w.conn};
  tx.after_rollback([&] { calls += 'r'; });
  tx.execute("INSERT INTO t VALUES (1)");
  outside.terminate(w.conn.backend_pid());
  CHECK_THROWS_AS(tx.rollback(), pqscope::error);
  CHECK_FALSE(tx.is_active());
  CHECK(calls == "r");
}
