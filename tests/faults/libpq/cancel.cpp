#include <pqscope/libpq/cancel.hpp>

#include <dirent.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <string>

#include "faults/misbehaving/verdict.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"
#include "support/scripted_server.hpp"

namespace {

using namespace std::chrono_literals;
using pqscope::libpq::cancel_operation;
using pqscope::libpq::clock;
using pqscope::libpq::drive;
using pqscope::libpq::drive_result;
using pqscope::libpq::prepare_cancel;

int open_descriptors() {
  int count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) {
    ++count;
  }
  ::closedir(folder);
  return count;
}

}  // namespace

TEST_CASE("a cancel is delivered, also when there is nothing to cancel") {
  pqscope::connection conn{support::test_config()};
  cancel_operation cancel{prepare_cancel(conn.core_for({}).handle())};
  CHECK(drive(cancel, {.deadline = clock::now() + 5s}) == drive_result::done);
  CHECK(cancel.delivered());
  CHECK(cancel.resume().done());
  support::ensure_usable(conn);
}

TEST_CASE("a cancel without a connection is done and not delivered") {
  cancel_operation cancel{prepare_cancel({})};
  CHECK(drive(cancel, {}) == drive_result::done);
  CHECK_FALSE(cancel.delivered());
}

TEST_CASE("a cancel that nobody takes is done and not delivered") {
  pqscope::testing::faulty_proxy proxy{support::test_config()};
  pqscope::connection conn{proxy.config()};
  proxy.refuse();
  cancel_operation cancel{prepare_cancel(conn.core_for({}).handle())};
  CHECK(drive(cancel, {.deadline = clock::now() + 5s}) == drive_result::done);
  CHECK_FALSE(cancel.delivered());
  proxy.refuse(false);
  support::ensure_usable(conn);
}

TEST_CASE("a cancel on a network that is silent is given up in time, and leaves nothing behind") {
  int const before = open_descriptors();
  {
    pqscope::testing::faulty_proxy proxy{support::test_config()};
    pqscope::connection const conn{proxy.config()};
    proxy.stall();
    auto const start = clock::now();
    {
      cancel_operation cancel{
          prepare_cancel(const_cast<pqscope::connection&>(conn).core_for({}).handle())};
      CHECK(drive(cancel, {.deadline = start + 50ms}) == drive_result::deadline);
      CHECK_FALSE(cancel.delivered());
    }
    CHECK(clock::now() - start < 1s);
  }
  CHECK(support::eventually([&] { return open_descriptors() == before; }));
}

TEST_CASE("cancels one after the other leave no descriptors behind") {
  pqscope::connection conn{support::test_config()};
  int const before = open_descriptors();
  for (int i = 0; i < 30; ++i) {
    cancel_operation cancel{prepare_cancel(conn.core_for({}).handle())};
    REQUIRE(drive(cancel, {.deadline = clock::now() + 5s}) == drive_result::done);
  }
  CHECK(open_descriptors() == before);
  support::ensure_usable(conn);
}

TEST_CASE("a statement on a network gone silent ends within deadline and recovery limit") {
  pqscope::testing::faulty_proxy proxy{support::test_config()};
  pqscope::connection conn{proxy.config()};
  conn.core_for({}).patience.recovery = 150ms;
  conn.deadline(50ms);
  proxy.stall();
  auto const start = clock::now();
  CHECK(support::verdict([&] { conn.execute("SELECT 1"); }) == "deadline_exceeded");
  CHECK(clock::now() - start < 1s);
  CHECK(conn.status() == pqscope::connection_status::broken);
  proxy.resume();
  CHECK(support::verdict([&] { conn.execute("SELECT 1"); }) == "connection_lost");
}

TEST_CASE("a statement whose cancel is stuck is not taken for recovered") {
  // the answer comes in time, but the cancel is still on its way and could hit the next statement
  pqscope::testing::faulty_proxy proxy{support::test_config()};
  pqscope::connection conn{proxy.config()};
  conn.core_for({}).patience.recovery = 200ms;
  conn.deadline(30ms);
  proxy.stall_before("CancelRequest");
  CHECK(support::verdict([&] { conn.execute("SELECT pg_sleep(0.1)"); }) == "deadline_exceeded");
  CHECK(conn.status() == pqscope::connection_status::broken);
}
