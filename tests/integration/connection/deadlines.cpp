#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>

#include <chrono>
#include <stop_token>
#include <string>
#include <thread>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::connection_status;
using pqscope::deadline_exceeded;
using clock_type = std::chrono::steady_clock;

namespace {

bool is_active(support::witness& outside, int pid) {
  return outside.number("SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'",
                        {std::to_string(pid)}) > 0;
}

}  // namespace

TEST_CASE("a statement that takes too long is cancelled, and the connection is kept") {
  connection db{support::test_config()};
  db.deadline(20ms);
  clock_type::time_point const start = clock_type::now();
  try {
    db.execute("SELECT pg_sleep(30)");
    FAIL("it slept");
  } catch (deadline_exceeded const& failure) {
    CHECK(failure.connection_usable());
    CHECK(failure.where().line() == __LINE__ - 4);
  }
  CHECK(clock_type::now() - start >= 20ms);
  CHECK(clock_type::now() - start < 3s);
  CHECK(db.status() == connection_status::idle);
  support::witness outside;
  CHECK_FALSE(is_active(outside, db.backend_pid()));
  db.deadline(10s);
  CHECK(db.query<int>("SELECT 1").one() == 1);
  support::ensure_usable(db);
}

TEST_CASE("a deadline counts for each operation anew") {
  connection db{support::test_config()};
  db.deadline(2s);
  for (int i = 0; i < 3; ++i) {
    CHECK_NOTHROW(db.execute("SELECT pg_sleep(0.01)"));
  }
  support::ensure_usable(db);
}

TEST_CASE("a point in time limits all operations together") {
  connection db{support::test_config()};
  clock_type::time_point const until = clock_type::now() + 100ms;
  db.deadline(until);
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), deadline_exceeded);
  CHECK(clock_type::now() >= until);
  CHECK_THROWS_AS(db.execute("SELECT 1"), deadline_exceeded);
  db.deadline(std::nullopt);
  support::ensure_usable(db);
}

TEST_CASE("the earlier of two limits wins") {
  connection db{support::test_config()};
  db.deadline(clock_type::now() + 1h).deadline(20ms);
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), deadline_exceeded);
  db.deadline(std::nullopt);
  db.deadline(1h).deadline(clock_type::now() + 20ms);
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), deadline_exceeded);
  support::ensure_usable(db);
}

TEST_CASE("limits beyond the end of time are none") {
  connection db{support::test_config(), {.deadline = std::chrono::milliseconds::max()}};
  CHECK_NOTHROW(db.execute("SELECT 1"));
  for (auto const limit :
       {std::chrono::nanoseconds::max(), std::chrono::nanoseconds::max() - 1ns}) {
    db.deadline(limit);
    CHECK_NOTHROW(db.execute("SELECT 1"));
  }
  db.deadline(clock_type::time_point::max());
  CHECK_NOTHROW(db.execute("SELECT 1"));
  db.deadline(clock_type::time_point::min());
  CHECK_THROWS_AS(db.execute("SELECT 1"), deadline_exceeded);
  db.deadline(std::chrono::nanoseconds::min());
  CHECK_THROWS_AS(db.execute("SELECT 1"), deadline_exceeded);
  support::ensure_usable(db);
}

TEST_CASE("hundreds of deadlines of next to nothing never poison the next statement") {
  connection db{support::test_config()};
  int expired = 0;
  for (int i = 0; i < 500; ++i) {
    db.deadline(std::chrono::microseconds{i});
    try {
      db.execute("SELECT $1::int4", i);
    } catch (deadline_exceeded const& failure) {
      CHECK(failure.connection_usable());
      ++expired;
    }
    db.deadline(std::nullopt);
    REQUIRE(db.query<int>("SELECT $1::int4", i).one() == i);
  }
  CHECK(expired > 0);
  support::ensure_usable(db);
}

TEST_CASE("a deadline during a transaction fails it, and a rollback mends that") {
  connection db{support::test_config()};
  db.execute("BEGIN");
  db.deadline(20ms);
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), deadline_exceeded);
  db.deadline(std::nullopt);
  CHECK(db.status() == connection_status::in_failed_transaction);
  db.execute("ROLLBACK");
  support::ensure_usable(db);
}

TEST_CASE("a statement that waits for a lock is given up in time") {
  std::string const table = support::unique_name("locked");
  support::witness outside;
  outside.execute("CREATE TABLE " + table + " ()");
  outside.execute("BEGIN; LOCK TABLE " + table);
  connection db{support::test_config()};
  db.deadline(20ms);
  CHECK_THROWS_AS(db.execute(pqscope::dynamic_sql{"SELECT FROM " + table}), deadline_exceeded);
  outside.execute("COMMIT");
  outside.execute("DROP TABLE " + table);
  support::ensure_usable(db);
}

TEST_CASE("a deadline passes in a script too") {
  connection db{support::test_config()};
  db.deadline(20ms);
  CHECK_THROWS_AS(db.execute_script(pqscope::dynamic_sql{"SELECT 1; SELECT pg_sleep(30)"}),
                  deadline_exceeded);
  support::ensure_usable(db);
}

TEST_CASE("a stop that is requested cancels the statement that runs") {
  connection db{support::test_config()};
  std::stop_source source;
  db.stop_on(source.get_token());
  int const pid = db.backend_pid();
  std::thread other{[&] {
    support::witness outside;
    CHECK(support::eventually([&] { return is_active(outside, pid); }));
    source.request_stop();
  }};
  try {
    db.execute("SELECT pg_sleep(30)");
    FAIL("it slept");
  } catch (pqscope::operation_cancelled const& failure) {
    CHECK(failure.connection_usable());
  }
  other.join();
  CHECK_THROWS_AS(db.execute("SELECT 1"), pqscope::operation_cancelled);
  db.stop_on({});
  support::ensure_usable(db);
}

TEST_CASE("a statement_timeout of the server is the server's error, not a deadline") {
  connection db{support::test_config()};
  db.execute("SET statement_timeout = 20");
  db.deadline(10s);
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), pqscope::query_canceled);
  db.execute("RESET statement_timeout");
  support::ensure_usable(db);
}
