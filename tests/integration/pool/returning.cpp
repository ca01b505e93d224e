#include <libpq-fe.h>
#include <pqscope/pool/pool.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "integration/pool/pool_db.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::connection_status;
using pqscope::lease;
using pqscope::pool;
using pqscope::usage_error;
using pqscope::testing::recorder;
using support::pool_db;

namespace {

/// A pool of one connection, and what its observer was told.
struct small_pool {
  recorder log;
  pool db;

  explicit small_pool(pqscope::config const& to = support::test_config())
      : db{to, {.max_size = 1, .observer = &log}} {}

  int pid() { return db.acquire()->backend_pid(); }
  bool was_told(std::string const& part) const {
    auto const all = log.problems();
    return std::any_of(all.begin(), all.end(), [&](std::string const& each) {
      return each.find(part) != std::string::npos;
    });
  }
  bool was_sent(std::string const& text) const {
    auto const all = log.details();
    return std::any_of(all.begin(), all.end(), [&](auto const& each) { return each.text == text; });
  }
};

}  // namespace

TEST_CASE("a transaction left open is rolled back, and the same connection used again") {
  small_pool p;
  int pid = 0;
  unsigned line = 0;
  {
    lease const conn = p.db.acquire();
    line = __LINE__ - 1;
    pid = conn->backend_pid();
    conn->execute("BEGIN");
    conn->execute("CREATE TEMP TABLE left_open (n int)");
  }
  {
    lease const conn = p.db.acquire();
    CHECK(conn->backend_pid() == pid);
    CHECK(conn->status() == connection_status::idle);
    CHECK(conn->query<bool>("SELECT to_regclass('pg_temp.left_open') IS NULL").one());
    support::ensure_usable(*conn);
  }
  CHECK(p.db.stats().rolled_back == 1);
  CHECK(p.db.stats().discarded == 0);
  CHECK(p.log.problems().size() == 1);
  CHECK(p.was_told("inside a transaction"));
  CHECK(p.was_told("returning.cpp:" + std::to_string(line)));
  support::ensure_whole(p.db);
}

TEST_CASE("a failed transaction is rolled back, and the same connection used again") {
  small_pool p;
  int pid = 0;
  {
    lease const conn = p.db.acquire();
    pid = conn->backend_pid();
    conn->execute("BEGIN");
    CHECK_THROWS_AS(conn->execute("SELECT 1/0"), pqscope::division_by_zero);
    CHECK(conn->status() == connection_status::in_failed_transaction);
  }
  CHECK(p.pid() == pid);
  CHECK(p.db.stats().rolled_back == 1);
  CHECK(p.was_told("inside a transaction"));
  support::ensure_whole(p.db);
}

TEST_CASE("a connection in the middle of a statement is replaced") {
  small_pool p;
  int pid = 0;
  {
    lease const conn = p.db.acquire();
    pid = conn->backend_pid();
    REQUIRE(PQsendQuery(conn->native_handle(), "SELECT 1") == 1);
    CHECK(conn->status() == connection_status::busy);
  }
  CHECK(p.db.stats().size == 0);
  CHECK(p.db.stats().discarded == 1);
  CHECK(p.was_told("in the middle of a statement"));
  CHECK(p.pid() != pid);
  support::ensure_whole(p.db);
}

TEST_CASE("a connection in the middle of a COPY is replaced") {
  small_pool p;
  int pid = 0;
  {
    lease const conn = p.db.acquire();
    pid = conn->backend_pid();
    conn->execute("CREATE TEMP TABLE t (n int)");
    REQUIRE(PQsendQuery(conn->native_handle(), "COPY t FROM STDIN") == 1);
  }
  CHECK(p.pid() != pid);
  CHECK(p.db.stats().discarded == 1);
  support::ensure_whole(p.db);
}

TEST_CASE("a connection in pipeline mode is not handed out again") {
  small_pool p;
  {
    lease const conn = p.db.acquire();
    REQUIRE(PQenterPipelineMode(conn->native_handle()) == 1);
  }
  lease const conn = p.db.acquire();
  REQUIRE(PQpipelineStatus(conn->native_handle()) == PQ_PIPELINE_OFF);
  support::ensure_usable(*conn);
}

TEST_CASE("a connection moved out of its lease goes on, and leaves its place to another") {
  small_pool p;
  std::optional<pqscope::connection> mine;
  {
    lease const conn = p.db.acquire();
    mine.emplace(std::move(*conn));
    CHECK_THROWS_AS(conn->execute("SELECT 1"), pqscope::connection_closed);
  }
  CHECK(p.db.stats().size == 0);
  CHECK(p.pid() != mine->backend_pid());
  support::ensure_usable(*mine);
  support::ensure_whole(p.db);
}

TEST_CASE("another connection moved into a lease is not taken for the pool's") {
  small_pool p;
  pqscope::connection other{support::test_config()};
  int const pid = other.backend_pid();
  other.execute("SET application_name = 'somebody else'");
  {
    lease const conn = p.db.acquire();
    *conn = std::move(other);
    CHECK(conn->backend_pid() == pid);
  }
  lease const conn = p.db.acquire();
  CHECK(conn->query<std::string>("SHOW application_name").one() != "somebody else");
  support::ensure_usable(*conn);
}

TEST_CASE("a connection that was closed leaves its place to another") {
  small_pool p;
  {
    lease const conn = p.db.acquire();
    conn->close();
  }
  CHECK(p.db.stats().size == 0);
  CHECK(p.db.stats().lost == 1);
  support::ensure_whole(p.db);
}

TEST_CASE("a connection released to libpq leaves its place to another") {
  small_pool p;
  PGconn* raw = nullptr;
  {
    lease const conn = p.db.acquire();
    raw = std::move(*conn).release();
  }
  CHECK(p.db.stats().size == 0);
  CHECK(p.pid() != PQbackendPID(raw));
  CHECK(PQstatus(raw) == CONNECTION_OK);
  PQfinish(raw);
  support::ensure_whole(p.db);
}

TEST_CASE("a connection lost in use is replaced") {
  small_pool p;
  support::witness outside;
  int pid = 0;
  {
    lease const conn = p.db.acquire();
    pid = conn->backend_pid();
    outside.terminate(pid);
    CHECK_THROWS_AS(conn->execute("SELECT 1"), pqscope::error);
    CHECK(conn->status() == connection_status::broken);
  }
  CHECK(p.db.stats().lost == 1);
  CHECK(p.pid() != pid);
  support::ensure_whole(p.db);
}

TEST_CASE("a transaction that outlives its lease has ended, and sends nothing") {
  small_pool p;
  std::optional<pqscope::transaction> tx;
  std::optional<pqscope::savepoint> inner;
  int pid = 0;
  {
    lease const conn = p.db.acquire();
    pid = conn->backend_pid();
    tx.emplace(*conn);
    tx->execute("CREATE TEMP TABLE of_the_first (n int)");
    inner.emplace(*tx);
    inner->execute("SELECT 1");
  }
  lease const conn = p.db.acquire();
  CHECK(conn->backend_pid() == pid);
  p.log.clear();
  CHECK_THROWS_AS(inner->execute("SELECT 'late'"), usage_error);
  CHECK_THROWS_AS(tx->execute("SELECT 'late'"), usage_error);
  CHECK_THROWS_AS(tx->commit(), usage_error);
  CHECK_THROWS_AS(tx->rollback(), usage_error);
  inner.reset();
  tx.reset();
  CHECK(p.log.details().empty());
  CHECK(p.log.round_trips() == 0);
  CHECK(conn->query<bool>("SELECT to_regclass('pg_temp.of_the_first') IS NULL").one());
  support::ensure_usable(*conn);
}

TEST_CASE("a transaction that outlives its lease disturbs none of the next user's") {
  small_pool p;
  std::optional<pqscope::transaction> stray;
  {
    lease const conn = p.db.acquire();
    stray.emplace(*conn);
    stray->execute("SELECT 1");
  }
  lease const conn = p.db.acquire();
  pqscope::transaction tx{*conn};
  tx.execute("CREATE TEMP TABLE mine (n int)");
  stray.reset();
  tx.execute("INSERT INTO mine VALUES (1)");
  tx.commit();
  CHECK(conn->query<int>("SELECT n FROM mine").one() == 1);
  support::ensure_usable(*conn);
}

TEST_CASE("a transaction that has sent nothing leaves nothing behind when its lease ends") {
  small_pool p;
  std::optional<pqscope::transaction> tx;
  {
    lease const conn = p.db.acquire();
    tx.emplace(*conn);
  }
  CHECK(p.db.stats().rolled_back == 0);
  lease const conn = p.db.acquire();
  conn->execute("SELECT 1");
  CHECK(conn->status() == connection_status::idle);
  CHECK_FALSE(p.was_sent("BEGIN"));
  CHECK_THROWS_AS(tx->execute("SELECT 1"), usage_error);
  tx.reset();
  support::ensure_usable(*conn);
}

TEST_CASE("a transaction may outlive a connection that the pool has closed, and the pool") {
  std::optional<pqscope::transaction> of_closed;
  std::optional<pqscope::transaction> of_busy;
  {
    pool db{support::test_config(), {.max_size = 2}};
    lease a = db.acquire();
    lease b = db.acquire();
    of_closed.emplace(*a);
    of_closed->execute("SELECT 1");
    of_busy.emplace(*b);
    of_busy->execute("SELECT 1");
    REQUIRE(PQsendQuery(b->native_handle(), "SELECT 1") == 1);
    db.drain();
    a.release();
    b.release();
    CHECK(db.stats().size == 0);
  }
  CHECK_THROWS_AS(of_closed->execute("SELECT 1"), usage_error);
  CHECK_THROWS_AS(of_busy->execute("SELECT 1"), usage_error);
  of_closed.reset();
  of_busy.reset();
}

TEST_CASE("limits, stop tokens, observers and notice handlers of the last user are gone") {
  small_pool p;
  recorder other;
  int heard = 0;
  std::stop_source stop;
  {
    lease const conn = p.db.acquire();
    conn->deadline(std::chrono::steady_clock::now() - 1s).deadline(0ns).stop_on(stop.get_token());
    conn->on_notice([&](pqscope::diagnostics const&) { ++heard; });
    conn->observe(&other);
    stop.request_stop();
  }
  p.log.clear();
  lease const conn = p.db.acquire();
  conn->execute("DO $$ BEGIN RAISE NOTICE 'hear'; END $$");
  CHECK(heard == 0);
  CHECK(other.details().empty());
  CHECK(other.notices().empty());
  CHECK(p.log.notices() == std::vector<std::string>{"hear"});
  CHECK(p.log.statements().size() == 1);
  CHECK(p.db.stats().connects == 1);
  support::ensure_usable(*conn);
}

TEST_CASE("a transaction of a user with limits that have passed is rolled back all the same") {
  small_pool p;
  int pid = 0;
  std::stop_source stop;
  {
    lease const conn = p.db.acquire();
    pid = conn->backend_pid();
    conn->execute("BEGIN");
    conn->deadline(0ns).stop_on(stop.get_token());
    stop.request_stop();
  }
  CHECK(p.db.stats().rolled_back == 1);
  CHECK(p.pid() == pid);
  support::ensure_whole(p.db);
}

TEST_CASE("limits and notice handlers of after_connect stay") {
  int heard = 0;
  pool db{support::test_config(), {.max_size = 1, .after_connect = [&](pqscope::connection& conn) {
                                     conn.deadline(50ms);
                                     conn.on_notice([&](pqscope::diagnostics const&) { ++heard; });
                                   }}};
  for (int use = 1; use <= 3; ++use) {
    lease const conn = db.acquire();
    conn->on_notice([](pqscope::diagnostics const&) {});
    conn->execute("DO $$ BEGIN RAISE NOTICE 'hear'; END $$");
    CHECK(heard == use);
    CHECK_THROWS_AS(conn->execute("SELECT pg_sleep(30)"), pqscope::deadline_exceeded);
    conn->deadline(std::nullopt);
  }
  CHECK(db.stats().connects == 1);
}

TEST_CASE("a canceller kept from the last user cancels nothing of the next") {
  small_pool p;
  support::pool_db here;
  std::optional<pqscope::canceller> kept;
  int pid = 0;
  {
    lease const conn = p.db.acquire();
    kept = conn->canceller();
    pid = conn->backend_pid();
    conn->execute("SELECT 1");
  }
  lease const conn = p.db.acquire();
  REQUIRE(conn->backend_pid() == pid);
  here.outside.execute("SELECT pg_advisory_lock(" + std::to_string(pid) + ")");
  std::string how;
  std::jthread working{[&] {
    how = support::outcome_of([&] { conn->execute("SELECT pg_advisory_lock($1)", pid); });
  }};
  CHECK(here.comes_to_work(pid));
  CHECK_FALSE(kept->cancel());
  here.outside.execute("SELECT pg_advisory_unlock(" + std::to_string(pid) + ")");
  working.join();
  CHECK(how == "done");
  conn->execute("SELECT pg_advisory_unlock_all()");
  support::ensure_usable(*conn);
}

TEST_CASE("the next user's own canceller works where one was kept from the last") {
  small_pool p;
  support::pool_db here;
  std::optional<pqscope::canceller> kept = p.db.acquire()->canceller();
  lease const conn = p.db.acquire();
  pqscope::canceller const own = conn->canceller();
  int const pid = conn->backend_pid();
  std::string how;
  std::jthread working{
      [&] { how = support::outcome_of([&] { conn->execute("SELECT pg_sleep(30)"); }); }};
  CHECK(here.comes_to_work(pid));
  CHECK(own.cancel());
  working.join();
  CHECK(how.find("cancel") != std::string::npos);
  support::ensure_usable(*conn);
}

TEST_CASE("a connection whose rollback fails is replaced, and its place is not lost") {
  pool_db here;
  pqscope::testing::faulty_proxy proxy{here.config()};
  small_pool p{proxy.config()};
  int pid = 0;
  {
    lease const conn = p.db.acquire();
    pid = conn->backend_pid();
    conn->execute("BEGIN");
    proxy.cut_before("ROLLBACK");
  }
  CHECK(proxy.armed() == 0);
  CHECK(p.db.stats().size == 0);
  CHECK(p.db.stats().rolled_back == 0);
  CHECK(p.db.stats().discarded + p.db.stats().lost == 1);
  CHECK(p.was_told("could not be cleaned"));
  CHECK(p.pid() != pid);
  support::ensure_whole(p.db);
}

TEST_CASE("a rollback that takes too long costs the connection, in the time allowed") {
  pool_db here;
  pqscope::testing::faulty_proxy proxy{here.config()};
  pool db{proxy.config(), {.max_size = 1, .reset_timeout = 50ms}};
  int pid = 0;
  auto const start = std::chrono::steady_clock::now();
  {
    lease const conn = db.acquire();
    pid = conn->backend_pid();
    conn->execute("BEGIN");
    proxy.stall_before("ROLLBACK");
  }
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(db.stats().size == 0);
  CHECK(db.acquire()->backend_pid() != pid);
  support::ensure_whole(db);
}

TEST_CASE("giving a connection back twice does nothing") {
  small_pool p;
  lease conn = p.db.acquire();
  conn.release();
  conn.release();
  CHECK_FALSE(conn);
  CHECK(p.db.stats().idle == 1);
  CHECK(p.db.stats().in_use == 0);
  CHECK_THROWS_AS(conn->execute("SELECT 1"), usage_error);
  lease other = p.db.acquire();
  conn.release();
  CHECK(p.db.stats().in_use == 1);
  support::ensure_usable(*other);
}

TEST_CASE("a lease that another one is assigned to gives its own connection back") {
  pool db{support::test_config(), {.max_size = 2}};
  lease a = db.acquire();
  lease b = db.acquire();
  int const pid = b->backend_pid();
  a = std::move(b);
  CHECK(db.stats().in_use == 1);
  CHECK(a->backend_pid() == pid);
  lease& self = a;
  a = std::move(self);
  CHECK(a->backend_pid() == pid);
  a = lease{};
  CHECK(db.stats().in_use == 0);
  support::ensure_whole(db);
}
