#include <pqscope/pool/pool.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "integration/pool/pool_db.hpp"

using namespace std::chrono_literals;
using pqscope::lease;
using pqscope::pool;
using support::caught;
using support::pool_db;

TEST_CASE("a pool opens no connection before one is asked for, and then one") {
  pool_db here;
  pool db{here.config(), {.min_size = 3, .max_size = 5}};
  CHECK(here.backends() == 0);
  CHECK(db.stats().size == 0);
  {
    lease const conn = db.acquire();
  }
  CHECK(here.backends() == 1);
  CHECK(db.stats().size == 1);
  support::ensure_whole(db);
}

TEST_CASE("a warm-up opens the least number of connections, and the second one nothing") {
  pool_db here;
  pool db{here.config(), {.min_size = 3, .max_size = 5}};
  db.warm_up();
  CHECK(here.backends() == 3);
  CHECK(db.stats().idle == 3);
  CHECK(db.stats().requests == 0);
  db.warm_up(10s);
  CHECK(db.stats().connects == 3);
  support::ensure_whole(db);
}

TEST_CASE("a warm-up counts connections that are in use") {
  pool_db here;
  pool db{here.config(), {.min_size = 2, .max_size = 3}};
  {
    lease const conn = db.acquire();
    db.warm_up();
    CHECK(db.stats().size == 2);
  }
  CHECK(here.backends() == 2);
  support::ensure_whole(db);
}

TEST_CASE("a pool that is to be open at once is") {
  pool_db here;
  pool db{here.config(), {.min_size = 2, .max_size = 4, .open_at_construction = true}};
  CHECK(here.backends() == 2);
  support::ensure_whole(db);
}

TEST_CASE("a warm-up of a server that cannot be reached ends in time and tells why") {
  support::absent_server const nobody;
  pool db{nobody.config(support::test_config()), {.min_size = 2, .max_size = 4}};
  auto const start = std::chrono::steady_clock::now();
  auto const failure = caught<pqscope::pool_timeout>([&] { db.warm_up(300ms); });
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(failure.where().line() == __LINE__ - 2);
  CHECK(failure.cause().find("127.0.0.1") != std::string::npos);
  std::string const text = failure.what();
  CHECK(text.find(failure.cause()) != std::string::npos);
  CHECK(failure.cause().find("sizes.cpp") == std::string::npos);  // text ends with the call site
  CHECK(text.find("sizes.cpp") == text.rfind("sizes.cpp"));
  CHECK(failure.bare_message() == text.substr(0, text.rfind("\n  at ")));
  CHECK(db.stats().size == 0);
  CHECK(db.stats().connect_errors > 0);
}

TEST_CASE("a warm-up of a server that never answers ends in time, and goes on elsewhere") {
  pool_db here;
  support::deaf_server const deaf;
  pool db{deaf.config(here.config()), {.min_size = 2, .max_size = 4}};
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(db.warm_up(200ms), pqscope::pool_timeout);
  CHECK(std::chrono::steady_clock::now() - start >= 200ms);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  db.drain(here.config());
  db.warm_up();
  CHECK(here.backends() == 2);
  support::ensure_whole(db);
}

TEST_CASE("a warm-up that the server refuses throws its answer at once") {
  pqscope::config nowhere = support::test_config();
  nowhere.dbname = "no such database";
  auto const start = std::chrono::steady_clock::now();
  auto const failure = caught<pqscope::connection_error>([&] {
    pool const db{nowhere, {.min_size = 1, .max_size = 4, .open_at_construction = true}};
  });
  CHECK(failure.sqlstate() == "3D000");
  CHECK(std::string{failure.what()}.find("no such database") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE("a pool grows with the number of those who use it at the same time, up to its limit") {
  pool_db here;
  pool db{here.config(), {.max_size = 3}};
  std::vector<lease> held;
  for (std::size_t i = 1; i <= 3; ++i) {
    held.push_back(db.acquire());
    CHECK(db.stats().size == i);
  }
  CHECK(here.backends() == 3);
  CHECK_THROWS_AS(db.acquire(20ms), pqscope::pool_timeout);
  CHECK(here.backends() == 3);
  held.clear();
  CHECK(db.stats().idle == 3);
  support::ensure_whole(db);
}

TEST_CASE("one who uses it again and again has one connection opened only") {
  pool_db here;
  pool db{here.config()};
  int const pid = db.acquire()->backend_pid();
  for (int i = 0; i < 20; ++i) {
    lease const conn = db.acquire();
    REQUIRE(conn->backend_pid() == pid);
  }
  CHECK(db.stats().connects == 1);
  CHECK(db.stats().queued == 1);
  support::ensure_whole(db);
}

TEST_CASE("many callers never have more than the most connections opened") {
  pool_db here;
  pool db{here.config(), {.max_size = 4}};
  std::atomic<int> done{0};
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 20; ++i) {
      threads.emplace_back([&] {
        for (int job = 0; job < 10; ++job) {
          lease const conn = db.acquire();
          int const now = ++inside;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          done += conn->query<int>("SELECT 1").one();
          --inside;
        }
      });
    }
  }
  CHECK(done == 200);
  CHECK(most <= 4);
  CHECK(db.stats().connects <= 4);
  CHECK(db.stats().size <= 4);
  support::ensure_whole(db);
}

TEST_CASE("a spike of short jobs opens next to no connections where connecting takes long") {
  pool_db here;
  pqscope::testing::faulty_proxy slow{here.config()};
  slow.delay(150ms);
  std::atomic<int> attempts{0};
  pool db{here.config(),
          {.min_size = 5, .max_size = 10, .before_connect = [&](pqscope::config& to) {
             if (++attempts > 5) {
               to = slow.config();
             }
           }}};
  db.warm_up();
  std::atomic<int> done{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 50; ++i) {
      threads.emplace_back([&] { done += db.acquire()->query<int>("SELECT 1").one(); });
    }
  }
  CHECK(done == 50);
  CHECK(db.stats().connects < 7);
  CHECK(db.stats().size < 7);
  CHECK(here.backends() < 7);
}

TEST_CASE("one attempt to connect that hangs keeps nobody else from getting a connection") {
  pool_db here;
  support::deaf_server const deaf;
  std::atomic<int> attempts{0};
  pool db{here.config(), {.max_size = 3, .before_connect = [&](pqscope::config& to) {
                            if (++attempts == 2) {
                              to = deaf.config(to);
                            }
                          }}};
  lease first = db.acquire();
  std::string hung;
  std::jthread beside{
      [&] { hung = support::outcome_of([&] { db.acquire()->execute("SELECT 1"); }); }};
  CHECK(support::eventually([&] { return attempts == 2; }));
  lease third = db.acquire(10s);
  CHECK(third->query<int>("SELECT 1").one() == 1);
  CHECK(db.stats().waiting == 1);
  third.release();  // goes to the one whose attempt hangs
  beside.join();
  CHECK(hung == "done");
  first.release();
  db.drain();
  CHECK(here.comes_to(0));
  support::ensure_whole(db);
}

TEST_CASE("who connects takes a connection that comes back meanwhile") {
  pool_db here;
  support::deaf_server const deaf;
  std::atomic<int> attempts{0};
  pool db{here.config(), {.max_size = 2, .before_connect = [&](pqscope::config& to) {
                            if (++attempts == 2) {
                              to = deaf.config(to);
                            }
                          }}};
  lease first = db.acquire();
  int const pid = first->backend_pid();
  int got = 0;
  std::jthread beside{[&] { got = db.acquire()->backend_pid(); }};
  CHECK(support::eventually([&] { return attempts == 2; }));
  first.release();
  beside.join();
  CHECK(got == pid);
  CHECK(db.stats().connects == 1);
  db.drain();
  support::ensure_whole(db);
}
