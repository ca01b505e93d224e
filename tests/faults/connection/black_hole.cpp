#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>

#include <atomic>
#include <chrono>
#include <optional>
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
using pqscope::testing::faulty_proxy;
using clock_type = std::chrono::steady_clock;

namespace {

clock_type::duration time_of(auto work) {
  clock_type::time_point const start = clock_type::now();
  work();
  return clock_type::now() - start;
}

/// How a statement failed, and when.
struct ending {
  std::string how;
  bool connection_usable = true;
  clock_type::duration took{};
};

ending ending_of(auto work) {
  ending seen;
  seen.took = time_of([&] {
    try {
      work();
    } catch (pqscope::error const& failure) {
      seen.connection_usable = failure.connection_usable();
      seen.how = dynamic_cast<deadline_exceeded const*>(&failure) ? "deadline_exceeded"
                 : dynamic_cast<pqscope::operation_cancelled const*>(&failure)
                     ? "operation_cancelled"
                 : dynamic_cast<pqscope::connection_lost const*>(&failure) ? "connection_lost"
                                                                           : failure.what();
    }
  });
  return seen;
}

/// A proxy in front of the test database.
faulty_proxy network() {
  return faulty_proxy{support::test_config()};
}

}  // namespace

TEST_CASE("what goes into a black hole is given up in time, its cancel too") {
  faulty_proxy proxy = network();
  connection statement{proxy.config()};
  pqscope::testing::recorder log;
  connection stopped{proxy.config(), {.observer = &log}};
  connection parameter{proxy.config()};
  proxy.stall();

  std::stop_source source;
  statement.deadline(500ms);
  stopped.stop_on(source.get_token());
  parameter.deadline(500ms);
  ending of_stopped;
  ending of_parameter;
  std::thread second{[&] { of_stopped = ending_of([&] { stopped.execute("SELECT 1"); }); }};
  std::thread third{[&] {
    std::string const large(32U << 20U, 'x');
    of_parameter = ending_of([&] { parameter.execute("SELECT $1::text", large); });
  }};
  CHECK(support::eventually([&] { return log.round_trips() == 1; }));
  source.request_stop();
  ending const of_statement = ending_of([&] { statement.execute("SELECT 1"); });
  second.join();
  third.join();

  CHECK(of_statement.how == "deadline_exceeded");
  CHECK(of_stopped.how == "operation_cancelled");
  CHECK(of_parameter.how == "deadline_exceeded");
  CHECK(of_statement.took >= 500ms);
  for (auto const& each : {of_statement, of_stopped, of_parameter}) {
    CHECK_FALSE(each.connection_usable);
    CHECK(each.took < 3s);
  }
  for (connection* each : {&statement, &stopped, &parameter}) {
    CHECK(each->status() == connection_status::broken);
    CHECK(ending_of([&] { each->execute("SELECT 1"); }).how == "connection_lost");
    CHECK(time_of([&] { each->close(); }) < 1s);
  }
}

TEST_CASE("a connect into a black hole is given up in time") {
  faulty_proxy proxy = network();
  proxy.stall();
  auto const took = time_of([&] {
    CHECK_THROWS_AS((connection{proxy.config(), {.deadline = 100ms}}), deadline_exceeded);
  });
  CHECK(took < 1s);
}

TEST_CASE("a canceller gives up in time when the network is gone") {
  faulty_proxy proxy = network();
  connection db{proxy.config()};
  auto const canceller = db.canceller();
  std::thread other{[&] { CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), pqscope::error); }};
  CHECK(support::eventually([&] { return db.status() == connection_status::busy; }));
  proxy.stall();
  CHECK(time_of([&] { CHECK_FALSE(canceller.cancel(100ms)); }) < 1s);
  CHECK(time_of([&] { CHECK_FALSE(canceller.cancel(100ms)); }) < 1s);
  proxy.resume();
  proxy.cut_all();
  other.join();
  CHECK(db.status() == connection_status::broken);
}

TEST_CASE("a cancel that was given up and arrives late does not hit a later statement") {
  faulty_proxy proxy = network();
  connection db{proxy.config()};
  auto const canceller = db.canceller();
  int const pid = db.backend_pid();
  std::thread other{[&] {
    support::witness outside;
    auto const state_is = [&](std::string const& state) {
      return outside.text(
                 "SELECT state FROM pg_stat_activity WHERE pid = $1 AND query LIKE "
                 "'%first%'",
                 {std::to_string(pid)}) == state;
    };
    CHECK(support::eventually([&] { return state_is("active"); }));
    proxy.stall();
    CHECK_FALSE(canceller.cancel(50ms));
    CHECK(support::eventually([&] { return state_is("idle"); }));
    proxy.resume();  // now the answer comes, and the cancel with it
  }};
  CHECK(db.execute("SELECT pg_sleep(0.2) AS first").size() == 1);
  CHECK_NOTHROW(db.execute("SELECT pg_sleep(0.1)"));
  other.join();
  support::ensure_usable(db);
}
