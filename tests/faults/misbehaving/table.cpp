// The table "A server that misbehaves": what a statement comes to, and where the connection stands
// afterwards, with no deadline but our own patience.

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
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
using support::verdict;
namespace misbehaviours = support::misbehaviours;
namespace wire = support::wire;

struct expectation {
  std::string verdict;
  connection_status status;
};

/// What each row of the table comes to, outside a transaction.
expectation expected(std::string const& row) {
  if (row == "rows, FATAL, close" || row == "FATAL, silence") {
    return {"server_error 57P01", connection_status::broken};
  }
  if (row == "PANIC, silence") {
    return {"server_error XX000", connection_status::broken};
  }
  if (row == "CopyInResponse" || row == "CopyOutResponse") {
    return {"usage_error usable", connection_status::idle};
  }
  if (row == "close in a row" || row == "reset in a row") {
    return {"connection_lost", connection_status::broken};
  }
  if (row == "ERROR without SQLSTATE") {
    return {"server_error usable", connection_status::idle};
  }
  if (row == "second result fails") {
    return {"server_error 22012 usable", connection_status::idle};
  }
  return {"connection_lost 08P01", connection_status::broken};
}

/// A server that answers `BEGIN` well and misbehaves at the statement it came with.
support::reply after_begin(support::reply const& what) {
  return {wire::parse_complete() + wire::bind_complete() + wire::no_data() +
              wire::command_complete("BEGIN") + what.bytes,
          what.after};
}

void check_aftermath(pqscope::connection& conn, connection_status status) {
  CHECK(conn.status() == status);
  if (status == connection_status::idle) {
    CHECK(verdict([&] { conn.execute("UPDATE t SET a = 1"); }) == "done");
    CHECK(conn.status() == connection_status::idle);
  } else {
    CHECK(verdict([&] { conn.execute("UPDATE t SET a = 1"); }) == "connection_lost");
  }
}

}  // namespace

TEST_CASE("each misbehaviour at a statement is told and leaves the right status") {
  for (auto const& row : misbehaviours::at_statement()) {
    if (row.name == "silence") {
      continue;  // no error: the server may take its time
    }
    INFO(row.name);
    auto const [thrown, status] = expected(row.name);
    scripted_server const server{support::script(row.what)};
    auto conn = impatient(server);
    auto const start = std::chrono::steady_clock::now();
    CHECK(verdict([&] { conn.execute("SELECT n"); }) == thrown);
    CHECK(std::chrono::steady_clock::now() - start < 5s);
    check_aftermath(conn, status);
  }
}

TEST_CASE("each misbehaviour at a typed query is told and leaves the right status") {
  for (auto const& row : misbehaviours::at_statement(wire::format::binary)) {
    if (row.name == "silence") {
      continue;
    }
    INFO(row.name);
    auto const [thrown, status] = expected(row.name);
    scripted_server const server{support::script(row.what)};
    auto conn = impatient(server);
    CHECK(verdict([&] { static_cast<void>(conn.query<int>("SELECT n")); }) == thrown);
    check_aftermath(conn, status);
  }
}

TEST_CASE("each misbehaviour ends in time under a deadline, too") {
  for (auto const& row : misbehaviours::at_statement()) {
    INFO(row.name);
    scripted_server const server{support::script(row.what)};
    auto conn = impatient(server);
    conn.core_for({}).patience.drain = 30s;
    conn.deadline(100ms);
    auto const start = std::chrono::steady_clock::now();
    std::string const thrown = verdict([&] { conn.execute("SELECT n"); });
    CHECK(std::chrono::steady_clock::now() - start < 2s);
    if (row.name == "silence" || row.name == "never ready") {
      CHECK(thrown == "deadline_exceeded");
      CHECK(conn.status() == connection_status::broken);
    } else {
      CHECK(thrown == expected(row.name).verdict);
      CHECK(conn.status() == expected(row.name).status);
    }
  }
}

TEST_CASE("each misbehaviour in the trip that begins a transaction is told") {
  bool const identify = GENERATE(false, true);
  CAPTURE(identify);
  for (auto const& row : misbehaviours::at_statement()) {
    if (row.name == "silence" || (!identify && row.name == "never ready")) {
      continue;
    }
    INFO(row.name);
    scripted_server const server{support::script(after_begin(row.what))};
    auto conn = impatient(server);
    pqscope::transaction tx{conn, {.identify = identify}};
    bool committed = false;
    tx.after_commit([&] { committed = true; });
    std::string const thrown = verdict([&] { tx.execute("SELECT n"); });
    if (row.name == "ERROR without SQLSTATE" || row.name == "second result fails") {
      CHECK(thrown == expected(row.name).verdict);
      // the server said afterwards that no transaction is open
      CHECK(verdict([&] { tx.commit(); }) == "usage_error usable");
    } else if (row.name == "CopyOutResponse" && !identify) {
      CHECK(thrown == "usage_error usable");
    } else if (row.name == "CopyOutResponse" || row.name == "CopyInResponse") {
      CHECK(thrown == "connection_lost 08P01");
      CHECK(verdict([&] { tx.commit(); }) == "connection_lost");
    } else {
      CHECK(thrown == expected(row.name).verdict);
      CHECK(conn.status() == connection_status::broken);
      CHECK(verdict([&] { tx.commit(); }) == "connection_lost");
    }
    CHECK_FALSE(committed);
  }
}

TEST_CASE("each misbehaviour at a later statement of a session is told, and nothing committed") {
  for (auto const& row : misbehaviours::at_statement()) {
    if (row.name == "silence") {
      continue;
    }
    INFO(row.name);
    scripted_server server;
    auto conn = impatient(server);
    bool committed = false;
    std::string const thrown = verdict([&] {
      pqscope::with_session(conn, {.identify = false}, [&](pqscope::session& s) {
        s.execute("INSERT INTO t VALUES (1)");
        s.after_commit([&] { committed = true; });
        server.answer_to("SELECT n", row.what);
        s.execute("SELECT n");
      });
    });
    CHECK(thrown == expected(row.name).verdict);
    CHECK_FALSE(committed);
    for (auto const& message : server.received()) {
      CHECK(message.text != "COMMIT");
    }
    if (expected(row.name).status == connection_status::broken) {
      CHECK(conn.status() == connection_status::broken);
    }
  }
}

TEST_CASE("each misbehaviour at COMMIT is in doubt where the answer cannot be trusted") {
  for (auto const& row : misbehaviours::at_statement()) {
    if (row.name == "silence") {
      continue;
    }
    INFO(row.name);
    scripted_server server;
    auto conn = impatient(server);
    pqscope::transaction tx{conn};
    bool committed = false;
    tx.after_commit([&] { committed = true; });
    tx.execute("INSERT INTO t VALUES (1)");
    server.answer_to("COMMIT", row.what);
    std::string const thrown = verdict([&] { tx.commit(); });
    CHECK_FALSE(committed);
    CHECK_FALSE(tx.is_active());
    if (expected(row.name).status == connection_status::broken) {
      CHECK(thrown == "commit_in_doubt");
      CHECK(conn.status() == connection_status::broken);
    } else {
      CHECK(thrown != "done");
      CHECK(conn.status() == connection_status::idle);
    }
  }
}

TEST_CASE("a COMMIT answered with a wrong tag, or on a connection not idle, is no success") {
  auto const [tag, status] =
      GENERATE(table<std::string, char>({{"ROLLBACK", 'I'}, {"SELECT 1", 'I'}, {"COMMIT", 'T'}}));
  scripted_server server;
  auto conn = impatient(server);
  pqscope::transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (1)");
  server.answer_to("COMMIT", {wire::parse_complete() + wire::bind_complete() + wire::no_data() +
                              wire::command_complete(tag) + wire::ready_for_query(status)});
  CHECK(verdict([&] { tx.commit(); }) ==
        (tag == "ROLLBACK" ? "transaction_rolled_back usable" : "commit_in_doubt"));
}
