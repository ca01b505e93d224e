#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "support/scripted_server.hpp"

using pqscope::config;
using pqscope::connection;
using support::scripted_server;
namespace wire = support::wire;

namespace {

/// A server as it introduces itself since PostgreSQL 14.
support::script server_that_is(bool standby, bool read_only) {
  return support::script{}.startup(
      {wire::authentication_ok() + wire::parameter_status("server_version", "15.4") +
       wire::parameter_status("client_encoding", "UTF8") +
       wire::parameter_status("in_hot_standby", standby ? "on" : "off") +
       wire::parameter_status("default_transaction_read_only", read_only ? "on" : "off") +
       wire::backend_key_data() + wire::ready_for_query()});
}

config to_both(scripted_server const& first, scripted_server const& second,
               std::string_view attributes) {
  config to{.host = "127.0.0.1,127.0.0.1", .dbname = "test", .user = "tester"};
  to.with("port", std::to_string(first.port()) + ',' + std::to_string(second.port()))
      .with("sslmode", "disable")
      .with("gssencmode", "disable")
      .with("target_session_attrs", attributes);
  return to;
}

/// 1 or 2, whichever was connected to; 0 for none.
int chosen(scripted_server const& first, scripted_server const& second,
           std::string_view attributes) {
  try {
    connection opened{to_both(first, second, attributes)};
    opened.execute("SELECT 1");
  } catch (pqscope::connection_error const& failure) {
    CHECK_FALSE(failure.is_retryable());
    return 0;
  }
  for (auto const& message : first.received()) {
    if (message.text == "SELECT 1") {
      return 1;
    }
  }
  return 2;
}

}  // namespace

TEST_CASE("the server of a list is chosen by what it must be") {
  struct wish {
    std::string_view attributes;
    int of_standby_and_primary;
    int of_two_standbys;
    int of_two_primaries;
  };
  for (auto const& [attributes, mixed, standbys, primaries] :
       {wish{"any", 1, 1, 1}, wish{"read-write", 2, 0, 1}, wish{"read-only", 1, 1, 0},
        wish{"primary", 2, 0, 1}, wish{"standby", 1, 1, 0}, wish{"prefer-standby", 1, 1, 1}}) {
    CAPTURE(attributes);
    {
      scripted_server const first{server_that_is(true, true)};
      scripted_server const second{server_that_is(false, false)};
      CHECK(chosen(first, second, attributes) == mixed);
    }
    {
      scripted_server const first{server_that_is(true, true)};
      scripted_server const second{server_that_is(true, true)};
      CHECK(chosen(first, second, attributes) == standbys);
    }
    scripted_server const first{server_that_is(false, false)};
    scripted_server const second{server_that_is(false, false)};
    CHECK(chosen(first, second, attributes) == primaries);
  }
}

TEST_CASE("a primary whose sessions are read-only is none to write to") {
  scripted_server const first{server_that_is(false, true)};
  scripted_server const second{server_that_is(false, false)};
  CHECK(chosen(first, second, "read-write") == 2);
  CHECK(chosen(first, second, "primary") == 1);
}

TEST_CASE("prefer-standby goes to the primary where the standby is down") {
  scripted_server const primary{server_that_is(false, false)};
  config to = to_both(primary, primary, "prefer-standby");
  to.with("port", "1," + std::to_string(primary.port()));
  connection opened{to};
  CHECK(opened.status() == pqscope::connection_status::idle);
}

TEST_CASE("the error says that the session was not what it must be") {
  scripted_server const standby{server_that_is(true, true)};
  try {
    connection const opened{to_both(standby, standby, "read-write")};
    FAIL("it connected");
  } catch (pqscope::connection_error const& failure) {
    std::string const said = failure.what();
    CHECK(said.find("session is read-only") != std::string::npos);
    CHECK(said.find(std::to_string(standby.port())) != std::string::npos);
  }
}
