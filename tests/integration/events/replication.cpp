#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::lsn;
using pqscope::missing_slot;
using pqscope::replication_change;
using pqscope::replication_kind;
using pqscope::replication_options;
using pqscope::replication_stream;
using support::ensure_usable;
using support::test_config;
using support::unique_name;

namespace {

using clock_type = std::chrono::steady_clock;

/// A table that is published, and a slot, of this test alone.
struct published {
  std::string name = unique_name("replicated");
  pqscope::connection db{test_config()};

  explicit published(std::string const& columns = "id bigint PRIMARY KEY, name text",
                     bool has_slot = true) {
    if (db.query<std::string>("SELECT current_setting('wal_level')").one() != "logical") {
      SKIP("the server has no wal_level = logical");
    }
    run("CREATE TABLE " + name + " (" + columns + ")");
    run("CREATE PUBLICATION " + name + " FOR TABLE " + name);
    if (has_slot) {
      pqscope::create_replication_slot(db, name);
    }
  }
  published(published const&) = delete;
  published& operator=(published const&) = delete;
  ~published() {
    if (has_slot()) {
      pqscope::drop_replication_slot(db, name);
    }
    run("DROP PUBLICATION " + name);
    run("DROP TABLE " + name);
    ensure_usable(db);
  }

  void run(std::string const& text) { db.execute_script(pqscope::dynamic_sql{text}); }
  void insert(int from, int to) {
    run("INSERT INTO " + name + " SELECT g, 'name ' || g FROM generate_series(" +
        std::to_string(from) + ", " + std::to_string(to) + ") AS g");
  }
  bool has_slot() {
    return db
        .query<bool>("SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)", name)
        .one();
  }
  lsn confirmed() {
    return db
        .query<lsn>("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1",
                    name)
        .one();
  }
  bool is_active() {
    return db.query<bool>("SELECT active FROM pg_replication_slots WHERE slot_name = $1", name)
        .one();
  }
  replication_options options() const { return {.slot = name, .publication = name}; }
};

/// The next change that is none of `relation`, `type` and `origin`; fails where none comes.
replication_change next(replication_stream& changes) {
  auto const until = clock_type::now() + 20s;
  while (auto change = changes.wait_until(until)) {
    if (change->kind != replication_kind::relation && change->kind != replication_kind::type &&
        change->kind != replication_kind::origin) {
      return std::move(*change);
    }
  }
  FAIL("no change has come");
  return {};
}

/// The next transaction, whole; not one without changes, which PostgreSQL 14 tells of, too.
std::vector<replication_change> transaction(replication_stream& changes) {
  std::vector<replication_change> all;
  do {
    all.clear();
    all.push_back(next(changes));
    REQUIRE(all[0].kind == replication_kind::begin);
    while (all.back().kind != replication_kind::commit) {
      all.push_back(next(changes));
    }
  } while (all.size() == 2);
  return all;
}

struct user {
  std::int64_t id;
  std::optional<std::string> name;
};

}  // namespace

TEST_CASE("a loop over the changes sees what transactions do, and stops when asked to") {
  published table;
  table.insert(1, 2);
  table.run("UPDATE " + table.name + " SET name = 'ada' WHERE id = 1");
  table.run("BEGIN; UPDATE " + table.name + " SET id = 3 WHERE id = 2; DELETE FROM " + table.name +
            " WHERE id = 1; COMMIT");
  table.run("TRUNCATE " + table.name + " RESTART IDENTITY");
  std::vector<std::string> seen;
  {
    replication_stream changes{test_config(), {.slot = table.name, .publication = table.name}};
    CHECK(changes.running());
    CHECK(changes.connected());
    for (auto const& change : changes) {
      switch (change.kind) {
        case replication_kind::insert:
          seen.push_back("insert " + change.new_row().get<std::string>("name"));
          break;
        case replication_kind::update: {
          auto const now = change.as<user>();
          seen.push_back(
              "update " +
              (change.old_row() ? change.old_row().get<std::string>("id") + "->" : std::string{}) +
              std::to_string(now.id) + ' ' + now.name.value_or("NULL"));
          break;
        }
        case replication_kind::delete_:
          seen.push_back("delete " + std::to_string(change.old_row().get<std::int64_t>("id")));
          break;
        case replication_kind::truncate:
          seen.push_back("truncate " + change.relation().name);
          CHECK(change.restart_identity);
          break;
        case replication_kind::begin:
          seen.emplace_back("begin");
          break;
        case replication_kind::commit:
          seen.emplace_back("commit");
          break;
        default:
          break;
      }
      changes.confirm(change.lsn);
      if (seen.back().starts_with("truncate")) {
        break;
      }
    }
    CHECK(next(changes).kind == replication_kind::commit);
    CHECK(changes.stop());
    CHECK_FALSE(changes.running());
    CHECK_FALSE(changes.wait_for(0s));
    for (auto const& change : changes) {
      FAIL("a stopped stream has a change of kind " << static_cast<int>(change.kind));
    }
  }
  CHECK(seen == std::vector<std::string>{"begin", "insert name 1", "insert name 2", "commit",
                                         "begin", "update 1 ada", "commit", "begin",
                                         "update 2->3 name 2", "delete 1", "commit", "begin",
                                         "truncate " + table.name});
}

TEST_CASE("a change tells its table, its transaction and its place") {
  published table;
  auto const before =
      std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()) - 1h;
  lsn const from = table.db.query<lsn>("SELECT pg_current_wal_lsn()").one();
  table.run("BEGIN; INSERT INTO " + table.name + " VALUES (1, NULL)");
  auto const xid =
      table.db.query<std::uint64_t>("SELECT pg_current_xact_id()").one() & 0xFFFF'FFFFU;
  table.run("COMMIT");
  lsn const to = table.db.query<lsn>("SELECT pg_current_wal_lsn()").one();
  replication_stream changes{test_config(), table.options()};
  std::vector<replication_change> all;
  do {
    all.push_back(changes.wait_for(20s).value());
  } while (all.back().kind != replication_kind::commit);
  REQUIRE(all.size() == 4);
  CHECK(all[0].kind == replication_kind::begin);
  CHECK(all[1].kind == replication_kind::relation);
  CHECK(all[2].kind == replication_kind::insert);
  for (auto const& each : all) {
    CHECK(each.xid == xid);
    CHECK(each.commit_lsn == all[0].commit_lsn);
    CHECK(each.commit_time > before);
    CHECK(each.commit_time == all[0].commit_time);
    CHECK_FALSE(each.resumed);
    CHECK(each.lsn >= from);
    CHECK(each.lsn <= to);
  }
  CHECK(all[2].lsn < all[0].commit_lsn);
  CHECK(all[0].commit_lsn < all[3].lsn);
  auto const& relation = all[1].relation();
  CHECK(relation.schema == "public");
  CHECK(relation.name == table.name);
  CHECK(relation.id ==
        table.db.query<pqscope::oid_t>("SELECT $1::regclass::oid", table.name).one());
  REQUIRE(relation.columns.size() == 2);
  CHECK(relation.columns[0].name == "id");
  CHECK(relation.columns[0].type == pqscope::oid::int8);
  CHECK(relation.columns[0].is_key);
  CHECK_FALSE(relation.columns[1].is_key);
  CHECK_FALSE(all[2].as<user>().name);
  CHECK(&all[2].relation() == &relation);
}

TEST_CASE("what was confirmed is forgotten, and what was not comes again") {
  published table;
  table.insert(1, 1);
  table.insert(2, 2);
  {
    replication_stream changes{test_config(), table.options()};
    auto const first = transaction(changes);
    auto const second = transaction(changes);
    CHECK(second[1].as<user>().id == 2);
    changes.confirm(first.back().lsn);
    CHECK(changes.confirmed() == first.back().lsn);
    changes.confirm(first.front().lsn);  // never backwards
    CHECK(changes.confirmed() == first.back().lsn);
  }
  CHECK_FALSE(table.is_active());
  {
    replication_stream changes{test_config(), table.options()};
    auto const again = transaction(changes);
    CHECK(again[1].as<user>().id == 2);
    changes.confirm(again.back().lsn);
  }
  replication_stream changes{test_config(), table.options()};
  table.insert(3, 3);
  CHECK(transaction(changes)[1].as<user>().id == 3);
}

TEST_CASE("a change confirmed within its transaction does no harm, nor does a place ahead") {
  published table;
  table.insert(1, 1);
  table.insert(2, 3);
  {
    replication_stream changes{test_config(), table.options()};
    auto const first = transaction(changes);
    for (int i = 0; i < 3; ++i) {
      replication_change const inside = next(changes);
      changes.confirm(inside.lsn);
      changes.confirm(inside.commit_lsn);
      changes.confirm(inside.commit_lsn + 1'000'000);
      CHECK(changes.confirmed() >= first.back().lsn);
      CHECK(changes.confirmed() < inside.commit_lsn);
    }
  }
  replication_stream changes{test_config(), table.options()};
  auto const again = transaction(changes);
  REQUIRE(again.size() == 4);
  CHECK(again[1].as<user>().id == 2);
}

TEST_CASE("the server is told what was confirmed as soon as there is nothing more to wait for") {
  published table;
  replication_stream changes{test_config(), table.options()};
  table.insert(1, 1);
  auto const all = transaction(changes);
  CHECK(table.confirmed() < all.back().lsn);
  changes.confirm(all.back().lsn);
  CHECK_FALSE(changes.poll());
  CHECK(support::eventually([&] { return table.confirmed() >= all.back().lsn; }));
  table.insert(2, 2);
  auto const more = transaction(changes);
  changes.confirm(more.back().lsn);
  changes.keep_alive();
  CHECK(support::eventually([&] { return table.confirmed() >= more.back().lsn; }));
}

TEST_CASE("a publication that rests does not hold the server's log") {
  published table;
  published other{"id int", false};
  replication_stream changes{test_config(), table.options()};
  table.insert(1, 1);
  auto const all = transaction(changes);
  auto const others = [&] {
    other.run("INSERT INTO " + other.name + " SELECT generate_series(1, 100)");
    return table.db.query<lsn>("SELECT pg_current_wal_lsn()").one();
  };
  lsn const behind = others();
  // not before all that was handed out is confirmed
  CHECK_FALSE(changes.wait_for(50ms));
  changes.keep_alive();
  CHECK(table.confirmed() < all.back().lsn);
  changes.confirm(all.back().lsn);
  CHECK(support::eventually(
      [&] {
        if (auto const empty = changes.wait_for(10ms)) {  // PostgreSQL 14 tells of those, too
          changes.confirm(empty->lsn);
        }
        return table.confirmed() >= behind || (others(), false);
      },
      30s));
  table.insert(2, 2);
  for (auto const& change : changes) {
    if (change.kind == replication_kind::insert) {
      CHECK(change.as<user>().id == 2);
      break;
    }
  }
}

TEST_CASE("waits end at their time, and look at least once") {
  published table;
  replication_stream changes{test_config(), table.options()};
  auto const start = clock_type::now();
  CHECK_FALSE(changes.wait_for(150ms));
  auto const took = clock_type::now() - start;
  CHECK(took >= 150ms);
  CHECK(took < 2s);
  CHECK_FALSE(changes.wait_for(-1s));
  CHECK_FALSE(changes.poll());
  CHECK_FALSE(changes.wait_until(clock_type::now() - 1h));
  table.insert(1, 1);
  std::optional<replication_change> got;
  CHECK(support::eventually([&] { return (got = changes.poll()).has_value(); }));
  CHECK(got->kind == replication_kind::begin);
}

TEST_CASE("a stop ends waits and loops, and the stream goes on afterwards") {
  published table;
  std::stop_source stop;
  replication_options options = table.options();
  options.stop = stop.get_token();
  replication_stream changes{test_config(), std::move(options)};
  std::jthread const stops{[&] {
    support::eventually([&] { return table.is_active(); });
    stop.request_stop();
  }};
  for (auto const& change : changes) {
    FAIL("a change of kind " << static_cast<int>(change.kind));
  }
  CHECK_FALSE(changes.wait());
  CHECK(changes.running());
  CHECK(changes.stop());
  table.insert(1, 1);
  changes.start(table.options());
  CHECK(transaction(changes)[1].as<user>().id == 1);
}

TEST_CASE("a loop is ended by stop within it, and goes on with the rest when it is started again") {
  published table;
  table.insert(1, 1);
  table.insert(2, 2000);
  replication_stream changes{test_config(), table.options()};
  int steps = 0;
  for (auto const& change : changes) {
    changes.confirm(change.lsn);
    if (change.kind == replication_kind::insert && change.as<user>().id == 2) {
      CHECK(changes.stop());
    }
    ++steps;
  }
  CHECK(steps >= 5);
  CHECK_FALSE(table.is_active());
  CHECK_THROWS_AS(changes.start({}), pqscope::usage_error);
  CHECK(changes.connected());
  changes.restart();
  CHECK_THROWS_AS(changes.restart(), pqscope::usage_error);
  auto const rest = transaction(changes);
  CHECK(rest.size() == 2001);
  CHECK(rest[1].as<user>().id == 2);
  CHECK_FALSE(rest[0].resumed);
}

TEST_CASE("a slot is created once, and dropped once") {
  published table;
  CHECK_THROWS_AS(pqscope::create_replication_slot(table.db, table.name),
                  pqscope::duplicate_object);
  ensure_usable(table.db);
  {
    replication_stream changes{test_config(), table.options()};
    CHECK_THROWS_AS(pqscope::drop_replication_slot(table.db, table.name), pqscope::object_in_use);
    CHECK_THROWS_AS((replication_stream{test_config(), table.options()}), pqscope::object_in_use);
  }
  pqscope::drop_replication_slot(table.db, table.name);
  CHECK_THROWS_AS(pqscope::drop_replication_slot(table.db, table.name), pqscope::undefined_object);
  ensure_usable(table.db);
  pqscope::create_replication_slot(table.db, table.name);
}

TEST_CASE("a start from a missing slot is refused, and the connection starts from another") {
  published table;
  CHECK_THROWS_AS(
      (replication_stream{test_config(), {.slot = "no_such_slot", .publication = table.name}}),
      pqscope::undefined_object);
  replication_stream changes{test_config()};
  int const pid = changes.backend_pid();
  CHECK_FALSE(changes.running());
  CHECK_THROWS_AS(changes.wait_for(0s), pqscope::usage_error);
  CHECK_THROWS_AS(changes.restart(), pqscope::usage_error);
  try {
    changes.start({.slot = "no_such_slot", .publication = table.name});
    FAIL("nothing is thrown");
  } catch (pqscope::server_error const& failure) {
    CHECK(failure.sqlstate() == "42704");
    CHECK(failure.connection_usable());
  }
  CHECK_THROWS_AS(changes.wait_for(0s), pqscope::usage_error);
  changes.start(table.options());
  CHECK(changes.backend_pid() == pid);
  table.insert(1, 1);
  CHECK(transaction(changes)[1].as<user>().id == 1);
}

TEST_CASE("an option that the plugin does not know is refused, and the connection starts without") {
  published table;
  replication_stream changes{test_config()};
  int const pid = changes.backend_pid();
  replication_options wrong = table.options();
  wrong.plugin_options = {{"no_such_option", "it's"}};
  CHECK_THROWS_AS(changes.start(std::move(wrong)), pqscope::server_error);
  changes.start(table.options());
  CHECK(changes.backend_pid() == pid);
  table.insert(1, 1);
  CHECK(transaction(changes)[1].as<user>().id == 1);
}

TEST_CASE("a publication that is missing ends the stream at the first change, not its connection") {
  published table;
  table.insert(1, 1);
  replication_stream changes{test_config(), {.slot = table.name, .publication = "no_such"}};
  int const pid = changes.backend_pid();
  if (changes.server_version() < 180000) {  // else it is told as a warning
    CHECK_THROWS_AS(changes.wait_for(20s), pqscope::undefined_object);
    CHECK_FALSE(changes.running());
    CHECK_THROWS_AS(changes.wait_for(0s), pqscope::usage_error);
    changes.start(table.options());
    CHECK(changes.backend_pid() == pid);
    CHECK(transaction(changes)[1].as<user>().id == 1);
  }
}

TEST_CASE("no publication, no slot's name and NUL bytes are a usage_error, and nothing is sent") {
  published table;
  replication_stream changes{test_config()};
  CHECK_THROWS_AS(changes.start({.slot = table.name}), pqscope::usage_error);
  CHECK_THROWS_AS(changes.start({.publication = table.name}), pqscope::usage_error);
  replication_options options = table.options();
  options.plugin_options = {{"origin", std::string{"a\0b", 3}}};
  CHECK_THROWS_AS(changes.start(std::move(options)), pqscope::usage_error);
  CHECK_THROWS_AS((replication_stream{test_config(), {.slot = table.name}}), pqscope::usage_error);
  CHECK_FALSE(changes.running());
  changes.start(table.options());
  changes.close();
  CHECK_THROWS_AS(changes.wait_for(0s), pqscope::connection_closed);
  CHECK_THROWS_AS(changes.start(table.options()), pqscope::connection_closed);
  changes.close();
}

TEST_CASE("a slot that is missing is created, where that is asked for, and kept") {
  published table{"id bigint PRIMARY KEY, name text", false};
  {
    replication_options options = table.options();
    options.if_missing = missing_slot::create;
    replication_stream changes{test_config(), std::move(options)};
    CHECK(table.has_slot());
  }
  table.insert(1, 1);
  replication_options options = table.options();
  options.if_missing = missing_slot::create;
  replication_stream changes{test_config(), std::move(options)};
  CHECK(transaction(changes)[1].as<user>().id == 1);
}

TEST_CASE("a temporary slot ends with the connection, which is not replaced") {
  published table{"id bigint PRIMARY KEY, name text", false};
  replication_options options = table.options();
  options.if_missing = missing_slot::create_temporary;
  replication_stream changes{test_config(), std::move(options)};
  CHECK(table.has_slot());
  table.insert(1, 1);
  CHECK(transaction(changes)[1].as<user>().id == 1);
  support::witness{}.terminate(changes.backend_pid());
  try {
    changes.wait_for(20s);
    FAIL("nothing is thrown");
  } catch (pqscope::connection_lost const& failure) {
    CHECK(failure.sqlstate() == "57P01");
  }
  CHECK_FALSE(table.has_slot());
}

TEST_CASE("values are read whatever the styles of dates and bytes are set to") {
  published table{"id int PRIMARY KEY, at timestamptz, span interval, raw bytea, real float8"};
  pqscope::config to = test_config();
  to.with("options",
          "-c DateStyle=German -c IntervalStyle=sql_standard -c bytea_output=escape "
          "-c extra_float_digits=-5");
  using time = std::chrono::sys_time<std::chrono::microseconds>;
  time const at{1'700'000'000'123'456us};
  table.db.execute(pqscope::dynamic_sql{"INSERT INTO " + table.name +
                                        " VALUES (1, $1, '1 day 2 hours', '\\x00ff', 0.1)"},
                   at);
  for (bool const binary : {false, true}) {
    replication_options options = table.options();
    options.binary = binary;
    replication_stream changes{to, std::move(options)};
    auto const all = transaction(changes);
    auto const row = all.at(1).new_row();
    CHECK(row["at"].state() == (binary && changes.server_version() >= 140000
                                    ? pqscope::replicated::binary
                                    : pqscope::replicated::text));
    CHECK(row.get<time>("at") == at);
    CHECK(row.get<pqscope::interval>("span") ==
          table.db.query<pqscope::interval>("SELECT '1 day 2 hours'::interval").one());
    CHECK(row.get<std::vector<std::byte>>("raw") ==
          std::vector<std::byte>{std::byte{0}, std::byte{255}});
    CHECK(row.get<double>("real") == 0.1);
  }
}

TEST_CASE("arrays, domains, enums and NULLs, as text and in binary format") {
  published table{"id int PRIMARY KEY, list int[], state text"};
  std::string const type = unique_name("domain_of");
  table.run("CREATE DOMAIN " + type + " AS numeric(8,2) CHECK (value > 0); CREATE TYPE " + type +
            "_e AS ENUM ('on', 'off'); ALTER TABLE " + table.name + " ADD price " + type +
            ", ADD mode " + type + "_e");
  table.run("INSERT INTO " + table.name + " VALUES (1, '{1,NULL,3}', NULL, 12.50, 'off')");
  for (bool const binary : {false, true}) {
    replication_options options = table.options();
    options.binary = binary;
    replication_stream changes{test_config(), std::move(options)};
    auto const all = transaction(changes);
    auto const row = all.at(1).new_row();
    CHECK(row.get<std::vector<std::optional<int>>>("list") ==
          std::vector<std::optional<int>>{1, std::nullopt, 3});
    CHECK_FALSE(row.get<std::optional<std::string>>("state"));
    CHECK(row.get<pqscope::numeric>("price").to_string() == "12.50");
    if (!binary) {
      CHECK(row["mode"].text() == "off");
    }
  }
  table.run("ALTER TABLE " + table.name + " DROP price, DROP mode; DROP DOMAIN " + type +
            "; DROP TYPE " + type + "_e");
}

TEST_CASE("large values that an update leaves as they are are not sent, unless identity is FULL") {
  published table{"id bigint PRIMARY KEY, name text, note text"};
  table.run("ALTER TABLE " + table.name + " ALTER note SET STORAGE EXTERNAL");
  table.db.execute(
      pqscope::dynamic_sql{"INSERT INTO " + table.name + " VALUES (1, 'a', repeat('x', 10000))"});
  replication_stream changes{test_config(), table.options()};
  CHECK(transaction(changes)[1].new_row().get<std::string_view>("note").size() == 10000);
  table.run("UPDATE " + table.name + " SET name = 'b'");
  {
    auto const all = transaction(changes);
    CHECK(all[1].as<user>().name == "b");
    CHECK(all[1].new_row()["note"].state() == pqscope::replicated::unchanged);
    CHECK_THROWS_AS(all[1].new_row().get<std::string>("note"), pqscope::decode_error);
  }
  table.run("ALTER TABLE " + table.name + " REPLICA IDENTITY FULL");
  table.run("UPDATE " + table.name + " SET name = 'c'");
  {
    auto const all = transaction(changes);
    CHECK(all.back().kind == replication_kind::commit);
    CHECK(all[1].new_row().get<std::string_view>("note").size() == 10000);
    CHECK(all[1].old_row().get<std::string>("name") == "b");
    CHECK(all[1].relation().identity == pqscope::replica_identity::full);
  }
  table.run("DELETE FROM " + table.name);
  auto const all = transaction(changes);
  CHECK_FALSE(all[1].old_is_key());
  CHECK(all[1].as<user>().name == "c");
}

TEST_CASE("a table that is altered is described again ahead of its next change") {
  published table;
  replication_stream changes{test_config(), table.options()};
  table.insert(1, 1);
  auto const before = transaction(changes);
  table.run("ALTER TABLE " + table.name + " ADD age int DEFAULT 7");
  table.insert(2, 2);
  auto const after = transaction(changes);
  CHECK(after[1].new_row().get<int>("age") == 7);
  CHECK(after[1].as<user>().id == 2);  // a column more is no reason to stop
  CHECK(before[1].new_row().size() == 2);
}

TEST_CASE("several publications, and tables that are truncated together") {
  published second{"id bigint PRIMARY KEY, name text", false};
  published first;  // whose slot is younger than both publications
  first.insert(1, 1);
  second.insert(2, 2);
  first.run("TRUNCATE " + first.name + ", " + second.name + " CASCADE");
  replication_stream changes{test_config(),
                             {.slot = first.name, .publication = {first.name, second.name}}};
  CHECK(transaction(changes)[1].relation().name == first.name);
  CHECK(transaction(changes)[1].relation().name == second.name);
  auto const last = transaction(changes);
  REQUIRE(last[1].kind == replication_kind::truncate);
  CHECK(last[1].relations().size() == 2);
  CHECK(last[1].cascade);
  CHECK_FALSE(last[1].restart_identity);
}

TEST_CASE("logical messages come with their transaction, or at once") {
  published table;
  replication_stream changes{test_config()};
  replication_options options = table.options();
  options.messages = true;
  if (changes.server_version() < 140000) {
    CHECK_THROWS_AS(changes.start(std::move(options)), pqscope::usage_error);
    return;
  }
  changes.start(std::move(options));
  table.run(
      "BEGIN; SELECT pg_logical_emit_message(true, 'app', 'with it'); "
      "SELECT pg_logical_emit_message(false, 'app', 'at once'); COMMIT");
  replication_change const at_once = next(changes);
  CHECK(at_once.kind == replication_kind::message);
  CHECK_FALSE(at_once.is_transactional);
  CHECK(at_once.content() == "at once");
  auto const all = transaction(changes);
  REQUIRE(all[1].kind == replication_kind::message);
  CHECK(all[1].is_transactional);
  CHECK(all[1].prefix() == "app");
  CHECK(all[1].content() == "with it");
  // one by itself is confirmed by itself
  changes.confirm(at_once.lsn);
  CHECK(changes.stop());
  changes.restart();
  auto const again = transaction(changes);
  CHECK(again[1].content() == "with it");
}

TEST_CASE("a large transaction comes in blocks before it has ended, where that is asked for") {
  published table;
  replication_options options = table.options();
  options.streaming = true;
  pqscope::config to = test_config();
  to.with("options", "-c logical_decoding_work_mem=64");
  replication_stream changes{to, std::move(options)};
  if (changes.server_version() < 140000) {
    return;
  }
  table.run("BEGIN");
  table.insert(1, 5000);
  table.run("SAVEPOINT s");
  table.insert(5001, 10000);
  table.run("ROLLBACK TO s");
  std::map<std::uint32_t, int> rows;
  std::uint32_t top = 0;
  int blocks = 0;
  bool has_ended = false;
  for (auto const& change : changes) {
    changes.confirm(change.lsn);
    if (change.kind == replication_kind::stream_start) {
      CHECK(change.is_first_block == (blocks == 0));
      CHECK_FALSE(has_ended);
      top = change.xid;
      ++blocks;
      if (blocks == 2) {
        table.run("COMMIT");
      }
    } else if (change.kind == replication_kind::insert) {
      CHECK(change.commit_lsn.is_none());
      ++rows[change.xid];
    } else if (change.kind == replication_kind::stream_abort) {
      CHECK(change.xid == top);
      CHECK(change.subxid != top);
      rows.erase(change.subxid);
    } else if (change.kind == replication_kind::stream_commit) {
      CHECK(change.xid == top);
      CHECK(changes.stop());
    }
  }
  CHECK(blocks >= 2);
  CHECK(rows == std::map<std::uint32_t, int>{{top, 5000}});
  changes.restart();
  table.insert(20000, 20000);
  CHECK(transaction(changes)[1].as<user>().id == 20000);
}

TEST_CASE("a transaction that is prepared comes when that is committed") {
  published table;
  if (table.db.query<int>("SELECT current_setting('max_prepared_transactions')::int").one() == 0) {
    SKIP("the server prepares no transactions");
  }
  replication_stream changes{test_config(), table.options()};
  table.run("BEGIN; INSERT INTO " + table.name + " VALUES (1); PREPARE TRANSACTION '" + table.name +
            "'");
  table.insert(2, 2);
  auto const second = transaction(changes);
  CHECK(second[1].as<user>().id == 2);
  changes.confirm(second.back().lsn);
  pqscope::commit_prepared(table.db, table.name);
  auto const first = transaction(changes);
  CHECK(first[1].as<user>().id == 1);
  CHECK(first[1].lsn < second.back().lsn);
  changes.confirm(first[1].lsn);
  CHECK(changes.stop());
  changes.restart();
  CHECK(transaction(changes)[1].as<user>().id == 1);
}

TEST_CASE("transactions that overlap come one after the other, in the order of their commits") {
  published table;
  pqscope::connection other{test_config()};
  replication_stream changes{test_config(), table.options()};
  table.run("BEGIN; INSERT INTO " + table.name + " VALUES (1)");
  other.execute_script(pqscope::dynamic_sql{"BEGIN; INSERT INTO " + table.name + " VALUES (2)"});
  table.run("INSERT INTO " + table.name + " VALUES (3)");
  other.execute_script(pqscope::dynamic_sql{"COMMIT"});
  table.run("COMMIT");
  auto const first = transaction(changes);
  REQUIRE(first.size() == 3);
  CHECK(first[1].as<user>().id == 2);
  changes.confirm(first.back().lsn);
  auto const second = transaction(changes);
  REQUIRE(second.size() == 4);
  CHECK(second[1].as<user>().id == 1);
  CHECK(second[2].as<user>().id == 3);
  CHECK(second[1].lsn < first.back().lsn);
  changes.confirm(second[2].lsn);
  CHECK(changes.stop());
  changes.restart();
  CHECK(transaction(changes).size() == 4);
  ensure_usable(other);
}

TEST_CASE("a start from a later place leaves out what had ended by then") {
  published table;
  table.insert(1, 1);
  lsn const here = table.db.query<lsn>("SELECT pg_current_wal_lsn()").one();
  table.insert(2, 2);
  replication_options options = table.options();
  options.start = here;
  replication_stream changes{test_config(), std::move(options)};
  CHECK(transaction(changes)[1].as<user>().id == 2);
}

TEST_CASE("waits answer the server, and keep_alive does between them") {
  published table;
  pqscope::config to = test_config();
  to.with("options", "-c wal_sender_timeout=500ms");
  replication_options options = table.options();
  options.reconnect = false;
  replication_stream changes{to, std::move(options)};
  CHECK_FALSE(changes.wait_for(1200ms));
  support::eventually(
      [&] {
        changes.keep_alive();
        return false;
      },
      1200ms);
  table.insert(1, 1);
  CHECK(transaction(changes)[1].as<user>().id == 1);
}

TEST_CASE("a stream is used by one thread at a time, and may be moved") {
  published table;
  std::stop_source stop;
  replication_options options = table.options();
  options.stop = stop.get_token();
  replication_stream changes{test_config(), std::move(options)};
  {
    std::jthread const waits{[&] {
      for (bool refused = true; refused;) {
        try {
          changes.wait();
          refused = false;
        } catch (pqscope::connection_busy const&) {  // the other one was faster
        }
      }
    }};
    CHECK(support::eventually([&] {
      try {
        changes.confirm({});
        return false;
      } catch (pqscope::connection_busy const&) {
        return true;
      }
    }));
    CHECK_THROWS_AS(changes.close(), pqscope::connection_busy);
    stop.request_stop();
  }
  replication_stream moved = std::move(changes);
  CHECK(moved.stop());
  moved.start(table.options());
  table.insert(1, 1);
  CHECK(transaction(moved)[1].as<user>().id == 1);
}

TEST_CASE("observers are told of what is sent to start a stream") {
  published table;
  pqscope::testing::recorder seen;
  {
    replication_options options = table.options();
    options.connection.observer = &seen;
    replication_stream changes{test_config(), std::move(options)};
    table.insert(1, 1);
    transaction(changes);
  }
  bool started = false;
  for (auto const& each : seen.details()) {
    started = started || (each.text.starts_with("START_REPLICATION") && each.carried_out);
  }
  CHECK(started);
}
