// Faults around a COMMIT that shares its round trip with what was deferred.

#include <pqscope/connection/connection.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/resolve.hpp>
#include <pqscope/unique_session.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"
#include "support/scripted_server.hpp"

using pqscope::commit_in_doubt;
using pqscope::on_in_doubt;
using pqscope::session;
using pqscope::with_session;
using pqscope::testing::faulty_proxy;
using support::scratch;

using namespace std::chrono_literals;

TEST_CASE("a COMMIT that was lost on the way with deferred statements is never a success") {
  bool const carried_out = GENERATE(false, true);
  scratch here;
  faulty_proxy proxy{here.db()};
  pqscope::connection conn{proxy.config()};
  carried_out ? proxy.cut_after("COMMIT") : proxy.cut_before("COMMIT");
  std::vector<std::string> hooks;
  try {
    with_session(conn, [&](session& s) {
      s.after_commit([&] { hooks.emplace_back("committed"); });
      s.after_rollback([&] { hooks.emplace_back("rolled back"); });
      s.defer("INSERT INTO t VALUES (1)");
    });
    FAIL("a doubtful commit was reported as a success");
  } catch (commit_in_doubt const& doubt) {
    auto const told = pqscope::resolve(here.db(), doubt, 10s);
    CHECK(told == (doubt.transaction_id()
                       ? carried_out ? pqscope::resolution::committed : pqscope::resolution::aborted
                       : pqscope::resolution::unknown));
  }
  CHECK(hooks.empty());
  CHECK(support::eventually([&] { return here.count() == (carried_out ? 1 : 0); }));
}

TEST_CASE("a session that is to resolve its doubts knows its transaction's id before COMMIT") {
  bool const carried_out = GENERATE(false, true);
  scratch here;
  faulty_proxy proxy{here.db()};
  pqscope::connection conn{proxy.config()};
  carried_out ? proxy.cut_after("COMMIT") : proxy.cut_before("COMMIT");
  std::vector<std::string> hooks;
  auto const run = [&] {
    with_session(conn, {.on_in_doubt = on_in_doubt::resolve}, [&](session& s) {
      s.after_commit([&] { hooks.emplace_back("committed"); });
      s.after_rollback([&] { hooks.emplace_back("rolled back"); });
      s.defer("INSERT INTO t VALUES (1)");
    });
  };
  if (carried_out) {
    run();
  } else {
    CHECK_THROWS_AS(run(), pqscope::connection_lost);
  }
  CHECK(hooks == std::vector<std::string>{carried_out ? "committed" : "rolled back"});
  CHECK(here.count() == (carried_out ? 1 : 0));
}

TEST_CASE("that session makes two round trips where all was deferred") {
  scratch here;
  pqscope::connection conn{here.db()};
  auto const before = conn.round_trips();
  with_session(conn, {.on_in_doubt = on_in_doubt::resolve}, [&](session& s) {
    s.defer("INSERT INTO t VALUES (1)");
    s.defer("INSERT INTO t VALUES (2)");
  });
  CHECK(conn.round_trips() == before + 2);
  CHECK(here.count() == 2);
  support::ensure_usable(conn);
}

TEST_CASE("that session tells why it could not begin as any other does") {
  support::scripted_server server;
  pqscope::connection conn{pqscope::config::from_url(server.url())};
  server.answer_to("BEGIN", {support::wire::error_response("ERROR", "0A000", "not on a standby") +
                             support::wire::ready_for_query('I')});
  auto const run = [&] {
    with_session(conn, {.on_in_doubt = on_in_doubt::resolve, .identify = false}, [](session& s) {
      CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::feature_not_supported);
    });
  };
  CHECK_THROWS_AS(run(), pqscope::transaction_rolled_back);
  CHECK(conn.status() == pqscope::connection_status::idle);
}

TEST_CASE("to end that session before one nested in it is held against both") {
  scratch here;
  pqscope::connection conn{here.db()};
  pqscope::unique_session outer{conn, {.on_in_doubt = on_in_doubt::resolve}};
  outer.defer("INSERT INTO t VALUES (1)");
  {
    pqscope::unique_session inner{outer};
    inner.execute("INSERT INTO t VALUES (2)");
    CHECK_THROWS_AS(outer.commit(), pqscope::usage_error);
    CHECK_THROWS_AS(inner.execute("INSERT INTO t VALUES (3)"), pqscope::usage_error);
  }
  outer.rollback();
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("a connection that is dead before anything was sent leaves no doubt") {
  scratch here;
  pqscope::connection conn{here.db()};
  int const pid = conn.backend_pid();
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 s.defer("INSERT INTO t VALUES (1)");
                                 here.outside.terminate(pid);
                               }),
                  pqscope::connection_lost);
  CHECK(conn.status() == pqscope::connection_status::broken);
  CHECK(here.count() == 0);
}

TEST_CASE("a deferred statement that is cancelled by the session's deadline undoes the session") {
  scratch here;
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(with_session(conn, {.deadline = 200ms},
                               [&](session& s) {
                                 s.defer("INSERT INTO t VALUES (1)");
                                 s.defer("SELECT pg_sleep(30)");
                               }),
                  pqscope::deadline_exceeded);
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}
