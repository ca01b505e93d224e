#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "secured_cluster.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"
#include "support/scripted_server.hpp"

using namespace std::chrono_literals;
using pqscope::config;
using pqscope::connection;
using support::certificates;
using support::secured_cluster;

namespace {

std::string failure_of(config const& to) {
  try {
    connection const opened{to};
    return {};
  } catch (pqscope::connection_error const& failure) {
    return failure.what();
  }
}

bool says(config const& to, std::string_view part) {
  std::string const said = failure_of(to);
  CAPTURE(said);
  CHECK(said.find(part) != std::string::npos);
  return !said.empty();
}

}  // namespace

TEST_CASE("TLS is used where it is asked for, and only there") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  for (std::string_view const mode : {"disable", "allow", "prefer", "require", "verify-ca"}) {
    CAPTURE(mode);
    connection db{secured_cluster::instance().config_for("trust_user", mode)};
    bool const encrypted =
        db.query<bool>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").one();
    CHECK(encrypted == (mode != "disable" && mode != "allow"));
    support::ensure_usable(db);
  }
}

TEST_CASE("verify-full insists on the server's name") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  config const wrong = secured_cluster::instance().config_for("trust_user", "verify-full");
  CHECK(says(wrong, "does not match host name"));
  config right = wrong;
  right.with("hostaddr", "127.0.0.1").with("host", "right.example");
  connection db{right};
  support::ensure_usable(db);
}

TEST_CASE("an authority that did not sign the server's certificate is of no use") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  auto const& cluster = secured_cluster::instance();
  for (std::string_view const mode : {"verify-ca", "verify-full"}) {
    config to = cluster.config_for("trust_user", mode);
    CHECK(says(to.with("sslrootcert", cluster.files().certificate("other_ca")),
               "certificate verify failed"));
    CHECK(says(to.with("sslrootcert", "/nonexistent/root.crt"), "root.crt"));
  }
}

TEST_CASE("a server that insists on TLS refuses plain connections") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  CHECK(says(secured_cluster::instance().config_for("tls_user", "disable"), "rejects connection"));
  CHECK(failure_of(secured_cluster::instance().config_for("tls_user", "prefer")).empty());
  CHECK(failure_of(secured_cluster::instance().config_for("tls_user", "allow")).empty());
}

TEST_CASE("a server without TLS is refused where TLS is required") {
  support::scripted_server const server;
  config to = config::from_url(server.url());
  CHECK(says(to.with("sslmode", "require"), "does not support SSL"));
  CHECK(failure_of(to.with("sslmode", "prefer")).empty());
}

TEST_CASE("large values, cancels and deadlines go through TLS") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  connection db{secured_cluster::instance().config_for("tls_user", "require")};
  std::string const large(4U << 20U, 'x');
  CHECK(db.query<std::string>("SELECT $1::text", large).one() == large);
  CHECK(db.execute("SELECT repeat('y', 1000) FROM generate_series(1, 5000)").size() == 5000);
  db.deadline(20ms);
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), pqscope::deadline_exceeded);
  db.deadline(std::nullopt);
  auto const canceller = db.canceller();
  std::atomic<bool> over{false};
  std::thread other{[&] {
    while (!over) {
      canceller.cancel();
    }
  }};
  CHECK_THROWS_AS(db.execute("SELECT pg_sleep(30)"), pqscope::query_canceled);
  over = true;
  other.join();
  support::ensure_usable(db);
}

TEST_CASE("a child that destroys its copy of an encrypted connection leaves the parent's alone") {
  if (!certificates::possible()) {
    SKIP("there is no openssl");
  }
  std::optional<connection> db{secured_cluster::instance().config_for("tls_user", "require")};
  pid_t const child = ::fork();
  if (child == 0) {
    db.reset();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  support::ensure_usable(*db);
}
