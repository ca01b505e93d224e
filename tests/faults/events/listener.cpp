#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/error/conditions.hpp>
#include <pqscope/events/listener.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/temporary_cluster.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"
#include "support/scripted_server.hpp"
#include "support/wire.hpp"

using namespace std::chrono_literals;
using pqscope::listener;
using pqscope::testing::faulty_proxy;
using pqscope::testing::shutdown_mode;
using pqscope::testing::temporary_cluster;
using support::ensure_usable;

namespace {

using clock_type = std::chrono::steady_clock;

/// A listener whose gaps are kept.
struct watched_listener {
  std::vector<pqscope::listener_gap> gaps;
  int lost = 0;
  listener in;

  explicit watched_listener(pqscope::config const& to, pqscope::connection_options how = {})
      : in{to,
           {.connection = std::move(how),
            .base_delay = 5ms,
            .max_delay = 20ms,
            .on_lost = [this](pqscope::connection_lost const&) { ++lost; },
            .on_gap = [this](pqscope::listener_gap const& gap) { gaps.push_back(gap); }}} {}
  watched_listener(watched_listener const&) = delete;
  watched_listener& operator=(watched_listener const&) = delete;
  ~watched_listener() = default;

  /// Looks, as a program that has other things to do, until it listens again.
  bool listens_again(std::size_t gap) {
    return support::eventually(
        [&] {
          CHECK(in.wait_for(0s).empty());
          return gaps.size() >= gap;
        },
        30s);
  }
};

}  // namespace

TEST_CASE("while its server is down a listener waits as long as it is told, then listens again") {
  temporary_cluster cluster;
  watched_listener watched{cluster.config()};
  watched.in.listen("jobs");
  cluster.stop(shutdown_mode::immediate);
  auto const start = clock_type::now();
  CHECK(watched.in.wait_for(150ms).empty());
  auto const took = clock_type::now() - start;
  CHECK(took >= 150ms);
  CHECK(took < 2s);
  CHECK_FALSE(watched.in.connected());
  CHECK(watched.lost == 1);
  std::jthread const starts{[&] { cluster.start(); }};
  CHECK(watched.listens_again(1));
  CHECK(watched.gaps.at(0).attempts > 1);
  CHECK(watched.gaps.at(0).length >= 150ms);
  CHECK(watched.lost == 1);
  pqscope::connection db{cluster.config()};
  db.notify("jobs", "back");
  auto const got = watched.in.wait_for(10s);
  REQUIRE(got.size() == 1);
  CHECK(got[0].payload == "back");
  CHECK(got[0].after_gap);
  ensure_usable(db);
}

TEST_CASE("a network that falls silent while a listener reconnects keeps no wait too long") {
  faulty_proxy proxy{support::test_config()};
  watched_listener watched{proxy.config(), {.deadline = 300ms}};
  std::string const channel = support::unique_name("jobs");
  watched.in.listen(channel);
  proxy.cut_all();
  proxy.stall();
  for (int i = 0; i < 3; ++i) {
    auto const start = clock_type::now();
    CHECK(watched.in.wait_for(200ms).empty());
    auto const took = clock_type::now() - start;
    CHECK(took >= 200ms);
    CHECK(took < 2s);
  }
  CHECK(watched.lost == 1);
  proxy.resume();
  CHECK(watched.listens_again(1));
  CHECK(watched.gaps.at(0).attempts >= 2);
  CHECK(watched.gaps.at(0).sqlstate.empty());
  CHECK_FALSE(watched.gaps.at(0).reason.empty());
  pqscope::connection db{support::test_config()};
  db.notify(channel, "back");
  CHECK(watched.in.wait_for(10s).size() == 1);
  ensure_usable(db);
}

TEST_CASE("a connection that is lost at the LISTEN of a new one is replaced again") {
  faulty_proxy proxy{support::test_config()};
  watched_listener watched{proxy.config()};
  std::string const channel = support::unique_name("jobs");
  watched.in.listen(channel);
  for (bool const before : {true, false}) {
    before ? proxy.cut_before("LISTEN") : proxy.cut_after("LISTEN");
    proxy.cut_all();
    CHECK(watched.listens_again(before ? 1 : 2));
    CHECK(watched.gaps.back().attempts == 2);
  }
  CHECK(watched.lost == 2);
  proxy.cut_after("LISTEN");
  std::string const other = support::unique_name("other");
  watched.in.listen(other);
  CHECK(watched.lost == 3);
  pqscope::connection db{support::test_config()};
  db.notify(channel, "one");
  db.notify(other, "two");
  CHECK(watched.in.wait_for(10s, {.stop_after = 2}).size() == 2);
  ensure_usable(db);
}

TEST_CASE("a server that refuses the new connection is heard, and asked again later") {
  std::string const name = support::unique_name("gone");
  support::witness outside;
  outside.execute("CREATE DATABASE " + name);
  pqscope::config to = support::test_config();
  to.dbname = name;
  watched_listener watched{to};
  watched.in.listen("jobs");
  outside.execute("DROP DATABASE " + name + " WITH (FORCE)");
  for (int i = 0; i < 2; ++i) {
    try {
      watched.in.wait_for(20s);
      FAIL("nothing is thrown");
    } catch (pqscope::connection_error const& failure) {
      CHECK(failure.sqlstate().substr(0, 2) != "57");
      CHECK(std::string{failure.what()}.find(name) != std::string::npos);
    }
  }
  outside.execute("CREATE DATABASE " + name);
  CHECK(support::eventually([&] {
    try {
      watched.in.wait_for(0s);
    } catch (pqscope::connection_error const&) {  // of the last attempt while it was not there
    }
    return watched.in.connected();
  }));
  {
    pqscope::connection db{to};
    db.notify("jobs", "back");
    CHECK(watched.in.wait_for(10s).size() == 1);
    ensure_usable(db);
  }
  watched.in.close();
  outside.execute("DROP DATABASE " + name + " WITH (FORCE)");
}

TEST_CASE("what has come before a connection is found lost by LISTEN or UNLISTEN is handed out") {
  namespace wire = support::wire;
  bool const listens = GENERATE(true, false);
  std::string const command = listens ? "LISTEN \"other\"" : "UNLISTEN";
  std::string const done = wire::command_complete("LISTEN") + wire::ready_for_query();
  support::script plot;
  plot.answer_to("LISTEN \"jobs\"", {done});
  plot.answer_to(command,
                 {wire::notification(7, "jobs", "first") + wire::notification(7, "jobs", "second"),
                  support::then::close});
  support::scripted_server server{plot};
  watched_listener watched{pqscope::config::from_conninfo(server.conninfo())};
  watched.in.listen("jobs");
  listens ? watched.in.listen("other") : watched.in.unlisten("jobs");
  CHECK(watched.lost == 1);
  auto const got = watched.in.wait_for(10s);
  REQUIRE(got.size() == 2);
  CHECK(got[0].payload == "first");
  CHECK_FALSE(got[0].after_gap);
  CHECK(got[1].payload == "second");
  if (listens) {
    CHECK(watched.gaps.size() == 1);
    server.say(wire::notification(7, "other", "third"));
    auto const next = watched.in.wait_for(10s);
    REQUIRE(next.size() == 1);
    CHECK(next[0].after_gap);
  }
}

TEST_CASE("a channel whose UNLISTEN has failed is still listened to") {
  namespace wire = support::wire;
  support::scripted_server server;
  server.answer_to("UNLISTEN", {wire::error_response("ERROR", "57014",
                                                     "canceling statement due to user request") +
                                wire::ready_for_query()});
  watched_listener watched{pqscope::config::from_conninfo(server.conninfo())};
  watched.in.listen("jobs");
  CHECK_THROWS_AS(watched.in.unlisten("jobs"), pqscope::query_canceled);
  CHECK(watched.in.channels() == std::vector<std::string>{"jobs"});
  watched.in.unlisten("jobs");
  CHECK(watched.in.channels().empty());
  CHECK(watched.lost == 0);
}

TEST_CASE("a forked child is refused by a listener, whose parent misses nothing") {
  std::string const channel = support::unique_name("jobs");
  watched_listener watched{support::test_config()};
  watched.in.listen(channel);
  pqscope::connection db{support::test_config()};
  db.notify(channel, "for the parent");
  pid_t const child = ::fork();
  if (child == 0) {
    int refused = 0;
    for (int way = 0; way < 3; ++way) {
      try {
        way == 0   ? watched.in.listen("other")
        : way == 1 ? watched.in.unlisten(channel)
                   : static_cast<void>(watched.in.wait_for(0s));
      } catch (pqscope::usage_error const&) {
        ++refused;
      } catch (...) {
        break;
      }
    }
    {
      listener const gone = std::move(watched.in);
    }
    ::_exit(refused);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 3);
  auto const got = watched.in.wait_for(10s);
  REQUIRE(got.size() == 1);
  CHECK(got[0].payload == "for the parent");
  CHECK(watched.lost == 0);
  ensure_usable(db);
}

TEST_CASE("what is notified right behind the LISTEN of a new connection is not lost") {
  namespace wire = support::wire;
  std::string const listens = wire::command_complete("LISTEN") + wire::ready_for_query();
  support::script plot;
  plot.answer_to("LISTEN", {listens, support::then::close});
  plot.answer_to("LISTEN", {listens + wire::notification(7, "jobs", "at once")});
  support::scripted_server const server{plot};
  watched_listener watched{pqscope::config::from_conninfo(server.conninfo())};
  watched.in.listen("jobs");
  auto const got = watched.in.wait_for(10s);
  REQUIRE(got.size() == 1);
  CHECK(got[0].payload == "at once");
  CHECK(got[0].after_gap);
  CHECK(watched.gaps.size() == 1);
}
