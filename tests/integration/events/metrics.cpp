#include <pqscope/connection/connection.hpp>
#include <pqscope/events/metrics.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>
#include <sstream>
#include <string>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::metrics;
using pqscope::statement_origin;
using pqscope::transaction_end;
using namespace std::chrono_literals;

TEST_CASE("metrics of known statements have the right numbers") {
  metrics numbers;
  connection db{support::test_config(), {.observer = &numbers}};
  CHECK(numbers.connects() == 1);
  CHECK(numbers.connect_durations().count() == 1);
  CHECK(numbers.connect_durations().sum > 0ns);

  db.execute("CREATE TEMP TABLE t (n int PRIMARY KEY)");
  db.execute("INSERT INTO t SELECT generate_series(1, $1::int)", 5);
  CHECK(db.query<int>("SELECT n FROM t").all().size() == 5);
  CHECK_THROWS_AS(db.execute("INSERT INTO t VALUES (1)"), pqscope::unique_violation);
  CHECK_THROWS_AS(db.execute("SELECT nothing"), pqscope::undefined_column);
  CHECK(numbers.statements().ok == 3);
  CHECK(numbers.statements().errors == 2);
  CHECK(numbers.statements().unanswered == 0);
  CHECK(numbers.statement_errors("23") == 1);
  CHECK(numbers.statement_errors("42") == 1);
  CHECK(numbers.statement_durations().count() == 5);
  CHECK(numbers.rows() == 10);
  CHECK(numbers.round_trips() == db.round_trips());
  CHECK(numbers.statements(statement_origin::scope).ok == 0);

  db.execute("DO $$ BEGIN RAISE NOTICE 'hear'; END $$");
  CHECK(numbers.notices() == 1);
  CHECK(numbers.problems() == 0);

  std::ostringstream out;
  out << numbers;
  CHECK(out.str().find("\npqscope_statements_total{origin=\"caller\",outcome=\"ok\"} 4\n") !=
        std::string::npos);
  support::ensure_usable(db);
}

TEST_CASE("metrics count transactions and what scopes send") {
  metrics numbers;
  connection db{support::test_config(), {.observer = &numbers}};
  {
    pqscope::transaction work{db};
    work.execute("SELECT 1");
    pqscope::savepoint inner{work};
    inner.execute("SELECT 2");
    inner.commit();
    work.commit();
  }
  {
    pqscope::transaction work{db};
    work.execute("SELECT 3");
  }
  CHECK(numbers.transactions(transaction_end::committed) == 1);
  CHECK(numbers.transactions(transaction_end::rolled_back) == 1);
  CHECK(numbers.transactions(transaction_end::in_doubt) == 0);
  CHECK(numbers.transaction_durations().count() == 2);
  CHECK(numbers.statements().ok == 3);
  // BEGIN SAVEPOINT RELEASE COMMIT, BEGIN ROLLBACK; timed are those that were not sent along.
  CHECK(numbers.statements(statement_origin::scope).ok == 6);
  CHECK(numbers.statement_durations(statement_origin::scope).count() == 2);
  CHECK(numbers.statement_durations().count() == 3);
  CHECK(numbers.round_trips() == 5);
  CHECK(numbers.round_trips() == db.round_trips());
  support::ensure_usable(db);
}

TEST_CASE("metrics count a connect that failed and a statement that was lost") {
  metrics numbers;
  auto bad = support::test_config();
  bad.dbname = "no such database";
  CHECK_THROWS_AS((connection{bad, {.observer = &numbers}}), pqscope::connection_error);
  CHECK(numbers.connects() == 0);
  CHECK(numbers.failed_connects() == 1);
  CHECK(numbers.connect_durations().count() == 1);

  connection db{support::test_config(), {.observer = &numbers}};
  CHECK_THROWS_AS(db.execute("SELECT pg_terminate_backend(pg_backend_pid())"),
                  pqscope::admin_shutdown);
  CHECK(numbers.statements().ok == 0);
  CHECK(numbers.statement_errors("57P01") == 1);
}

TEST_CASE("one metrics object watches several connections") {
  metrics numbers;
  connection first{support::test_config(), {.observer = &numbers}};
  connection second{support::test_config()};
  second.observe(&numbers);
  first.execute("SELECT 1");
  second.execute("SELECT generate_series(1, 2)");
  CHECK(numbers.connects() == 1);
  CHECK(numbers.statements().ok == 2);
  CHECK(numbers.rows() == 3);
  first.observe(nullptr);
  first.execute("SELECT 1");
  CHECK(numbers.statements().ok == 2);
  support::ensure_usable(first);
  support::ensure_usable(second);
}
