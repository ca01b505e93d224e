#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <string>
#include <vector>

#include "support/scripted_server.hpp"

using pqscope::connection;
using pqscope::connection_status;
using support::reply;
using support::script;
using support::scripted_server;
namespace wire = support::wire;

namespace {

std::string everything_unsolicited() {
  return wire::notice("by the way") + wire::notification(7, "channel", "payload") +
         wire::parameter_status("TimeZone", "Mars/Olympus");
}

std::string row(std::string const& value) {
  return wire::data_row({value});
}

}  // namespace

TEST_CASE("notices, notifications and settings come between any two messages of an answer") {
  std::string const between = everything_unsolicited();
  std::string answer = between;
  for (std::string const& message :
       {wire::parse_complete(), wire::bind_complete(), wire::row_description({{"n", 25}}),
        row("one"), row("two"), row("three"), wire::command_complete("SELECT 3"),
        wire::ready_for_query()}) {
    answer += message + between;
  }
  scripted_server const server{script{{answer}}.answer({answer})};
  connection db{pqscope::config::from_url(server.url())};
  std::vector<std::string> notices;
  db.on_notice([&](pqscope::diagnostics const& each) { notices.push_back(each.message); });
  for (int i = 0; i < 2; ++i) {
    auto const r = db.execute("SELECT n FROM t");
    REQUIRE(r.size() == 3);
    CHECK(r[0]["n"].text() == "one");
    CHECK(r[2]["n"].text() == "three");
    CHECK(r.command_tag() == "SELECT 3");
  }
  CHECK(notices.size() >= 16);
  CHECK(db.parameter_status("TimeZone") == "Mars/Olympus");
  CHECK(db.execute("SELECT 1").command_tag() == "SELECT 0");
  CHECK(db.status() == connection_status::idle);
}

TEST_CASE("what a server says unasked to an idle connection is taken at the next statement") {
  scripted_server server;
  connection db{pqscope::config::from_url(server.url())};
  std::vector<std::string> notices;
  db.on_notice([&](pqscope::diagnostics const& each) { notices.push_back(each.message); });
  server.say(everything_unsolicited());
  CHECK(db.status() == connection_status::idle);
  db.execute("SELECT 1");
  db.execute("SELECT 1");
  CHECK(notices == std::vector<std::string>{"by the way"});
  CHECK(db.parameter_status("TimeZone") == "Mars/Olympus");
  CHECK(db.status() == connection_status::idle);
}

TEST_CASE("a server that ends an idle connection is noticed at the next statement") {
  scripted_server server;
  connection db{pqscope::config::from_url(server.url())};
  server.say(wire::error_response("FATAL", "57P01", "terminating connection due to a test"));
  server.close_all();
  CHECK_THROWS_AS(db.execute("SELECT 1"), pqscope::admin_shutdown);
  CHECK(db.status() == connection_status::broken);
}

TEST_CASE("notices of an answer that never ends well are heard") {
  scripted_server const server{script{{wire::notice("last words"), support::then::close}}};
  connection db{pqscope::config::from_url(server.url())};
  std::vector<std::string> notices;
  db.on_notice([&](pqscope::diagnostics const& each) { notices.push_back(each.message); });
  CHECK_THROWS_AS(db.execute("SELECT 1"), pqscope::connection_lost);
  CHECK(notices == std::vector<std::string>{"last words"});
  CHECK(db.status() == connection_status::broken);
}
