#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing.hpp>
#include <pqscope/testing/temporary_standby.hpp>

#include <atomic>
#include <chrono>
#include <iostream>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/database.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::config;
using pqscope::testing::shutdown_mode;
using pqscope::testing::temporary_cluster;
using pqscope::testing::temporary_standby;
using support::witness;

namespace {

/// Both servers, for the one that is what `attrs` asks for.
config either(config const& a, config const& b, char const* attrs) {
  config both = a;
  both.port.reset();
  both.host = *a.host + ',' + *b.host;
  return both.with("port", std::to_string(*a.port) + ',' + std::to_string(*b.port))
      .with("target_session_attrs", attrs);
}

/// Has the primary confirm a commit only once the standby has it.
void make_synchronous(witness& primary) {
  primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  primary.execute("SELECT pg_reload_conf()");
  REQUIRE(support::eventually(
      [&] { return primary.text("SELECT sync_state FROM pg_stat_replication") == "sync"; }));
}

}  // namespace

TEST_CASE(
    "when a primary dies and its standby is promoted, writers go on there, nothing acknowledged is "
    "lost, and readers never stop") {
  temporary_cluster primary;
  witness before{primary.url()};
  before.execute("CREATE TABLE entry (name text NOT NULL)");
  temporary_standby standby{primary};
  make_synchronous(before);
  standby.wait_for_replay();

  pqscope::engine db{either(primary.config(), standby.config(), "read-write"),
                     {.pool = {.max_size = 4, .acquire_timeout = 30s},
                      .replicas = {standby.config()},
                      .replica_timeout = 500ms}};
  std::atomic<bool> stop{false};
  std::atomic<bool> promoted{false};
  std::mutex mutex;
  std::set<std::string> acknowledged;
  std::chrono::steady_clock::time_point first_after{};
  std::atomic<int> reads{0};
  std::atomic<int> failed_reads{0};
  std::chrono::nanoseconds longest_read{0};

  auto const write = [&](int writer) {
    for (int n = 0; !stop; ++n) {
      std::string const name = std::to_string(writer) + ':' + std::to_string(n);
      bool const on_new = promoted;
      try {
        pqscope::with_session(
            db,
            {.retry = {.attempts = 5},
             .deadline = 20s,
             .on_in_doubt = pqscope::on_in_doubt::resolve},
            [&](pqscope::session& s) { s.execute("INSERT INTO entry VALUES ($1)", name); });
        std::scoped_lock const lock{mutex};
        acknowledged.insert(name);
        if (on_new && first_after == std::chrono::steady_clock::time_point{}) {
          first_after = std::chrono::steady_clock::now();
        }
      } catch (pqscope::error const&) {  // not acknowledged
      }
    }
  };
  auto const read = [&] {
    while (!stop) {
      auto const start = std::chrono::steady_clock::now();
      try {
        pqscope::with_session(db.reader(), {.retry = {.attempts = 5}}, [](pqscope::session& s) {
          return s.query<std::int64_t>("SELECT count(*) FROM entry").one();
        });
        ++reads;
      } catch (pqscope::error const&) {
        ++failed_reads;
      }
      std::scoped_lock const lock{mutex};
      longest_read = std::max<std::chrono::nanoseconds>(longest_read,
                                                        std::chrono::steady_clock::now() - start);
    }
  };

  std::chrono::steady_clock::time_point died;
  {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < 3; ++writer) {
      threads.emplace_back([&, writer] { write(writer); });
    }
    threads.emplace_back(read);
    auto const written = [&] {
      std::scoped_lock const lock{mutex};
      return acknowledged.size();
    };
    CHECK(support::eventually([&] { return written() > 200; }));
    died = std::chrono::steady_clock::now();
    primary.stop(shutdown_mode::immediate);
    standby.promote();
    promoted = true;
    std::size_t const at_promotion = written();
    CHECK(support::eventually([&] { return written() > at_promotion + 200; }, 30s));
    stop = true;
  }

  witness after{standby.url()};
  std::vector<std::string> const rows = after.column("SELECT name FROM entry");
  std::set<std::string> const there(rows.begin(), rows.end());
  int lost = 0;
  for (std::string const& name : acknowledged) {
    lost += there.contains(name) ? 0 : 1;
  }
  auto const pause = std::chrono::duration_cast<std::chrono::milliseconds>(first_after - died);
  std::cout << "fail-over: " << acknowledged.size() << " acknowledged, " << lost
            << " lost, writers on "
            << "the new primary " << pause.count() << " ms after the old one was stopped; " << reads
            << " reads, the longest "
            << std::chrono::duration_cast<std::chrono::milliseconds>(longest_read).count()
            << " ms\n"
            << std::flush;
  CHECK(lost == 0);
  CHECK(rows.size() == there.size());
  CHECK(failed_reads == 0);
  CHECK(reads > 0);
  CHECK(pause < 15s);
  CHECK(longest_read < 15s);
}

TEST_CASE("a connection whose server has become read-only is replaced after 25006") {
  temporary_cluster primary;
  witness{primary.url()}.execute("CREATE TABLE entry (n int)");
  temporary_standby standby{primary};
  pqscope::pool pool{standby.config(), {.max_size = 3}};
  {
    auto a = pool.acquire();
    auto b = pool.acquire();
    CHECK_THROWS_AS(a->execute("INSERT INTO entry VALUES (1)"), pqscope::read_only_sql_transaction);
  }
  // the server says that it is a standby: all connections as old are replaced, not just this one
  CHECK(pool.stats().size == 0);
  CHECK(pool.stats().retired == 1);

  pqscope::pool writers{either(primary.config(), standby.config(), "read-write"), {.max_size = 2}};
  auto conn = writers.acquire();
  CHECK(conn->execute("INSERT INTO entry VALUES (1)").affected_rows() == 1);
}

TEST_CASE(
    "a statement refused by a read-only transaction of the program's own costs one connection") {
  pqscope::pool pool{support::test_config(), {.max_size = 2}};
  auto other = pool.acquire();
  {
    auto lease = pool.acquire();
    pqscope::transaction tx{*lease, {.access = pqscope::access::read_only}};
    CHECK_THROWS_AS(tx.execute("CREATE TABLE nowhere (n int)"), pqscope::read_only_sql_transaction);
    tx.rollback();
  }
  CHECK(pool.stats().size == 1);
  CHECK(pool.stats().retired == 0);
  other.release();
  auto again = pool.acquire();
  CHECK(again->query<int>("SELECT 1").one() == 1);
  CHECK(pool.stats().connects == 2);
}

TEST_CASE("a reader's statement that would write costs a replica one connection, not all of them") {
  temporary_cluster primary;
  temporary_standby standby{primary};
  pqscope::engine db{primary.config(), {.pool = {.max_size = 3}, .replicas = {standby.config()}}};
  auto held = db.reader().begin();
  held.execute("SELECT 1");
  CHECK_THROWS_AS(
      with_session(db.reader(), [](pqscope::session& s) { s.execute("CREATE TABLE t (n int)"); }),
      pqscope::read_only_sql_transaction);
  held.commit();
  CHECK(db.stats().replicas.at(0).retired == 0);
  CHECK(db.stats().replicas.at(0).idle == 1);
  CHECK(db.stats().replicas.at(0).discarded == 1);
}

TEST_CASE("readers use the replicas in turn, and the primary when none can be reached") {
  temporary_cluster primary;
  temporary_standby standby{primary};
  pqscope::engine db{
      primary.config(),
      {.pool = {.max_size = 2}, .replicas = {standby.config()}, .replica_pause = 0s}};
  auto const on_standby = [&] {
    return pqscope::with_session(db.reader(), {.retry = {.attempts = 3}}, [](pqscope::session& s) {
      return s.query<bool>("SELECT pg_is_in_recovery()").one();
    });
  };
  CHECK(on_standby());
  CHECK(db.stats().primary.size == 0);
  standby.stop(shutdown_mode::immediate);
  CHECK_FALSE(on_standby());
  standby.start();
  CHECK(support::eventually(on_standby));
  CHECK_THROWS_AS(
      pqscope::with_session(db.reader(),
                            [](pqscope::session& s) { s.execute("CREATE TABLE nowhere (n int)"); }),
      pqscope::read_only_sql_transaction);
}
