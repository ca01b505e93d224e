#include <pqscope/pool_source.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/unique_session.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "integration/pool/pool_db.hpp"

using pqscope::health_check;
using pqscope::lease;
using pqscope::pool;
using pqscope::session;
using pqscope::with_session;
using pqscope::testing::recorder;
using texts = std::vector<std::string>;

TEST_CASE("taking an idle connection and giving it back costs no round trip") {
  recorder log;
  pool db{support::test_config(),
          {.max_size = 1,
           .health_check = GENERATE(health_check::none, health_check::socket),
           .observer = &log}};
  {
    lease const opened = db.acquire();
  }
  CHECK(log.round_trips() == 0);
  for (int i = 0; i < 10; ++i) {
    lease const conn = db.acquire();
  }
  CHECK(log.round_trips() == 0);
  CHECK(log.details().empty());
  CHECK(log.connects() == 1);
  db.acquire()->execute("SELECT 1");
  CHECK(log.round_trips() == 1);
  CHECK(log.problems().empty());
  support::ensure_whole(db);
}

TEST_CASE("a ping costs one round trip before each use of an idle connection") {
  recorder log;
  pool db{support::test_config(),
          {.max_size = 1, .health_check = health_check::ping, .observer = &log}};
  {
    lease const opened = db.acquire();
  }
  CHECK(log.round_trips() == 0);
  {
    lease const conn = db.acquire();
  }
  CHECK(log.round_trips() == 1);
  CHECK(log.statements().empty());
  support::ensure_whole(db);
}

TEST_CASE("a session of one statement on a pool costs two round trips, an empty one none") {
  recorder log;
  pool db{support::test_config(), {.max_size = 1, .observer = &log}};
  with_session(db, [](session& s) { s.execute("SELECT 1"); });
  CHECK(log.round_trips() == 2);
  CHECK(log.statements() == texts{"BEGIN", "SELECT 1", "COMMIT"});
  log.clear();
  with_session(db, [](session& s) { s.execute("SELECT 1"); });
  CHECK(log.round_trips() == 2);
  log.clear();
  with_session(db, [](session&) {});
  CHECK(log.round_trips() == 0);
  {
    pqscope::unique_session s{db};
    s.execute("SELECT 1");
    s.commit();
  }
  CHECK(log.round_trips() == 2);
  CHECK(log.problems().empty());
  support::ensure_whole(db);
}

TEST_CASE("what an unclean return costs is one round trip") {
  recorder log;
  pool db{support::test_config(), {.max_size = 1, .observer = &log}};
  {
    lease const conn = db.acquire();
    conn->execute("BEGIN");
    log.clear();
  }
  CHECK(log.round_trips() == 1);
  {
    lease const conn = db.acquire();
    conn->execute("LISTEN pool_round_trips");
    log.clear();
  }
  CHECK(log.round_trips() == 1);
  support::ensure_whole(db);
}

TEST_CASE("an observer is told of requests for connections, and how they ended") {
  struct watcher : pqscope::observer {
    std::vector<pqscope::acquire_event> started;
    std::vector<pqscope::acquire_event> ended;
    void acquire_started(pqscope::acquire_event const& event) override { started.push_back(event); }
    void acquire_ended(pqscope::acquire_event const& event) override { ended.push_back(event); }
  };
  watcher seen;
  pool db{support::test_config(), {.max_size = 1, .observer = &seen}};
  db.acquire().release();
  auto const line = __LINE__ - 1;
  {
    lease const held = db.acquire();
    CHECK_THROWS_AS(db.acquire(std::chrono::nanoseconds{0}), pqscope::pool_timeout);
  }
  db.close();
  CHECK_THROWS_AS(db.acquire(), pqscope::pool_closed);
  REQUIRE(seen.started.size() == 4);
  REQUIRE(seen.ended.size() == 4);
  CHECK(seen.started[0].where.line() == line);
  CHECK(seen.ended[0].where.line() == line);
  CHECK(seen.ended[0].end == pqscope::acquire_end::taken);
  CHECK(seen.ended[0].waited);
  CHECK(seen.ended[0].duration.count() > 0);
  CHECK(seen.ended[1].end == pqscope::acquire_end::taken);
  CHECK_FALSE(seen.ended[1].waited);
  CHECK(seen.ended[2].end == pqscope::acquire_end::timed_out);
  CHECK(seen.ended[3].end == pqscope::acquire_end::failed);
}
