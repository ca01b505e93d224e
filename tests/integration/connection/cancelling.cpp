#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::connection_status;
using clock_type = std::chrono::steady_clock;

namespace {

/// Waits until the backend carries out something, seen from outside.
bool wait_until_active(int pid, std::string const& text) {
  support::witness outside;
  return support::eventually([&] {
    return outside.number(
               "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = "
               "'active' AND query LIKE '%' || $2 || '%' AND wait_event = 'PgSleep'",
               {std::to_string(pid), text}) == 1;
  });
}

}  // namespace

TEST_CASE("a cancel from another thread ends a statement within a second") {
  connection db{support::test_config()};
  std::string const mark = support::unique_name("cancelled");
  int const pid = db.backend_pid();
  std::thread other{[&db, pid, mark] {
    bool const active = wait_until_active(pid, mark);
    CHECK(active);
    CHECK(db.canceller().cancel());
  }};
  clock_type::time_point const start = clock_type::now();
  CHECK_THROWS_AS(db.execute(pqscope::dynamic_sql{"SELECT pg_sleep(30) AS " + mark}),
                  pqscope::query_canceled);
  CHECK(clock_type::now() - start < 10s);
  other.join();
  support::witness outside;
  CHECK(outside.number("SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'",
                       {std::to_string(pid)}) == 0);
  support::ensure_usable(db);
}

TEST_CASE("a cancelled statement fails its transaction, and a rollback mends that") {
  connection db{support::test_config()};
  auto const canceller = db.canceller();
  int const pid = db.backend_pid();
  db.execute("BEGIN");
  clock_type::time_point asked;
  std::thread other{[&] {
    CHECK(wait_until_active(pid, "pg_sleep"));
    asked = clock_type::now();
    CHECK(canceller.cancel());
  }};
  try {
    db.execute("SELECT pg_sleep(30)");
    FAIL("it slept");
  } catch (pqscope::query_canceled const& failure) {
    CHECK(failure.sqlstate() == "57014");
    CHECK(failure.connection_usable());
  }
  other.join();
  CHECK(clock_type::now() - asked < 1s);
  CHECK(db.status() == connection_status::in_failed_transaction);
  db.execute("ROLLBACK");
  support::ensure_usable(db);
}

TEST_CASE("a cancel of an idle connection does nothing") {
  connection db{support::test_config()};
  CHECK_FALSE(db.canceller().cancel());
  db.execute("SELECT 1");
  CHECK_FALSE(db.canceller().cancel());
  db.execute("BEGIN");
  CHECK_FALSE(db.canceller().cancel());
  db.execute("SELECT 1");
  db.execute("ROLLBACK");
  support::ensure_usable(db);
}

TEST_CASE("a cancel of a closed connection does nothing") {
  std::optional<connection> db{support::test_config()};
  auto const canceller = db->canceller();
  db->execute("SELECT 1");
  db->close();
  CHECK_FALSE(canceller.cancel());
  CHECK_FALSE(db->canceller().cancel());
  db.reset();
  auto const copy = canceller;
  CHECK_FALSE(copy.cancel());
}

TEST_CASE("a canceller stays with its connection when that moves") {
  connection db{support::test_config()};
  auto const canceller = db.canceller();
  connection moved{std::move(db)};
  int const pid = moved.backend_pid();
  std::thread other{[&] {
    CHECK(wait_until_active(pid, "pg_sleep"));
    CHECK(canceller.cancel());
  }};
  CHECK_THROWS_AS(moved.execute("SELECT pg_sleep(30)"), pqscope::query_canceled);
  other.join();
  support::ensure_usable(moved);
}

TEST_CASE("a statement can be cancelled again when the first cancel came too early for it") {
  connection db{support::test_config()};
  auto const canceller = db.canceller();
  std::atomic<bool> over{false};
  // the cancels begin with the statement, before the server has read it
  std::thread other{[&] {
    while (!over) {
      canceller.cancel();
    }
  }};
  for (int i = 0; i < 20; ++i) {
    CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), pqscope::query_canceled);
  }
  over = true;
  other.join();
  support::ensure_usable(db);
}

TEST_CASE("a statement that catches the cancel can be cancelled again") {
  connection db{support::test_config()};
  auto const canceller = db.canceller();
  int const pid = db.backend_pid();
  std::thread other{[&] {
    CHECK(wait_until_active(pid, "first sleep"));
    CHECK(canceller.cancel());
    support::witness outside;
    CHECK(support::eventually([&] { return !canceller.cancel(); }));
  }};
  CHECK_THROWS_AS(db.execute("DO $$ BEGIN /* first sleep */ PERFORM pg_sleep(30);"
                             " EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(30); END $$"),
                  pqscope::query_canceled);
  other.join();
  support::ensure_usable(db);
}

TEST_CASE("a late cancel never hits the next statement") {
  connection db{support::test_config()};
  auto const canceller = db.canceller();
  constexpr int rounds = 1000;
  std::atomic<int> allowed{0};
  std::atomic<int> cancelled_at{0};
  std::thread other{[&] {
    for (int round = 1; round <= rounds; ++round) {
      while (allowed.load() < round) {
        std::this_thread::yield();
      }
      canceller.cancel();
      cancelled_at = round;
    }
  }};
  int hit = 0;
  for (int round = 1; round <= rounds; ++round) {
    allowed = round;
    try {
      db.execute("SELECT count(*) FROM generate_series(1, 100)");
    } catch (pqscope::query_canceled const&) {
      ++hit;
    }
    // the cancel may be under way still, meant for the statement above or for none at all
    if (round % 2 == 0) {
      while (cancelled_at.load() < round) {
        std::this_thread::yield();
      }
      CHECK_NOTHROW(db.execute("SELECT 1"));
    }
  }
  other.join();
  CAPTURE(hit);
  support::ensure_usable(db);
}
