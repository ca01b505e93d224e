#include <libpq-fe.h>
#include <poll.h>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/harness_error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "support/misbehaviours.hpp"
#include "support/raw_connection.hpp"
#include "support/scripted_server.hpp"

using pqscope::testing::faulty_proxy;
using support::raw_connection;
using support::scripted_server;
using namespace std::chrono_literals;

namespace {

struct proxied_server {
  scripted_server server;
  faulty_proxy proxy;

  explicit proxied_server(support::script what = {},
                          pqscope::testing::faulty_proxy_options options = {})
      : server(std::move(what)), proxy(pqscope::config::from_url(server.url()), options) {}

  bool server_saw(std::string const& text) const {
    for (auto const& message : server.received()) {
      if (message.text == text) {
        return true;
      }
    }
    return false;
  }
};

}  // namespace

TEST_CASE("without faults a proxy is not noticed") {
  auto const unix_socket = GENERATE(false, true);
  proxied_server const net({}, {.unix_socket = unix_socket});
  raw_connection client(net.proxy.url());
  INFO(client.error());
  REQUIRE(client.ok());
  CHECK(client.exec("BEGIN") == "BEGIN");
  CHECK(client.exec_params("COMMIT") == "COMMIT");
  CHECK(net.proxy.connections() == 1);
  CHECK(net.proxy.open_connections() == 1);
  CHECK(net.proxy.bytes_from_clients() > 0);
  CHECK(net.proxy.bytes_from_server() > 0);
}

TEST_CASE("round trips on the wire are counted from the end of the start-up") {
  proxied_server net;
  raw_connection client(net.proxy.url());
  CHECK(net.proxy.round_trips() == 0);
  client.exec("BEGIN");
  client.exec_params("SELECT 1");
  CHECK(net.proxy.round_trips() == 2);
  PQenterPipelineMode(client.get());
  for (int i = 0; i < 3; ++i) {
    PQsendQueryParams(client.get(), "SELECT 1", 0, nullptr, nullptr, nullptr, nullptr, 0);
  }
  PQpipelineSync(client.get());
  for (int i = 0; i < 3; ++i) {
    PQclear(PQgetResult(client.get()));
    PQclear(PQgetResult(client.get()));
  }
  PQclear(PQgetResult(client.get()));
  PQexitPipelineMode(client.get());
  CHECK(net.proxy.round_trips() == 3);
  net.proxy.reset_counters();
  CHECK(net.proxy.round_trips() == 0);
  CHECK(net.proxy.client_messages().empty());
}

TEST_CASE("a proxy keeps the messages of clients with their text") {
  proxied_server net;
  raw_connection client(net.proxy.url());
  client.prepare("p", "SELECT 1");
  client.exec_prepared("p");
  std::string types;
  std::string texts;
  for (auto const& message : net.proxy.client_messages()) {
    types += message.type ? message.type : '-';
    texts += message.text.empty() ? "" : message.text + '/';
  }
  CHECK(types == "-PSBDES");
  CHECK(texts == "StartupMessage/SELECT 1/SELECT 1/");
}

TEST_CASE("a connection cut before a statement: the server never sees it") {
  auto const extended = GENERATE(false, true);
  proxied_server net;
  net.proxy.cut_before("commit");
  raw_connection client(net.proxy.url());
  CHECK(client.exec("BEGIN") == "BEGIN");
  CHECK((extended ? client.exec_params("COMMIT") : client.exec("COMMIT")) == "error");
  CHECK_FALSE(client.ok());
  CHECK(net.server.wait_until_alone());
  CHECK(net.server_saw("BEGIN"));
  CHECK_FALSE(net.server_saw("COMMIT"));
  CHECK(net.proxy.armed() == 0);
  CHECK(net.proxy.open_connections() == 0);

  raw_connection again(net.proxy.url());
  CHECK(again.exec("COMMIT") == "COMMIT");
}

TEST_CASE("a connection cut after a statement: the server has answered, the client never learns") {
  auto const extended = GENERATE(false, true);
  proxied_server net;
  net.proxy.cut_after("COMMIT");
  raw_connection client(net.proxy.url());
  CHECK(client.exec("BEGIN") == "BEGIN");
  CHECK((extended ? client.exec_params("COMMIT") : client.exec("COMMIT")) == "error");
  CHECK_FALSE(client.ok());
  CHECK(net.server_saw("COMMIT"));
}

TEST_CASE("a statement that was prepared before is met at its Bind") {
  proxied_server net;
  raw_connection client(net.proxy.url());
  REQUIRE(client.prepare("p", "COMMIT").empty());
  net.proxy.cut_before("COMMIT");
  CHECK(client.exec_prepared("p") == "error");
  CHECK(net.server.wait_until_alone());
  CHECK(net.server.types_received().find('B') == std::string::npos);
}

TEST_CASE("the nth statement with a text is counted once, in Parse or Bind") {
  proxied_server net;
  net.proxy.cut_before("SELECT", 3);
  raw_connection client(net.proxy.url());
  CHECK(client.exec_params("SELECT 1") == "SELECT 0");
  CHECK(client.exec_params("SELECT 2") == "SELECT 0");
  CHECK(client.exec_params("SELECT 3") == "error");
}

TEST_CASE("the client gets exactly the messages before the cut") {
  auto const after = GENERATE(false, true);
  proxied_server net(support::script{support::misbehaviours::rows(3)});
  raw_connection client(net.proxy.url());
  REQUIRE(client.ok());
  after ? net.proxy.cut_after_server_message('D', 2) : net.proxy.cut_before_server_message('D', 2);
  REQUIRE(PQsendQuery(client.get(), "SELECT n") == 1);
  PQsetSingleRowMode(client.get());
  int rows = 0;
  while (PGresult* result = PQgetResult(client.get())) {
    rows += PQresultStatus(result) == PGRES_SINGLE_TUPLE ? 1 : 0;
    PQclear(result);
  }
  CHECK(rows == (after ? 2 : 1));
  CHECK_FALSE(client.ok());
}

TEST_CASE("every message of a client can be the one that is lost") {
  // Start-up, then Parse, Bind, Describe, Execute, Sync: cut before each.
  for (int nth = 1; nth <= 6; ++nth) {
    proxied_server net;
    net.proxy.cut_before_client_message('\0', nth);
    raw_connection client(net.proxy.url());
    CHECK(client.ok() == (nth > 1));
    CHECK(client.exec_params("SELECT 1") == "error");
    CHECK(net.server.wait_until_alone());
    CHECK(net.server.types_received() ==
          std::string("PBDES").substr(0, nth > 1 ? static_cast<std::size_t>(nth) - 2 : 0));
  }
}

TEST_CASE("a stalled connection stays open, says nothing, and goes on when resumed") {
  proxied_server net;
  raw_connection client(net.proxy.url());
  REQUIRE(client.ok());
  switch (GENERATE(0, 1, 2)) {
    case 0:
      net.proxy.stall();
      break;
    case 1:
      net.proxy.stall_before("SELECT");
      break;
    default:
      net.proxy.stall_after("SELECT");
      break;
  }
  REQUIRE(PQsendQuery(client.get(), "SELECT 1") == 1);
  pollfd socket{PQsocket(client.get()), POLLIN, 0};
  CHECK(poll(&socket, 1, 100) == 0);
  net.proxy.resume();
  CHECK(poll(&socket, 1, 10000) == 1);
  PGresult* const result = PQgetResult(client.get());
  CHECK(PQresultStatus(result) == PGRES_COMMAND_OK);
  PQclear(result);
  PQclear(PQgetResult(client.get()));
  CHECK(client.exec("SELECT 2") == "SELECT 0");
}

TEST_CASE("a delay holds each direction back") {
  proxied_server net;
  raw_connection client(net.proxy.url());
  net.proxy.delay(30ms);
  auto const start = std::chrono::steady_clock::now();
  CHECK(client.exec("SELECT 1") == "SELECT 0");
  CHECK(std::chrono::steady_clock::now() - start >= 60ms);
  net.proxy.delay(0ms);
  CHECK(client.exec("SELECT 1") == "SELECT 0");
}

TEST_CASE("new clients can be refused and accepted again at the same address") {
  auto const unix_socket = GENERATE(false, true);
  proxied_server net({}, {.unix_socket = unix_socket});
  raw_connection early(net.proxy.url());
  net.proxy.refuse();
  raw_connection const refused(net.proxy.url());
  CHECK_FALSE(refused.ok());
  CHECK(refused.error().find("refused") != std::string::npos);
  CHECK(early.exec("SELECT 1") == "SELECT 0");
  net.proxy.refuse(false);
  raw_connection const late(net.proxy.url());
  CHECK(late.ok());
}

TEST_CASE("all connections can be cut at once, in order or by a reset") {
  auto const reset = GENERATE(false, true);
  proxied_server net({}, {.reset = reset});
  raw_connection one(net.proxy.url());
  raw_connection two(net.proxy.url());
  net.proxy.cut_all();
  CHECK(net.proxy.open_connections() == 0);
  CHECK(one.exec("SELECT 1") == "error");
  CHECK(two.exec("SELECT 1") == "error");
  CHECK(net.server.wait_until_alone());
}

TEST_CASE("a cancel request passes the proxy") {
  proxied_server net(support::script{support::misbehaviours::silence()});
  raw_connection client(net.proxy.url());
  REQUIRE(PQsendQuery(client.get(), "SELECT 1") == 1);
  PGcancel* const cancel = PQgetCancel(client.get());
  char problem[256] = "";
  CHECK(PQcancel(cancel, problem, sizeof problem) == 1);
  PQfreeCancel(cancel);
  CHECK(net.server.cancel_requests() == 1);
  CHECK(net.proxy.connections() == 2);
}

TEST_CASE("a request for TLS is declined, or handed on") {
  auto const pass = GENERATE(false, true);
  proxied_server net({}, {.pass_tls = pass});
  auto config = net.proxy.config();
  raw_connection client(config.with("sslmode", "prefer").url());
  CHECK(client.exec("SELECT 1") == "SELECT 0");
  CHECK(net.proxy.client_messages().front().text == "SSLRequest");
  CHECK(net.server_saw("SSLRequest") == pass);
}

TEST_CASE("a server that is not there is a connection closed at once") {
  pqscope::config where{.host = "127.0.0.1"};
  where.port = pqscope::testing::detail::free_loopback_port();
  faulty_proxy const proxy(where);
  raw_connection const client(proxy.url());
  CHECK_FALSE(client.ok());
}

TEST_CASE("a proxy in front of no host, or of several, is refused") {
  CHECK_THROWS_AS(faulty_proxy(pqscope::config{}), pqscope::testing::harness_error);
  CHECK_THROWS_AS(faulty_proxy(pqscope::config{.host = "a,b"}), pqscope::testing::harness_error);
}

TEST_CASE("faults can be armed while others use the proxy") {
  proxied_server net;
  std::thread chaos([&net] {
    for (int i = 0; i < 50; ++i) {
      net.proxy.cut_before("SELECT");
      net.proxy.cut_all();
      net.proxy.disarm();
    }
  });
  for (int i = 0; i < 50; ++i) {
    raw_connection client(net.proxy.url());
    client.exec("SELECT 1");
  }
  chaos.join();
  raw_connection client(net.proxy.url());
  CHECK(client.exec("SELECT 1") == "SELECT 0");
}
