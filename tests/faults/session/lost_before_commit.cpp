#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "integration/session/scratch.hpp"

using pqscope::connection_lost;
using pqscope::connection_status;
using pqscope::session;
using pqscope::with_session;
using pqscope::testing::faulty_proxy;
using support::scratch;

using namespace std::chrono_literals;

namespace {

pqscope::session_options const three_attempts{.retry = {.attempts = 3, .base_delay = 1ms}};

}  // namespace

TEST_CASE("a connection lost in the work is replaced where the scope makes its own") {
  scratch here;
  faulty_proxy proxy{here.db()};
  proxy.cut_before("UPDATE");
  std::vector<int> attempts;
  with_session(proxy.config(), three_attempts, [&](session& s) {
    attempts.push_back(s.attempt());
    s.execute("INSERT INTO t VALUES (1, 0)");
    s.execute("UPDATE t SET v = v + 1");
  });
  CHECK(attempts == std::vector<int>{1, 2});
  CHECK(here.outside.number("SELECT v FROM " + here.table()) == 1);
  CHECK(proxy.connections() == 2);
}

TEST_CASE("a connection lost with an answer on its way is replaced too: COMMIT was not sent") {
  scratch here;
  faulty_proxy proxy{here.db()};
  proxy.cut_after("INSERT");
  int calls = 0;
  with_session(proxy.config(), three_attempts, [&](session& s) {
    ++calls;
    s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(calls == 2);
  CHECK(here.count() == 1);
}

TEST_CASE("a backend killed before the work returns is replaced before COMMIT is sent") {
  scratch here;
  int calls = 0;
  with_session(here.db(), three_attempts, [&](session& s) {
    ++calls;
    s.execute("INSERT INTO t VALUES (1)");
    if (s.attempt() == 1) {
      here.outside.terminate(s.backend_pid());
    }
  });
  CHECK(calls == 2);
  CHECK(here.count() == 1);
}

TEST_CASE("a backend killed before a statement is replaced") {
  scratch here;
  int calls = 0;
  with_session(here.db(), three_attempts, [&](session& s) {
    ++calls;
    s.execute("INSERT INTO t VALUES (1)");
    if (s.attempt() == 1) {
      here.outside.terminate(s.backend_pid());
    }
    s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(calls == 2);
  CHECK(here.count() == 2);
}

TEST_CASE("a connection of the caller's is not replaced") {
  scratch here;
  faulty_proxy proxy{here.db()};
  pqscope::connection conn{proxy.config()};
  proxy.cut_before("INSERT");
  int calls = 0;
  CHECK_THROWS_AS(with_session(conn, three_attempts,
                               [&](session& s) {
                                 ++calls;
                                 s.execute("INSERT INTO t VALUES (1)");
                               }),
                  connection_lost);
  CHECK(calls == 1);
  CHECK(conn.status() == connection_status::broken);
  CHECK(here.count() == 0);
}

TEST_CASE("without attempts left a lost connection is reported") {
  scratch here;
  faulty_proxy proxy{here.db()};
  for (int i = 0; i < 3; ++i) {
    proxy.cut_before("INSERT");
  }
  int calls = 0;
  CHECK_THROWS_AS(with_session(proxy.config(), three_attempts,
                               [&](session& s) {
                                 ++calls;
                                 s.execute("INSERT INTO t VALUES (1)");
                               }),
                  connection_lost);
  CHECK(calls == 3);
  CHECK(here.count() == 0);
}

TEST_CASE("a server that is away when a lost connection is replaced costs attempts") {
  scratch here;
  faulty_proxy proxy{here.db()};
  std::vector<int> attempts;
  with_session(proxy.config(), three_attempts, [&](session& s) {
    attempts.push_back(s.attempt());
    if (s.attempt() == 1) {
      s.execute("SELECT 1");
      proxy.refuse();
      proxy.cut_all();
    }
    s.after_rollback([&] {
      if (s.attempt() == 2) {
        proxy.refuse(false);
      }
    });
    s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(attempts == std::vector<int>{1, 2, 3});
  CHECK(here.count() == 1);
}

TEST_CASE("a server that was never there is not asked again") {
  scratch here;
  faulty_proxy proxy{here.db()};
  proxy.refuse();
  int calls = 0;
  CHECK_THROWS_AS(with_session(proxy.config(), three_attempts,
                               [&](session& s) {
                                 ++calls;
                                 s.execute("SELECT 1");
                               }),
                  pqscope::connection_error);
  CHECK(calls == 1);
}

TEST_CASE("a connection lost in a nested scope ends all of them, and the whole is run again") {
  scratch here;
  faulty_proxy proxy{here.db()};
  proxy.cut_before("VALUES (2)");
  int outer = 0;
  int inner = 0;
  with_session(proxy.config(), three_attempts, [&](session& s) {
    ++outer;
    s.execute("INSERT INTO t VALUES (1)");
    with_session(s, {.retry = {.attempts = 5}}, [&](session& n) {
      ++inner;
      n.execute("INSERT INTO t VALUES (2)");
    });
  });
  CHECK(outer == 2);
  CHECK(inner == 2);
  CHECK(here.count() == 2);
}

TEST_CASE(
    "what the work throws after its connection was lost arrives, and is not a reason to repeat") {
  scratch here;
  faulty_proxy proxy{here.db()};
  proxy.cut_before("INSERT");
  int calls = 0;
  CHECK_THROWS_AS(with_session(proxy.config(), three_attempts,
                               [&](session& s) {
                                 ++calls;
                                 try {
                                   s.execute("INSERT INTO t VALUES (1)");
                                 } catch (connection_lost const&) {
                                   throw std::string{"mine"};
                                 }
                               }),
                  std::string);
  CHECK(calls == 1);
}

TEST_CASE("work that swallows the loss of its connection and returns is not believed") {
  scratch here;
  faulty_proxy proxy{here.db()};
  pqscope::connection conn{proxy.config()};
  proxy.cut_before("INSERT");
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 CHECK_THROWS_AS(s.execute("INSERT INTO t VALUES (1)"),
                                                 connection_lost);
                               }),
                  connection_lost);
  CHECK(here.count() == 0);
}

TEST_CASE("rollback on a lost connection leaves without an error, and tells the observer") {
  scratch here;
  for (bool const thrown : {false, true}) {
    pqscope::testing::recorder seen;
    faulty_proxy proxy{here.db()};
    pqscope::connection conn{proxy.config(), {.observer = &seen}};
    proxy.cut_before("ROLLBACK");
    with_session(conn, [&](session& s) {
      s.execute("INSERT INTO t VALUES (1)");
      if (thrown) {
        throw pqscope::rollback{};
      }
      s.rollback();
      CHECK_FALSE(s.is_active());
    });
    CHECK(conn.status() == connection_status::broken);
    CHECK_FALSE(seen.problems().empty());
  }
  CHECK(here.count() == 0);
}

TEST_CASE("an exception that meets a failing rollback arrives unchanged") {
  scratch here;
  pqscope::testing::recorder seen;
  faulty_proxy proxy{here.db()};
  pqscope::connection conn{proxy.config(), {.observer = &seen}};
  proxy.cut_before("ROLLBACK");
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 throw 7;
                               }),
                  int);
  CHECK(conn.status() == connection_status::broken);
  CHECK_FALSE(seen.problems().empty());
  CHECK(here.count() == 0);
}
