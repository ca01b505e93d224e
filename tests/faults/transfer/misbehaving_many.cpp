// A server that misbehaves in the answer to execute_many or a pipeline: never a hang, never a false
// success.

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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

std::string executed() {
  return wire::bind_complete() + wire::no_data() + wire::command_complete("INSERT 0 1");
}

/// The right answer to two records: one Parse, two executions.
std::string whole_answer() {
  return wire::parse_complete() + executed() + executed() + wire::ready_for_query();
}

/// What two records come to; `done` only with the right number of rows.
std::string many(pqscope::connection& conn) {
  std::uint64_t rows = 0;
  std::string const told =
      verdict([&] { rows = conn.execute_many("INSERT INTO t VALUES ($1)", std::vector{1, 2}); });
  return told != "done" || rows == 2 ? told : "done with " + std::to_string(rows) + " rows";
}

}  // namespace

TEST_CASE("an answer to execute_many that is cut after any number of bytes is a lost connection") {
  std::string const whole = whole_answer();
  for (then const after : {then::close, then::reset}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length, whole.size());
      scripted_server const server{support::script({whole.substr(0, length), after})};
      auto conn = impatient(server);
      REQUIRE(many(conn).starts_with("connection_lost"));
      REQUIRE(conn.status() == connection_status::broken);
    }
  }
  scripted_server const server{support::script({whole, then::go_on})};
  auto conn = impatient(server);
  CHECK(many(conn) == "done");
  CHECK(conn.status() == connection_status::idle);
}

TEST_CASE("an answer to execute_many that stops after any number of bytes ends with the deadline") {
  std::string const whole = whole_answer();
  for (std::size_t length = 0; length < whole.size(); length += 3) {
    CAPTURE(length, whole.size());
    scripted_server const server{support::script({whole.substr(0, length), then::hang})};
    auto conn = impatient(server);
    conn.core_for({}).patience = {.drain = 20ms, .recovery = 20ms};
    conn.deadline(8ms);
    REQUIRE(many(conn) == "deadline_exceeded");
    REQUIRE(conn.status() == connection_status::broken);
  }
}

TEST_CASE("each misbehaviour among the answers of execute_many is told, and none is a success") {
  for (auto const& row : misbehaviours::at_statement()) {
    INFO(row.name);
    scripted_server const server{
        support::script({wire::parse_complete() + executed() + row.what.bytes, row.what.after})};
    auto conn = impatient(server);
    conn.deadline(200ms);
    auto const start = std::chrono::steady_clock::now();
    std::string const told = many(conn);
    CHECK(told != "done");
    CHECK(std::chrono::steady_clock::now() - start < 5s);
    if (conn.status() == connection_status::idle) {
      CHECK(told.ends_with("usable"));
      CHECK(verdict([&] { conn.execute("UPDATE t SET a = 1"); }) == "done");
    } else {
      CHECK_FALSE(told.ends_with("usable"));
      CHECK(conn.status() == connection_status::broken);
    }
  }
}

TEST_CASE("a COPY that the server begins for a record, or more answers than were asked for") {
  for (std::string const& bytes :
       {wire::copy_in_response(), wire::copy_out_response(), wire::copy_both_response(),
        executed() + executed() + wire::ready_for_query()}) {
    scripted_server const server{
        support::script({wire::parse_complete() + executed() + bytes, then::go_on})};
    auto conn = impatient(server);
    conn.deadline(200ms);
    CHECK(many(conn) == "connection_lost 08P01");
    CHECK(conn.status() == connection_status::broken);
  }
}

TEST_CASE("an answer to a pipeline that is cut after any number of bytes is a lost connection") {
  std::string const one = wire::parse_complete() + executed();
  std::string const whole = one + one + wire::ready_for_query();
  auto const both = [](pqscope::connection& conn) {
    return verdict([&] {
      conn.pipeline([](auto& p) {
        p.execute("INSERT INTO t VALUES (1)");
        p.execute("INSERT INTO t VALUES (2)");
      });
    });
  };
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length, whole.size());
    scripted_server const server{support::script({whole.substr(0, length), then::close})};
    auto conn = impatient(server);
    REQUIRE(both(conn).starts_with("connection_lost"));
    REQUIRE(conn.status() == connection_status::broken);
  }
  scripted_server const server{support::script({whole, then::go_on})};
  auto conn = impatient(server);
  CHECK(both(conn) == "done");
}
