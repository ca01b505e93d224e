#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <chrono>
#include <stop_token>
#include <string>

#include "support/ensure_usable.hpp"
#include "support/scripted_server.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::deadline_exceeded;
using pqscope::dynamic_sql;
using pqscope::operation_cancelled;

namespace {

/// Every entry point throws `Expected`.
template <class Expected>
void check_refused(connection& db) {
  CHECK_THROWS_AS(db.execute("SELECT 1"), Expected);
  CHECK_THROWS_AS(db.execute("SELECT $1", 1), Expected);
  CHECK_THROWS_AS(db.execute(dynamic_sql{"SELECT 1"}), Expected);
  CHECK_THROWS_AS(db.execute(dynamic_sql{"SELECT $1"}, 1), Expected);
  CHECK_THROWS_AS(db.execute(dynamic_sql{"SELECT $1"}, pqscope::parameter_list{}), Expected);
  CHECK_THROWS_AS(db.query<int>("SELECT 1"), Expected);
  CHECK_THROWS_AS(db.query<int>(dynamic_sql{"SELECT 1"}), Expected);
  CHECK_THROWS_AS(db.query<int>(dynamic_sql{"SELECT $1"}, pqscope::parameter_list{}), Expected);
  CHECK_THROWS_AS(db.execute_script(dynamic_sql{"SELECT 1; SELECT 2"}), Expected);
  CHECK(db.status() == pqscope::connection_status::idle);
}

}  // namespace

TEST_CASE("an expired deadline sends nothing, whatever is asked") {
  support::scripted_server server;
  connection db{pqscope::config::from_url(server.url())};
  for (auto const limit : {0ns, -1ns, std::chrono::nanoseconds{-1h}}) {
    db.deadline(limit);
    check_refused<deadline_exceeded>(db);
  }
  db.deadline(std::nullopt).deadline(std::chrono::steady_clock::now());
  check_refused<deadline_exceeded>(db);
  CHECK(server.types_received().empty());
  CHECK(server.connections() == 1);
  CHECK(db.round_trips() == 0);
  db.deadline(std::nullopt);
  db.execute("SELECT 1");
  CHECK(server.types_received() == "PBDES");
}

TEST_CASE("a stop requested before sends nothing, whatever is asked") {
  support::scripted_server server;
  connection db{pqscope::config::from_url(server.url())};
  std::stop_source source;
  source.request_stop();
  db.stop_on(source.get_token());
  check_refused<operation_cancelled>(db);
  CHECK(server.types_received().empty());
  CHECK(server.connections() == 1);
}

TEST_CASE("the error of an expired deadline says that nothing was sent") {
  support::scripted_server server;
  connection db{pqscope::config::from_url(server.url())};
  db.deadline(0ns);
  try {
    db.execute("SELECT 1");
    FAIL("it did");
  } catch (deadline_exceeded const& failure) {
    CHECK(std::string{failure.what()}.find("nothing was sent") != std::string::npos);
    CHECK(failure.connection_usable());
  }
}

TEST_CASE("a deadline that has expired opens no connection and asks for no password") {
  support::scripted_server server;
  auto to = pqscope::config::from_url(server.url());
  bool asked = false;
  to.password = [&asked] {
    asked = true;
    return std::string{"secret"};
  };
  CHECK_THROWS_AS((connection{to, {.deadline = 0ms}}), deadline_exceeded);
  CHECK_THROWS_AS((connection{to, {.deadline = -5ms}}), deadline_exceeded);
  std::stop_source source;
  source.request_stop();
  CHECK_THROWS_AS((connection{to, {.stop = source.get_token()}}), operation_cancelled);
  CHECK_FALSE(asked);
  CHECK(server.connections() == 0);
}

TEST_CASE("a password that is long in coming counts against the deadline") {
  support::scripted_server server;
  auto to = pqscope::config::from_url(server.url());
  to.password = [] {
    auto const until = std::chrono::steady_clock::now() + 20ms;
    while (std::chrono::steady_clock::now() < until) {
    }
    return std::string{"secret"};
  };
  CHECK_THROWS_AS((connection{to, {.deadline = 5ms}}), deadline_exceeded);
  CHECK(server.connections() == 0);
}
