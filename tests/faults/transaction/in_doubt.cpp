#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "integration/transaction/watched.hpp"

using namespace std::chrono_literals;
using pqscope::commit_in_doubt;
using pqscope::resolution;
using pqscope::resolve;
using pqscope::savepoint;
using pqscope::session;
using pqscope::transaction;
using pqscope::transaction_end;
using pqscope::testing::faulty_proxy;
using support::shared_table;
using support::test_config;
using support::watched;

namespace {

// Commits, which has to come to a doubt.
template <class Scope>
commit_in_doubt doubt_of(Scope& scope) {
  try {
    scope.commit();
  } catch (commit_in_doubt const& doubt) {
    return doubt;
  }
  FAIL("the commit was not in doubt");
  throw;
}

// Requires the right answer in less than a second.
void check_resolved(commit_in_doubt const& doubt, resolution expected) {
  auto const start = std::chrono::steady_clock::now();
  CHECK(resolve(test_config(), doubt, 5s) == expected);
  CHECK(resolve(test_config(), doubt, std::chrono::steady_clock::now() + 5s) == expected);
  CHECK(std::chrono::steady_clock::now() - start < 1s);
}

}  // namespace

TEST_CASE("a commit whose answer is lost is in doubt, and the server knows what became of it") {
  bool const arrived = GENERATE(false, true);
  bool const nested = GENERATE(false, true);
  bool const reset = GENERATE(false, true);
  CAPTURE(arrived, nested, reset);
  shared_table table;
  faulty_proxy proxy{test_config(), {.reset = reset}};
  watched w{proxy.config()};
  int called = 0;
  {
    transaction tx{w.conn};
    tx.after_commit([&] { ++called; });
    tx.after_rollback([&] { ++called; });
    if (nested) {
      savepoint inner{tx};
      inner.execute(table.insert(1));
      inner.commit();  // its RELEASE goes with COMMIT
    } else {
      tx.execute(table.insert(1));
    }
    auto const id = tx.id();
    REQUIRE(id.has_value());
    arrived ? proxy.cut_after("COMMIT") : proxy.cut_before("COMMIT");
    commit_in_doubt const doubt = doubt_of(tx);
    CHECK(doubt.transaction_id() == id);
    CHECK_FALSE(doubt.is_retryable());
    CHECK_FALSE(doubt.connection_usable());
    CHECK(doubt.where().line() != 0);
    CHECK_FALSE(tx.is_active());
    CHECK(w.conn.status() == pqscope::connection_status::broken);
    check_resolved(doubt, arrived ? resolution::committed : resolution::aborted);
    CHECK(table.count() == (arrived ? 1 : 0));
    CHECK_THROWS_AS(tx.commit(), pqscope::usage_error);
  }
  CHECK(called == 0);
  CHECK(w.log.transactions() == std::vector{transaction_end::in_doubt});
}

TEST_CASE("a doubtful commit is not hidden by a rollback behind it") {
  shared_table table;
  faulty_proxy proxy{test_config()};
  watched w{proxy.config()};
  transaction tx{w.conn};
  tx.execute(table.insert(1));
  proxy.cut_after("COMMIT");
  auto const commit_or_undo = [&] {
    try {
      tx.commit();
    } catch (...) {
      tx.rollback();
      throw;
    }
  };
  CHECK_THROWS_AS(commit_or_undo(), commit_in_doubt);
}

TEST_CASE("a session's commit whose answer is lost is in doubt, hooks do not run") {
  bool const arrived = GENERATE(false, true);
  shared_table table;
  faulty_proxy proxy{test_config()};
  arrived ? proxy.cut_after("COMMIT") : proxy.cut_before("COMMIT");
  int called = 0;
  try {
    pqscope::with_session(proxy.config(), {.retry = {.attempts = 5}}, [&](session& s) {
      s.after_commit([&] { ++called; });
      s.after_rollback([&] { ++called; });
      s.execute(table.insert(1));
    });
    FAIL("with_session returned");
  } catch (commit_in_doubt const& doubt) {
    REQUIRE(doubt.transaction_id().has_value());
    check_resolved(doubt, arrived ? resolution::committed : resolution::aborted);
  }
  CHECK(called == 0);
  CHECK(table.count() == (arrived ? 1 : 0));
}

TEST_CASE("a doubt about a transaction that was not identified cannot be resolved") {
  shared_table table;
  faulty_proxy proxy{test_config()};
  watched w{proxy.config()};
  transaction tx{w.conn, {.identify = false}};
  tx.execute(table.insert(1));
  proxy.cut_after("COMMIT");
  commit_in_doubt const doubt = doubt_of(tx);
  CHECK_FALSE(doubt.transaction_id().has_value());
  check_resolved(doubt, resolution::unknown);
}

TEST_CASE("a commit that the network swallows until the deadline is in doubt") {
  shared_table table;
  faulty_proxy proxy{test_config()};
  watched w{proxy.config()};
  transaction tx{w.conn};
  tx.execute(table.insert(1));
  proxy.stall_after("COMMIT");
  w.conn.deadline(50ms);
  auto const start = std::chrono::steady_clock::now();
  commit_in_doubt const doubt = doubt_of(tx);
  CHECK(std::chrono::steady_clock::now() - start < 4s);
  check_resolved(doubt, resolution::committed);
}

TEST_CASE("a doubt about a transaction that is still in progress is unknown when time is up") {
  shared_table table;
  watched w;
  transaction tx{w.conn};
  tx.execute(table.insert(1));
  commit_in_doubt const doubt{tx.id(), "a test"};
  auto const start = std::chrono::steady_clock::now();
  CHECK(resolve(test_config(), doubt, 100ms) == resolution::unknown);
  CHECK(std::chrono::steady_clock::now() - start < 1s);
  tx.rollback();
  check_resolved(doubt, resolution::aborted);
}

TEST_CASE("a doubt is unknown, in time, while the server cannot be reached") {
  faulty_proxy proxy{test_config()};
  proxy.refuse();
  commit_in_doubt const doubt{1000, "a test"};
  auto const start = std::chrono::steady_clock::now();
  CHECK(resolve(proxy.config(), doubt, 100ms) == resolution::unknown);
  proxy.refuse(false);
  proxy.stall();
  CHECK(resolve(proxy.config(), doubt, 100ms) == resolution::unknown);
  CHECK(std::chrono::steady_clock::now() - start < 1s);
  CHECK(resolve(proxy.config(), doubt, 0ms) == resolution::unknown);
}

TEST_CASE("a PREPARE TRANSACTION whose answer is lost is in doubt") {
  bool const arrived = GENERATE(false, true);
  shared_table table;
  faulty_proxy proxy{test_config()};
  watched w{proxy.config()};
  std::string const gid = support::unique_name("gid");
  int called = 0;
  transaction tx{w.conn};
  tx.after_commit([&] { ++called; });
  tx.after_rollback([&] { ++called; });
  tx.execute(table.insert(1));
  arrived ? proxy.cut_after("PREPARE") : proxy.cut_before("PREPARE");
  try {
    tx.prepare(gid);
    FAIL("it was not in doubt");
  } catch (commit_in_doubt const& doubt) {
    std::string const text = doubt.what();
    CHECK(text.starts_with("PREPARE TRANSACTION was sent and its answer did not arrive"));
    CHECK(text.find("pqscope::prepared_transactions() tells") != std::string::npos);
    CHECK(text.find("COMMIT") == std::string::npos);
  }
  CHECK_FALSE(tx.is_active());
  CHECK(called == 0);
  bool const there =
      table.outside.number("SELECT count(*) FROM pg_prepared_xacts WHERE gid = $1", {gid}) == 1;
  CHECK(there == arrived);
  if (there) {
    table.outside.execute("ROLLBACK PREPARED '" + gid + "'");
  }
}
