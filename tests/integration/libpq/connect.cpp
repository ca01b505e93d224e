#include <pqscope/libpq/connect.hpp>

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "integration/libpq/raw.hpp"
#include "support/eventually.hpp"

namespace {

using namespace std::chrono_literals;
using namespace pqscope::libpq;

std::string failure_of(std::vector<keyword_value> list) {
  connect_operation operation{std::move(list)};
  REQUIRE(drive(operation, raw::soon()) == drive_result::done);
  CHECK_FALSE(operation.succeeded());
  CHECK_FALSE(operation.take());
  return operation.error();
}

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a connection is open, non-blocking and idle") {
  auto const connection = raw::connect();
  CHECK(is_alive(connection));
  CHECK(PQisnonblocking(connection.get()) == 1);
  CHECK(state_of(connection) == transaction_state::idle);
  CHECK(backend_pid(connection) > 0);
  CHECK(server_version(connection) >= 140000);
  CHECK(parameter_status(connection, "client_encoding") != "");
  raw::ensure_ready(connection);
}

TEST_CASE("later parameters win over earlier ones") {
  auto const connection = raw::connect(
      raw::test_parameters({{"application_name", "first"}, {"application_name", "second"}}));
  CHECK(parameter_status(connection, "application_name") == "second");
}

TEST_CASE("a refused connection names each host and port") {
  std::string const error = failure_of({{"host", "127.0.0.1,localhost"},
                                        {"port", "1,2"},
                                        {"sslmode", "disable"},
                                        {"gssencmode", "disable"}});
  CHECK(contains(error, "127.0.0.1"));
  CHECK(contains(error, "port 1 "));
  CHECK(contains(error, "localhost"));
  CHECK(contains(error, "port 2 "));
  CHECK(contains(error, "refused"));
}

TEST_CASE("a missing unix socket is named") {
  CHECK(contains(failure_of({{"host", "/nowhere/at/all"}, {"port", "7"}}),
                 "/nowhere/at/all/.s.PGSQL.7"));
}

TEST_CASE("an unknown keyword is named") {
  CHECK(contains(failure_of(raw::test_parameters({{"no_such_keyword", "1"}})), "no_such_keyword"));
}

TEST_CASE("a malformed value is named") {
  CHECK(contains(failure_of(raw::test_parameters({{"sslmode", "sometimes"}})), "sometimes"));
  CHECK(contains(failure_of(raw::test_parameters({{"port", "99999"}})), "99999"));
  CHECK(contains(failure_of(raw::test_parameters({{"connect_timeout", "3s"}})), "\"3s\""));
}

TEST_CASE("a missing database is told in the server's words") {
  CHECK(contains(failure_of(raw::test_parameters({{"dbname", "no_such_database"}})),
                 "no_such_database"));
}

TEST_CASE("a host that cannot be looked up is named") {
  std::string const error =
      failure_of({{"host", "no-such-host.invalid"}, {"port", "5"}, {"connect_timeout", "5"}});
  CHECK(contains(error, "no-such-host.invalid"));
}

TEST_CASE("after hosts that refuse comes the one that does not") {
  std::string const good = [] {
    for (auto const& each : raw::test_parameters()) {
      if (each.keyword == "host") {
        return each.value;
      }
    }
    return std::string{};
  }();
  std::string port;
  for (auto const& each : raw::test_parameters()) {
    port = each.keyword == "port" ? each.value : port;
  }
  std::string hosts;
  std::string ports;
  for (int i = 0; i < 200; ++i) {
    hosts += "127.0.0.1,";
    ports += "1,";
  }
  auto const connection =
      raw::connect(raw::test_parameters({{"host", hosts + good}, {"port", ports + port}}));
  raw::ensure_ready(connection);
}

TEST_CASE("an operation given up half-way closes its socket") {
  support::witness witness;
  std::string const name = support::unique_name("given_up");
  for (int steps = 1; steps < 6; ++steps) {
    connect_operation operation{raw::test_parameters({{"application_name", name}})};
    for (int i = 0; i < steps; ++i) {
      if (wait_for const wanted = operation.resume(); wanted.done()) {
        break;
      } else {
        detail::wait(wanted, raw::soon(), -1);
      }
    }
  }
  CHECK(support::eventually([&] {
    return witness.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1",
                          {name}) == 0;
  }));
}
