#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <sstream>
#include <string>

#include "support/database.hpp"

using pqscope::config;
using pqscope::connection;

namespace {

constexpr char const* secret = "hush/hush@42";

void check_silent(std::string const& text) {
  CAPTURE(text);
  CHECK(text.find("hush") == std::string::npos);
  CHECK(text.find("@42") == std::string::npos);
}

void check_refused_silently(config const& to) {
  try {
    connection const opened{to, {.deadline = std::chrono::seconds{5}}};
    FAIL("it connected");
  } catch (pqscope::error const& failure) {
    check_silent(failure.what());
  }
}

}  // namespace

TEST_CASE("no failed connect shows the password") {
  config const start{.host = "127.0.0.1", .port = 1, .user = "u", .password = secret};
  check_refused_silently(start);
  check_refused_silently(config{start}.with("host", "no-such-host.invalid"));
  check_refused_silently(config{start}.with("host", "/no/such/folder"));
  check_refused_silently(config{start}.with("sslmode", "perhaps"));
  check_refused_silently(config{start}.with("target_session_attrs", "perhaps"));
  check_refused_silently(config{start}.with("port", "1,2"));
  config broken = start;
  broken.port = 70000;
  check_refused_silently(broken);
  broken = start;
  broken.extra.push_back({"colour", "red"});
  check_refused_silently(broken);
  broken = start;
  broken.password = std::string{"hush/hush@42\0", 13};
  check_refused_silently(broken);
  broken.password = [] { return std::string{"hush/hush@42\0", 13}; };
  check_refused_silently(broken);
}

TEST_CASE("printing what has a password shows none") {
  config to = support::test_config();
  to.password = secret;
  connection db{to};
  std::ostringstream text;
  text << to << *db.target();
  check_silent(text.str());
  check_silent(to.redacted());
}

TEST_CASE("a password in the text of a statement is not in its error") {
  connection db{support::test_config()};
  for (char const* const text :
       {"CREATE ROLE pg_nobody PASSWORD 'hush/hush@42'",
        "CREATE ROLE pg_nobody PASSWORD U&'hush/hush@42'",
        "CREATE ROLE pg_nobody PASSWORD N'hush/hush@42'",
        "CREATE ROLE pg_nobody PASSWORD B'hush/hush@42'",
        "CREATE ROLE pg_nobody PASSWORD /* c */ 'hush/hush@42'",
        "CREATE ROLE pg_nobody PASSWORD -- it's\n 'hush/'\n'hush@42'",
        "CREATE ROLE pg_nobody PASSWORD 'hush/hush@42", "CREATE ROLE a PASSWORD 'it'hush' LOGIN",
        "CREATE ROLE a PASSWORD E'hush/hush@42", "CREATE ROLE a PASSWORD $q$hush/hush@42",
        "CREATE ROLE a PASSWORD U&'hush\\/hush@42'", "ALTER ROLE a SET PASSWORD 'hush/hush@42'",
        "SELECT 1 WHERE password := 'hush/hush@42'",
        "DO $$ BEGIN EXECUTE 'CREATE ROLE a PASSWORD ''hush/hush@42'; END $$"}) {
    try {
      db.execute(pqscope::dynamic_sql{text});
      FAIL("it ran");
    } catch (pqscope::server_error const& failure) {
      check_silent(failure.what());
      check_silent(failure.message());
    }
  }
  CHECK(db.status() == pqscope::connection_status::idle);
}
