// A server that falls silent inside a transaction: the statement's deadline ends it, the connection
// is given up, and nobody may believe afterwards that something was committed.

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <pqscope/pqscope.hpp>

#include "faults/misbehaving/verdict.hpp"
#include "support/misbehaviours.hpp"
#include "support/scripted_server.hpp"

namespace {

using namespace std::chrono_literals;
using pqscope::connection_status;
using support::scripted_server;
namespace misbehaviours = support::misbehaviours;

pqscope::connection hasty(scripted_server const& server) {
  auto conn = support::impatient(server);
  conn.deadline(50ms);
  return conn;
}

}  // namespace

TEST_CASE("a transaction whose first statement was never answered cannot be committed") {
  scripted_server const server{support::script(misbehaviours::silence())};
  auto conn = hasty(server);
  bool committed = false;
  pqscope::transaction tx{conn};
  tx.after_commit([&] { committed = true; });
  CHECK_THROWS_AS(tx.execute("INSERT INTO t VALUES (1)"), pqscope::deadline_exceeded);
  CHECK(conn.status() == connection_status::broken);
  CHECK_THROWS_AS(tx.commit(), pqscope::connection_lost);
  CHECK_FALSE(committed);
}

TEST_CASE("a savepoint whose first statement was never answered cannot be committed") {
  scripted_server server;
  auto conn = hasty(server);
  pqscope::transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (1)");
  server.answer_to("INSERT", misbehaviours::silence());
  pqscope::savepoint inner{tx};
  CHECK_THROWS_AS(inner.execute("INSERT INTO t VALUES (2)"), pqscope::deadline_exceeded);
  CHECK_THROWS_AS(inner.commit(), pqscope::connection_lost);
}

TEST_CASE("a session whose error is swallowed does not report a commit") {
  scripted_server const server{support::script(misbehaviours::silence())};
  auto conn = hasty(server);
  CHECK_THROWS_AS(pqscope::with_session(conn,
                                        [](pqscope::session& s) {
                                          try {
                                            s.execute("INSERT INTO t VALUES (1)");
                                          } catch (pqscope::deadline_exceeded const&) {
                                          }
                                        }),
                  pqscope::connection_lost);
  CHECK(conn.status() == connection_status::broken);
}

TEST_CASE("the deadline of a statement in a transaction ends what the server does not") {
  scripted_server server;
  auto conn = hasty(server);
  pqscope::transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (1)");
  server.answer_to("UPDATE", misbehaviours::silence());
  CHECK(support::verdict([&] { tx.execute("UPDATE t SET a = 2"); }) == "deadline_exceeded");
  CHECK(conn.status() == connection_status::broken);
  CHECK(server.cancel_requests() >= 1);
  CHECK(support::verdict([&] { tx.rollback(); }) == "connection_lost");
  CHECK_FALSE(tx.is_active());
}
