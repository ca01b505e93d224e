#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/harness_error.hpp>
#include <pqscope/testing/sockets.hpp>
#include <pqscope/testing/temporary_cluster.hpp>
#include <pqscope/testing/temporary_standby.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using pqscope::config;
using pqscope::connection;
using pqscope::testing::harness_error;
using pqscope::testing::shutdown_mode;
using pqscope::testing::temporary_cluster;
using pqscope::testing::temporary_standby;
using support::witness;

namespace {

/// Both servers, as one host list.
config either(config const& first, config const& second, std::string_view attributes) {
  config both = first;
  both.host = *first.get("host") + ',' + *second.get("host");
  return both.with("port", *first.get("port") + ',' + *second.get("port"))
      .with("target_session_attrs", attributes);
}

bool on_standby(config const& where) {
  connection there{where};
  return there.query<bool>("SELECT pg_is_in_recovery()").one();
}

bool reachable(std::string const& folder) {
  return static_cast<bool>(pqscope::testing::detail::connect_to(folder, 5432));
}

/// How many processes run in this folder; 0 where that cannot be seen.
int processes_of(std::string const& folder) {
  int found = 0;
  std::error_code ignored;
  if (folder.empty()) {
    return 0;
  }
  for (auto const& process : std::filesystem::directory_iterator("/proc", ignored)) {
    auto const where = std::filesystem::read_symlink(process.path() / "cwd", ignored);
    found += where.string().starts_with(folder) ? 1 : 0;
  }
  return found;
}

}  // namespace

TEST_CASE("a standby shows what was committed on the primary, and refuses to write") {
  temporary_cluster const primary;
  witness(primary.url()).execute("CREATE TABLE t AS SELECT 1 AS n");
  temporary_standby const standby{primary};

  connection writer{primary.config()};
  writer.execute("INSERT INTO t VALUES (2)");
  standby.wait_for_replay();
  connection reader{standby.config()};
  CHECK(reader.query<int>("SELECT sum(n)::int4 FROM t").one() == 3);

  writer.execute("SET synchronous_commit = off");
  writer.execute("INSERT INTO t VALUES (3)");
  standby.wait_for_replay();
  CHECK(reader.query<int>("SELECT sum(n)::int4 FROM t").one() == 6);

  try {
    reader.execute("INSERT INTO t VALUES (4)");
    FAIL("it wrote");
  } catch (pqscope::read_only_sql_transaction const& failure) {
    CHECK(failure.sqlstate() == "25006");
  }
  CHECK(reader.parameter_status("in_hot_standby") ==
        (reader.server_version() >= 140000 ? "on" : ""));
  support::ensure_usable(reader);
  support::ensure_usable(writer);
}

TEST_CASE("a promoted standby accepts writes, and is its own master") {
  temporary_cluster primary;
  witness outside(primary.url());
  outside.execute("CREATE TABLE t (n int)");
  outside.execute("ALTER SYSTEM SET work_mem = '3MB'");
  outside.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  temporary_standby standby{primary};
  connection there{standby.config()};

  standby.promote();
  CHECK(there.execute("INSERT INTO t VALUES (1)").affected_rows() == 1);
  CHECK(there.query<std::string>("SHOW synchronous_standby_names").one().empty());
  CHECK(there.query<std::string>("SHOW work_mem").one() == "3MB");
  CHECK(outside.count("t") == 0);
  CHECK_THROWS_AS(standby.promote(), harness_error);
  support::ensure_usable(there);

  primary.stop(shutdown_mode::immediate);
  standby.restart();
  CHECK(witness(standby.url()).count("t") == 1);
  CHECK_FALSE(on_standby(standby.config()));
}

TEST_CASE("a list of hosts leads to the promoted standby when the primary was killed") {
  temporary_cluster primary;
  witness(primary.url()).execute("CREATE TABLE t (n int)");
  temporary_standby standby{primary};
  for (config const& any_order : {either(primary.config(), standby.config(), "read-write"),
                                  either(standby.config(), primary.config(), "read-write")}) {
    CHECK_FALSE(on_standby(any_order));
  }
  config const writing = either(primary.config(), standby.config(), "read-write");
  connection{writing}.execute("INSERT INTO t VALUES (1)");
  standby.wait_for_replay();

  primary.stop(shutdown_mode::immediate);
  CHECK_THROWS_AS(connection{writing}, pqscope::connection_error);
  standby.promote();
  connection after{writing};
  CHECK(after.query<std::string>("SHOW unix_socket_directories").one() ==
        standby.socket_directory());
  after.execute("INSERT INTO t VALUES (2)");
  CHECK(after.query<std::int64_t>("SELECT count(*) FROM t").one() == 2);
  support::ensure_usable(after);
}

TEST_CASE("prefer-standby leads to the standby, and to the primary where there is none") {
  temporary_cluster primary{{.tcp = true}};
  temporary_standby standby{primary, {.tcp = true}};
  config const reading = either(primary.tcp_config(), standby.tcp_config(), "prefer-standby");
  CHECK(primary.port() != standby.port());
  CHECK(on_standby(reading));
  standby.stop();
  CHECK_FALSE(on_standby(reading));
  standby.start();
  CHECK(on_standby(reading));
  standby.promote();
  CHECK_FALSE(on_standby(reading));
}

TEST_CASE("a standby catches up after either server was away") {
  temporary_cluster primary;
  temporary_standby standby{primary};
  standby.stop(shutdown_mode::immediate);
  CHECK_THROWS_AS(standby.wait_for_replay(), pqscope::connection_error);
  witness(primary.url()).execute("CREATE TABLE t AS SELECT 1 AS n");
  standby.start();
  standby.wait_for_replay();
  CHECK(witness(standby.url()).count("t") == 1);

  primary.restart(shutdown_mode::immediate);
  witness(primary.url()).execute("INSERT INTO t VALUES (2)");
  standby.wait_for_replay();
  CHECK(witness(standby.url()).count("t") == 2);
}

TEST_CASE("a standby that does not replay in time is an error with the end of its log") {
  temporary_cluster const primary;
  temporary_standby const standby{primary};
  witness(standby.url()).text("SELECT pg_wal_replay_pause()");
  try {
    standby.wait_for_replay(std::chrono::milliseconds(300));
    FAIL("it was in time");
  } catch (harness_error const& failure) {
    CHECK(std::string(failure.what()).find("has not replayed") != std::string::npos);
  }
  witness(standby.url()).text("SELECT pg_wal_replay_resume()");
  CHECK_NOTHROW(standby.wait_for_replay());
}

TEST_CASE("a primary can be made to wait for its standby by name") {
  temporary_cluster const primary;
  temporary_standby first{primary, {.application_name = "it's first"}};
  temporary_standby const second{primary,
                                 {.application_name = "second", .settings = {{"work_mem", "5MB"}}}};
  CHECK(witness(second.url()).text("SHOW work_mem") == "5MB");
  witness outside(primary.url());
  outside.execute(R"(ALTER SYSTEM SET synchronous_standby_names = '"it''s first"')");
  outside.text("SELECT pg_reload_conf()");
  CHECK(support::eventually([&] {
    return outside.column(
               "SELECT application_name || ' ' || sync_state FROM pg_stat_replication ORDER BY "
               "1") == std::vector<std::string>{"it's first sync", "second async"};
  }));

  connection db{primary.config()};
  db.execute("SET synchronous_commit = remote_apply");
  db.execute("CREATE TABLE t (n int)");
  CHECK(witness(first.url()).count("t") == 0);

  first.stop();
  second.wait_for_replay();
  db.deadline(std::chrono::milliseconds(200));
  std::string warning;
  db.on_notice([&warning](pqscope::diagnostics const& notice) { warning = notice.message; });
  // The wait is cancelled, not the commit.
  CHECK(db.execute("INSERT INTO t VALUES (1)").affected_rows() == 1);
  CHECK(warning.find("canceling wait for synchronous replication") != std::string::npos);
  support::ensure_usable(db);
}

TEST_CASE("a standby has its primary's superuser, password and access rules") {
  temporary_cluster const primary{{.superuser = "first user",
                                   .password = "p@ss/w:rd?#%'\\ x",
                                   .auth = "scram-sha-256",
                                   .settings = {{"max_connections", "37"}}}};
  temporary_standby const standby{primary};
  standby.wait_for_replay();
  witness outside(standby.url());
  CHECK(outside.text("SELECT current_user") == "first user");
  CHECK(outside.text("SHOW max_connections") == "37");
  auto wrong = standby.config();
  wrong.password = "wrong";
  CHECK_THROWS_AS(connection{wrong}, pqscope::connection_error);
}

TEST_CASE("a primary that does not replicate is an error with what pg_basebackup said") {
  temporary_cluster const primary{{.hba = {"local replication all reject"}}};
  try {
    temporary_standby const standby{primary};
    FAIL("no exception");
  } catch (harness_error const& failure) {
    CHECK(std::string(failure.what()).find("pg_hba.conf rejects replication connection") !=
          std::string::npos);
  }
  CHECK(witness(primary.url()).text("SELECT 1") == "1");
}

TEST_CASE("a standby leaves no process and no folder behind, in any order and by an exception") {
  std::optional<temporary_cluster> primary(std::in_place);
  std::string folder;
  try {
    temporary_standby const standby{*primary};
    folder = standby.socket_directory();
#if defined(__linux__)
    CHECK(processes_of(folder) > 0);
#endif
    throw std::runtime_error("the test failed");
  } catch (std::runtime_error const&) {
  }
  CHECK_FALSE(reachable(folder));
  CHECK_FALSE(std::filesystem::exists(folder));
  CHECK(processes_of(folder) == 0);

  std::optional<temporary_standby> standby(std::in_place, *primary);
  std::string const first = primary->socket_directory();
  folder = standby->socket_directory();
  primary.reset();
  CHECK_FALSE(std::filesystem::exists(first));
  CHECK(witness(standby->url()).text("SELECT pg_is_in_recovery()") == "t");
  standby.reset();
  CHECK_FALSE(std::filesystem::exists(folder));
  CHECK(processes_of(first) + processes_of(folder) == 0);
}
