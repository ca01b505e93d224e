// An answer cut after k bytes, for all k: never a hang, never a false success.

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <cstddef>
#include <pqscope/pqscope.hpp>
#include <string>

#include "faults/misbehaving/verdict.hpp"
#include "support/misbehaviours.hpp"
#include "support/scripted_server.hpp"

namespace {

using namespace std::chrono_literals;
using pqscope::connection_status;
using support::impatient;
using support::scripted_server;
using support::then;
using support::verdict;
namespace misbehaviours = support::misbehaviours;
namespace wire = support::wire;

std::string done(std::string const& tag) {
  return wire::parse_complete() + wire::bind_complete() + wire::no_data() +
         wire::command_complete(tag);
}

}  // namespace

TEST_CASE("an answer cut after any number of bytes is a lost connection") {
  auto const after = GENERATE(then::close, then::reset);
  std::string const whole = misbehaviours::rows(3).bytes;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length, whole.size());
    scripted_server const server{support::script({whole.substr(0, length), after})};
    auto conn = impatient(server);
    REQUIRE(verdict([&] { conn.execute("SELECT n"); }).starts_with("connection_lost"));
    REQUIRE(conn.status() == connection_status::broken);
  }
}

TEST_CASE("a whole answer before the end of the connection is an answer") {
  scripted_server const server{support::script({misbehaviours::rows(3).bytes, then::close})};
  auto conn = impatient(server);
  CHECK(conn.execute("SELECT n").size() == 3);
  CHECK(verdict([&] { conn.execute("SELECT n"); }) == "connection_lost");
  CHECK(conn.status() == connection_status::broken);
}

TEST_CASE("an answer that stops after any number of bytes ends with the deadline") {
  std::string const whole = misbehaviours::rows(1).bytes;
  for (std::size_t length = 0; length < whole.size(); length += 3) {
    CAPTURE(length, whole.size());
    scripted_server const server{support::script({whole.substr(0, length), then::hang})};
    auto conn = impatient(server);
    conn.core_for({}).patience = {.drain = 20ms, .recovery = 20ms};
    conn.deadline(8ms);
    std::string const told = verdict([&] { conn.execute("SELECT n"); });
    REQUIRE((told == "deadline_exceeded" || told == "connection_lost 08P01"));
    REQUIRE(conn.status() == connection_status::broken);
  }
}

TEST_CASE("a pipelined answer cut after any number of bytes commits nothing") {
  std::string const whole = done("BEGIN") + done("INSERT 0 1") + wire::ready_for_query('T');
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length, whole.size());
    scripted_server const server{support::script({whole.substr(0, length), then::close})};
    auto conn = impatient(server);
    pqscope::transaction tx{conn, {.identify = false}};
    REQUIRE(
        verdict([&] { tx.execute("INSERT INTO t VALUES (1)"); }).starts_with("connection_lost"));
    REQUIRE(conn.status() == connection_status::broken);
    REQUIRE(verdict([&] { tx.commit(); }) == "connection_lost");
    REQUIRE(server.types_received().find('Q') == std::string::npos);
  }
}

TEST_CASE("the answer to COMMIT cut after any number of bytes leaves the commit in doubt") {
  auto const after = GENERATE(then::close, then::reset);
  std::string const whole = done("COMMIT") + wire::ready_for_query('I');
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length, whole.size());
    scripted_server server;
    auto conn = impatient(server);
    pqscope::transaction tx{conn};
    tx.execute("INSERT INTO t VALUES (1)");
    server.answer_to("COMMIT", {whole.substr(0, length), after});
    bool committed = false;
    tx.after_commit([&] { committed = true; });
    REQUIRE(verdict([&] { tx.commit(); }) == "commit_in_doubt");
    REQUIRE_FALSE(committed);
    REQUIRE(conn.status() == connection_status::broken);
  }
}
