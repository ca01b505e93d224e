#include <pqscope/connection/connection.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "integration/session/scratch.hpp"

using pqscope::session;
using pqscope::with_session;
using pqscope::testing::faulty_proxy;
using support::scratch;

using namespace std::chrono_literals;

namespace {

class stopwatch {
 public:
  auto elapsed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

TEST_CASE("the deadline of a scope ends connecting to a deaf server") {
  scratch here;
  faulty_proxy proxy{here.db()};
  proxy.stall();
  stopwatch const watch;
  CHECK_THROWS_AS(with_session(proxy.config(), {.retry = {.attempts = 3}, .deadline = 150ms},
                               [](session& s) { s.execute("SELECT 1"); }),
                  pqscope::deadline_exceeded);
  CHECK(watch.elapsed() >= 150ms);
  CHECK(watch.elapsed() < 3s);
}

TEST_CASE("the deadline of a scope ends waiting for a server that fell silent") {
  scratch here;
  faulty_proxy proxy{here.db()};
  proxy.stall_before("INSERT");
  stopwatch const watch;
  CHECK_THROWS_AS(with_session(proxy.config(), {.deadline = 150ms},
                               [](session& s) { s.execute("INSERT INTO t VALUES (1)"); }),
                  pqscope::deadline_exceeded);
  CHECK(watch.elapsed() < 8s);
  CHECK(here.count() == 0);
}

TEST_CASE("a COMMIT whose answer does not come by the deadline is in doubt") {
  scratch here;
  faulty_proxy proxy{here.db()};
  proxy.stall_after("COMMIT");
  stopwatch const watch;
  CHECK_THROWS_AS(with_session(proxy.config(), {.deadline = 150ms},
                               [](session& s) { s.execute("INSERT INTO t VALUES (1)"); }),
                  pqscope::commit_in_doubt);
  CHECK(watch.elapsed() < 8s);
  CHECK(here.count() == 1);
}

TEST_CASE("a COMMIT held up until the deadline and cancelled then is no success") {
  scratch here;
  here.outside.execute("ALTER TABLE " + here.table() +
                       " ADD CONSTRAINT slow EXCLUDE (v WITH =) DEFERRABLE INITIALLY DEFERRED");
  pqscope::connection blocker{here.db()};
  blocker.execute("BEGIN");
  blocker.execute("INSERT INTO t VALUES (1, 1)");
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn, {.deadline = 150ms},
                               [](session& s) { s.execute("INSERT INTO t VALUES (2, 1)"); }),
                  pqscope::deadline_exceeded);
  CHECK(conn.status() == pqscope::connection_status::idle);
  blocker.execute("COMMIT");
  CHECK(here.ids() == std::vector<std::string>{"1"});
}
