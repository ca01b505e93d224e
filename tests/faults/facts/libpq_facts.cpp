// What libpq itself reports when a server misbehaves: the facts the drain rules of pqscope rest on.
// A test that fails with a new libpq tells that a rule has to be looked at again.

#include <libpq-fe.h>
#include <poll.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "support/misbehaviours.hpp"
#include "support/scripted_server.hpp"

namespace {

using support::scripted_server;
namespace misbehaviours = support::misbehaviours;

struct finish {
  void operator()(PGconn* conn) const noexcept { PQfinish(conn); }
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using connection = std::unique_ptr<PGconn, finish>;

connection connect(scripted_server const& server) {
  connection conn(PQconnectdb(server.conninfo().c_str()));
  INFO(PQerrorMessage(conn.get()));
  REQUIRE(PQstatus(conn.get()) == CONNECTION_OK);
  return conn;
}

// Reads until PQgetResult would not block; false if the server falls silent before that.
bool result_is_there(PGconn* conn) {
  while (PQisBusy(conn) == 1) {
    pollfd socket{PQsocket(conn), POLLIN, 0};
    if (poll(&socket, 1, 200) == 0) {
      return false;
    }
    PQconsumeInput(conn);
  }
  return true;
}

// What PQgetResult gives: status and SQLSTATE of a result, "end" or "blocks".
std::string next(PGconn* conn) {
  if (!result_is_there(conn)) {
    return "blocks";
  }
  std::unique_ptr<PGresult, finish> const result(PQgetResult(conn));
  if (!result) {
    return "end";
  }
  char const* sqlstate = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  std::string const status = PQresStatus(PQresultStatus(result.get()));
  if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) {
    return status + ' ' + (sqlstate ? sqlstate : "without");
  }
  return status;
}

connection ask(scripted_server const& server) {
  connection conn = connect(server);
  REQUIRE(PQsendQueryParams(conn.get(), "SELECT n", 0, nullptr, nullptr, nullptr, nullptr, 0) == 1);
  return conn;
}

}  // namespace

TEST_CASE(
    "libpq: rows, FATAL and the end make two errors, of which only the first has a SQLSTATE") {
  scripted_server const server{support::script(misbehaviours::rows_then_fatal())};
  auto const conn = ask(server);
  CHECK(next(conn.get()) == "PGRES_TUPLES_OK");
  CHECK(next(conn.get()) == "PGRES_FATAL_ERROR 57P01");
  CHECK(next(conn.get()) == "PGRES_FATAL_ERROR without");
  CHECK(next(conn.get()) == "end");
  CHECK(PQstatus(conn.get()) == CONNECTION_BAD);
}

TEST_CASE("libpq: FATAL with the socket left open looks alive and blocks the next read") {
  auto const what = GENERATE(false, true);
  scripted_server const server(support::script(what ? misbehaviours::panic_and_silence()
                                                    : misbehaviours::fatal_and_silence()));
  auto const conn = ask(server);
  CHECK(next(conn.get()).starts_with("PGRES_FATAL_ERROR"));
  CHECK(PQstatus(conn.get()) == CONNECTION_OK);
  CHECK(PQtransactionStatus(conn.get()) == PQTRANS_ACTIVE);
  CHECK(next(conn.get()) == "blocks");
}

TEST_CASE("libpq: without ReadyForQuery the result is there and its end never comes") {
  scripted_server const server{support::script(misbehaviours::never_ready())};
  auto const conn = ask(server);
  CHECK(next(conn.get()) == "PGRES_TUPLES_OK");
  CHECK(next(conn.get()) == "blocks");
}

TEST_CASE("libpq: a COPY nobody asked for is reported again and again") {
  SECTION("CopyInResponse, until the COPY is ended") {
    scripted_server const server{support::script(misbehaviours::copy_in_unasked())};
    auto const conn = ask(server);
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(next(conn.get()) == "PGRES_COPY_IN");
    }
    REQUIRE(PQputCopyEnd(conn.get(), "no COPY was asked for") == 1);
    CHECK(next(conn.get()) == "PGRES_FATAL_ERROR 57014");
    CHECK(next(conn.get()) == "end");
    CHECK(PQtransactionStatus(conn.get()) == PQTRANS_IDLE);
  }
  SECTION("CopyBothResponse") {
    scripted_server const server{support::script(misbehaviours::copy_both_unasked())};
    auto const conn = ask(server);
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(next(conn.get()) == "PGRES_COPY_BOTH");
    }
  }
  SECTION("CopyOutResponse, until the data has been read") {
    scripted_server const server{support::script(misbehaviours::copy_out_unasked())};
    auto const conn = ask(server);
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(next(conn.get()) == "PGRES_COPY_OUT");
    }
    char* row = nullptr;
    CHECK(PQgetCopyData(conn.get(), &row, 0) == 2);
    PQfreemem(row);
    CHECK(PQgetCopyData(conn.get(), &row, 0) == -1);
    CHECK(next(conn.get()) == "PGRES_COMMAND_OK");
    CHECK(next(conn.get()) == "end");
  }
}

TEST_CASE("libpq: the end in the middle of a row is an error without SQLSTATE") {
  auto const reset = GENERATE(false, true);
  scripted_server const server(
      support::script(reset ? misbehaviours::reset_in_row() : misbehaviours::close_in_row()));
  auto const conn = ask(server);
  CHECK(next(conn.get()) == "PGRES_FATAL_ERROR without");
  CHECK(PQstatus(conn.get()) == CONNECTION_BAD);
  CHECK(next(conn.get()) == "end");
}

TEST_CASE(
    "libpq: what violates the protocol is an error without SQLSTATE on a healthy connection") {
  support::reply const what =
      GENERATE(misbehaviours::wrong_field_count(), misbehaviours::overrunning_length(),
               misbehaviours::unknown_message());
  scripted_server const server{support::script(what)};
  auto const conn = ask(server);
  CHECK(next(conn.get()) == "PGRES_FATAL_ERROR without");
  std::string last = next(conn.get());
  for (int i = 0; i < 5 && last != "end"; ++i) {
    last = next(conn.get());
  }
  CHECK(last == "end");
  CHECK(PQstatus(conn.get()) == CONNECTION_OK);
  CHECK(PQtransactionStatus(conn.get()) == PQTRANS_IDLE);
}

TEST_CASE("libpq: an ERROR without SQLSTATE has a severity and leaves the connection idle") {
  scripted_server const server{support::script(misbehaviours::error_without_sqlstate())};
  auto const conn = ask(server);
  REQUIRE(result_is_there(conn.get()));
  std::unique_ptr<PGresult, finish> const result(PQgetResult(conn.get()));
  CHECK(PQresultStatus(result.get()) == PGRES_FATAL_ERROR);
  CHECK(PQresultErrorField(result.get(), PG_DIAG_SQLSTATE) == nullptr);
  CHECK(PQresultErrorField(result.get(), PG_DIAG_SEVERITY_NONLOCALIZED) == std::string("ERROR"));
  CHECK(next(conn.get()) == "end");
  CHECK(PQstatus(conn.get()) == CONNECTION_OK);
  CHECK(PQtransactionStatus(conn.get()) == PQTRANS_IDLE);
}

TEST_CASE("libpq: an unknown status in ReadyForQuery is an unknown transaction status") {
  scripted_server const server{support::script(misbehaviours::unknown_status())};
  auto const conn = ask(server);
  CHECK(next(conn.get()) == "PGRES_TUPLES_OK");
  CHECK(next(conn.get()) == "end");
  CHECK(PQtransactionStatus(conn.get()) == PQTRANS_UNKNOWN);
  CHECK(PQstatus(conn.get()) == CONNECTION_OK);
}

TEST_CASE("libpq: a second result that fails comes after the first one's success") {
  scripted_server const server{support::script(misbehaviours::second_result_fails())};
  auto const conn = ask(server);
  CHECK(next(conn.get()) == "PGRES_TUPLES_OK");
  CHECK(next(conn.get()) == "PGRES_FATAL_ERROR 22012");
  CHECK(next(conn.get()) == "end");
}

TEST_CASE("libpq: a start-up that goes wrong is a bad connection with a text") {
  auto const failure = [](support::script what) {
    scripted_server const server(std::move(what));
    connection const conn(PQconnectdb((server.conninfo() + " connect_timeout=2").c_str()));
    CHECK(PQstatus(conn.get()) == CONNECTION_BAD);
    return std::string(PQerrorMessage(conn.get()));
  };
  SECTION("it closes") {
    CHECK(failure(misbehaviours::closes_at_startup()).find("closed the connection") !=
          std::string::npos);
  }
  SECTION("it speaks HTTP") {
    CHECK(failure(misbehaviours::speaks_http()).find("expected authentication request") !=
          std::string::npos);
  }
  SECTION("it says nothing, and connect_timeout is honoured") {
    auto const start = std::chrono::steady_clock::now();
    CHECK(failure(misbehaviours::says_nothing()).find("timeout") != std::string::npos);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  }
  SECTION("it lets in half-way") {
    CHECK(failure(misbehaviours::stuck_after_authentication()).find("timeout") !=
          std::string::npos);
  }
}
