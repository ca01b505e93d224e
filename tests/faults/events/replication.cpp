#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/events/replication_stream.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/temporary_cluster.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::lsn;
using pqscope::replication_change;
using pqscope::replication_kind;
using pqscope::replication_options;
using pqscope::replication_stream;
using pqscope::testing::faulty_proxy;
using pqscope::testing::shutdown_mode;
using pqscope::testing::temporary_cluster;
using support::ensure_usable;
using support::unique_name;

namespace {

using clock_type = std::chrono::steady_clock;

/// A table that is published, and a slot.
struct published {
  std::string name = unique_name("replicated");
  pqscope::config to;
  std::optional<pqscope::connection> db;

  explicit published(pqscope::config at = support::test_config()) : to{std::move(at)}, db{to} {
    if (db->query<std::string>("SELECT current_setting('wal_level')").one() != "logical") {
      SKIP("the server has no wal_level = logical");
    }
    run("CREATE TABLE " + name + " (id bigint PRIMARY KEY)");
    run("CREATE PUBLICATION " + name + " FOR TABLE " + name);
    pqscope::create_replication_slot(*db, name);
  }
  published(published const&) = delete;
  published& operator=(published const&) = delete;
  ~published() {
    // the server may still be about to find a connection of ours gone
    CHECK(support::eventually([&] {
      try {
        pqscope::drop_replication_slot(*db, name);
        return true;
      } catch (pqscope::object_in_use const&) {
        return false;
      }
    }));
    run("DROP PUBLICATION " + name);
    run("DROP TABLE " + name);
    ensure_usable(*db);
  }

  void run(std::string const& text) { db->execute_script(pqscope::dynamic_sql{text}); }
  void insert(int from, int to_id) {
    run("INSERT INTO " + name + " SELECT generate_series(" + std::to_string(from) + ", " +
        std::to_string(to_id) + ")");
  }
};

/// A stream whose gaps are kept.
struct watched_stream {
  std::vector<pqscope::replication_gap> gaps;
  int lost = 0;
  replication_stream changes;

  watched_stream(pqscope::config const& to, published const& from,
                 std::chrono::milliseconds server_timeout = 60s,
                 pqscope::connection_options how = {})
      : changes{to,
                {.slot = from.name,
                 .publication = from.name,
                 .server_timeout = server_timeout,
                 .connection = std::move(how),
                 .base_delay = 5ms,
                 .max_delay = 20ms,
                 .on_lost = [this](pqscope::connection_lost const&) { ++lost; },
                 .on_reconnect =
                     [this](pqscope::replication_gap const& gap) { gaps.push_back(gap); }}} {}
  watched_stream(watched_stream const&) = delete;
  watched_stream& operator=(watched_stream const&) = delete;
  ~watched_stream() = default;

  /// The next of a kind.
  replication_change next(replication_kind wanted) {
    auto const until = clock_type::now() + 30s;
    bool resumed = false;
    while (auto change = changes.wait_until(until)) {
      resumed = resumed || change->resumed;
      if (change->kind == wanted) {
        change->resumed = resumed;
        return std::move(*change);
      }
    }
    FAIL("no such change has come");
    return {};
  }
  std::int64_t next_id() {
    return next(replication_kind::insert).new_row().get<std::int64_t>("id");
  }
};

}  // namespace

TEST_CASE("a stream that is terminated goes on behind what was confirmed") {
  published table;
  watched_stream watched{table.to, table};
  table.insert(1, 1);
  table.insert(2, 2);
  CHECK(watched.next_id() == 1);
  watched.changes.confirm(watched.next(replication_kind::commit).lsn);
  CHECK(watched.next_id() == 2);
  support::witness{}.terminate(watched.changes.backend_pid());
  replication_change const again = watched.next(replication_kind::begin);
  CHECK(again.resumed);
  CHECK(watched.lost == 1);
  REQUIRE(watched.gaps.size() == 1);
  CHECK(watched.gaps[0].sqlstate == "57P01");
  CHECK(watched.gaps[0].attempts >= 1);
  CHECK(watched.next_id() == 2);
  watched.changes.confirm(watched.next(replication_kind::commit).lsn);
  table.insert(3, 3);
  CHECK(watched.next_id() == 3);
}

TEST_CASE("a connection that is cut within a transaction begins that anew") {
  published table;
  faulty_proxy proxy{table.to};
  watched_stream watched{proxy.config(), table};
  table.insert(1, 1);
  CHECK(watched.next_id() == 1);
  watched.changes.confirm(watched.next(replication_kind::commit).lsn);
  proxy.cut_after_server_message('d', 20);
  table.insert(101, 200);
  int began = 0;
  std::vector<std::int64_t> ids;
  auto const until = clock_type::now() + 30s;
  while (auto const change = watched.changes.wait_until(until)) {
    if (change->kind == replication_kind::begin) {
      CHECK(change->resumed == (began > 0));
      ids.clear();
      ++began;
    } else if (change->kind == replication_kind::insert) {
      ids.push_back(change->new_row().get<std::int64_t>("id"));
    } else if (change->kind == replication_kind::commit) {
      break;
    }
  }
  CHECK(began == 2);
  REQUIRE(ids.size() == 100);
  CHECK(ids.front() == 101);
  CHECK(ids.back() == 200);
  CHECK(watched.lost == 1);
}

TEST_CASE("each transaction arrives whole and in order, however often the connection is cut") {
  published table;
  faulty_proxy proxy{table.to};
  constexpr int transactions = 200;
  for (int i = 0; i < transactions; ++i) {
    table.insert(3 * i, 3 * i + 2);
  }
  std::vector<std::int64_t> all;
  std::vector<std::int64_t> now;
  lsn last{};
  int commits = 0;
  int lost = 0;
  auto const arm = [&] { proxy.cut_after_server_message('d', 60 + lost * 13 % 50); };
  arm();
  replication_stream changes{proxy.config(),
                             {.slot = table.name,
                              .publication = table.name,
                              .base_delay = 5ms,
                              .max_delay = 20ms,
                              .on_lost = [&](pqscope::connection_lost const&) {
                                if (++lost < 50) {
                                  arm();
                                }
                              }}};
  auto const until = clock_type::now() + 60s;
  while (all.size() < 3 * transactions) {
    auto const change = changes.wait_until(until);
    REQUIRE(change);
    if (change->kind == replication_kind::begin) {
      now.clear();
    } else if (change->kind == replication_kind::insert) {
      now.push_back(change->new_row().get<std::int64_t>("id"));
    } else if (change->kind == replication_kind::commit) {
      if (last < change->lsn) {  // else it has come before
        last = change->lsn;
        all.insert(all.end(), now.begin(), now.end());
      }
      if (++commits % 3 == 0) {
        changes.confirm(last);
      }
    }
  }
  proxy.disarm();
  CHECK(lost >= 5);
  bool in_order = all.size() == 3 * transactions;
  for (std::size_t i = 0; i < all.size(); ++i) {
    in_order = in_order && all[i] == static_cast<std::int64_t>(i);
  }
  CHECK(in_order);
}

TEST_CASE("what was confirmed before the server heard of it is not handed out again") {
  published table;
  faulty_proxy proxy{table.to};
  watched_stream watched{proxy.config(), table};
  table.insert(1, 1);
  table.insert(2, 2);
  CHECK(watched.next_id() == 1);
  CHECK(watched.next_id() == 2);
  lsn const all = watched.next(replication_kind::commit).lsn;
  proxy.cut_all();
  watched.changes.confirm(all);
  table.insert(3, 3);
  CHECK(watched.next_id() == 3);
  CHECK(watched.lost == 1);

  // nor where it is confirmed when the server has begun to send it again
  lsn const third = watched.next(replication_kind::commit).lsn;
  proxy.cut_all();
  table.insert(4, 4);
  CHECK(support::eventually([&] {
    if (auto const change = watched.changes.poll()) {
      CHECK(change->resumed);
      CHECK(change->kind == replication_kind::begin);
      return true;
    }
    return false;
  }));
  watched.changes.confirm(third);
  CHECK(watched.next_id() == 3);  // it was under way
  CHECK(watched.next_id() == 4);
}

TEST_CASE(
    "a slot that the server believes in use is waited for after a cut, and not at the start") {
  published table;
  pqscope::config to = table.to;
  faulty_proxy proxy{to};
  watched_stream watched{proxy.config(), table};
  int const pid = watched.changes.backend_pid();
  CHECK_THROWS_AS((replication_stream{to, {.slot = table.name, .publication = table.name}}),
                  pqscope::object_in_use);
  proxy.stall();
  CHECK_FALSE(watched.changes.wait_for(0s));
  proxy.resume();
  proxy.cut_all();
  {
    std::optional<replication_stream> other;
    CHECK(support::eventually([&] {
      try {
        other.emplace(to, replication_options{.slot = table.name, .publication = table.name});
        return true;
      } catch (pqscope::object_in_use const&) {
        return false;
      }
    }));
    CHECK_FALSE(watched.changes.wait_for(100ms));
    CHECK_FALSE(watched.changes.connected());
    CHECK(watched.gaps.empty());
  }
  table.insert(1, 1);
  CHECK(watched.next_id() == 1);
  CHECK(watched.changes.backend_pid() != pid);
  REQUIRE(watched.gaps.size() == 1);
  CHECK(watched.gaps[0].attempts > 1);
}

TEST_CASE("a slot that is dropped meanwhile is heard of, not created anew") {
  published table;
  replication_options options{.slot = table.name,
                              .publication = table.name,
                              .if_missing = pqscope::missing_slot::create,
                              .base_delay = 5ms};
  replication_stream changes{table.to, std::move(options)};
  support::witness{}.terminate(changes.backend_pid());
  CHECK(support::eventually([&] {
    try {
      pqscope::drop_replication_slot(*table.db, table.name);
      return true;
    } catch (pqscope::object_in_use const&) {
      return false;
    }
  }));
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_AS(changes.wait_for(20s), pqscope::undefined_object);
    CHECK_FALSE(changes.connected());
  }
  pqscope::create_replication_slot(*table.db, table.name);
  table.insert(1, 1);
  auto const change = changes.wait_for(20s);
  REQUIRE(change);
  CHECK(change->resumed);
}

TEST_CASE("a server that is shut down is waited for, and goes on when it is back") {
  temporary_cluster cluster{{.settings = {{"wal_level", "logical"}}}};
  published table{cluster.config()};
  watched_stream watched{table.to, table};
  table.insert(1, 1);
  CHECK(watched.next_id() == 1);
  watched.changes.confirm(watched.next(replication_kind::commit).lsn);
  table.db.reset();
  {
    // an orderly end waits until all is confirmed that was sent: waits see to that
    std::jthread const stops{[&] { cluster.stop(shutdown_mode::fast); }};
    CHECK(support::eventually(
        [&] {
          static_cast<void>(watched.changes.wait_for(10ms));
          return !watched.changes.connected();
        },
        30s));
  }
  CHECK(watched.lost == 1);
  auto const start = clock_type::now();
  CHECK_FALSE(watched.changes.wait_for(150ms));
  auto const took = clock_type::now() - start;
  CHECK(took >= 150ms);
  CHECK(took < 3s);
  cluster.start();
  table.db.emplace(table.to);
  table.insert(2, 2);
  CHECK(watched.next_id() == 2);
  lsn const second = watched.next(replication_kind::commit).lsn;

  table.db.reset();
  cluster.stop(shutdown_mode::immediate);
  cluster.start();
  table.db.emplace(table.to);
  CHECK(watched.next(replication_kind::begin).resumed);
  CHECK(watched.lost == 2);
  CHECK(watched.next_id() == 2);
  watched.changes.confirm(second);
  table.insert(3, 3);
  CHECK(watched.next_id() == 3);
}

TEST_CASE("a slot that the server has invalidated is heard of, not waited for") {
  temporary_cluster cluster{
      {.settings = {{"wal_level", "logical"}, {"max_slot_wal_keep_size", "1MB"}}}};
  published table{cluster.config()};
  watched_stream watched{table.to, table};
  table.insert(1, 1);
  CHECK(watched.next(replication_kind::commit).xid != 0);
  support::witness{cluster.url()}.terminate(watched.changes.backend_pid());
  for (int i = 2; i < 6; ++i) {
    table.insert(i, i);
    table.run("SELECT pg_switch_wal()");
  }
  table.run("CHECKPOINT");
  CHECK(support::witness{cluster.url()}.text("SELECT wal_status FROM pg_replication_slots") ==
        "lost");
  CHECK_THROWS_AS(watched.changes.wait_for(20s), pqscope::object_not_in_prerequisite_state);
  CHECK_THROWS_AS(watched.changes.wait_for(20s), pqscope::object_not_in_prerequisite_state);
  CHECK(watched.gaps.empty());
}

TEST_CASE("a network that falls silent is found out, and keeps no wait too long") {
  published table;
  faulty_proxy proxy{table.to};
  watched_stream watched{proxy.config(), table, 200ms, {.deadline = 300ms}};
  proxy.stall();
  auto const began = clock_type::now();
  while (watched.lost == 0 && clock_type::now() - began < 20s) {
    auto const start = clock_type::now();
    CHECK_FALSE(watched.changes.wait_for(50ms));
    auto const took = clock_type::now() - start;
    CHECK(took >= 50ms);
    CHECK(took < 3s);
  }
  CHECK(watched.lost == 1);
  CHECK(clock_type::now() - began >= 200ms);
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(watched.changes.wait_for(50ms));
  }
  proxy.resume();
  table.insert(1, 1);
  CHECK(watched.next_id() == 1);
  CHECK(watched.gaps.at(0).sqlstate.empty());
}

TEST_CASE("an end on a network that has gone dead takes no longer than it may") {
  published table;
  faulty_proxy proxy{table.to};
  clock_type::time_point began;
  {
    watched_stream watched{proxy.config(), table, 300ms};
    proxy.stall();
    auto const start = clock_type::now();
    CHECK_FALSE(watched.changes.stop());
    CHECK(clock_type::now() - start < 5s);
    CHECK_FALSE(watched.changes.connected());
    proxy.resume();
    CHECK(support::eventually([&] {
      try {
        watched.changes.restart();
        return true;
      } catch (pqscope::object_in_use const&) {
        return false;
      }
    }));
    proxy.stall();
    began = clock_type::now();
  }
  CHECK(clock_type::now() - began < 2s);
  proxy.resume();
}

TEST_CASE("without reconnecting a lost connection is an error, and it can be started again") {
  published table;
  faulty_proxy proxy{table.to};
  replication_stream changes{proxy.config(),
                             {.slot = table.name, .publication = table.name, .reconnect = false}};
  proxy.cut_all();
  CHECK_THROWS_AS(changes.wait_for(20s), pqscope::connection_lost);
  CHECK_THROWS_AS(changes.wait_for(0s), pqscope::connection_lost);
  CHECK_FALSE(changes.stop());
  CHECK(support::eventually([&] {
    try {
      changes.restart();
      return true;
    } catch (pqscope::object_in_use const&) {
      return false;
    }
  }));
  table.insert(1, 1);
  CHECK(changes.wait_for(20s)->kind == replication_kind::begin);
}

TEST_CASE("a connection that is lost at the start of a stream is replaced again") {
  published table;
  faulty_proxy proxy{table.to};
  watched_stream watched{proxy.config(), table};
  proxy.cut_before("START_REPLICATION");
  proxy.cut_all();
  table.insert(1, 1);
  CHECK(watched.next_id() == 1);
  CHECK(watched.lost == 1);
  CHECK(watched.gaps.at(0).attempts >= 2);
  CHECK_THROWS_AS(
      (proxy.cut_before("set_config"),
       replication_stream{proxy.config(), {.slot = table.name, .publication = table.name}}),
      pqscope::connection_lost);
}

TEST_CASE("a forked child is refused, and does the parent's stream no harm") {
  published table;
  watched_stream watched{table.to, table};
  pid_t const child = ::fork();
  if (child == 0) {
    int result = 1;
    try {
      watched.changes.wait_for(0s);
    } catch (pqscope::usage_error const&) {
      result = 0;
    } catch (...) {
      result = 2;
    }
    {
      replication_stream const gone = std::move(watched.changes);
    }
    ::_exit(result);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  table.insert(1, 1);
  CHECK(watched.next_id() == 1);
  CHECK(watched.lost == 0);
}
