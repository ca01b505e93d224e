#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <stop_token>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::deadline_exceeded;
using pqscope::savepoint;
using pqscope::transaction;
using support::watched;

TEST_CASE("an expired deadline keeps each step of a transaction from being sent") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  auto const before = w.log.round_trips();
  w.conn.deadline(0ns);
  CHECK_THROWS_AS(tx.execute("INSERT INTO t VALUES (2)"), deadline_exceeded);
  CHECK_THROWS_AS(tx.commit(), deadline_exceeded);
  CHECK_THROWS_AS(tx.rollback(), deadline_exceeded);
  CHECK_THROWS_AS(tx.prepare("gid"), deadline_exceeded);
  CHECK(w.log.round_trips() == before);
  CHECK(tx.is_active());
  w.conn.deadline(std::nullopt);
  tx.commit();
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}

TEST_CASE("a scope that is left cleans up although the deadline has passed or a stop is asked") {
  watched w;
  {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (2)");
    std::stop_source stop;
    stop.request_stop();
    w.conn.stop_on(stop.get_token());
    w.conn.deadline(std::chrono::steady_clock::now() - 1s);
    CHECK_THROWS_AS(inner.execute("SELECT 1"), pqscope::operation_cancelled);
  }
  CHECK(w.log.problems().empty());
  CHECK(w.log.statements().back() == "ROLLBACK");
  support::ensure_usable(w.conn);
  CHECK(w.rows().empty());
}

TEST_CASE("a statement that outlives the deadline fails its transaction, the connection lives") {
  watched w;
  int const pid = w.conn.backend_pid();
  {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    w.conn.deadline(50ms);
    CHECK_THROWS_AS(tx.execute("SELECT pg_sleep(60)"), deadline_exceeded);
    CHECK(w.conn.status() == pqscope::connection_status::in_failed_transaction);
    w.conn.deadline(std::nullopt);
    try {
      tx.commit();
      FAIL("commit returned");
    } catch (pqscope::transaction_rolled_back const& told) {
      CHECK(told.sqlstate() == "57014");
    }
  }
  CHECK(w.conn.backend_pid() == pid);
  CHECK(w.rows().empty());
  support::ensure_usable(w.conn);
}

TEST_CASE("a COMMIT that outlives the deadline is cancelled: nothing is persisted") {
  watched w;
  w.conn.execute(
      "CREATE FUNCTION pg_temp.dawdle() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$");
  w.conn.execute(
      "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION pg_temp.dawdle()");
  std::string calls;
  {
    transaction tx{w.conn};
    tx.after_commit([&] { calls += 'c'; });
    tx.after_rollback([&] { calls += 'r'; });
    tx.execute("INSERT INTO t VALUES (1)");
    w.conn.deadline(50ms);
    try {
      tx.commit();
      FAIL("commit returned");
    } catch (deadline_exceeded const& late) {
      CHECK(late.connection_usable());
    }
    CHECK_FALSE(tx.is_active());
    CHECK(calls == "r");
    CHECK(w.log.transactions() == std::vector{pqscope::transaction_end::rolled_back});
  }
  support::ensure_usable(w.conn);
  CHECK(w.rows().empty());
}

TEST_CASE("what a server-side timeout cancels in a transaction can only be rolled back") {
  watched w;
  transaction tx{w.conn};
  tx.execute("SET LOCAL statement_timeout = '20ms'");
  CHECK_THROWS_AS(tx.execute("SELECT pg_sleep(60)"), pqscope::query_canceled);
  CHECK_THROWS_AS(tx.commit(), pqscope::transaction_rolled_back);
  CHECK(w.conn.query<std::string>("SELECT current_setting('statement_timeout')").one() == "0");
  support::ensure_usable(w.conn);
}
