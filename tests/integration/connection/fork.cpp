#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <optional>
#include <string>
#include <utility>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/scripted_server.hpp"

using pqscope::connection;
using pqscope::usage_error;

namespace {

/// Runs `work` in a child process; what it returns, 99 where it throws.
template <class Work>
int in_child(Work work) {
  pid_t const child = ::fork();
  if (child == 0) {
    int answer = 99;
    try {
      answer = work();
    } catch (...) {
    }
    ::_exit(answer);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

template <class Work>
bool is_refused(Work work) {
  try {
    work();
  } catch (usage_error const& failure) {
    return std::string{failure.what()}.find("fork") != std::string::npos;
  }
  return false;
}

}  // namespace

TEST_CASE("a child that destroys its copy of a connection leaves the parent's alone") {
  std::optional<connection> db{support::test_config()};
  int const pid = db->backend_pid();
  CHECK(in_child([&] {
          db.reset();
          return 0;
        }) == 0);
  CHECK(db->backend_pid() == pid);
  support::ensure_usable(*db);
}

TEST_CASE("a child that closes its copy of a connection leaves the parent's alone") {
  connection db{support::test_config()};
  CHECK(in_child([&] {
          db.close();
          db.close();
          return db.status() == pqscope::connection_status::closed ? 0 : 1;
        }) == 0);
  support::ensure_usable(db);
}

TEST_CASE("a child cannot use the connection of its parent") {
  connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE t (n integer)");
  CHECK(in_child([&] {
          bool const refused =
              is_refused([&] { db.execute("INSERT INTO t VALUES (1)"); }) &&
              is_refused([&] { static_cast<void>(db.query<int>("SELECT 1")); }) && is_refused([&] {
                db.execute_script(pqscope::dynamic_sql{"INSERT INTO t VALUES (2)"});
              }) &&
              is_refused([&] { static_cast<void>(std::move(db).release()); });
          return refused && db.status() == pqscope::connection_status::broken &&
                         !db.canceller().cancel()
                     ? 0
                     : 1;
        }) == 0);
  CHECK(db.query<std::int64_t>("SELECT count(*) FROM t").one() == 0);
  support::ensure_usable(db);
}

TEST_CASE("nothing is sent by a child that ends") {
  support::scripted_server server;
  connection db{pqscope::config::from_url(server.url())};
  CHECK(in_child([&] {
          connection const gone{std::move(db)};
          return 0;
        }) == 0);
  CHECK(server.types_received().empty());
  db.execute("SELECT 1");
  CHECK(server.types_received() == "PBDES");
}

TEST_CASE("a transaction of the parent survives a child") {
  connection db{support::test_config()};
  db.execute("BEGIN");
  db.execute("CREATE TEMP TABLE t (n integer)");
  std::optional<connection> mine{std::move(db)};
  CHECK(in_child([&] {
          mine.reset();
          return 0;
        }) == 0);
  CHECK(mine->status() == pqscope::connection_status::in_transaction);
  mine->execute("INSERT INTO t VALUES (1)");
  mine->execute("COMMIT");
  support::ensure_usable(*mine);
}

TEST_CASE("a child opens connections of its own") {
  connection db{support::test_config()};
  CHECK(in_child([] {
          connection own{support::test_config()};
          return own.query<int>("SELECT 7").one() == 7 ? 0 : 1;
        }) == 0);
  support::ensure_usable(db);
}
