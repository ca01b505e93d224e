#include <pqscope/pool/pool.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/transaction.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "integration/pool/pool_db.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::dynamic_sql;
using pqscope::lease;
using pqscope::pool;
using pqscope::reset_policy;
using pqscope::testing::recorder;
using support::pool_db;

namespace {

/// What is left of a session's state.
struct state {
  bool setting = false;
  bool role = false;
  bool table = false;
  bool advisory = false;
  bool cursor = false;
  bool prepared = false;
};

void leave_state(connection& conn) {
  conn.execute("SET statement_timeout = '77s'");
  conn.execute("CREATE TEMP TABLE left_behind (n int)");
  conn.execute("SELECT pg_advisory_lock($1)", conn.backend_pid());
  conn.execute("DECLARE left_open CURSOR WITH HOLD FOR SELECT 1");
  conn.execute("PREPARE left_prepared AS SELECT 1");
  conn.execute("SET ROLE pg_monitor");
}

state state_of(connection& conn) {
  return {
      .setting = conn.query<std::string>("SHOW statement_timeout").one() == "77s",
      .role = conn.query<std::string>("SELECT current_user::text").one() == "pg_monitor",
      .table = conn.query<bool>("SELECT to_regclass('pg_temp.left_behind') IS NOT NULL").one(),
      .advisory = conn.query<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'"
                                   " AND pid = pg_backend_pid())")
                      .one(),
      .cursor =
          conn.query<bool>("SELECT EXISTS (SELECT FROM pg_cursors WHERE name = 'left_open')").one(),
      .prepared = conn.query<bool>("SELECT EXISTS (SELECT FROM pg_prepared_statements"
                                   " WHERE name = 'left_prepared')")
                      .one(),
  };
}

/// What the next user finds of what the last one left.
state found_under(reset_policy policy, bool in_transaction = false) {
  pool db{support::test_config(), {.max_size = 1, .reset = policy}};
  int pid = 0;
  {
    lease const conn = db.acquire();
    pid = conn->backend_pid();
    leave_state(*conn);
    if (in_transaction) {
      conn->execute("BEGIN");
      conn->execute("SET LOCAL work_mem = '1MB'");
    }
  }
  lease const conn = db.acquire();
  REQUIRE(conn->backend_pid() == pid);
  state const found = state_of(*conn);
  support::ensure_usable(*conn);
  return found;
}

bool was_told(recorder const& log, std::string const& part) {
  auto const all = log.problems();
  return std::any_of(all.begin(), all.end(),
                     [&](std::string const& each) { return each.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("without a policy a session's state stays") {
  state const found = found_under(reset_policy::none);
  CHECK(found.setting);
  CHECK(found.role);
  CHECK(found.table);
  CHECK(found.advisory);
  CHECK(found.cursor);
  CHECK(found.prepared);
}

TEST_CASE("a light reset takes back all but prepared statements") {
  state const found = found_under(reset_policy::light, GENERATE(false, true));
  CHECK_FALSE(found.setting);
  CHECK_FALSE(found.role);
  CHECK_FALSE(found.table);
  CHECK_FALSE(found.advisory);
  CHECK_FALSE(found.cursor);
  CHECK(found.prepared);
}

TEST_CASE("DISCARD ALL takes everything back") {
  state const found = found_under(reset_policy::discard_all, GENERATE(false, true));
  CHECK_FALSE(found.setting);
  CHECK_FALSE(found.role);
  CHECK_FALSE(found.table);
  CHECK_FALSE(found.advisory);
  CHECK_FALSE(found.cursor);
  CHECK_FALSE(found.prepared);
}

TEST_CASE("a session that has become another user is its own again after a reset") {
  pool db{support::test_config(),
          {.max_size = 1, .reset = GENERATE(reset_policy::light, reset_policy::discard_all)}};
  std::string user;
  int pid = 0;
  {
    lease const conn = db.acquire();
    pid = conn->backend_pid();
    user = conn->query<std::string>("SELECT session_user::text").one();
    conn->execute("SET SESSION AUTHORIZATION pg_monitor");
  }
  lease const conn = db.acquire();
  CHECK(conn->backend_pid() == pid);
  CHECK(conn->query<std::string>("SELECT session_user::text").one() == user);
  CHECK(conn->query<std::string>("SELECT current_user::text").one() == user);
  support::ensure_usable(*conn);
}

TEST_CASE("a statement carried out before a reset can be carried out after it") {
  pool db{support::test_config(),
          {.max_size = 1,
           .reset = GENERATE(reset_policy::none, reset_policy::light, reset_policy::discard_all)}};
  int pid = 0;
  for (int use = 0; use < 4; ++use) {
    lease const conn = db.acquire();
    pid = use == 0 ? conn->backend_pid() : pid;
    CHECK(conn->backend_pid() == pid);
    for (int i = 0; i < 8; ++i) {
      CHECK(conn->query<int>("SELECT $1::int4 + 1", i).one() == i + 1);
    }
  }
  support::ensure_whole(db);
}

TEST_CASE("a reset keeps the settings that the connection was opened with") {
  pool db{support::test_config().with("options", "-c work_mem=1234kB"),
          {.max_size = 1, .reset = GENERATE(reset_policy::light, reset_policy::discard_all)}};
  db.acquire()->execute("SET work_mem = '4321kB'");
  CHECK(db.acquire()->query<std::string>("SHOW work_mem").one() == "1234kB");
  support::ensure_whole(db);
}

TEST_CASE("a reset costs one round trip, and none without a policy") {
  auto const [policy, trips] =
      GENERATE(std::pair{reset_policy::none, 0}, std::pair{reset_policy::light, 1},
               std::pair{reset_policy::discard_all, 1});
  recorder log;
  pool db{support::test_config(), {.max_size = 1, .reset = policy, .observer = &log}};
  {
    lease const opened = db.acquire();
  }
  log.clear();
  {
    lease const conn = db.acquire();
    conn->execute("SELECT 1");
    log.clear();
  }
  CHECK(log.round_trips() == static_cast<std::size_t>(trips));
  CHECK(log.problems().empty());
  support::ensure_whole(db);
}

TEST_CASE("a LISTEN is undone under every policy, and the observer told") {
  reset_policy const policy =
      GENERATE(reset_policy::none, reset_policy::light, reset_policy::discard_all);
  std::string const how =
      GENERATE("alone", "last in a script", "in a transaction", "in a transaction left open");
  CAPTURE(static_cast<int>(policy), how);
  std::string const channel = support::unique_name("channel");
  recorder log;
  pool db{support::test_config(), {.max_size = 1, .reset = policy, .observer = &log}};
  int pid = 0;
  dynamic_sql const listen{"LISTEN " + channel};
  {
    lease const conn = db.acquire();
    pid = conn->backend_pid();
    if (how == "alone") {
      conn->execute(listen);
    } else if (how == "last in a script") {
      conn->execute_script(dynamic_sql{"SELECT 1; LISTEN " + channel});
    } else if (how == "in a transaction") {
      pqscope::transaction tx{*conn};
      tx.execute(listen);
      tx.execute("SELECT 1");
      tx.commit();
    } else {
      conn->execute("BEGIN");
      conn->execute(listen);
    }
    bool const open = how == "in a transaction left open";
    REQUIRE(open == conn->query<bool>("SELECT NOT EXISTS (SELECT pg_listening_channels())").one());
  }
  CHECK(was_told(log, "LISTEN"));
  CHECK(db.stats().unlistened == 1);
  lease const conn = db.acquire();
  CHECK(conn->backend_pid() == pid);
  CHECK(conn->query<bool>("SELECT NOT EXISTS (SELECT pg_listening_channels())").one());
  support::ensure_usable(*conn);
}

TEST_CASE("a LISTEN that is not the last statement of a script is undone, too") {
  std::string const channel = support::unique_name("channel");
  pool db{support::test_config(), {.max_size = 1}};
  db.acquire()->execute_script(dynamic_sql{"LISTEN " + channel + "; SELECT 1"});
  CHECK(db.stats().unlistened == 1);
  lease const conn = db.acquire();
  CHECK(conn->query<bool>("SELECT NOT EXISTS (SELECT pg_listening_channels())").one());
  support::ensure_usable(*conn);
}

TEST_CASE("a LISTEN that was deferred, or whose script failed behind it, is undone, too") {
  std::string const channel = support::unique_name("channel");
  pool db{support::test_config(), {.max_size = 1}};
  std::string const how = GENERATE(as<std::string>{}, "with a statement", "with the commit",
                                   "in a nested session", "in a pipeline", "in a script");
  INFO(how);
  dynamic_sql const listen{"LISTEN " + channel};
  if (how == "in a script") {
    CHECK_THROWS_AS(db.acquire()->execute_script(
                        dynamic_sql{"BEGIN; LISTEN " + channel + "; COMMIT; SELECT 1 / 0"}),
                    pqscope::division_by_zero);
  } else {
    pqscope::with_session(db, [&](pqscope::session& s) {
      if (how == "in a nested session") {
        pqscope::with_session(s, [&](pqscope::session& inner) { inner.defer(listen); });
        return;
      }
      s.defer(listen);
      if (how == "with a statement") {
        s.execute("SELECT 1");
      } else if (how == "in a pipeline") {
        s.pipeline([](auto& p) { p.execute("SELECT 1"); });
      }
    });
  }
  lease const conn = db.acquire();
  CHECK(conn->query<bool>("SELECT NOT EXISTS (SELECT pg_listening_channels())").one());
  CHECK(db.stats().unlistened == 1);
  support::ensure_usable(*conn);
}

TEST_CASE("who listens to nothing any more has nothing undone") {
  std::string const channel = support::unique_name("channel");
  pool db{support::test_config(), {.max_size = 1}};
  {
    lease const conn = db.acquire();
    conn->execute(dynamic_sql{"LISTEN " + channel});
  }
  CHECK(db.stats().unlistened == 1);
  {
    lease const conn = db.acquire();
  }
  CHECK(db.stats().unlistened == 1);
  support::ensure_whole(db);
}

TEST_CASE("a connection that cannot be reset is replaced, and the observer told") {
  recorder log;
  pool db{support::test_config(),
          {.max_size = 1, .reset = reset_policy::light, .observer = &log, .reset_timeout = 50ms}};
  pool_db here;
  int pid = 0;
  {
    lease const conn = db.acquire();
    pid = conn->backend_pid();
    here.outside.terminate(pid);
  }
  CHECK(db.stats().size == 0);
  CHECK(was_told(log, "could not be cleaned"));
  CHECK(db.acquire()->backend_pid() != pid);
  support::ensure_whole(db);
}
