#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <string>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::config;
using pqscope::connection;
using pqscope::connection_error;
using pqscope::connection_status;
using support::test_config;

namespace {

/// What a failed connect says.
std::string refusal(config const& to) {
  try {
    connection const opened{to};
  } catch (connection_error const& failure) {
    CHECK_FALSE(failure.connection_usable());
    CHECK_FALSE(failure.is_retryable());
    return failure.what();
  }
  FAIL("it connected");
  return {};
}

bool contains(std::string const& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a valid config connects, by whatever form it was given") {
  for (config const& to : {test_config(), config::from_url(test_config().url()),
                           config::from_conninfo(test_config().conninfo())}) {
    connection opened{to};
    CHECK(opened.status() == connection_status::idle);
    CHECK(opened.backend_pid() > 0);
    CHECK(opened.server_version() >= 100000);
    CHECK(opened.parameter_status("client_encoding") == "UTF8");
    CHECK(opened.parameter_status("no_such_setting").empty());
    REQUIRE(opened.target() != nullptr);
    CHECK(*opened.target() == to);
    support::ensure_usable(opened);
  }
}

TEST_CASE("keywords reach the server as they are") {
  config to = test_config();
  to.with("application_name", R"(it's \ "an" app=1 ?&)").with("options", "-c work_mem=3MB");
  connection opened{to};
  CHECK(opened.query<std::string>("SHOW application_name").one() == R"(it's \ "an" app=1 ?&)");
  CHECK(opened.query<std::string>("SHOW work_mem").one() == "3MB");
  support::ensure_usable(opened);
}

TEST_CASE("a connection that sets no application name is called pqscope") {
  connection opened{test_config().without("application_name")};
  CHECK(opened.query<std::string>("SHOW application_name").one() == "pqscope");
  support::ensure_usable(opened);
}

TEST_CASE("a refused connection names host and port") {
  std::string const said = refusal({.host = "127.0.0.1", .port = 1, .user = "u"});
  CHECK(contains(said, "127.0.0.1"));
  CHECK(contains(said, "port 1 "));
  CHECK(contains(said, "connecting.cpp"));
}

TEST_CASE("a host that does not exist is named with its port") {
  std::string const said = refusal({.host = "no-such-host.invalid", .port = 54321, .user = "u"});
  CHECK(contains(said, "no-such-host.invalid"));
  CHECK(contains(said, "54321"));
}

TEST_CASE("a socket that does not exist is named") {
  std::string const said = refusal({.host = "/no/such/folder", .port = 54321, .user = "u"});
  CHECK(contains(said, "/no/such/folder/.s.PGSQL.54321"));
}

TEST_CASE("when every host of a list fails, each is named") {
  config to{.host = "127.0.0.1,127.0.0.2", .user = "u"};
  to.with("port", "1,2");
  std::string const said = refusal(to);
  CHECK(contains(said, "127.0.0.1"));
  CHECK(contains(said, "127.0.0.2"));
  CHECK(contains(said, "port 1 "));
  CHECK(contains(said, "port 2 "));
}

TEST_CASE("a database that does not exist is named") {
  config to = test_config();
  to.dbname = "no such database";
  CHECK(contains(refusal(to), R"("no such database" does not exist)"));
}

TEST_CASE("a bad value of a known keyword is libpq's to complain about") {
  CHECK(contains(refusal(test_config().with("sslmode", "perhaps")), "perhaps"));
  CHECK(contains(refusal(test_config().with("target_session_attrs", "sometimes")), "sometimes"));
}

TEST_CASE("an impossible config is refused before anything is sent") {
  config to = test_config();
  to.port = 70000;
  CHECK_THROWS_AS(connection{to}, pqscope::config_error);
  to = test_config();
  to.extra.push_back({"colour", "red"});
  CHECK_THROWS_AS(connection{to}, pqscope::config_error);
}
