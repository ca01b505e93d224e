#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using pqscope::deadline_exceeded;
using pqscope::operation_cancelled;
using pqscope::session;
using pqscope::with_session;
using support::scratch;

using namespace std::chrono_literals;

namespace {

class stopwatch {
 public:
  auto elapsed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Returns when a connection of this application's name sleeps.
void await_sleeper(std::string const& application) {
  support::witness watching;
  support::eventually([&] {
    return watching.number(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 "
               "AND wait_event = 'PgSleep'",
               {application}) > 0;
  });
}

}  // namespace

TEST_CASE("the deadline of a scope ends its statements, and nothing is persisted") {
  scratch here;
  pqscope::connection conn{here.db()};
  stopwatch const watch;
  CHECK_THROWS_AS(with_session(conn, {.deadline = 100ms},
                               [](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 s.execute("SELECT pg_sleep(30)");
                               }),
                  deadline_exceeded);
  CHECK(watch.elapsed() < 5s);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("the deadline is the whole scope's, not each statement's") {
  pqscope::connection conn{support::test_config()};
  int done = 0;
  stopwatch const watch;
  CHECK_THROWS_AS(with_session(conn, {.deadline = 150ms},
                               [&](session& s) {
                                 for (;; ++done) {
                                   s.execute("SELECT pg_sleep(0.02)");
                                 }
                               }),
                  deadline_exceeded);
  CHECK(done > 0);
  CHECK(watch.elapsed() < 5s);
  support::ensure_usable(conn);
}

TEST_CASE("a deadline that expires before the first statement sends nothing") {
  scratch here;
  pqscope::testing::faulty_proxy proxy{here.db()};
  for (auto const limit : {std::chrono::nanoseconds{0}, std::chrono::nanoseconds{-1}}) {
    CHECK_THROWS_AS(with_session(proxy.config(), {.deadline = limit},
                                 [](session& s) { s.execute("SELECT 1"); }),
                    deadline_exceeded);
    with_session(proxy.config(), {.deadline = limit}, [](session&) {});
  }
  CHECK(proxy.connections() == 0);
  pqscope::connection conn{proxy.config()};
  CHECK_THROWS_AS(with_session(conn, {.deadline = 0s},
                               [](session& s) { s.execute("INSERT INTO t VALUES (1)"); }),
                  deadline_exceeded);
  CHECK(proxy.round_trips() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("a deadline that expires before the commit rolls back") {
  scratch here;
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn, {.deadline = 50ms},
                               [&](session& s) {
                                 s.execute("INSERT INTO t VALUES (1)");
                                 here.outside.text("SELECT pg_sleep(0.06)");
                               }),
                  deadline_exceeded);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("a session limits its operations as a connection does, until its end") {
  pqscope::connection conn{support::test_config()};
  conn.deadline(40ms);
  auto const sleeps = [](session& s) { s.execute("SELECT pg_sleep(30)"); };
  with_session(conn, [&](session& s) {
    s.deadline(20s);
    s.execute("SELECT pg_sleep(0.06)");
    with_session(s, [&](session& nested) {
      nested.deadline(20ms);
      CHECK_THROWS_AS(sleeps(nested), deadline_exceeded);
      nested.rollback();
    });
    s.execute("SELECT pg_sleep(0.06)");
    s.deadline(std::chrono::steady_clock::now() + 30ms);
    CHECK_THROWS_AS(sleeps(s), deadline_exceeded);
    s.rollback();
    CHECK_THROWS_AS(s.deadline(1s), pqscope::usage_error);
  });
  CHECK_THROWS_AS(conn.execute("SELECT pg_sleep(30)"), deadline_exceeded);
  with_session(conn, {.deadline = 40ms}, [&](session& s) {
    s.deadline(20s);
    CHECK_THROWS_AS(sleeps(s), deadline_exceeded);
    s.rollback();
  });
  with_session(conn, [&](session& s) {
    s.deadline(20s).deadline(std::nullopt);
    CHECK_THROWS_AS(sleeps(s), deadline_exceeded);
    s.rollback();
  });
  support::ensure_usable(conn);
}

TEST_CASE("after its deadline a scope can still be left by rollback") {
  pqscope::connection conn{support::test_config()};
  with_session(conn, {.deadline = 30ms}, [](session& s) {
    CHECK_THROWS_AS(s.execute("SELECT pg_sleep(30)"), deadline_exceeded);
    s.rollback();
  });
  support::ensure_usable(conn);
}

TEST_CASE("a deadline beyond what the clock can tell is none") {
  pqscope::connection conn{support::test_config()};
  with_session(conn, {.deadline = std::chrono::nanoseconds::max()},
               [](session& s) { s.execute("SELECT 1"); });
  with_session(support::test_config(), {.deadline = std::chrono::nanoseconds::max()},
               [](session& s) { s.execute("SELECT 1"); });
  support::ensure_usable(conn);
}

TEST_CASE("a nested deadline ends with its scope, and cannot extend the outer one") {
  pqscope::connection conn{support::test_config()};
  stopwatch const watch;
  with_session(conn, {.deadline = 20s}, [](session& s) {
    CHECK_THROWS_AS(
        with_session(s, {.deadline = 50ms}, [](session& n) { n.execute("SELECT pg_sleep(30)"); }),
        deadline_exceeded);
    s.execute("SELECT pg_sleep(0.06)");
  });
  CHECK_THROWS_AS(with_session(conn, {.deadline = 50ms},
                               [](session& s) {
                                 with_session(s, {.deadline = 20s},
                                              [](session& n) { n.execute("SELECT pg_sleep(30)"); });
                               }),
                  deadline_exceeded);
  CHECK(watch.elapsed() < 10s);
  support::ensure_usable(conn);
}

TEST_CASE("the limits of a connection hold in its scopes and are its own again afterwards") {
  pqscope::connection conn{support::test_config()};
  std::stop_source mine;
  conn.deadline(50ms).stop_on(mine.get_token());
  CHECK_THROWS_AS(
      with_session(conn, {.deadline = 20s}, [](session& s) { s.execute("SELECT pg_sleep(30)"); }),
      deadline_exceeded);
  std::stop_source theirs;
  with_session(conn, {.deadline = 20s, .stop = theirs.get_token()},
               [](session& s) { s.execute("SELECT 1"); });
  CHECK_THROWS_AS(with_session(conn, {.stop = theirs.get_token()}, [](session&) { throw 1; }), int);
  theirs.request_stop();
  CHECK_THROWS_AS(conn.execute("SELECT pg_sleep(30)"), deadline_exceeded);
  mine.request_stop();
  CHECK_THROWS_AS(conn.execute("SELECT 1"), operation_cancelled);
  support::ensure_usable(conn);
}

TEST_CASE("a stop request cancels what a scope does; that of the connection does so too") {
  scratch here;
  for (bool const of_connection : {false, true}) {
    pqscope::connection conn{here.db()};
    std::stop_source one;
    std::stop_source other;
    conn.stop_on(one.get_token());
    std::jthread const stopper{[&] {
      await_sleeper(here.schema);
      (of_connection ? one : other).request_stop();
    }};
    stopwatch const watch;
    CHECK_THROWS_AS(with_session(conn, {.stop = other.get_token()},
                                 [](session& s) { s.execute("SELECT pg_sleep(30)"); }),
                    operation_cancelled);
    CHECK(watch.elapsed() < 10s);
    support::ensure_usable(conn);
  }
}

TEST_CASE("a scope that is stopped beforehand sends nothing") {
  scratch here;
  pqscope::testing::faulty_proxy proxy{here.db()};
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(with_session(proxy.config(), {.stop = stop.get_token()},
                               [](session& s) { s.execute("SELECT 1"); }),
                  operation_cancelled);
  CHECK(proxy.connections() == 0);
}

TEST_CASE("a statement timeout is the server's, rides with BEGIN and ends with the scope") {
  pqscope::connection conn{support::test_config()};
  auto const before = conn.query<std::string>("SHOW statement_timeout").one();
  CHECK_THROWS_AS(with_session(conn, {.statement_timeout = 30ms},
                               [](session& s) { s.execute("SELECT pg_sleep(30)"); }),
                  pqscope::query_canceled);
  CHECK(conn.query<std::string>("SHOW statement_timeout").one() == before);
  with_session(conn, {.statement_timeout = 30ms}, [](session& s) { s.execute("SELECT 1"); });
  CHECK(conn.query<std::string>("SHOW statement_timeout").one() == before);
  CHECK_THROWS_AS(with_session(conn, {.statement_timeout = -1ms}, [](session&) {}),
                  pqscope::usage_error);
  support::ensure_usable(conn);
}

TEST_CASE("a session's canceller ends its statement") {
  scratch here;
  pqscope::connection conn{here.db()};
  with_session(conn, [&](session& s) {
    std::jthread const other{[&, cancel = s.canceller()] {
      await_sleeper(here.schema);
      cancel.cancel();
    }};
    CHECK_THROWS_AS(s.execute("SELECT pg_sleep(30)"), pqscope::query_canceled);
    s.rollback();
  });
  support::ensure_usable(conn);
}
