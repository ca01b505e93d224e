#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::engine;
using pqscope::session;
using pqscope::session_options;
using pqscope::with_session;
using support::unique_name;
using support::witness;

namespace {

/// A table for one test.
struct table {
  std::string name = unique_name("engine");
  table() { witness{}.execute("CREATE TABLE " + name + " (n int)"); }
  ~table() { witness{}.execute("DROP TABLE " + name); }
  pqscope::dynamic_sql insert(int n) const {
    return pqscope::dynamic_sql{"INSERT INTO " + name + " VALUES (" + std::to_string(n) + ")"};
  }
};

}  // namespace

TEST_CASE("an engine is made of a URL, a connection string or a config") {
  for (engine* db : {new engine{support::test_url()}, new engine{support::test_config()},
                     new engine{support::test_config().conninfo()}}) {
    CHECK(with_session(*db, [](session& s) { return s.query<int>("SELECT 1").one(); }) == 1);
    delete db;
  }
  CHECK_THROWS_AS(engine{"postgresql://host:port/db"}, pqscope::config_error);
  CHECK_THROWS_AS((engine{"postgresql:///x", {.pool = {.max_size = 0}}}), pqscope::usage_error);
}

TEST_CASE("a session takes its connection with its first statement and gives it back at its end") {
  engine db{support::test_config(), {.pool = {.max_size = 1}}};
  table const t;
  with_session(db, [](session&) {});
  CHECK(db.stats().primary.requests == 0);

  with_session(db, [&](session& s) {
    CHECK(db.stats().primary.in_use == 0);
    s.execute(t.insert(1));
    CHECK(db.stats().primary.in_use == 1);
  });
  CHECK(db.stats().primary.in_use == 0);
  CHECK_THROWS_AS(with_session(db,
                               [&](session& s) {
                                 s.execute(t.insert(2));
                                 throw std::runtime_error("the work has failed");
                               }),
                  std::runtime_error);
  CHECK(db.stats().primary.idle == 1);
  with_session(db, [&](session& s) {
    s.execute(t.insert(3));
    s.rollback();
    CHECK(db.stats().primary.idle == 1);
  });
  CHECK_THROWS_AS(
      with_session(db,
                   [&](session& s) { s.execute("SELECT pg_terminate_backend(pg_backend_pid())"); }),
      pqscope::error);
  CHECK(db.stats().primary.size == 0);
  CHECK(witness{}.column("SELECT n FROM " + t.name) == std::vector<std::string>{"1"});
  auto lease = db.acquire();
  support::ensure_usable(*lease);
}

TEST_CASE("a session on an engine costs two round trips for one statement, none when empty") {
  pqscope::testing::recorder watcher;
  engine db{support::test_config(), {.observer = &watcher}};
  db.acquire().release();
  table const t;
  watcher.clear();
  with_session(db, [](session&) {});
  CHECK(watcher.round_trips() == 0);
  with_session(db, [&](session& s) { s.execute(t.insert(1)); });
  CHECK(watcher.round_trips() == 2);
  CHECK(watcher.connects() == 0);
}

TEST_CASE("what a session leaves at its default is taken from the engine's") {
  engine db{support::test_config(),
            {.session = {.isolation = pqscope::isolation::repeatable_read,
                         .retry = {.attempts = 3, .base_delay = 1ms},
                         .statement_timeout = 5s,
                         .label = "default"}}};
  auto const shown = [](session& s) {
    return s.query<std::string>(
                "SELECT current_setting('transaction_isolation') || ' ' || "
                "current_setting('statement_timeout')")
               .one() +
           ' ' + s.label();
  };
  CHECK(with_session(db, shown) == "repeatable read 5s default");
  CHECK(with_session(db, {.isolation = pqscope::isolation::serializable, .label = "own"}, shown) ==
        "serializable 5s own");
  int attempts = 0;
  CHECK_THROWS_AS(with_session(db,
                               [&](session& s) {
                                 ++attempts;
                                 s.execute("DO $$ BEGIN RAISE serialization_failure; END $$");
                               }),
                  pqscope::serialization_failure);
  CHECK(attempts == 3);
  CHECK_THROWS_AS(with_session(db, {.retry = {.attempts = 1}},
                               [&](session& s) {
                                 ++attempts;
                                 s.execute("DO $$ BEGIN RAISE serialization_failure; END $$");
                               }),
                  pqscope::serialization_failure);
  CHECK(attempts == 4);
  auto held = db.begin();
  CHECK(shown(*held) == "repeatable read 5s default");
  held.rollback();
}

TEST_CASE("a lost connection is retried on another one") {
  engine db{support::test_config(), {.session = {.retry = {.attempts = 2}}}};
  table const t;
  std::vector<int> pids;
  with_session(db, [&](session& s) {
    s.execute(t.insert(1));
    pids.push_back(s.backend_pid());
    if (s.attempt() == 1) {
      witness{}.terminate(s.backend_pid());
      s.execute("SELECT 1");
    }
  });
  REQUIRE(pids.size() == 2);
  CHECK(pids[0] != pids[1]);
  CHECK(witness{}.count(t.name) == 1);
}

TEST_CASE("a session without a lambda commits when told to, and gives its connection back") {
  engine db{support::test_config(), {.pool = {.max_size = 1}}};
  table const t;
  {
    auto s = db.begin();
    s.execute(t.insert(1));
    s.commit();
    CHECK(db.stats().primary.idle == 1);
  }
  {
    auto s = db.begin();
    s.execute(t.insert(2));
  }
  CHECK(witness{}.count(t.name) == 1);
  CHECK(db.stats().primary.idle == 1);
}

TEST_CASE("a reader's session is read-only, and without replicas uses the primary") {
  engine db{support::test_config()};
  CHECK(with_session(db.reader(), [](session& s) {
          return s.query<std::string>("SHOW transaction_read_only").one();
        }) == "on");
  auto s = db.reader().begin();
  CHECK_THROWS_AS(s.execute("CREATE TABLE nowhere (n int)"), pqscope::read_only_sql_transaction);
  s.rollback();
  CHECK(db.stats().replicas.empty());
}

TEST_CASE("an unreachable replica is left alone for a while") {
  engine db{support::test_config(),
            {.replicas = {"postgresql://127.0.0.1:1/x", support::test_config()}}};
  for (int i = 0; i < 10; ++i) {
    CHECK(with_session(db.reader(), [](session& s) { return s.query<int>("SELECT 1").one(); }) ==
          1);
  }
  auto const stats = db.stats();
  CHECK(stats.replicas.at(0).connect_errors == 1);
  CHECK(stats.replicas.at(1).acquired == 10);
  CHECK(stats.primary.acquired == 0);
}

TEST_CASE("a replica that does not answer a ping in the time for replicas is left alone") {
  pqscope::testing::faulty_proxy replica{support::test_config()};
  engine db{support::test_config(),
            {.pool = {.health_check = pqscope::health_check::ping, .ping_timeout = 1h},
             .replicas = {replica.config()},
             .replica_timeout = 1s}};
  auto const reads = [&] {
    return with_session(db.reader(), [](session& s) { return s.query<int>("SELECT 1").one(); });
  };
  CHECK(reads() == 1);
  REQUIRE(db.stats().replicas.at(0).idle == 1);
  replica.stall();
  auto const start = std::chrono::steady_clock::now();
  CHECK(reads() == 1);
  CHECK(reads() == 1);
  CHECK(std::chrono::steady_clock::now() - start < 20s);
  CHECK(db.stats().replicas.at(0).timeouts == 1);
  CHECK(db.stats().primary.acquired == 2);
}

TEST_CASE("a replica whose connections are all in use is not left alone for that") {
  engine db{support::test_config(),
            {.pool = {.max_size = 1},
             .replicas = {support::test_config()},
             .replica_timeout = 1s,
             .replica_pause = 1h}};
  auto const reads = [&] {
    return with_session(db.reader(), [](session& s) { return s.query<int>("SELECT 1").one(); });
  };
  auto held = db.reader().begin();
  CHECK(held.query<int>("SELECT 1").one() == 1);
  CHECK(reads() == 1);
  CHECK(db.stats().replicas.at(0).timeouts == 1);
  CHECK(db.stats().primary.acquired == 1);
  held.rollback();
  CHECK(reads() == 1);
  CHECK(db.stats().replicas.at(0).acquired == 2);
  CHECK(db.stats().primary.acquired == 1);
}

TEST_CASE("a reader refuses a session that is to write") {
  engine db{support::test_config(), {.session = {.access = pqscope::access::read_write}}};
  session_options const writes{.access = pqscope::access::read_write};
  CHECK_THROWS_AS(with_session(db.reader(), writes, [](session&) {}), pqscope::usage_error);
  CHECK_THROWS_AS(db.reader().begin(writes), pqscope::usage_error);
  CHECK(with_session(db.reader(), [](session& s) {
          return s.query<std::string>("SHOW transaction_read_only").one();
        }) == "on");
}

TEST_CASE("many threads work on one engine, and all that was acknowledged is there") {
  engine db{support::test_config(), {.pool = {.max_size = 3}}};
  table const t;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 25; ++n) {
          with_session(db, [&](session& s) { s.execute(t.insert(n)); });
        }
      });
    }
  }
  CHECK(witness{}.count(t.name) == 200);
  CHECK(db.stats().primary.size <= 3);
  CHECK(db.stats().primary.in_use == 0);
}

TEST_CASE("in a forked child an engine refuses work until dispose, and then works by itself") {
  engine db{support::test_config(), {.pool = {.max_size = 2}}};
  int const pid = with_session(db, [](session& s) { return s.backend_pid(); });
  pid_t const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int outcome = 1;
    try {
      with_session(db, [](session& s) { s.execute("SELECT 1"); });
    } catch (pqscope::usage_error const&) {
      db.dispose();
      int const own = with_session(db, [](session& s) { return s.backend_pid(); });
      outcome = own != pid ? 0 : 2;
    } catch (...) {
      outcome = 3;
    }
    ::_exit(outcome);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(with_session(db, [](session& s) { return s.backend_pid(); }) == pid);
}

TEST_CASE("an engine that is closed refuses sessions, and cancels what runs beyond its time") {
  engine db{support::test_config()};
  std::atomic<bool> failed{false};
  std::jthread const worker{[&] {
    try {
      with_session(db, [](session& s) { s.execute("SELECT pg_sleep(60)"); });
    } catch (pqscope::error const&) {
      failed = true;
    }
  }};
  auto const sleeps = [outside = std::make_shared<witness>()] {
    return outside->number(
               "SELECT count(*) FROM pg_stat_activity "
               "WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'") > 0;
  };
  REQUIRE(support::eventually(sleeps));
  CHECK_FALSE(db.close(50ms));
  CHECK_THROWS_AS(with_session(db, [](session& s) { s.execute("SELECT 1"); }),
                  pqscope::pool_closed);
}

TEST_CASE("a log and metrics watch an engine together, and its pools print their numbers") {
  std::ostringstream lines;
  pqscope::log_observer log{lines, {.statements = true, .acquires = true}};
  pqscope::metrics numbers;
  pqscope::observer_list both{&log, nullptr, &numbers};
  engine db{support::test_config(), {.observer = &both}};
  with_session(db, [](session& s) { s.execute("SELECT 1 AS watched"); });
  CHECK(lines.str().find("watched") != std::string::npos);
  CHECK(lines.str().find("engine.cpp") != std::string::npos);
  CHECK(numbers.acquires(pqscope::acquire_end::taken) == 1);
  CHECK(numbers.transactions(pqscope::transaction_end::committed) == 1);

  std::ostringstream page;
  pqscope::write_prometheus(page, db.stats().primary, "main");
  CHECK(page.str().find("pqscope_pool_acquired_total{pool=\"main\"} 1\n") != std::string::npos);
  CHECK(page.str().find("# TYPE pqscope_pool_connections gauge\n"
                        "pqscope_pool_connections{pool=\"main\"} 1\n") != std::string::npos);
}
