#include <catch2/catch_test_macros.hpp>
#include <pqscope/events/listener.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::listener;
using pqscope::notification;
using support::ensure_usable;
using support::test_config;
using support::unique_name;

namespace {

using clock_type = std::chrono::steady_clock;

std::vector<std::string> payloads(std::vector<notification> const& from) {
  std::vector<std::string> all;
  for (notification const& each : from) {
    all.push_back(each.payload);
  }
  return all;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a notification arrives with its channel, its payload and its sender") {
  std::string const channel = unique_name("jobs");
  listener in{test_config()};
  in.listen(channel);
  pqscope::connection db{test_config()};
  db.notify(channel, "one");
  db.notify(channel);
  std::vector<notification> got = in.wait_for(10s, {.stop_after = 2});
  REQUIRE(got.size() == 2);
  CHECK(got[0] == notification{.channel = channel, .payload = "one", .pid = db.backend_pid()});
  CHECK(got[1] == notification{.channel = channel, .payload = "", .pid = db.backend_pid()});
  CHECK(in.wait_for(0s).empty());
  ensure_usable(db);
}

TEST_CASE(
    "notifications of a session come after its commit, each once, and none after a rollback") {
  std::string const channel = unique_name("jobs");
  listener in{test_config()};
  in.listen(channel);
  pqscope::connection db{test_config()};
  pqscope::with_session(db, [&](pqscope::session& s) {
    s.notify(channel, "kept");
    s.notify(channel, "kept");
    CHECK_THROWS_AS(pqscope::with_session(s,
                                          [&](pqscope::session& inner) {
                                            inner.notify(channel, "undone");
                                            throw std::runtime_error("no");
                                          }),
                    std::runtime_error);
    s.notify(channel, "last");
    CHECK(in.wait_for(0s).empty());
  });
  CHECK_THROWS_AS(pqscope::with_session(db,
                                        [&](pqscope::session& s) {
                                          s.notify(channel, "undone");
                                          throw std::runtime_error("no");
                                        }),
                  std::runtime_error);
  db.notify(channel, "end");
  CHECK(payloads(in.wait_for(10s, {.stop_after = 3})) == strings{"kept", "last", "end"});
  ensure_usable(db);
}

TEST_CASE("what is sent between listening and waiting is not lost") {
  std::string const first = unique_name("first");
  std::string const second = unique_name("second");
  listener in{test_config()};
  in.listen(first);
  pqscope::connection db{test_config()};
  db.notify(first, "before the second LISTEN");
  in.listen(second);
  in.listen(second);
  CHECK(in.channels() == strings{first, second});
  db.notify(second, "behind it");
  CHECK(payloads(in.wait_for(10s, {.stop_after = 2})) ==
        strings{"before the second LISTEN", "behind it"});
  ensure_usable(db);
}

TEST_CASE("a wait without time looks once, and one for several hands out all that have come") {
  std::string const channel = unique_name("jobs");
  listener in{test_config()};
  in.listen(channel);
  CHECK(in.wait_for(0s).empty());
  CHECK(in.wait_for(-1s).empty());
  CHECK(in.wait_until(clock_type::now() - 1h).empty());
  pqscope::connection db{test_config()};
  db.execute("SELECT pg_notify($1, g::text) FROM generate_series(1, 5) AS g", channel);
  strings got = payloads(in.wait_for(10s, {.stop_after = 3}));
  CHECK(got.size() >= 3);
  while (got.size() < 5) {
    for (std::string& each : payloads(in.wait_for(10s))) {
      got.push_back(std::move(each));
    }
  }
  CHECK(got == strings{"1", "2", "3", "4", "5"});
  db.notify(channel, "late");
  CHECK(support::eventually([&] { return payloads(in.wait_for(0s)) == strings{"late"}; }));
  ensure_usable(db);
}

TEST_CASE("a wait ends at its deadline, neither before nor much later") {
  std::string const channel = unique_name("jobs");
  listener in{test_config()};
  in.listen(channel);
  auto const start = clock_type::now();
  CHECK(in.wait_for(0.06s).empty());
  auto const took = clock_type::now() - start;
  CHECK(took >= 60ms);
  CHECK(took < 2s);
  pqscope::connection db{test_config()};
  db.notify(channel, "only one of two");
  CHECK(payloads(in.wait_for(60ms, {.stop_after = 2})).size() <= 1);
  ensure_usable(db);
}

TEST_CASE("names are taken as they stand, and payloads up to 7999 bytes") {
  std::string const odd = unique_name("12+\"34 Ünïcode");
  listener in{test_config()};
  in.listen(odd);
  pqscope::connection db{test_config()};
  std::string const longest(7999, 'x');
  db.notify(odd, longest);
  std::vector<notification> const got = in.wait_for(10s);
  REQUIRE(got.size() == 1);
  CHECK(got[0].channel == odd);
  CHECK(got[0].payload == longest);

  CHECK_THROWS_AS(db.notify(odd, longest + 'x'), pqscope::invalid_parameter_value);
  CHECK_THROWS_AS(db.notify("", "x"), pqscope::invalid_parameter_value);
  CHECK_THROWS_AS(db.notify(std::string(64, 'c'), "x"), pqscope::invalid_parameter_value);
  CHECK_THROWS_AS(in.listen(""), pqscope::usage_error);
  CHECK_THROWS_AS(in.listen(std::string(64, 'c')), pqscope::usage_error);
  CHECK_THROWS_AS(in.listen(std::string("a\0b", 3)), pqscope::usage_error);
  CHECK(in.channels() == strings{odd});
  db.notify(odd, "goes on");
  CHECK(payloads(in.wait_for(10s)) == strings{"goes on"});
  ensure_usable(db);
}

TEST_CASE("who does not listen to a channel any more hears nothing of it") {
  std::string const kept = unique_name("kept");
  std::string const left = unique_name("left");
  listener in{test_config()};
  in.listen(left);
  in.listen(kept);
  pqscope::connection db{test_config()};
  db.notify(left, "in time");
  in.unlisten(left);
  in.unlisten(left);
  db.notify(left, "too late");
  db.notify(kept, "end");
  CHECK(payloads(in.wait_for(10s, {.stop_after = 2})) == strings{"in time", "end"});
  ensure_usable(db);
}

TEST_CASE("a stop token ends a wait, and the next one goes on") {
  std::string const channel = unique_name("jobs");
  std::stop_source stop;
  listener in{test_config()};
  in.listen(channel);
  std::vector<notification> got{{}};
  {
    std::jthread const waiting{[&] { got = in.wait({.stop = stop.get_token()}); }};
    stop.request_stop();
  }
  CHECK(got.empty());
  CHECK(in.wait({.stop = stop.get_token()}).empty());
  pqscope::connection db{test_config()};
  db.notify(channel, "still there");
  CHECK(payloads(in.wait_for(10s)) == strings{"still there"});
  ensure_usable(db);
}

TEST_CASE("a second thread at a listener gets connection_busy") {
  std::string const channel = unique_name("jobs");
  pqscope::connection db{test_config()};
  listener in{test_config()};
  in.listen(channel);
  std::atomic<bool> done{false};
  std::vector<notification> got;
  {
    std::jthread const waiting{[&] {
      while (!done) {
        try {
          got = in.wait_for(20s);
          done = true;
        } catch (pqscope::connection_busy const&) {  // the other one was there first
        }
      }
    }};
    CHECK(support::eventually([&] {
      try {
        in.unlisten("of another name");
        return false;
      } catch (pqscope::connection_busy const&) {
        return true;
      }
    }));
    CHECK_THROWS_AS(in.close(), pqscope::connection_busy);
    CHECK_FALSE(done);
    db.notify(channel, "go on");
  }
  CHECK(payloads(got) == strings{"go on"});
  ensure_usable(db);
}

TEST_CASE("a listener whose backend is ended listens again, and tells the gap") {
  std::string const channel = unique_name("jobs");
  std::string const other = unique_name("Other");
  pqscope::testing::recorder log;
  strings lost;
  std::vector<pqscope::listener_gap> gaps;
  listener in{test_config(),
              {.connection = {.observer = &log},
               .on_lost =
                   [&](pqscope::connection_lost const& failure) {
                     lost.emplace_back(failure.sqlstate());
                     throw std::runtime_error("not your business");
                   },
               .on_gap = [&](pqscope::listener_gap const& gap) { gaps.push_back(gap); }}};
  in.listen(channel);
  in.listen(other);
  int const before = in.backend_pid();
  support::witness outside;
  outside.terminate(before);
  pqscope::connection db{test_config()};
  db.notify(channel, "nobody hears this");
  CHECK(support::eventually([&] {
    in.wait_for(1ms);
    return !gaps.empty();
  }));
  CHECK(in.connected());
  CHECK(in.backend_pid() != before);
  CHECK(lost == strings{"57P01"});
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].sqlstate == "57P01");
  CHECK(gaps[0].reason.find("terminating connection") != std::string::npos);
  CHECK(gaps[0].attempts == 1);
  db.notify(channel, "first");
  db.notify(other, "second");
  std::vector<notification> const got = in.wait_for(10s, {.stop_after = 2});
  REQUIRE(payloads(got) == strings{"first", "second"});
  CHECK(got[0].after_gap);
  CHECK_FALSE(got[1].after_gap);
  ensure_usable(db);
}

TEST_CASE("a LISTEN finds a lost connection and is carried out on another one") {
  std::string const first = unique_name("first");
  std::string const second = unique_name("second");
  listener in{test_config()};
  in.listen(first);
  support::witness outside;
  outside.terminate(in.backend_pid());
  in.listen(second);
  CHECK(in.channels() == strings{first, second});
  outside.terminate(in.backend_pid());
  in.unlisten(first);
  pqscope::connection db{test_config()};
  CHECK(in.wait_for(0s).empty());
  CHECK(support::eventually([&] {
    in.wait_for(1ms);
    return in.connected();
  }));
  db.notify(first, "not for it");
  db.notify(second, "for it");
  CHECK(payloads(in.wait_for(10s)) == strings{"for it"});
  ensure_usable(db);
}

TEST_CASE("a listener that is not to reconnect hands out what has come, then says why it ended") {
  std::string const channel = unique_name("jobs");
  listener in{test_config(), {.reconnect = false}};
  in.listen(channel);
  pqscope::connection db{test_config()};
  db.notify(channel, "last");
  support::witness{}.terminate(in.backend_pid());
  CHECK(payloads(in.wait_for(10s, {.stop_after = 5})) == strings{"last"});
  for (int i = 0; i < 2; ++i) {
    try {
      in.wait_for(10s);
      FAIL("nothing is thrown");
    } catch (pqscope::connection_lost const& failure) {
      CHECK(failure.sqlstate() == "57P01");
    }
  }
  CHECK_THROWS_AS(in.listen("other"), pqscope::connection_lost);
  CHECK_FALSE(in.connected());
  CHECK(in.backend_pid() == 0);
  ensure_usable(db);
}

TEST_CASE("a listener can be moved, and a closed one says so") {
  std::string const channel = unique_name("jobs");
  listener first{test_config()};
  first.listen(channel);
  listener in{std::move(first)};
  pqscope::connection db{test_config()};
  db.notify(channel, "moved");
  CHECK(payloads(in.wait_for(10s)) == strings{"moved"});
  in.close();
  in.close();
  CHECK_THROWS_AS(in.wait_for(0s), pqscope::connection_closed);
  CHECK_THROWS_AS(in.listen(channel), pqscope::connection_closed);
  CHECK_THROWS_AS(in.unlisten(channel), pqscope::connection_closed);
  ensure_usable(db);
}

TEST_CASE("sending a notification costs one round trip, and none where it is deferred") {
  std::string const channel = unique_name("jobs");
  listener in{test_config()};
  in.listen(channel);
  pqscope::connection db{test_config()};
  std::uint64_t const before = db.round_trips();
  db.notify(channel, "at once");
  CHECK(db.round_trips() == before + 1);
  pqscope::with_session(db, [&](pqscope::session& s) {
    s.defer("SELECT pg_notify($1, $2)", channel, "with the commit");
  });
  CHECK(db.round_trips() == before + 2);
  CHECK(payloads(in.wait_for(10s, {.stop_after = 2})) == strings{"at once", "with the commit"});
  ensure_usable(db);
}
