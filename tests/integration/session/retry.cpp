#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::isolation;
using pqscope::session;
using pqscope::with_session;
using support::scratch;

using namespace std::chrono_literals;

namespace {

void fail_with_40001(session& s) {
  s.execute("DO $$ BEGIN RAISE EXCEPTION 'collided' USING ERRCODE = '40001'; END $$");
}

}  // namespace

TEST_CASE("write skew under serializable fails the second commit, and a second run succeeds") {
  scratch here;
  here.outside.execute("INSERT INTO " + here.table() + " VALUES (1, 1), (2, 1)");
  pqscope::connection first{here.db()};
  pqscope::testing::recorder seen;
  pqscope::connection second{here.db(), {.observer = &seen}};
  std::vector<int> attempts;
  pqscope::session_options const options{
      .isolation = isolation::serializable,
      .retry = {.attempts = 5, .base_delay = 1ms},
  };
  with_session(second, options, [&](session& s) {
    attempts.push_back(s.attempt());
    if (s.query<std::int64_t>("SELECT sum(v) FROM t").one() == 2) {
      s.execute("UPDATE t SET v = 0 WHERE id = 1");
    }
    if (s.attempt() == 1) {
      with_session(first, options, [](session& other) {
        if (other.query<std::int64_t>("SELECT sum(v) FROM t").one() == 2) {
          other.execute("UPDATE t SET v = 0 WHERE id = 2");
        }
      });
    }
  });
  CHECK(attempts == std::vector<int>{1, 2});
  CHECK(here.outside.number("SELECT sum(v) FROM " + here.table()) == 1);
  std::vector<std::string> commits;
  for (auto const& each : seen.details()) {
    if (each.text == "COMMIT") {
      commits.push_back(each.sqlstate);
    }
  }
  CHECK(commits == std::vector<std::string>{"40001", ""});
  support::ensure_usable(first);
  support::ensure_usable(second);
}

TEST_CASE("of two scopes that deadlock one is run again, and both succeed") {
  scratch here;
  here.outside.execute("INSERT INTO " + here.table() + " VALUES (1, 0), (2, 0)");
  std::barrier both{2};
  std::latch one_is_through{1};
  std::vector<int> calls(2);
  auto const transfer = [&](int me) {
    int const other = 1 - me;
    with_session(here.db(), {.retry = {.attempts = 5, .base_delay = 1ms}}, [&](session& s) {
      ++calls[static_cast<std::size_t>(me)];
      if (s.attempt() > 1) {
        one_is_through.wait();  // else it could be ahead of the other once more, and deadlock again
      }
      s.execute("SET LOCAL deadlock_timeout = '20ms'");
      s.execute("UPDATE t SET v = v + 1 WHERE id = $1", me + 1);
      if (s.attempt() == 1) {
        both.arrive_and_wait();
      }
      s.execute("UPDATE t SET v = v + 1 WHERE id = $1", other + 1);
    });
    if (calls[static_cast<std::size_t>(me)] == 1) {
      one_is_through.count_down();
    }
  };
  std::thread beside{transfer, 1};
  transfer(0);
  beside.join();
  CHECK(calls[0] + calls[1] == 3);
  CHECK(here.outside.number("SELECT sum(v) FROM " + here.table()) == 4);
}

TEST_CASE("an error that another run would not mend ends the scope at its first attempt") {
  scratch here;
  pqscope::connection conn{here.db()};
  int calls = 0;
  CHECK_THROWS_AS(with_session(conn, {.retry = {.attempts = 5}},
                               [&](session& s) {
                                 ++calls;
                                 s.execute("INSERT INTO t VALUES (1), (1)");
                               }),
                  pqscope::unique_violation);
  CHECK_THROWS_AS(with_session(conn, {.retry = {.attempts = 5}},
                               [&](session&) {
                                 ++calls;
                                 throw std::runtime_error("mine");
                               }),
                  std::runtime_error);
  CHECK(calls == 2);
  support::ensure_usable(conn);
}

TEST_CASE("when no attempt is left the last error leaves") {
  pqscope::connection conn{support::test_config()};
  int calls = 0;
  try {
    with_session(conn, {.retry = {.attempts = 3, .base_delay = {}}}, [&](session& s) {
      CHECK(s.attempt() == ++calls);
      s.execute(pqscope::dynamic_sql{"DO $$ BEGIN RAISE EXCEPTION 'run " + std::to_string(calls) +
                                     "' USING ERRCODE = '40001'; END $$"});
    });
    FAIL("nothing was thrown");
  } catch (pqscope::serialization_failure const& failure) {
    CHECK(failure.diagnostics().message == "run 3");
  }
  CHECK(calls == 3);
  support::ensure_usable(conn);
}

TEST_CASE("without a policy, and with one of no attempts, work runs once") {
  pqscope::connection conn{support::test_config()};
  for (pqscope::session_options const& options :
       {pqscope::session_options{}, {.retry = {.attempts = 0}}, {.retry = {.attempts = -1}}}) {
    int calls = 0;
    CHECK_THROWS_AS(with_session(conn, options,
                                 [&](session& s) {
                                   ++calls;
                                   fail_with_40001(s);
                                 }),
                    pqscope::serialization_failure);
    CHECK(calls == 1);
  }
  support::ensure_usable(conn);
}

TEST_CASE("a deadline ends the repetitions with the last error") {
  pqscope::connection conn{support::test_config()};
  int calls = 0;
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(
      with_session(conn,
                   {.retry = {.attempts = 1'000'000, .base_delay = 5ms, .max_delay = 5ms},
                    .deadline = 200ms},
                   [&](session& s) {
                     ++calls;
                     fail_with_40001(s);
                   }),
      pqscope::error);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(calls > 1);
  support::ensure_usable(conn);
}

TEST_CASE("a stop request ends the pause before a repetition") {
  pqscope::connection conn{support::test_config()};
  std::stop_source stop;
  auto const start = std::chrono::steady_clock::now();
  int calls = 0;
  std::thread stopper;
  CHECK_THROWS_AS(with_session(conn,
                               {.retry = {.attempts = 100, .base_delay = 1h, .max_delay = 1h},
                                .stop = stop.get_token()},
                               [&](session& s) {
                                 if (++calls == 1) {
                                   stopper = std::thread{[&] { stop.request_stop(); }};
                                 }
                                 fail_with_40001(s);
                               }),
                  pqscope::error);
  stopper.join();
  CHECK(calls == 1);
  CHECK(std::chrono::steady_clock::now() - start < 20s);
  support::ensure_usable(conn);
}

TEST_CASE("each run begins anew: only what the last one did is there, and only its hooks run") {
  scratch here;
  std::vector<int> committed;
  std::vector<int> undone;
  with_session(here.db(), {.retry = {.attempts = 3, .base_delay = {}}}, [&](session& s) {
    int const run = s.attempt();
    s.after_commit([&, run] { committed.push_back(run); });
    s.after_rollback([&, run] { undone.push_back(run); });
    s.execute("INSERT INTO t VALUES ($1)", run);
    if (run < 3) {
      fail_with_40001(s);
    }
  });
  CHECK(here.ids() == std::vector<std::string>{"3"});
  CHECK(committed == std::vector<int>{3});
  CHECK(undone == std::vector<int>{1, 2});
}
