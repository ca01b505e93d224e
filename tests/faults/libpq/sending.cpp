// Requests larger than any buffer, on a network that does not take them at once.

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <string>
#include <vector>

#include "faults/misbehaving/verdict.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"

namespace {

using namespace std::chrono_literals;
using namespace pqscope::libpq;

}  // namespace

TEST_CASE("a request that stopped half-sent goes on where it stopped") {
  pqscope::testing::faulty_proxy proxy{support::test_config()};
  pqscope::connection conn{proxy.config()};
  std::string const huge(24U << 20U, 'x');
  char const* const values[] = {huge.c_str()};
  std::vector<request> requests;
  requests.push_back(
      {.text = "SELECT length($1::text), md5($1)", .parameters = {.count = 1, .values = values}});
  exchange sending{conn.core_for({}).handle(), requests};
  proxy.stall();
  CHECK(drive(sending, {.deadline = clock::now() + 30ms}) == drive_result::deadline);
  CHECK(sending.was_sent());
  proxy.resume();
  CHECK(drive(sending, {.deadline = clock::now() + 20s}) == drive_result::done);
  CHECK(sending.result() == outcome::completed);
  result_view const answer{requests[0].answer};
  CHECK(answer.text(0, 0) == std::to_string(huge.size()));
  support::ensure_usable(conn);
}

TEST_CASE("a pipeline of large requests on a slow network arrives whole and in order") {
  pqscope::testing::faulty_proxy proxy{support::test_config()};
  pqscope::connection conn{proxy.config()};
  proxy.delay(3ms);
  std::vector<std::string> texts;
  for (char letter = 'a'; letter < 'k'; ++letter) {
    texts.emplace_back(2U << 20U, letter);
  }
  std::vector<char const*> values;
  for (auto const& each : texts) {
    values.push_back(each.c_str());
  }
  std::vector<request> requests;
  for (auto const& value : values) {
    requests.push_back({.text = "SELECT left($1, 1), length($1::text)",
                        .parameters = {.count = 1, .values = &value}});
  }
  exchange sending{conn.core_for({}).handle(), requests};
  CHECK(drive(sending, {.deadline = clock::now() + 20s}) == drive_result::done);
  CHECK(sending.result() == outcome::completed);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    result_view const answer{requests[i].answer};
    REQUIRE(answer.text(0, 0) == texts[i].substr(0, 1));
    REQUIRE(answer.text(0, 1) == std::to_string(2U << 20U));
  }
  support::ensure_usable(conn);
}

TEST_CASE("a request that cannot be sent in time is given up, and the connection with it") {
  pqscope::testing::faulty_proxy proxy{support::test_config()};
  pqscope::connection conn{proxy.config()};
  conn.core_for({}).patience.recovery = 60ms;
  conn.deadline(40ms);
  proxy.stall();
  std::string const huge(24U << 20U, 'x');
  auto const start = clock::now();
  CHECK(support::verdict([&] { conn.execute("SELECT length($1::text)", huge); }) ==
        "deadline_exceeded");
  CHECK(clock::now() - start < 2s);
  CHECK(conn.status() == pqscope::connection_status::broken);
}

TEST_CASE("a connection cut while a large request is sent is lost") {
  pqscope::testing::faulty_proxy proxy{support::test_config()};
  pqscope::connection conn{proxy.config()};
  proxy.cut_before_client_message('B');
  std::string const huge(24U << 20U, 'x');
  CHECK(support::verdict([&] { conn.execute("SELECT length($1::text)", huge); }) ==
        "connection_lost");
  CHECK(conn.status() == pqscope::connection_status::broken);
}
