// Variations of the table: where exactly, and in which company, a server misbehaves.

#include <poll.h>
#include <sys/socket.h>
#include <pqscope/testing/file_descriptor.hpp>
#include <pqscope/testing/sockets.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <pqscope/pqscope.hpp>
#include <string>
#include <thread>

#include "faults/misbehaving/verdict.hpp"
#include "support/misbehaviours.hpp"
#include "support/scripted_server.hpp"

namespace {

using namespace std::chrono_literals;
using pqscope::connection_status;
using support::impatient;
using support::reply;
using support::scripted_server;
using support::then;
using support::verdict;
namespace misbehaviours = support::misbehaviours;
namespace wire = support::wire;

std::string begun() {
  return wire::parse_complete() + wire::bind_complete() + wire::no_data() +
         wire::command_complete("BEGIN");
}

std::string fatal() {
  return wire::error_response("FATAL", "57P01", "terminating connection due to a test");
}

}  // namespace

TEST_CASE("FATAL between BEGIN and its statement is the statement's error") {
  for (auto const after : {then::close, then::reset, then::hang}) {
    scripted_server const server{support::script({begun() + fatal(), after})};
    auto conn = impatient(server);
    pqscope::transaction tx{conn};
    try {
      tx.execute("SELECT n");
      FAIL("it was carried out");
    } catch (pqscope::admin_shutdown const& failure) {
      CHECK_FALSE(failure.connection_usable());
      CHECK(failure.is_retryable());
    } catch (pqscope::connection_lost const&) {
      CHECK(after == then::reset);  // which may throw away what was sent before
    }
    CHECK(conn.status() == connection_status::broken);
  }
}

TEST_CASE("FATAL without SQLSTATE is a lost connection with the server's words") {
  scripted_server const server{
      support::script({wire::error_response("FATAL", "", "server conn crashed?"), then::close})};
  auto conn = impatient(server);
  try {
    conn.execute("SELECT n");
    FAIL("it was carried out");
  } catch (pqscope::connection_lost const& failure) {
    CHECK(std::string{failure.what()}.find("server conn crashed?") != std::string::npos);
  }
  CHECK(conn.status() == connection_status::broken);
}

TEST_CASE("an ERROR and then the end of the connection is that error, on a lost connection") {
  scripted_server const server{
      support::script({wire::error_response("ERROR", "23505", "duplicate key"), then::close})};
  auto conn = impatient(server);
  CHECK(verdict([&] { conn.execute("SELECT n"); }) == "server_error 23505");
  CHECK(conn.status() == connection_status::broken);
}

TEST_CASE("an ERROR and then silence is that error, on a connection that is given up") {
  scripted_server const server{
      support::script({wire::error_response("ERROR", "23505", "duplicate key"), then::hang})};
  auto conn = impatient(server);
  CHECK(verdict([&] { conn.execute("SELECT n"); }) == "server_error 23505");
  CHECK(conn.status() == connection_status::broken);
}

TEST_CASE("of several errors for one statement the first with an SQLSTATE is told") {
  scripted_server const server{support::script(
      {wire::error_response("ERROR", "", "a pooler's") +
       wire::error_response("ERROR", "22012", "division by zero") +
       wire::error_response("ERROR", "42601", "syntax error") + wire::ready_for_query()})};
  auto conn = impatient(server, {.statement_cache = 0});
  CHECK(verdict([&] { conn.execute("SELECT n"); }) == "server_error 22012 usable");
  CHECK(verdict([&] { conn.execute("UPDATE t SET a = 1"); }) == "done");
}

TEST_CASE("of two errors in the pipeline that prepares a statement the first is told") {
  scripted_server const server{support::script(
      {wire::error_response("ERROR", "22012", "division by zero") +
       wire::error_response("ERROR", "42601", "syntax error") + wire::ready_for_query()})};
  auto conn = impatient(server);
  CHECK(verdict([&] { conn.execute("SELECT n"); }) == "server_error 22012 usable");
  CHECK(conn.status() == connection_status::idle);
}

TEST_CASE("of more errors than a pipeline has parts the first with an SQLSTATE is told") {
  scripted_server const server{support::script(
      {wire::error_response("ERROR", "", "a pooler's") +
       wire::error_response("ERROR", "22012", "division by zero") +
       wire::error_response("ERROR", "42601", "syntax error") + wire::ready_for_query()})};
  auto conn = impatient(server);
  CHECK(verdict([&] { conn.execute("SELECT n"); }) == "server_error 22012");
  CHECK(conn.status() == connection_status::broken);
}

TEST_CASE("an error at the Sync of a pipeline is told, not swallowed") {
  scripted_server const server{
      support::script({begun() + wire::parse_complete() + wire::bind_complete() + wire::no_data() +
                       wire::command_complete("INSERT 0 1") +
                       wire::error_response("ERROR", "23503", "violates foreign key constraint") +
                       wire::ready_for_query('E')})};
  auto conn = impatient(server);
  pqscope::transaction tx{conn, {.identify = false}};
  CHECK(verdict([&] { tx.execute("INSERT INTO t VALUES (1)"); }) == "server_error 23503 usable");
  CHECK(conn.status() == connection_status::in_failed_transaction);
  CHECK(verdict([&] { tx.commit(); }) == "transaction_rolled_back usable");
  CHECK(conn.status() == connection_status::idle);
}

TEST_CASE("a ReadyForQuery too early in a pipeline breaks the protocol") {
  scripted_server const server{support::script({begun() + wire::ready_for_query('T')})};
  auto conn = impatient(server);
  pqscope::transaction tx{conn};
  CHECK(verdict([&] { tx.execute("INSERT INTO t VALUES (1)"); }) == "connection_lost 08P01");
  CHECK(conn.status() == connection_status::broken);
}

TEST_CASE("results nobody asked for are not taken for the next statement's") {
  scripted_server const server{
      support::script({misbehaviours::rows(1).bytes + misbehaviours::rows(2).bytes})};
  auto conn = impatient(server);
  CHECK(conn.execute("SELECT n").size() == 1);
  std::string const next = verdict([&] { CHECK(conn.execute("UPDATE t SET a = 1").empty()); });
  CHECK((next == "done" || next.starts_with("connection_lost")));
}

TEST_CASE("notices, parameters and notifications between rows disturb nothing") {
  std::string const noise = wire::notice("careful") +
                            wire::parameter_status("TimeZone", "Europe/Athens") +
                            wire::notification(7, "jobs", "payload");
  scripted_server const server{support::script(
      {noise + misbehaviours::result_start(1) + noise + wire::data_row({"2"}) + noise +
       wire::command_complete("SELECT 2") + noise + wire::ready_for_query() + noise})};
  auto conn = impatient(server);
  int notices = 0;
  conn.on_notice([&](pqscope::diagnostics const&) { ++notices; });
  CHECK(conn.execute("SELECT n").size() == 2);
  CHECK(conn.parameter_status("TimeZone") == "Europe/Athens");
  CHECK(verdict([&] { conn.execute("UPDATE t SET a = 1"); }) == "done");
  CHECK(notices == 5);
}

TEST_CASE("a COPY to the client that stops in the middle ends with the deadline") {
  scripted_server const server{
      support::script({wire::parse_complete() + wire::bind_complete() + wire::copy_out_response() +
                           wire::copy_data("1\n"),
                       then::hang})};
  auto conn = impatient(server);
  conn.deadline(40ms);
  CHECK(verdict([&] { conn.execute("SELECT n"); }) == "deadline_exceeded");
  CHECK(conn.status() == connection_status::broken);
}

TEST_CASE("a COPY to the server that nobody ends is not waited for longer than our patience") {
  scripted_server const server{support::script(
      {wire::parse_complete() + wire::bind_complete() + wire::copy_in_response(), then::hang})};
  auto conn = impatient(server);
  CHECK(verdict([&] { conn.execute("SELECT n"); }) == "connection_lost 08P01");
  CHECK(conn.status() == connection_status::broken);
}

TEST_CASE("FATAL ends a statement that is still being sent to a server that does not read") {
  namespace net = pqscope::testing::detail;
  net::file_descriptor const listener = net::bind_loopback();
  net::listen_on(listener);
  std::jthread const server{[&](std::stop_token const& stop) {
    pollfd waiting{listener.get(), POLLIN, 0};
    ::poll(&waiting, 1, 5000);
    auto const client = net::accept_from(listener);
    std::string piece(8192, '\0');
    auto const await = [&] {
      pollfd input{client.get(), POLLIN, 0};
      ::poll(&input, 1, 5000);
    };
    auto const say = [&](std::string const& bytes) {
      static_cast<void>(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    };
    await();
    static_cast<void>(::recv(client.get(), piece.data(), piece.size(), 0));
    say(wire::welcome());
    await();
    say(fatal());
    while (!stop.stop_requested()) {
      std::this_thread::yield();
    }
  }};
  pqscope::connection conn{
      pqscope::config::from_conninfo("host=127.0.0.1 user=u dbname=d sslmode=disable "
                                     "gssencmode=disable port=" +
                                     std::to_string(net::port_of(listener))),
      {.deadline = 10s}};
  std::string const huge(64U << 20U, 'x');
  auto const start = std::chrono::steady_clock::now();
  CHECK(verdict([&] { conn.execute("SELECT $1", huge); }) == "server_error 57P01");
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(conn.status() == connection_status::broken);
}
