#include <pqscope/error/errors.hpp>
#include <pqscope/error/rollback.hpp>
#include <pqscope/pool_source.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/unique_session.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "integration/pool/pool_db.hpp"
#include "integration/session/scratch.hpp"

using namespace std::chrono_literals;
using pqscope::lease;
using pqscope::pool;
using pqscope::session;
using pqscope::unique_session;
using pqscope::with_session;
using support::pool_db;
using support::scratch;

TEST_CASE("a session on a pool takes a connection with its first statement, not before") {
  pool db{support::test_config()};
  with_session(db, [&](session& s) {
    CHECK(db.stats().requests == 0);
    s.execute("SELECT 1");
    CHECK(db.stats().in_use == 1);
  });
  CHECK(db.stats().in_use == 0);
  CHECK(db.stats().idle == 1);
  with_session(db, [](session&) {});
  CHECK(db.stats().requests == 1);
  support::ensure_whole(db);
}

TEST_CASE("a session on a pool commits before its connection goes back, and rolls back too") {
  scratch here;
  pool db{here.db(), {.max_size = 1}};
  int const answer = with_session(db, [](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    return s.query<int>("SELECT 42").one();
  });
  CHECK(answer == 42);
  CHECK(db.stats().idle == 1);
  CHECK(here.count() == 1);
  CHECK_THROWS_AS(with_session(db,
                               [](session& s) {
                                 s.execute("INSERT INTO t VALUES (2)");
                                 throw std::runtime_error("mine");
                               }),
                  std::runtime_error);
  CHECK(db.stats().idle == 1);
  with_session(db, [](session& s) {
    s.execute("INSERT INTO t VALUES (3)");
    throw pqscope::rollback{};
  });
  CHECK(db.stats().idle == 1);
  with_session(db, [&](session& s) {
    s.execute("INSERT INTO t VALUES (4)");
    s.rollback();
    CHECK(db.stats().idle == 1);
  });
  CHECK_THROWS_AS(with_session(db, [](session& s) { s.execute("INSERT INTO t VALUES (1)"); }),
                  pqscope::unique_violation);
  CHECK(here.count() == 1);
  CHECK(db.stats().connects == 1);
  CHECK(db.stats().rolled_back == 0);
  support::ensure_whole(db);
}

TEST_CASE("a session whose connection is lost leaves the pool whole") {
  pool_db here;
  pool db{here.config(), {.max_size = 1}};
  CHECK_THROWS_AS(with_session(db,
                               [&](session& s) {
                                 here.outside.terminate(s.backend_pid());
                                 s.execute("SELECT 1");
                               }),
                  pqscope::error);
  CHECK(db.stats().size == 0);
  support::ensure_whole(db);
}

TEST_CASE("after a lost connection a session is run again on another one of the pool") {
  scratch here;
  pool db{here.db(), {.max_size = 1}};
  std::vector<int> pids;
  with_session(db, {.retry = {.attempts = 3, .base_delay = 1ms}}, [&](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    pids.push_back(s.backend_pid());
    if (s.attempt() == 1) {
      here.outside.terminate(pids.back());
    }
    s.execute("SELECT 1");
  });
  REQUIRE(pids.size() == 2);
  CHECK(pids[0] != pids[1]);
  CHECK(here.count() == 1);
  CHECK(db.stats().lost == 1);
  support::ensure_whole(db);
}

TEST_CASE("a session whose connection the server had ended for idleness is run again") {
  pool_db here;
  pool db{here.config().with("options", "-c idle_session_timeout=20ms"),
          {.max_size = 1, .health_check = pqscope::health_check::none}};
  db.acquire().release();
  REQUIRE(here.comes_to(0));
  int runs = 0;
  with_session(db, {.retry = {.attempts = 100, .base_delay = 0ms}}, [&](session& s) {
    ++runs;
    s.execute("SELECT 1");
  });
  CHECK(runs > 1);
}

TEST_CASE("one that is run again after a serialization failure keeps to the pool's size") {
  pool db{support::test_config(), {.max_size = 1}};
  int runs = 0;
  with_session(db, {.retry = {.attempts = 3, .base_delay = {}}}, [&](session& s) {
    if (++runs < 3) {
      s.execute("DO $$ BEGIN RAISE EXCEPTION 'collided' USING ERRCODE = '40001'; END $$");
    }
    s.execute("SELECT 1");
  });
  CHECK(runs == 3);
  CHECK(db.stats().connects == 1);
  CHECK(db.stats().rolled_back == 0);
  support::ensure_whole(db);
}

TEST_CASE("a unique_session on a pool has a connection from its first statement to its end") {
  scratch here;
  pool db{here.db(), {.max_size = 1}};
  {
    unique_session s{db};
    CHECK(db.stats().requests == 0);
    s.execute("INSERT INTO t VALUES (1)");
    CHECK(db.stats().in_use == 1);
    s.commit();
    CHECK(db.stats().in_use == 0);
    CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::usage_error);
  }
  {
    unique_session first{db};
    first.execute("INSERT INTO t VALUES (2)");
    unique_session const moved{std::move(first)};
    CHECK(db.stats().in_use == 1);
  }
  CHECK(db.stats().in_use == 0);
  CHECK(here.count() == 1);
  CHECK(db.stats().connects == 1);
  support::ensure_whole(db);
}

TEST_CASE("what before_connect throws reaches the user of a session, and no place is lost") {
  bool bad = true;
  pool db{support::test_config(), {.max_size = 1, .before_connect = [&](pqscope::config&) {
                                     if (bad) {
                                       throw std::runtime_error("no secret today");
                                     }
                                   }}};
  auto const work = [](session& s) { s.execute("SELECT 1"); };
  CHECK(support::outcome_of([&] { with_session(db, work); }) == "no secret today");
  unique_session s{db};
  CHECK(support::outcome_of([&] { s.execute("SELECT 1"); }) == "no secret today");
  CHECK(db.stats().size == 0);
  bad = false;
  support::ensure_whole(db);
}

TEST_CASE("a session's deadline and stop limit its wait for a connection") {
  pool db{support::test_config(), {.max_size = 1, .acquire_timeout = 1h}};
  auto const work = [](session& s) { s.execute("SELECT 1"); };
  {
    lease const held = db.acquire();
    CHECK_THROWS_AS(with_session(db, {.deadline = 30ms}, work), pqscope::deadline_exceeded);
    std::stop_source stop;
    std::string how;
    std::jthread beside{[&] {
      how = support::outcome_of([&] { with_session(db, {.stop = stop.get_token()}, work); });
    }};
    REQUIRE(support::comes_to_wait(db, 1));
    stop.request_stop();
    beside.join();
    CHECK(how == "operation_cancelled");
  }
  support::ensure_whole(db);
}

TEST_CASE("a session's limits do not stay on the pool's connection") {
  pool db{support::test_config(), {.max_size = 1}};
  std::stop_source stop;
  with_session(db, {.deadline = 10s, .statement_timeout = 77s, .stop = stop.get_token()},
               [](session& s) { s.execute("SELECT 1"); });
  stop.request_stop();
  with_session(
      db, [](session& s) { CHECK(s.query<std::string>("SHOW statement_timeout").one() != "77s"); });
  CHECK(db.stats().connects == 1);
  support::ensure_whole(db);
}

TEST_CASE("a timeout of a session's wait names the session, and those who hold connections") {
  pool db{support::test_config(), {.max_size = 1, .acquire_timeout = 20ms}};
  db.acquire(10s).release();  // connecting may take longer
  with_session(db, [&](session& outer) {
    outer.execute("SELECT 1");
    auto const holder = __LINE__ - 1;
    auto const failure = support::caught<pqscope::pool_timeout>(
        [&] { with_session(db, [](session& s) { s.execute("SELECT 1"); }); });
    CHECK(failure.where().line() == __LINE__ - 1);
    REQUIRE(failure.holders().size() == 1);
    CHECK(failure.holders()[0].where.line() == holder);
  });
  support::ensure_whole(db);
}

TEST_CASE("many sessions side by side lose no update") {
  scratch here;
  here.outside.execute("INSERT INTO " + here.table() + " VALUES (1, 0)");
  pool db{here.db(), {.max_size = 3}};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 10; ++i) {
      threads.emplace_back([&] {
        for (int job = 0; job < 10; ++job) {
          with_session(db, [](session& s) { s.execute("UPDATE t SET v = v + 1 WHERE id = 1"); });
        }
      });
    }
  }
  CHECK(here.outside.number("SELECT v FROM " + here.table()) == 100);
  CHECK(db.stats().acquired == 100);
  support::ensure_whole(db);
}

TEST_CASE("a lease stands for its connection where one is wanted") {
  scratch here;
  pool db{here.db(), {.max_size = 1}};
  {
    lease conn = db.acquire();
    with_session(conn, [](session& s) { s.execute("INSERT INTO t VALUES (1)"); });
    pqscope::transaction tx{conn, {.access = pqscope::access::read_write}};
    tx.execute("INSERT INTO t VALUES (2)");
    tx.commit();
    unique_session s{conn};
    s.execute("INSERT INTO t VALUES (3)");
    s.commit();
    conn.release();
    CHECK_THROWS_AS(with_session(conn, [](session&) {}), pqscope::usage_error);
    CHECK_THROWS_AS(pqscope::transaction{conn}, pqscope::usage_error);
  }
  CHECK(here.count() == 3);
  support::ensure_whole(db);
}

TEST_CASE("hooks of a session find its connection back in the pool, and may take it again") {
  scratch here;
  pool db{here.db(), {.max_size = 1, .acquire_timeout = 2s}};
  std::vector<int> done;
  auto const again = [&](int number) {
    return [&, number] {
      CHECK(db.stats().in_use == 0);
      with_session(db, [&](session& s) { s.execute("INSERT INTO t VALUES ($1)", number); });
      done.push_back(number);
    };
  };
  with_session(db, [&](session& s) {
    s.execute("INSERT INTO t VALUES (10)");
    s.after_commit(again(1));
    with_session(s, [&](session& nested) {
      nested.execute("INSERT INTO t VALUES (11)");
      nested.after_commit(again(2));
    });
  });
  with_session(db, [&](session& s) {
    s.execute("INSERT INTO t VALUES (12)");
    s.after_rollback(again(3));
    s.rollback();
    CHECK(done.size() == 3);
  });
  CHECK_THROWS_AS(with_session(db,
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (13)");
                                 s.after_rollback(again(4));
                                 throw std::runtime_error{"mine"};
                               }),
                  std::runtime_error);
  CHECK_THROWS_AS(with_session(db,
                               [&](session& s) {
                                 s.after_rollback(again(5));
                                 CHECK_THROWS_AS(s.execute("SELECT 1 / 0"), pqscope::error);
                               }),
                  pqscope::transaction_rolled_back);
  unique_session last{db};
  last.execute("INSERT INTO t VALUES (14)");
  last.after_commit(again(6));
  last.commit();
  CHECK(done == std::vector<int>{1, 2, 3, 4, 5, 6});
  CHECK(here.count() == 2 + 6 + 1);
  support::ensure_whole(db);
}

TEST_CASE("what a hook of a session throws is told although the connection has gone back") {
  scratch here;
  pqscope::testing::recorder seen;
  pool db{here.db(), {.max_size = 1, .observer = &seen}};
  int runs = 0;
  CHECK_THROWS_AS(with_session(db, {.retry = {.attempts = 3}},
                               [&](session& s) {
                                 ++runs;
                                 s.execute("INSERT INTO t VALUES (1)");
                                 s.after_commit([] {
                                   throw pqscope::connection_lost("of another connection");
                                 });
                               }),
                  pqscope::connection_lost);
  CHECK(runs == 1);
  CHECK(here.count() == 1);
  CHECK_THROWS_AS(with_session(db,
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (2)");
                                 s.after_rollback([] { throw 7; });
                                 throw std::runtime_error{"mine"};
                               }),
                  std::runtime_error);
  CHECK(seen.problems().size() == 1);
  CHECK(here.count() == 1);
  support::ensure_whole(db);
}
