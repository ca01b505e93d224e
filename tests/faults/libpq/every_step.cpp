// The connection cut at every message of a whole story, in both directions: what is reported has to
// be true on the server, whatever the step.

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <string>

#include "faults/misbehaving/verdict.hpp"
#include "support/database.hpp"

namespace {

using namespace std::chrono_literals;
using pqscope::connection_status;
using pqscope::testing::faulty_proxy;

/// How far a story came, and what it was told in the end.
struct report {
  std::string step = "connect";
  std::string told = "done";
  std::optional<pqscope::commit_in_doubt> doubt{};
  bool after_commit_ran = false;
  connection_status status = connection_status::closed;
};

/// Connects, writes two rows in a transaction with a savepoint, looks at them and commits.
report tell_story(pqscope::config const& config, std::string const& table) {
  report told;
  std::optional<pqscope::connection> conn;
  auto const insert = [&](auto& scope, int value) {
    scope.execute(pqscope::dynamic_sql{"INSERT INTO " + table + " VALUES ($1)"}, value);
  };
  told.told = support::verdict([&] {
    conn.emplace(config, pqscope::connection_options{.deadline = 10s});
    told.step = "begin and insert";
    pqscope::transaction tx{*conn};
    tx.after_commit([&] { told.after_commit_ran = true; });
    insert(tx, 1);
    told.step = "query";
    int const seven = tx.query<int>("SELECT $1::int4", 7).one();
    CHECK(seven == 7);
    told.step = "savepoint";
    pqscope::savepoint inner{tx};
    insert(inner, 2);
    inner.commit();
    told.step = "commit";
    try {
      tx.commit();
    } catch (pqscope::commit_in_doubt const& doubt) {
      told.doubt = doubt;
      throw;
    }
    told.step = "end";
  });
  if (conn) {
    told.status = conn->status();
  }
  return told;
}

/// Arms a fault at the k-th message for each k until the story is no longer met by it.
void cut_everywhere(bool reset, std::function<void(faulty_proxy&, int)> const& arm) {
  support::witness witness;
  std::string const table = support::unique_name("story");
  witness.execute("CREATE TABLE " + table + " (a int)");
  faulty_proxy proxy{support::test_config(), {.reset = reset}};
  int met = 0;
  for (int k = 1;; ++k) {
    arm(proxy, k);
    report const story = tell_story(proxy.config(), table);
    bool const fired = proxy.armed() == 0;
    proxy.disarm();
    CAPTURE(k, story.step, story.told);
    // an exclusive lock is granted when every transaction that wrote has ended
    witness.execute("BEGIN; LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE; COMMIT");
    long long const rows = witness.count(table);
    if (story.step == "end") {
      REQUIRE(story.told == "done");
      REQUIRE(rows == 2);
      REQUIRE(story.after_commit_ran);
    } else if (story.doubt) {
      REQUIRE(story.step == "commit");
      REQUIRE(story.status == connection_status::broken);
      REQUIRE_FALSE(story.after_commit_ran);
      REQUIRE(story.doubt->transaction_id());
      auto const truth = pqscope::resolve(support::test_config(), *story.doubt, 5s);
      REQUIRE(truth == (rows == 2 ? pqscope::resolution::committed : pqscope::resolution::aborted));
      REQUIRE((rows == 0 || rows == 2));
    } else {
      REQUIRE(rows == 0);
      REQUIRE_FALSE(story.after_commit_ran);
      if (story.step == "connect") {
        REQUIRE(story.told == "connection_error");
      } else {
        REQUIRE(story.told == "connection_lost");
        REQUIRE(story.status == connection_status::broken);
      }
    }
    witness.execute("TRUNCATE " + table);
    if (!fired) {
      break;
    }
    ++met;
  }
  CHECK(met > 8);
  report const again = tell_story(proxy.config(), table);
  CHECK(again.told == "done");
  CHECK(witness.count(table) == 2);
  witness.execute("DROP TABLE " + table);
}

}  // namespace

TEST_CASE("a story cut before each message of the server tells the truth") {
  cut_everywhere(GENERATE(false, true),
                 [](faulty_proxy& proxy, int k) { proxy.cut_before_server_message('\0', k); });
}

TEST_CASE("a story cut after each message of the server tells the truth") {
  cut_everywhere(false,
                 [](faulty_proxy& proxy, int k) { proxy.cut_after_server_message('\0', k); });
}

TEST_CASE("a story cut before each message of the client tells the truth") {
  cut_everywhere(GENERATE(false, true),
                 [](faulty_proxy& proxy, int k) { proxy.cut_before_client_message('\0', k); });
}
