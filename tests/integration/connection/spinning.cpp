#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/pool/pool.hpp>

#include <chrono>
#include <stop_token>
#include <thread>

#include <sys/resource.h>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::connection;

namespace {

/// How often this thread has gone to sleep until something woke it.
long sleeps() {
  rusage used{};
  getrusage(RUSAGE_THREAD, &used);
  return used.ru_nvcsw;
}

/// Whether ten statements in a row are answered without this thread going to sleep for any of them.
/// Where others use the processors too, that may take a few attempts.
bool stays_awake(connection& db) {
  return support::eventually([&] {
    long const before = sleeps();
    for (int i = 0; i < 10; ++i) {
      REQUIRE(db.query<int>("SELECT $1::int", i).one() == i);
    }
    return sleeps() == before;
  });
}

}  // namespace

TEST_CASE("a connection that may spin does not sleep until a short statement is answered") {
  connection db{support::test_config(), {.spin = 10ms}};
  CHECK(stays_awake(db));
  support::ensure_usable(db);
}

TEST_CASE("a pool's connections spin as its options say") {
  pqscope::pool connections{support::test_config(), {.max_size = 1, .spin = 10ms}};
  {
    auto const db = connections.acquire();
    CHECK(stays_awake(*db));
  }
  support::ensure_usable(*connections.acquire());
}

TEST_CASE("deadlines and stops hold for a connection that spins") {
  connection db{support::test_config(), {.spin = 1h}};
  db.deadline(5ms);
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), pqscope::deadline_exceeded);
  db.deadline(100ms);
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), pqscope::deadline_exceeded);
  db.deadline(10s);
  support::ensure_usable(db);

  std::stop_source stop;
  connection stopped{support::test_config(), {.stop = stop.get_token(), .spin = 1h}};
  std::jthread const other{[&] { stop.request_stop(); }};
  CHECK_THROWS_AS(stopped.execute("SELECT pg_sleep(30)"), pqscope::operation_cancelled);
  CHECK(stopped.status() != pqscope::connection_status::busy);
}

TEST_CASE("a spin below zero is none") {
  connection db{support::test_config(), {.spin = std::chrono::microseconds::min()}};
  CHECK(db.query<int>("SELECT 7").one() == 7);
  support::ensure_usable(db);
}
