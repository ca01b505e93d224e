#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/sockets.hpp>

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"
#include "support/misbehaviours.hpp"
#include "support/scripted_server.hpp"

using namespace std::chrono_literals;
using pqscope::config;
using pqscope::connection;
using pqscope::deadline_exceeded;
using pqscope::operation_cancelled;
using pqscope::testing::detail::file_descriptor;
using support::scripted_server;
namespace misbehaviours = support::misbehaviours;
using clock_type = std::chrono::steady_clock;

namespace {

/// A port at which connections are neither taken nor refused: the listener's queue is full.
class deaf_port {
 public:
  deaf_port() : listener_{pqscope::testing::detail::bind_loopback()} {
    REQUIRE(::listen(listener_.get(), 0) == 0);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      file_descriptor each{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
      static_cast<void>(::connect(each.get(), reinterpret_cast<sockaddr*>(&address), size));
      queued_.push_back(std::move(each));
    }
  }
  std::uint16_t port() const { return port_; }

 private:
  file_descriptor listener_;
  std::vector<file_descriptor> queued_;
  std::uint16_t port_ = 0;
};

config to_ports(std::vector<std::uint16_t> const& ports) {
  config to{.dbname = "test", .user = "tester"};
  std::string hosts;
  std::string numbers;
  for (std::uint16_t const port : ports) {
    hosts += hosts.empty() ? "127.0.0.1" : ",127.0.0.1";
    numbers += (numbers.empty() ? "" : ",") + std::to_string(port);
  }
  to.host = hosts;
  to.with("port", numbers).with("sslmode", "disable").with("gssencmode", "disable");
  return to;
}

clock_type::duration time_of(auto work) {
  clock_type::time_point const start = clock_type::now();
  work();
  return clock_type::now() - start;
}

}  // namespace

TEST_CASE("a deaf first host is left after connect_timeout, whether it takes connections or not") {
  scripted_server const good;
  deaf_port const full;
  scripted_server const silent{misbehaviours::says_nothing()};
  scripted_server const stuck{misbehaviours::stuck_after_authentication()};
  std::vector<std::thread> clients;
  std::vector<clock_type::duration> took(3);
  for (std::uint16_t const deaf : {full.port(), silent.port(), stuck.port()}) {
    config to = to_ports({deaf, good.port()});
    to.with("connect_timeout", 1);
    clients.emplace_back([to, &mine = took[clients.size()]] {
      mine = time_of([&] { connection{to}.execute("SELECT 1"); });
    });
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i].join();
    CHECK(took[i] >= 900ms);
    CHECK(took[i] < 2500ms);
  }
}

TEST_CASE("deaf hosts only: the error names each, after connect_timeout") {
  deaf_port const deaf;
  config to = to_ports({deaf.port(), 1});
  to.with("connect_timeout", 1);
  auto const took = time_of([&] {
    try {
      connection const db{to};
      FAIL("it connected");
    } catch (pqscope::connection_error const& failure) {
      std::string const said = failure.what();
      CHECK(said.find("port " + std::to_string(deaf.port())) != std::string::npos);
      CHECK(said.find("timeout expired") != std::string::npos);
      CHECK(said.find("port 1 failed: Connection refused") != std::string::npos);
    }
  });
  CHECK(took < 2500ms);
}

TEST_CASE("a deadline ends a connect at any of its stages") {
  deaf_port const full;
  scripted_server const silent{misbehaviours::says_nothing()};
  scripted_server const stuck{misbehaviours::stuck_after_authentication()};
  scripted_server const asks{
      support::script{}.startup({support::wire::ask_for_password(), support::then::hang})};
  for (std::uint16_t const deaf : {full.port(), silent.port(), stuck.port(), asks.port()}) {
    config to = to_ports({deaf});
    to.password = "hush-hush";
    auto const took = time_of([&] {
      try {
        connection const db{to, {.deadline = 50ms}};
        FAIL("it connected");
      } catch (deadline_exceeded const& failure) {
        CHECK_FALSE(failure.connection_usable());
        CHECK(std::string{failure.what()}.find(std::to_string(deaf)) != std::string::npos);
        CHECK(std::string{failure.what()}.find("hush") == std::string::npos);
      }
    });
    CHECK(took >= 50ms);
    CHECK(took < 1s);
  }
}

TEST_CASE("a deadline ends a TLS handshake that is stuck") {
  // it says yes to TLS and nothing afterwards
  scripted_server const stuck{support::script{}.greeting({"S", support::then::hang})};
  config to = to_ports({stuck.port()});
  to.with("sslmode", "require");
  auto const took =
      time_of([&] { CHECK_THROWS_AS((connection{to, {.deadline = 50ms}}), deadline_exceeded); });
  CHECK(took < 1s);
}

TEST_CASE("a deadline ends a list of deaf hosts as a whole") {
  deaf_port const first;
  deaf_port const second;
  config to = to_ports({first.port(), second.port(), first.port()});
  to.with("connect_timeout", 10);
  auto const took =
      time_of([&] { CHECK_THROWS_AS((connection{to, {.deadline = 50ms}}), deadline_exceeded); });
  CHECK(took < 1s);
}

TEST_CASE("a stop during the first attempt means that there is no second one") {
  scripted_server const first{misbehaviours::says_nothing()};
  scripted_server const second;
  std::stop_source source;
  std::thread other{[&] {
    CHECK(support::eventually([&] { return first.received().size() == 1; }));
    source.request_stop();
  }};
  config to = to_ports({first.port(), second.port()});
  to.with("connect_timeout", 30);
  auto const took = time_of([&] {
    CHECK_THROWS_AS((connection{to, {.stop = source.get_token()}}), operation_cancelled);
  });
  other.join();
  CHECK(took < 5s);
  CHECK(first.connections() == 1);
  CHECK(second.connections() == 0);
  CHECK(first.wait_until_alone());
}

TEST_CASE("a host that refuses is left at once") {
  scripted_server const good;
  auto const took = time_of([&] {
    connection db{to_ports({1, good.port()})};
    CHECK(db.status() == pqscope::connection_status::idle);
  });
  CHECK(took < 1s);
}

TEST_CASE("a server that hangs up or is none ends the attempt with libpq's words") {
  for (auto const& [name, what] : misbehaviours::at_startup()) {
    CAPTURE(name);
    scripted_server const server{what};
    CHECK_THROWS_AS((connection{to_ports({server.port()}), {.deadline = 100ms}}),
                    pqscope::connection_error);
    CHECK(server.wait_until_alone());
  }
}

TEST_CASE("a server that refuses authentication has the last word with its text") {
  scripted_server const server{support::script{}.startup(
      {support::wire::error_response("FATAL", "53300", "sorry, too many clients already"),
       support::then::close})};
  try {
    connection const db{to_ports({server.port()})};
    FAIL("it connected");
  } catch (pqscope::connection_error const& failure) {
    CHECK(std::string{failure.what()}.find("sorry, too many clients already") != std::string::npos);
    CHECK(failure.where().line() == __LINE__ - 4);
  }
}
