#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::connection_status;
using pqscope::dynamic_sql;
using pqscope::testing::faulty_proxy;

namespace {

struct operation {
  std::string name;
  std::function<void(connection&)> carry_out;
};

/// For answers that are wrong, rather than missing.
void insist(bool right) {
  if (!right) {
    throw std::logic_error("a wrong answer");
  }
}

std::vector<operation> operations() {
  return {
      {"execute", [](connection& db) { insist(db.execute("SELECT 1").size() == 1); }},
      {"query", [](connection& db) { insist(db.query<int>("SELECT $1::int4", 3).one() == 3); }},
      {"rows",
       [](connection& db) { insist(db.query<int>("SELECT generate_series(1, 5)").size() == 5); }},
      {"script", [](connection& db) { db.execute_script(dynamic_sql{"SELECT 1; SELECT 2"}); }},
      {"error", [](connection& db) { db.execute("SELECT 1/0"); }},
      {"refused COPY", [](connection& db) { db.execute("COPY (SELECT 1) TO STDOUT"); }},
  };
}

/// Cuts the network at step 1, 2, 3… of each operation until none is left to cut at.
void cut_at_every_step(std::function<void(faulty_proxy&, int)> const& arm) {
  faulty_proxy proxy{support::test_config()};
  for (operation const& each : operations()) {
    for (int step = 1;; ++step) {
      CAPTURE(each.name, step);
      REQUIRE(step < 50);
      connection db{proxy.config()};
      db.deadline(std::chrono::seconds{5});
      arm(proxy, step);
      bool lost = false;
      try {
        each.carry_out(db);
      } catch (pqscope::usage_error const&) {
        CHECK(each.name == "refused COPY");
      } catch (pqscope::division_by_zero const& failure) {
        CHECK(each.name == "error");
        lost = !failure.connection_usable();
      } catch (pqscope::connection_lost const& failure) {
        lost = true;
        CHECK_FALSE(failure.connection_usable());
        CHECK(failure.is_retryable());
      }
      bool const fired = proxy.armed() == 0;
      proxy.disarm();
      CHECK(lost == fired);
      if (!fired) {
        support::ensure_usable(db);
        break;
      }
      CHECK(db.status() == connection_status::broken);
      CHECK_THROWS_AS(db.execute("SELECT 1"), pqscope::connection_lost);
    }
  }
}

}  // namespace

TEST_CASE("a network that breaks before any message of the client is a lost connection") {
  cut_at_every_step(
      [](faulty_proxy& proxy, int step) { proxy.cut_before_client_message('\0', step); });
}

TEST_CASE("a network that breaks before any message of the server is a lost connection") {
  cut_at_every_step(
      [](faulty_proxy& proxy, int step) { proxy.cut_before_server_message('\0', step); });
}

TEST_CASE("a connect that is cut at any step is a connection error") {
  faulty_proxy proxy{support::test_config()};
  for (int step = 1;; ++step) {
    CAPTURE(step);
    REQUIRE(step < 100);
    proxy.cut_before_server_message('\0', step);
    bool connected = false;
    try {
      connection db{proxy.config()};
      connected = true;
      proxy.disarm();
      support::ensure_usable(db);
    } catch (pqscope::connection_error const& failure) {
      CHECK_FALSE(failure.connection_usable());
    }
    if (connected) {
      break;
    }
  }
}
