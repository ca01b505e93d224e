// Servers that never let a client in.

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <pqscope/pqscope.hpp>
#include <string>

#include "faults/misbehaving/verdict.hpp"
#include "support/misbehaviours.hpp"
#include "support/scripted_server.hpp"

namespace {

using namespace std::chrono_literals;
using support::scripted_server;
using support::verdict;
namespace misbehaviours = support::misbehaviours;
namespace wire = support::wire;

std::string failure_text(scripted_server const& server, pqscope::connection_options const& options,
                         std::string const& timeout = "1") {
  auto const config = pqscope::config::from_url(server.url()).with("connect_timeout", timeout);
  try {
    pqscope::connection const conn{config, options};
    return "connected";
  } catch (pqscope::connection_error const& failure) {
    CHECK_FALSE(failure.connection_usable());
    CHECK_FALSE(failure.is_retryable());
    return failure.what();
  }
}

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a server that closes during start-up is told in libpq's words") {
  scripted_server const server{misbehaviours::closes_at_startup()};
  CHECK(contains(failure_text(server, {}), "server closed the connection unexpectedly"));
}

TEST_CASE("a server that speaks HTTP is told in libpq's words") {
  scripted_server const server{misbehaviours::speaks_http()};
  CHECK(contains(failure_text(server, {}), "expected authentication request"));
}

TEST_CASE("connect_timeout ends the wait for a server that says nothing") {
  for (bool const half_way : {false, true}) {
    scripted_server const server{half_way ? misbehaviours::stuck_after_authentication()
                                          : misbehaviours::says_nothing()};
    auto const start = std::chrono::steady_clock::now();
    std::string const text = failure_text(server, {});
    auto const took = std::chrono::steady_clock::now() - start;
    CHECK(contains(text, "timeout expired"));
    CHECK(contains(text, std::to_string(server.port())));
    CHECK(took >= 950ms);
    CHECK(took < 2s);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("a deadline ends every kind of stuck start-up") {
  for (bool const half_way : {false, true}) {
    scripted_server const server{half_way ? misbehaviours::stuck_after_authentication()
                                          : misbehaviours::says_nothing()};
    auto const start = std::chrono::steady_clock::now();
    CHECK(verdict([&] {
            pqscope::connection const conn{pqscope::config::from_url(server.url()),
                                           {.deadline = 60ms}};
          }) == "deadline_exceeded");
    CHECK(std::chrono::steady_clock::now() - start < 1s);
    CHECK(server.wait_until_alone());
  }
}

TEST_CASE("a server that refuses during start-up is told with its own words") {
  scripted_server const server{support::script{}.startup(
      {wire::error_response("FATAL", "57P03", "the database system is starting up"),
       support::then::close})};
  CHECK(contains(failure_text(server, {}), "the database system is starting up"));
}

TEST_CASE("an ERROR instead of FATAL during start-up, without SQLSTATE, is a failed connect") {
  scripted_server const server{support::script{}.startup(
      {wire::error_response("ERROR", "", "no more connections allowed"), support::then::close})};
  CHECK(contains(failure_text(server, {}), "no more connections allowed"));
}

TEST_CASE("a start-up cut after any number of bytes fails in time") {
  std::string const welcome = wire::welcome();
  for (std::size_t length = 0; length < welcome.size(); ++length) {
    auto const after = length % 2 == 0 ? support::then::close : support::then::reset;
    scripted_server const server{support::script{}.startup({welcome.substr(0, length), after})};
    CAPTURE(length);
    REQUIRE(verdict([&] {
              pqscope::connection const conn{pqscope::config::from_url(server.url()),
                                             {.deadline = 5s}};
            }) == "connection_error");
  }
}
