#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <optional>
#include <string>
#include <utility>

#include "support/database.hpp"
#include "support/eventually.hpp"
#include "support/scripted_server.hpp"

using pqscope::connection;
using pqscope::connection_closed;
using pqscope::connection_status;
using pqscope::dynamic_sql;

namespace {

/// Every operation of a connection that is closed.
void check_closed(connection& closed) {
  CHECK(closed.status() == connection_status::closed);
  CHECK(closed.native_handle() == nullptr);
  CHECK_THROWS_AS(closed.execute("SELECT 1"), connection_closed);
  CHECK_THROWS_AS(closed.execute(dynamic_sql{"SELECT 1"}), connection_closed);
  CHECK_THROWS_AS(closed.execute("SELECT $1::int4", 1), connection_closed);
  CHECK_THROWS_AS(closed.query<int>("SELECT 1"), connection_closed);
  CHECK_THROWS_AS(closed.execute_script(dynamic_sql{"SELECT 1; SELECT 2"}), connection_closed);
  CHECK_THROWS_AS(std::move(closed).release(), connection_closed);
  CHECK_FALSE(closed.canceller().cancel());
  closed.close();
  CHECK(closed.status() == connection_status::closed);
}

}  // namespace

TEST_CASE("closing is idempotent, and everything afterwards says that it is closed") {
  connection opened{support::test_config()};
  opened.execute("SELECT 1");
  opened.close();
  check_closed(opened);
}

TEST_CASE("a connection moved from is closed") {
  connection opened{support::test_config()};
  connection moved{std::move(opened)};
  check_closed(opened);  // NOLINT: that is the point
  CHECK(moved.status() == connection_status::idle);
}

TEST_CASE("an error of a closed connection names the call") {
  connection opened{support::test_config()};
  opened.close();
  try {
    opened.execute("SELECT 1");
    FAIL("it did");
  } catch (connection_closed const& failure) {
    CHECK(failure.where().line() == __LINE__ - 3);
    CHECK(std::string{failure.what()}.find("closing.cpp") != std::string::npos);
    CHECK_FALSE(failure.connection_usable());
  }
}

TEST_CASE("the destructor says goodbye to the server") {
  support::scripted_server server;
  {
    connection const opened{pqscope::config::from_url(server.url())};
  }
  CHECK(server.wait_until_alone());
  CHECK(server.types_received() == "X");
}

TEST_CASE("close says goodbye to the server once") {
  support::scripted_server server;
  connection opened{pqscope::config::from_url(server.url())};
  opened.close();
  opened.close();
  CHECK(server.wait_until_alone());
  CHECK(server.types_received() == "X");
}

TEST_CASE("a backend is gone soon after its connection") {
  support::witness outside;
  std::optional<connection> opened{support::test_config()};
  int const pid = opened->backend_pid();
  CHECK(outside.has_backend(pid));
  opened.reset();
  CHECK(support::eventually([&] { return !outside.has_backend(pid); }));
}

TEST_CASE("assigning to a connection closes the one that was there") {
  support::witness outside;
  connection first{support::test_config()};
  connection second{support::test_config()};
  int const first_pid = first.backend_pid();
  int const second_pid = second.backend_pid();
  first = std::move(second);
  CHECK(first.backend_pid() == second_pid);
  CHECK(support::eventually([&] { return !outside.has_backend(first_pid); }));
  check_closed(second);  // NOLINT: that is the point
}

TEST_CASE("assigning a connection to itself changes nothing") {
  connection opened{support::test_config()};
  int const pid = opened.backend_pid();
  connection& same = opened;
  opened = std::move(same);
  CHECK(opened.backend_pid() == pid);
  CHECK(opened.execute("SELECT 1").size() == 1);
}

TEST_CASE("settings of a connection move with it") {
  connection opened{support::test_config()};
  int notices = 0;
  opened.on_notice([&](pqscope::diagnostics const&) { ++notices; });
  opened.deadline(std::chrono::seconds{0});
  connection moved{std::move(opened)};
  CHECK_THROWS_AS(moved.execute("SELECT 1"), pqscope::deadline_exceeded);
  moved.deadline(std::nullopt);
  moved.execute("DO $$ BEGIN RAISE NOTICE 'n'; END $$");
  CHECK(notices == 1);
}
