#include <pthread.h>
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using pqscope::connection;
using pqscope::connection_status;

TEST_CASE("signals end no wait for the server") {
  struct sigaction quiet{};
  struct sigaction previous{};
  quiet.sa_handler = [](int) {};
  REQUIRE(::sigaction(SIGUSR1, &quiet, &previous) == 0);  // without SA_RESTART
  connection db{support::test_config()};
  pthread_t const target = ::pthread_self();
  std::atomic<bool> over{false};
  std::thread other{[&] {
    while (!over) {
      ::pthread_kill(target, SIGUSR1);
      std::this_thread::yield();
    }
  }};
  auto const start = std::chrono::steady_clock::now();
  db.execute("SELECT pg_sleep(0.1)");
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds{100});
  db.deadline(std::chrono::milliseconds{50});
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), pqscope::deadline_exceeded);
  over = true;
  other.join();
  ::sigaction(SIGUSR1, &previous, nullptr);
  support::ensure_usable(db);
}
