#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/cursor.hpp>
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

using pqscope::dynamic_sql;
using pqscope::testing::faulty_proxy;

using namespace std::chrono_literals;

namespace {

/// Waits until somebody waits for a lock on the table.
bool wait_until_blocked(std::string const& table) {
  support::witness outside;
  return support::eventually([&] {
    return outside.number(
               "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE "
               "a.wait_event_type = 'Lock' AND l.relation = $1::regclass",
               {table}) > 0;
  });
}

/// A table of three rows, of which another transaction holds the second.
struct locked {
  support::scratch here;
  support::witness holder;

  locked() {
    here.outside.execute("INSERT INTO " + here.table() + " VALUES (1), (2), (3)");
    holder.execute("BEGIN; UPDATE " + here.table() + " SET v = 1 WHERE id = 2");
  }
  locked(locked const&) = delete;
  locked& operator=(locked const&) = delete;
  ~locked() { holder.execute("ROLLBACK"); }
};

}  // namespace

TEST_CASE("a backend that dies between the pages of a cursor is told once, with the next page") {
  support::witness outside;
  pqscope::testing::recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};
  int count = 0;
  CHECK_THROWS_AS(pqscope::with_session(conn,
                                        [&](pqscope::session& s) {
                                          for (int const each : s.cursor<int>(
                                                   "SELECT generate_series(1, 9)", {.fetch = 2})) {
                                            count = each;
                                            if (each == 4) {
                                              outside.terminate(s.backend_pid());
                                            }
                                          }
                                        }),
                  pqscope::admin_shutdown);
  CHECK(count == 4);
  CHECK(conn.status() == pqscope::connection_status::broken);
  CHECK(seen.problems().empty());
}

TEST_CASE("a connection cut at any message of a cursor's pages is lost, and closing is silent") {
  int cuts = 0;
  for (int nth = 1; nth < 40; ++nth) {
    faulty_proxy proxy{support::test_config()};
    pqscope::testing::recorder seen;
    pqscope::connection conn{proxy.config(), {.observer = &seen}};
    proxy.cut_before_server_message('C', nth);
    std::optional<pqscope::cursor<int>> held;
    try {
      pqscope::transaction tx{conn};
      held = tx.cursor<int>("SELECT generate_series(1, 5)", {.fetch = 2, .with_hold = true});
      int expected = 0;
      for (int const each : *held) {
        CHECK(each == ++expected);
      }
      CHECK(expected == 5);
      tx.rollback();
    } catch (pqscope::connection_lost const&) {
      ++cuts;
      CHECK(conn.status() == pqscope::connection_status::broken);
      if (held) {
        CHECK_THROWS_AS(held->execute("SELECT 1"), pqscope::connection_lost);
      }
      held.reset();
      CHECK(seen.problems().empty());
      continue;
    }
    proxy.disarm();
    held.reset();
    support::ensure_usable(conn);
    break;
  }
  CHECK(cuts >= 5);
}

TEST_CASE("a deadline that passes while a page waits for a lock fails the transaction alone") {
  locked at;
  pqscope::connection conn{at.here.db()};
  {
    pqscope::transaction tx{conn};
    auto cur = tx.cursor<int>("SELECT id FROM t ORDER BY id FOR UPDATE", {.fetch = 1});
    CHECK(cur.fetch_one() == 1);
    conn.deadline(150ms);
    CHECK_THROWS_AS(cur.fetch_one(), pqscope::deadline_exceeded);
    conn.deadline(std::nullopt);
    CHECK(conn.status() == pqscope::connection_status::in_failed_transaction);
    cur.close();
    tx.rollback();
  }
  support::ensure_usable(conn);
}

TEST_CASE("a deadline that has passed stops a cursor before anything is sent") {
  pqscope::connection conn{support::test_config()};
  {
    pqscope::transaction tx{conn};
    auto cur = tx.cursor<int>("SELECT generate_series(1, 3)", {.fetch = 1});
    conn.deadline(0ms);
    CHECK_THROWS_AS(cur.fetch_one(), pqscope::deadline_exceeded);
    CHECK_THROWS_AS(cur.move(1), pqscope::deadline_exceeded);
    conn.deadline(std::nullopt);
    CHECK(cur.fetch_all().size() == 3);
    tx.commit();
  }
  support::ensure_usable(conn);
}

TEST_CASE("a stop and a cancel end the wait for a page, and the rollback makes all well") {
  for (bool const by_token : {true, false}) {
    locked at;
    pqscope::connection conn{at.here.db()};
    std::stop_source stop;
    conn.stop_on(stop.get_token());
    auto const canceller = conn.canceller();
    std::jthread other{[&] {
      bool const blocked = wait_until_blocked(at.here.table());
      CHECK(blocked);
      if (by_token) {
        stop.request_stop();
      } else {
        CHECK(canceller.cancel());
      }
    }};
    {
      pqscope::transaction tx{conn};
      auto cur = tx.cursor<int>("SELECT id FROM t ORDER BY id FOR UPDATE");
      if (by_token) {
        CHECK_THROWS_AS(cur.fetch_all(), pqscope::operation_cancelled);
      } else {
        CHECK_THROWS_AS(cur.fetch_all(), pqscope::query_canceled);
      }
      other.join();
      conn.stop_on({});
      tx.rollback();
    }
    support::ensure_usable(conn);
  }
}

TEST_CASE("closing a cursor WITH HOLD on a server that fell silent takes its time and no more") {
  faulty_proxy proxy{support::test_config()};
  pqscope::testing::recorder seen;
  pqscope::connection conn{proxy.config(), {.observer = &seen}};
  std::optional<pqscope::cursor<int>> held{conn.cursor<int>("SELECT 1", {.with_hold = true})};
  proxy.stall_before("CLOSE");
  conn.deadline(200ms);
  auto const start = std::chrono::steady_clock::now();
  held.reset();
  CHECK(std::chrono::steady_clock::now() - start < 6s);
  CHECK(seen.problems().size() == 1);
  CHECK(conn.status() == pqscope::connection_status::broken);
}
