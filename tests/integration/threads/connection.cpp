#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/transfer/stream.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::connection_busy;
using pqscope::connection_status;

TEST_CASE("two threads with a connection each do not wait for each other") {
  connection first{support::test_config()};
  connection second{support::test_config()};
  auto const start = std::chrono::steady_clock::now();
  std::thread other{[&] { second.execute("SELECT pg_sleep(0.5)"); }};
  first.execute("SELECT pg_sleep(0.5)");
  other.join();
  auto const took = std::chrono::steady_clock::now() - start;
  CHECK(took >= 500ms);
  CHECK(took < 800ms);
  support::ensure_usable(first);
  support::ensure_usable(second);
}

TEST_CASE("a second thread is told that the connection is busy, and disturbs nothing") {
  connection db{support::test_config()};
  auto const canceller = db.canceller();
  std::atomic<bool> slept{false};
  std::thread other{[&] {
    try {
      db.execute("SELECT pg_sleep(30)");
    } catch (pqscope::query_canceled const&) {
      slept = true;
    }
  }};
  CHECK(support::eventually([&] { return db.status() == connection_status::busy; }));
  CHECK_THROWS_AS(db.execute("SELECT 1"), connection_busy);
  CHECK_THROWS_AS(db.query<int>("SELECT 1"), connection_busy);
  CHECK_THROWS_AS(db.execute_script(pqscope::dynamic_sql{"SELECT 1"}), connection_busy);
  CHECK(db.status() == connection_status::busy);
  try {
    db.execute("SELECT 1");
  } catch (connection_busy const& failure) {
    CHECK(failure.connection_usable());
    CHECK(failure.where().line() == __LINE__ - 3);
  }
  CHECK(support::eventually([&] {
    canceller.cancel();
    return slept.load();
  }));
  other.join();
  support::ensure_usable(db);
}

TEST_CASE("a connection may be used by one thread after another") {
  connection db{support::test_config()};
  for (int i = 0; i < 4; ++i) {
    std::thread other{[&] { CHECK(db.query<int>("SELECT $1::int4", i).one() == i); }};
    other.join();
  }
  support::ensure_usable(db);
}

TEST_CASE("two threads that begin to stream at once get their rows or connection_busy") {
  for (int round = 0; round < 20; ++round) {
    connection db{support::test_config()};
    std::atomic<int> ready{0};
    std::atomic<int> wrong{0};
    auto const read = [&] {
      ++ready;
      while (ready < 2) {
      }
      try {
        int sum = 0;
        for (int each : db.stream<int>("SELECT generate_series(1, 10)")) {
          sum += each;
        }
        wrong += sum == 55 ? 0 : 1;
      } catch (connection_busy const&) {
      }
    };
    std::thread first{read};
    std::thread second{read};
    first.join();
    second.join();
    CHECK(wrong == 0);
    support::ensure_usable(db);
  }
}

TEST_CASE("many threads that fight for one connection get a result or connection_busy") {
  connection db{support::test_config()};
  std::atomic<int> done{0};
  std::atomic<int> wrong{0};
  auto const fight = [&] {
    for (int i = 0; i < 200; ++i) {
      try {
        wrong += db.query<int>("SELECT $1::int4", i).one() == i ? 0 : 1;
        ++done;
      } catch (connection_busy const&) {
      }
    }
  };
  std::thread first{fight};
  std::thread second{fight};
  first.join();
  second.join();
  CHECK(wrong == 0);
  CHECK(done > 0);
  support::ensure_usable(db);
}
