#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>

#include "support/ensure_usable.hpp"
#include "support/misbehaviours.hpp"
#include "support/scripted_server.hpp"

using namespace std::chrono_literals;
using pqscope::connection_status;
using pqscope::transaction;
using support::reply;
using support::scripted_server;
namespace wire = support::wire;

namespace {

// A connection to a scripted server, watched. Transactions are not asked for their id.
struct scripted {
  pqscope::testing::recorder log;
  scripted_server server;
  pqscope::connection conn{pqscope::config::from_url(server.url()), {.observer = &log}};
};

constexpr pqscope::transaction_options plain{.identify = false};

std::string answer(std::string const& tag) {
  return wire::parse_complete() + wire::bind_complete() + wire::no_data() +
         wire::command_complete(tag);
}

}  // namespace

TEST_CASE("a COMMIT answered ROLLBACK throws, although the server calls it a success") {
  scripted s;
  std::string calls;
  transaction tx{s.conn, plain};
  tx.after_commit([&] { calls += 'c'; });
  tx.after_rollback([&] { calls += 'r'; });
  tx.execute("INSERT INTO t VALUES (1)");
  s.server.answer_to("COMMIT", {answer("ROLLBACK") + wire::ready_for_query('I')});
  try {
    tx.commit();
    FAIL("commit returned");
  } catch (pqscope::transaction_rolled_back const& told) {
    CHECK(told.first_error() == nullptr);
  }
  CHECK(calls == "r");
  CHECK_FALSE(tx.is_active());
  CHECK(s.log.round_trips() == 2);
  CHECK(s.conn.status() == connection_status::idle);
}

TEST_CASE("a PREPARE TRANSACTION answered ROLLBACK throws as COMMIT does") {
  scripted s;
  std::string calls;
  transaction tx{s.conn, plain};
  tx.after_rollback([&] { calls += 'r'; });
  tx.execute("INSERT INTO t VALUES (1)");
  s.server.answer_to("PREPARE", {answer("ROLLBACK") + wire::ready_for_query('I')});
  CHECK_THROWS_AS(tx.prepare("gid"), pqscope::transaction_rolled_back);
  CHECK(calls == "r");
  CHECK(s.log.round_trips() == 2);
  CHECK(s.conn.status() == connection_status::idle);
}

TEST_CASE("a COMMIT answered by something else is in doubt") {
  for (auto const& odd : {reply{answer("SELECT 1") + wire::ready_for_query('I')},
                          reply{answer("COMMIT") + wire::ready_for_query('T')},
                          reply{answer("COMMIT") + wire::ready_for_query('E')},
                          reply{answer("COMMIT") + wire::ready_for_query('?')}}) {
    scripted s;
    int called = 0;
    transaction tx{s.conn, plain};
    tx.after_commit([&] { ++called; });
    tx.after_rollback([&] { ++called; });
    tx.execute("INSERT INTO t VALUES (1)");
    s.server.answer_to("COMMIT", odd);
    CHECK_THROWS_AS(tx.commit(), pqscope::commit_in_doubt);
    CHECK(called == 0);
    CHECK_FALSE(tx.is_active());
    CHECK(s.conn.status() == connection_status::broken);
  }
}

TEST_CASE("FATAL 57P01 in answer to COMMIT is a doubt, socket closed or not") {
  for (auto const after : {support::then::close, support::then::hang}) {
    scripted s;
    transaction tx{s.conn, plain};
    tx.execute("INSERT INTO t VALUES (1)");
    reply fatal = support::misbehaviours::fatal_and_silence();
    fatal.after = after;
    s.server.answer_to("COMMIT", fatal);
    CHECK_THROWS_AS(tx.commit(), pqscope::commit_in_doubt);
    CHECK(s.conn.status() == connection_status::broken);
  }
}

TEST_CASE("a COMMIT carried out before the connection closed without ReadyForQuery is in doubt") {
  scripted s;
  transaction tx{s.conn, plain};
  tx.execute("INSERT INTO t VALUES (1)");
  s.server.answer_to("COMMIT", {answer("COMMIT"), support::then::close});
  CHECK_THROWS_AS(tx.commit(), pqscope::commit_in_doubt);
}

TEST_CASE("a BEGIN that fails takes its transaction along: nothing is carried out outside it") {
  scripted s;
  s.server.answer_to("BEGIN", {wire::error_response("ERROR", "0A000", "not during recovery") +
                               wire::ready_for_query('I')});
  std::string calls;
  transaction tx{s.conn, plain};
  tx.after_rollback([&] { calls += 'r'; });
  try {
    tx.execute("INSERT INTO t VALUES (1)");
    FAIL("execute returned");
  } catch (pqscope::feature_not_supported const& failure) {
    CHECK(failure.sql() == "BEGIN");
  }
  auto const before = s.log.round_trips();
  CHECK_THROWS_AS(tx.execute("INSERT INTO t VALUES (2)"), pqscope::usage_error);
  CHECK_THROWS_AS(pqscope::savepoint{tx}, pqscope::usage_error);
  try {
    tx.commit();
    FAIL("commit returned");
  } catch (pqscope::transaction_rolled_back const& told) {
    CHECK(told.sqlstate() == "0A000");
  }
  CHECK(calls == "r");
  CHECK(s.log.round_trips() == before);
  CHECK(s.conn.status() == connection_status::idle);
  transaction next{s.conn, plain};
  next.execute("INSERT INTO t VALUES (3)");
  next.commit();
}

TEST_CASE("a BEGIN that fails in a nested scope fails all scopes, and sends nothing more") {
  scripted s;
  s.server.answer_to("BEGIN", {wire::error_response("ERROR", "0A000", "not during recovery") +
                               wire::ready_for_query('I')});
  {
    transaction tx{s.conn, plain};
    pqscope::savepoint inner{tx};
    CHECK_THROWS_AS(inner.execute("INSERT INTO t VALUES (1)"), pqscope::feature_not_supported);
    CHECK_THROWS_AS(inner.execute("INSERT INTO t VALUES (2)"), pqscope::usage_error);
    CHECK_THROWS_AS(inner.commit(), pqscope::transaction_rolled_back);
    CHECK_THROWS_AS(tx.execute("INSERT INTO t VALUES (3)"), pqscope::usage_error);
  }
  CHECK(s.log.round_trips() == 1);
  CHECK(s.conn.status() == connection_status::idle);
}

TEST_CASE("a BEGIN that fails ahead of a script takes its transaction along") {
  scripted s;
  s.server.answer_to("BEGIN", {wire::error_response("ERROR", "0A000", "not during recovery") +
                               wire::ready_for_query('I')});
  transaction tx{s.conn, plain};
  pqscope::dynamic_sql const script{"INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)"};
  CHECK_THROWS_AS(tx.execute_script(script), pqscope::feature_not_supported);
  CHECK_THROWS_AS(tx.execute_script(script), pqscope::usage_error);
  CHECK(s.log.round_trips() == 1);
  tx.rollback();
  CHECK(s.log.round_trips() == 1);
}
