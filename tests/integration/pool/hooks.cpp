#include <pqscope/pool/pool.hpp>
#include <pqscope/testing/recorder.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "integration/pool/pool_db.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::lease;
using pqscope::pool;
using pqscope::usage_error;
using pqscope::testing::recorder;
using support::pool_db;

namespace {

bool was_told(recorder const& log, std::string const& part) {
  auto const all = log.problems();
  return std::any_of(all.begin(), all.end(),
                     [&](std::string const& each) { return each.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("each hook is called when its moment has come, and then only") {
  std::vector<std::string> calls;
  {
    pool db{support::test_config(),
            {.max_size = 1,
             .before_connect = [&](pqscope::config&) { calls.emplace_back("before_connect"); },
             .after_connect = [&](connection&) { calls.emplace_back("after_connect"); },
             .before_acquire = [&](connection&) { calls.emplace_back("before_acquire"); },
             .after_release = [&](connection&) { calls.emplace_back("after_release"); },
             .before_close = [&](connection&) { calls.emplace_back("before_close"); }}};
    CHECK(calls.empty());
    {
      lease const conn = db.acquire();
    }
    CHECK(calls == std::vector<std::string>{"before_connect", "after_connect", "before_acquire",
                                            "after_release"});
    calls.clear();
    {
      lease const conn = db.acquire();
    }
    {
      lease const conn = db.try_acquire();
    }
    CHECK(calls == std::vector<std::string>{"before_acquire", "after_release", "before_acquire",
                                            "after_release"});
    calls.clear();
    db.drain();
    CHECK(calls == std::vector<std::string>{"before_close"});
    calls.clear();
    {
      lease const conn = db.acquire();
    }
    calls.clear();
  }
  CHECK(calls == std::vector<std::string>{"before_close"});
}

TEST_CASE("a warm-up calls the hooks for connecting, and not those for lending") {
  std::atomic<int> connecting{0};
  std::atomic<int> lending{0};
  auto const connects = [&](auto&) { ++connecting; };
  auto const lends = [&](connection&) { ++lending; };
  pool db{support::test_config(),
          {.min_size = 3,
           .max_size = 3,
           .before_connect = connects,
           .after_connect = connects,
           .before_acquire = lends,
           .after_release = lends}};
  db.warm_up();
  CHECK(connecting == 6);
  CHECK(lending == 0);
  support::ensure_whole(db);
  CHECK(connecting == 6);
  CHECK(lending == 6);
}

TEST_CASE("before_connect changes where, and as what, one connection is opened") {
  pool_db here;
  std::string const other = support::unique_name("other");
  int opened = 0;
  pool db{here.config(), {.max_size = 2, .before_connect = [&](pqscope::config& to) {
                            if (++opened == 2) {
                              to = to.with("application_name", other);
                            }
                          }}};
  lease const a = db.acquire();
  lease const b = db.acquire();
  CHECK(a->query<std::string>("SHOW application_name").one() == here.name);
  CHECK(b->query<std::string>("SHOW application_name").one() == other);
  CHECK(db.target() == here.config());
}

TEST_CASE("what before_connect throws reaches the caller, and no place is lost") {
  bool bad = true;
  pool db{support::test_config(), {.max_size = 1, .before_connect = [&](pqscope::config&) {
                                     if (bad) {
                                       throw std::runtime_error("no secret today");
                                     }
                                   }}};
  for (int i = 0; i < 3; ++i) {
    CHECK(support::outcome_of([&] { static_cast<void>(db.acquire()); }) == "no secret today");
  }
  CHECK(db.stats().size == 0);
  CHECK(db.stats().errors == 3);
  bad = false;
  support::ensure_whole(db);
}

TEST_CASE("what after_connect throws reaches the caller, and its connection is closed") {
  pool_db here;
  bool bad = true;
  pool db{here.config(), {.max_size = 1, .after_connect = [&](connection& conn) {
                            if (bad) {
                              conn.execute("SELECT 1/0");
                            }
                          }}};
  CHECK_THROWS_AS(db.acquire(), pqscope::division_by_zero);
  CHECK(db.stats().size == 0);
  CHECK(here.comes_to(0));
  bad = false;
  support::ensure_whole(db);
}

TEST_CASE("a connection that after_connect leaves in a transaction is refused") {
  pool_db here;
  bool bad = true;
  pool db{here.config(), {.max_size = 1, .after_connect = [&](connection& conn) {
                            if (bad) {
                              conn.execute("BEGIN");
                            }
                          }}};
  auto const failure = support::caught<usage_error>([&] { static_cast<void>(db.acquire()); });
  CHECK(std::string{failure.what()}.find("after_connect") != std::string::npos);
  CHECK(failure.where().line() == __LINE__ - 2);
  CHECK(db.stats().size == 0);
  CHECK(here.comes_to(0));
  bad = false;
  support::ensure_whole(db);
}

TEST_CASE("a connection that after_connect loses is refused, and no place is lost") {
  pool_db here;
  bool bad = true;
  pool db{here.config(), {.max_size = 1, .after_connect = [&](connection& conn) {
                            if (bad) {
                              conn.close();
                            }
                          }}};
  CHECK_THROWS_AS(db.acquire(), pqscope::error);
  CHECK(db.stats().size == 0);
  bad = false;
  support::ensure_whole(db);
}

TEST_CASE("what after_connect sets up is there for every user") {
  pool db{support::test_config(), {.max_size = 2, .after_connect = [](connection& conn) {
                                     conn.execute("SET statement_timeout = '55s'");
                                   }}};
  for (int i = 0; i < 3; ++i) {
    CHECK(db.acquire()->query<std::string>("SHOW statement_timeout").one() == "55s");
  }
  support::ensure_whole(db);
}

TEST_CASE("what before_acquire throws reaches the caller, and its connection is closed") {
  pool_db here;
  bool bad = true;
  pool db{here.config(), {.max_size = 1, .before_acquire = [&](connection&) {
                            if (bad) {
                              throw std::runtime_error("not you");
                            }
                          }}};
  CHECK(support::outcome_of([&] { static_cast<void>(db.acquire()); }) == "not you");
  CHECK(db.stats().size == 0);
  bad = false;
  {
    lease const conn = db.acquire();
  }
  bad = true;
  CHECK(support::outcome_of([&] { static_cast<void>(db.acquire()); }) == "not you");
  CHECK(db.stats().size == 0);
  bad = false;
  {
    lease const conn = db.acquire();
  }
  bad = true;
  CHECK(support::outcome_of([&] { static_cast<void>(db.try_acquire()); }) == "not you");
  CHECK(db.stats().size == 0);
  CHECK(db.stats().errors == 3);
  CHECK(here.comes_to(0));
  bad = false;
  support::ensure_whole(db);
}

TEST_CASE("a connection that before_acquire leaves in a transaction is refused") {
  bool bad = true;
  pool db{support::test_config(), {.max_size = 1, .before_acquire = [&](connection& conn) {
                                     if (bad) {
                                       conn.execute("BEGIN");
                                     }
                                   }}};
  CHECK_THROWS_AS(db.acquire(), usage_error);
  CHECK(db.stats().size == 0);
  bad = false;
  support::ensure_whole(db);
}

TEST_CASE("a connection that before_acquire does not want is replaced") {
  int unwanted = 0;
  pool db{support::test_config(), {.max_size = 2, .before_acquire = [&](connection& conn) {
                                     return conn.backend_pid() != unwanted;
                                   }}};
  unwanted = db.acquire()->backend_pid();
  {
    lease const conn = db.acquire();
    CHECK(conn->backend_pid() != unwanted);
    CHECK(db.stats().size == 1);
    unwanted = conn->backend_pid();
  }
  CHECK_FALSE(db.try_acquire());
  CHECK(db.stats().size == 0);
  CHECK(db.stats().connects == 2);
  CHECK(db.stats().closed == 2);
  support::ensure_whole(db);
}

TEST_CASE("a before_acquire that wants no connection at all ends in a timeout") {
  bool wants = false;
  pool db{support::test_config(),
          {.max_size = 1, .before_acquire = [&](connection&) { return wants; }}};
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(db.acquire(100ms), pqscope::pool_timeout);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(db.stats().idle == 0);
  CHECK(db.stats().in_use == 0);
  wants = true;
  support::ensure_whole(db);
}

TEST_CASE("a connection that after_release spoils or does not want is closed") {
  std::string const how = GENERATE("false", "throws", "transaction", "failed", "closes", "moves");
  CAPTURE(how);
  recorder log;
  bool bad = true;
  pool db{support::test_config(),
          {.max_size = 1,
           .after_release =
               [&](connection& conn) {
                 if (!bad) {
                   return true;
                 }
                 if (how == "throws") {
                   throw std::runtime_error("spoilt");
                 }
                 if (how == "transaction") {
                   conn.execute("BEGIN");
                 } else if (how == "failed") {
                   conn.execute("SELECT 1/0");
                 } else if (how == "closes") {
                   conn.close();
                 } else if (how == "moves") {
                   connection const away{std::move(conn)};
                 }
                 return how != "false";
               },
           .observer = &log}};
  int const pid = db.acquire()->backend_pid();
  CHECK(db.stats().size == 0);
  CHECK(db.stats().closed == 1);
  CHECK(db.stats().discarded == 1);
  CHECK(was_told(log, "spoilt") == (how == "throws"));
  bad = false;
  lease conn = db.acquire();
  CHECK(conn->backend_pid() != pid);
  support::ensure_usable(*conn);
  conn.release();
  support::ensure_whole(db);
}

TEST_CASE("after_release sees a connection that is idle and cleaned") {
  std::vector<pqscope::connection_status> seen;
  pool db{support::test_config(), {.max_size = 1, .after_release = [&](connection& conn) {
                                     seen.push_back(conn.status());
                                     conn.execute("SELECT 1");
                                   }}};
  {
    lease const conn = db.acquire();
    conn->execute("BEGIN");
    conn->deadline(0ns);
  }
  CHECK(seen == std::vector{pqscope::connection_status::idle});
  CHECK(db.stats().idle == 1);
  support::ensure_whole(db);
}

TEST_CASE("before_close may use the connection, and what it throws goes to the observer") {
  pool_db here;
  recorder log;
  int closed = 0;
  {
    pool db{here.config(),
            {.max_size = 2,
             .before_close =
                 [&](connection& conn) {
                   ++closed;
                   if (conn.status() == pqscope::connection_status::idle) {
                     conn.execute("SELECT 'farewell'");
                   }
                   throw std::runtime_error("cannot say goodbye");
                 },
             .observer = &log}};
    lease a = db.acquire();
    lease b = db.acquire();
    here.outside.terminate(b->backend_pid());
    CHECK_THROWS_AS(b->execute("SELECT 1"), pqscope::error);
    b.release();
    CHECK(closed == 1);
    a.release();
  }
  CHECK(closed == 2);
  CHECK(was_told(log, "cannot say goodbye"));
  CHECK(log.statements().back() == "SELECT 'farewell'");
  CHECK(here.comes_to(0));
}

TEST_CASE("after_connect is called once for each connection, before_acquire for each use") {
  std::atomic<int> connected{0};
  std::atomic<int> used{0};
  pool db{support::test_config(),
          {.max_size = 3,
           .after_connect = [&](connection&) { ++connected; },
           .before_acquire = [&](connection&) { ++used; }}};
  for (int i = 0; i < 3; ++i) {
    support::ensure_whole(db);
  }
  CHECK(connected == 3);
  CHECK(used == 9);
}
