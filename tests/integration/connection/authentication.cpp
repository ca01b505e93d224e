#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "secured_cluster.hpp"
#include "support/ensure_usable.hpp"

using pqscope::config;
using pqscope::connection;
using support::certificates;
using support::secured_cluster;

namespace {

enum class credential { missing, wrong, right };

/// Empty where it connects, else what the exception says.
std::string failure_of(config const& to) {
  try {
    connection opened{to};
    support::ensure_usable(opened);
    return {};
  } catch (pqscope::connection_error const& failure) {
    CHECK_FALSE(failure.connection_usable());
    return failure.what();
  }
}

/// A part of the message that is expected; empty where it is to connect.
std::string_view expected(std::string_view method, credential given, std::string_view sslmode) {
  if (method == "trust") {
    return "";
  }
  if (method == "cert") {
    return sslmode == "disable"           ? "rejects connection"
           : given == credential::missing ? "requires a valid client certificate"
           : given == credential::wrong   ? "certificate authentication failed"
                                          : "";
  }
  return given == credential::missing ? "no password supplied"
         : given == credential::wrong ? "password authentication failed for user"
                                      : "";
}

}  // namespace

TEST_CASE(
    "every way to authenticate takes what is right and says what is wrong, with and without "
    "TLS") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  auto const& cluster = secured_cluster::instance();
  for (std::string_view const method : {"trust", "password", "md5", "scram", "cert"}) {
    for (credential const given : {credential::missing, credential::wrong, credential::right}) {
      for (std::string_view const sslmode : {"disable", "require", "verify-ca", "verify-full"}) {
        CAPTURE(method, static_cast<int>(given), sslmode);
        config to = cluster.config_for(std::string{method} + "_user", sslmode);
        if (sslmode == "verify-full") {
          to.with("hostaddr", "127.0.0.1").with("host", "right.example");
        }
        if (given != credential::missing) {
          bool const right = given == credential::right;
          to.password = right ? secured_cluster::password : "wrong-secret";
          std::string_view const name = right ? "cert_user" : "somebody";
          to.with("sslcert", cluster.files().certificate(name));
          to.with("sslkey", cluster.files().key(name));
        }
        std::string const said = failure_of(to);
        std::string_view const wanted = expected(method, given, sslmode);
        CAPTURE(said);
        CHECK(said.empty() == wanted.empty());
        CHECK(said.find(wanted) != std::string::npos);
        CHECK(said.find("wrong-secret") == std::string::npos);
        CHECK(said.find("p@ss") == std::string::npos);
      }
    }
  }
}

TEST_CASE("a password with every awkward character connects, however it is given") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  config const bare = secured_cluster::instance().config_for("scram_user");
  config with_field = bare;
  with_field.password = secured_cluster::password;
  CHECK(failure_of(with_field).empty());
  CHECK(failure_of(config::from_url(with_field.url())).empty());
  CHECK(failure_of(config::from_conninfo(with_field.conninfo())).empty());
  CHECK(failure_of(config{bare}.with("password", secured_cluster::password)).empty());
  CHECK(failure_of(bare.merged_with({.password = secured_cluster::password})).empty());

  std::string const authority = "127.0.0.1:" + std::to_string(*bare.port);
  CHECK(failure_of(config::from_url("postgresql+psycopg2://scram_user:p%40ss%2Fw%3Ard%3F%23%25%27"
                                    "%5C@" +
                                    authority + "/postgres?sslmode=disable"))
            .empty());
  CHECK(failure_of(config::from_conninfo(R"(user=scram_user password='p@ss/w:rd?#%\'\\')"
                                         " dbname=postgres sslmode=disable host=127.0.0.1 port=" +
                                         std::to_string(*bare.port)))
            .empty());
}

TEST_CASE("a password with every awkward character connects from the environment and from files") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  config const bare = secured_cluster::instance().config_for("scram_user");
  std::vector<std::pair<std::string, std::string>> const variables{
      {"DB_HOST", "127.0.0.1"},
      {"DB_PORT", std::to_string(*bare.port)},
      {"DB_USER", "scram_user"},
      {"DB_NAME", "postgres"},
      {"DB_SSLMODE", "disable"}};
  auto with_password = variables;
  with_password.emplace_back("DB_PASSWORD", secured_cluster::password);
  CHECK(failure_of(config::from_env({.variables = with_password})).empty());
  CHECK(failure_of(config::from_env({.variables = variables})).find("no password supplied") !=
        std::string::npos);

  pqscope::testing::detail::temporary_folder const folder("/tmp", std::nullopt);
  std::string const file = (folder.path() / ".env").string();
  for (std::string const line :
       {R"(DB_PASSWORD=p@ss/w:rd?#%'\)", R"(DB_PASSWORD='p@ss/w:rd?#%\'\\')",
        R"(export DB_PASSWORD="p@ss/w:rd?#%'\\"  # a comment)"}) {
    CAPTURE(line);
    pqscope::testing::detail::write_file(file, line + "\n", std::nullopt);
    CHECK(failure_of(config::from_env({.env_file = file, .variables = variables})).empty());
  }
}

TEST_CASE("a password that is asked for is asked at each connect") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  config to = secured_cluster::instance().config_for("scram_user");
  int asked = 0;
  to.password = [&asked] {
    ++asked;
    return std::string{asked == 2 ? "outdated" : secured_cluster::password};
  };
  CHECK(failure_of(to).empty());
  CHECK(failure_of(to).find("password authentication failed") != std::string::npos);
  CHECK(failure_of(to).empty());
  CHECK(asked == 3);
}

TEST_CASE("what a password callable throws arrives unchanged") {
  config to = support::test_config();
  to.password = []() -> std::string { throw std::out_of_range("no token"); };
  CHECK_THROWS_AS(connection{to}, std::out_of_range);
  to.password = []() -> std::string { throw 42; };
  CHECK_THROWS_AS(connection{to}, int);
}
