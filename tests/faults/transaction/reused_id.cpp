#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/temporary_cluster.hpp>
#include <pqscope/testing/temporary_standby.hpp>

#include <signal.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <stdexcept>
#include <string>

#include "support/database.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::commit_in_doubt;
using pqscope::connection;
using pqscope::resolution;
using pqscope::resolve;
using pqscope::transaction;
using pqscope::testing::faulty_proxy;
using pqscope::testing::shutdown_mode;
using pqscope::testing::temporary_cluster;
using pqscope::testing::temporary_standby;
using support::witness;

namespace {

// A server that leaves WAL in memory for seconds unless it is told to flush it. Where there is no
// amount that it flushes after, PostgreSQL 17 flushes at every commit.
temporary_cluster slow_to_write() {
  return temporary_cluster{{.settings = {{"synchronous_commit", "off"},
                                         {"wal_writer_delay", "10s"},
                                         {"wal_writer_flush_after", "1GB"},
                                         {"autovacuum", "off"},
                                         {"bgwriter_delay", "10s"},
                                         {"restart_after_crash", "on"}}}};
}

// Writes, and commits: the answer of COMMIT does not come.
commit_in_doubt lose_answer(pqscope::config const& server, bool arrives) {
  faulty_proxy proxy{server};
  connection conn{proxy.config()};
  transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (1)");
  arrives ? proxy.cut_after("COMMIT") : proxy.cut_before("COMMIT");
  try {
    tx.commit();
  } catch (commit_in_doubt const& doubt) {
    REQUIRE(doubt.transaction_id());
    REQUIRE(doubt.identified());
    return doubt;
  }
  FAIL("the commit was not in doubt");
  throw;
}

std::string status(witness& server, commit_in_doubt const& doubt) {
  return server.text("SELECT pg_xact_status($1::xid8)", {std::to_string(*doubt.transaction_id())});
}

// Commits other transactions until one had the id.
void give_out_again(witness& server, commit_in_doubt const& doubt) {
  std::string const id = std::to_string(*doubt.transaction_id());
  REQUIRE(server.text("SELECT pg_snapshot_xmax(pg_current_snapshot()) <= $1::xid8", {id}) == "t");
  while (server.text("INSERT INTO other VALUES (1) RETURNING pg_current_xact_id() < $1::xid8",
                     {id}) == "t") {
  }
  REQUIRE(status(server, doubt) == "committed");
}

void make_tables(temporary_cluster const& cluster) {
  witness server{cluster.url()};
  server.execute("CREATE TABLE t (n int)");
  server.execute("CREATE TABLE other (n int)");
  server.execute("CHECKPOINT");
}

// Has one of the server's processes die, so that the others are ended and it recovers.
void crash_a_process(temporary_cluster const& cluster) {
  connection to_be_ended{cluster.config()};
  witness server{cluster.url()};
  auto const victim = to_be_ended.query<int>("SELECT pg_backend_pid()").one();
  REQUIRE(::kill(victim, SIGKILL) == 0);
  REQUIRE(support::eventually([&] {
    try {
      server.text("SELECT 1");
      return false;
    } catch (std::runtime_error const&) {
      return true;
    }
  }));
  REQUIRE(support::eventually([&] {
    try {
      return witness{cluster.url()}.text("SELECT 1") == "1";
    } catch (std::runtime_error const&) {
      return false;
    }
  }));
}

}  // namespace

TEST_CASE("a lost transaction whose id was given out again is not taken for committed") {
  bool const all_of_it = GENERATE(true, false);
  CAPTURE(all_of_it);
  temporary_cluster cluster = slow_to_write();
  make_tables(cluster);
  commit_in_doubt const doubt = lose_answer(cluster.config(), true);
  all_of_it ? cluster.restart(shutdown_mode::immediate) : crash_a_process(cluster);
  witness server{cluster.url()};
  CHECK(resolve(cluster.config(), doubt, 5s) == resolution::aborted);  // not given out yet
  give_out_again(server, doubt);
  CHECK(server.text("SELECT count(*) FROM t") == "0");
  CHECK(resolve(cluster.config(), doubt, 5s) == resolution::aborted);
  server.execute("CHECKPOINT");  // with it goes what recovery had found
  CHECK(resolve(cluster.config(), doubt, 5s) == resolution::unknown);
  cluster.restart();
  CHECK(resolve(cluster.config(), doubt, 5s) == resolution::unknown);
}

TEST_CASE("a lost transaction whose id another session is using is not waited for") {
  temporary_cluster cluster = slow_to_write();
  make_tables(cluster);
  commit_in_doubt const doubt = lose_answer(cluster.config(), true);
  cluster.restart(shutdown_mode::immediate);
  connection other{cluster.config()};
  for (bool reached = false; !reached;) {
    transaction tx{other};
    tx.execute("INSERT INTO other VALUES (1)");
    reached = tx.id() >= doubt.transaction_id();
    if (reached) {
      REQUIRE(tx.id() == doubt.transaction_id());
      CHECK(resolve(cluster.config(), doubt, 5s) == resolution::aborted);
    }
    tx.commit();
  }
}

TEST_CASE("a transaction that survived a crash or a stop is resolved to the truth") {
  bool const arrives = GENERATE(true, false);
  int const how = GENERATE(0, 1, 2);
  CAPTURE(arrives, how);
  temporary_cluster cluster;
  make_tables(cluster);
  commit_in_doubt const doubt = lose_answer(cluster.config(), arrives);
  witness{cluster.url()}.execute("INSERT INTO other VALUES (1)");  // flushes what is before it
  how == 0   ? cluster.restart(shutdown_mode::immediate)
  : how == 1 ? cluster.restart(shutdown_mode::fast)
             : crash_a_process(cluster);
  CHECK(resolve(cluster.config(), doubt, 5s) ==
        (arrives ? resolution::committed : resolution::aborted));
  CHECK(witness{cluster.url()}.text("SELECT count(*) FROM t") == (arrives ? "1" : "0"));
}

TEST_CASE("an ordinary role resolves a commit in doubt after a crash") {
  temporary_cluster cluster;
  make_tables(cluster);
  witness{cluster.url()}.execute("CREATE ROLE ordinary LOGIN");
  commit_in_doubt const doubt = lose_answer(cluster.config(), true);
  cluster.restart(shutdown_mode::immediate);
  auto const role = cluster.config().with("user", "ordinary");
  CHECK(resolve(role, doubt, 5s) == resolution::committed);
  witness server{cluster.url()};
  server.execute("REVOKE EXECUTE ON FUNCTION pg_control_checkpoint() FROM public");
  CHECK(resolve(role, doubt, 5s) == resolution::committed);
}

TEST_CASE("a prepared transaction that survived a crash is not taken for aborted") {
  temporary_cluster cluster;
  make_tables(cluster);
  faulty_proxy proxy{cluster.config()};
  connection conn{proxy.config()};
  transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (1)");
  proxy.cut_after("PREPARE");
  try {
    tx.prepare("undecided");
    FAIL("it was not in doubt");
  } catch (commit_in_doubt const& doubt) {
    REQUIRE(support::eventually([&] {
      return witness{cluster.url()}.text("SELECT count(*) FROM pg_prepared_xacts") == "1";
    }));
    cluster.restart(shutdown_mode::immediate);
    CHECK(resolve(cluster.config(), doubt, 100ms) == resolution::unknown);
    witness{cluster.url()}.execute("COMMIT PREPARED 'undecided'");
    CHECK(resolve(cluster.config(), doubt, 5s) == resolution::committed);
  }
}

TEST_CASE("a commit that a standby had replayed is committed once that is promoted") {
  temporary_cluster primary;
  make_tables(primary);
  temporary_standby standby{primary};
  commit_in_doubt const doubt = lose_answer(primary.config(), true);
  standby.wait_for_replay();
  primary.stop(shutdown_mode::immediate);
  CHECK(resolve(standby.config(), doubt, 100ms) == resolution::unknown);  // who knows who is next
  standby.promote();
  CHECK(resolve(standby.config(), doubt, 5s) == resolution::committed);
  witness{standby.url()}.execute("CHECKPOINT");
  CHECK(resolve(standby.config(), doubt, 5s) == resolution::committed);
}

TEST_CASE("a commit that a standby had not replayed is not taken for another one on it") {
  temporary_cluster primary;
  make_tables(primary);
  temporary_standby standby{primary};
  standby.wait_for_replay();
  standby.stop();  // it does not get what comes now
  commit_in_doubt const doubt = lose_answer(primary.config(), true);
  primary.stop(shutdown_mode::immediate);
  standby.start();
  standby.promote();
  CHECK(resolve(standby.config(), doubt, 5s) == resolution::aborted);
  witness server{standby.url()};
  give_out_again(server, doubt);
  CHECK(resolve(standby.config(), doubt, 5s) != resolution::committed);
  server.execute("CHECKPOINT");
  CHECK(resolve(standby.config(), doubt, 5s) != resolution::committed);
}
