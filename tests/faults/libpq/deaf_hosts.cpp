// Hosts that accept a connection and say nothing, among others.

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <pqscope/pqscope.hpp>
#include <stop_token>
#include <string>
#include <thread>

#include "support/eventually.hpp"
#include "support/misbehaviours.hpp"
#include "support/scripted_server.hpp"

namespace {

using namespace std::chrono_literals;
using support::script;
using support::scripted_server;
namespace misbehaviours = support::misbehaviours;
namespace wire = support::wire;

/// A config for several servers of this machine, one after the other.
template <class... Server>
pqscope::config all(Server const&... servers) {
  std::string hosts;
  std::string ports;
  ((hosts += (hosts.empty() ? "127.0.0.1" : ",127.0.0.1"),
    ports += (ports.empty() ? "" : ",") + std::to_string(servers.port())),
   ...);
  return pqscope::config::from_conninfo("host=" + hosts + " port=" + ports +
                                        " user=u dbname=d sslmode=disable gssencmode=disable "
                                        "connect_timeout=1");
}

/// What a server says on entry where it is a standby.
script standby() {
  std::string welcome = wire::welcome();
  std::string const primary = wire::parameter_status("in_hot_standby", "off");
  welcome.replace(welcome.find(primary), primary.size(),
                  wire::parameter_status("in_hot_standby", "on"));
  return script{}.startup({welcome, support::then::go_on});
}

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

std::string failure_of(pqscope::config const& config, pqscope::connection_options const& options) {
  try {
    pqscope::connection const conn{config, options};
    return "connected";
  } catch (pqscope::connection_error const& failure) {
    return failure.what();
  }
}

auto since(std::chrono::steady_clock::time_point start) {
  return std::chrono::steady_clock::now() - start;
}

}  // namespace

TEST_CASE("a deaf first host costs its connect_timeout, and the second one is taken") {
  scripted_server const deaf{misbehaviours::says_nothing()};
  scripted_server const good;
  auto const start = std::chrono::steady_clock::now();
  pqscope::connection conn{all(deaf, good)};
  CHECK(since(start) >= 950ms);
  CHECK(since(start) < 2500ms);
  conn.execute("UPDATE t SET a = 1");
  CHECK(good.connections() == 1);
  CHECK(deaf.wait_until_alone());
}

TEST_CASE("when all hosts are deaf each is named and given its time") {
  scripted_server const first{misbehaviours::says_nothing()};
  scripted_server const second{misbehaviours::stuck_after_authentication()};
  auto const start = std::chrono::steady_clock::now();
  std::string const text = failure_of(all(first, second), {});
  CHECK(since(start) >= 1950ms);
  CHECK(since(start) < 3500ms);
  CHECK(contains(text, "port " + std::to_string(first.port())));
  CHECK(contains(text, "port " + std::to_string(second.port())));
  CHECK(contains(text, "timeout expired"));
}

TEST_CASE("a host that refused is told beside the deaf one") {
  scripted_server const deaf{misbehaviours::says_nothing()};
  auto const config = all(deaf)
                          .with("host", "127.0.0.1,127.0.0.1")
                          .with("port", "1," + std::to_string(deaf.port()));
  std::string const text = failure_of(config, {});
  CHECK(contains(text, "port 1 failed"));
  CHECK(contains(text, "refused"));
  CHECK(contains(text, "port " + std::to_string(deaf.port())));
  CHECK(contains(text, "timeout expired"));
}

TEST_CASE("read-write with only a standby is an error, also beside a deaf host") {
  scripted_server const only{standby()};
  auto const config = all(only).with("target_session_attrs", "read-write");
  CHECK(contains(failure_of(config, {}), "read-only"));
  scripted_server const deaf{misbehaviours::says_nothing()};
  auto const both = all(deaf, only).with("target_session_attrs", "read-write");
  CHECK(contains(failure_of(both, {}), "read-only"));
}

TEST_CASE("prefer-standby takes a primary when there is no standby, also behind a deaf host") {
  scripted_server const primary;
  auto const config = all(primary).with("target_session_attrs", "prefer-standby");
  pqscope::connection conn{config};
  conn.execute("UPDATE t SET a = 1");
  scripted_server const deaf{misbehaviours::says_nothing()};
  auto const start = std::chrono::steady_clock::now();
  pqscope::connection other{all(deaf, primary).with("target_session_attrs", "prefer-standby")};
  CHECK(since(start) < 3s);
  other.execute("UPDATE t SET a = 1");
}

TEST_CASE("prefer-standby takes the standby although a primary comes first") {
  scripted_server const primary;
  scripted_server const second{standby()};
  pqscope::connection const conn{
      all(primary, second).with("target_session_attrs", "prefer-standby")};
  CHECK(conn.parameter_status("in_hot_standby") == "on");
}

TEST_CASE("a stop during the first attempt makes no second one") {
  scripted_server const deaf{misbehaviours::says_nothing()};
  scripted_server const good;
  std::stop_source source;
  std::jthread const stopper{[&] {
    support::eventually([&] { return deaf.connections() == 1; });
    source.request_stop();
  }};
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS((pqscope::connection{all(deaf, good), {.stop = source.get_token()}}),
                  pqscope::operation_cancelled);
  CHECK(since(start) < 900ms);
  CHECK(good.connections() == 0);
  CHECK(deaf.wait_until_alone());
}

TEST_CASE("a deadline shorter than connect_timeout ends the whole attempt") {
  scripted_server const deaf{misbehaviours::says_nothing()};
  scripted_server const good;
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS((pqscope::connection{all(deaf, good), {.deadline = 80ms}}),
                  pqscope::deadline_exceeded);
  CHECK(since(start) >= 80ms);
  CHECK(since(start) < 800ms);
  CHECK(good.connections() == 0);
}

TEST_CASE("a notice while connecting reaches the observer") {
  struct listener : pqscope::observer {
    std::string heard;
    void notice(pqscope::diagnostics const& fields) override { heard += fields.message; }
  } observer;
  std::string welcome = wire::welcome();
  welcome.insert(wire::authentication_ok().size(), wire::notice("maintenance tonight"));
  scripted_server const server{script{}.startup({welcome, support::then::go_on})};
  pqscope::connection const conn{pqscope::config::from_url(server.url()), {.observer = &observer}};
  CHECK(observer.heard == "maintenance tonight");
}
