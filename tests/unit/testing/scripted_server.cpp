#include "support/scripted_server.hpp"

#include <libpq-fe.h>

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <string>

#include "support/misbehaviours.hpp"
#include "support/raw_connection.hpp"
#include "support/wire.hpp"

using support::raw_connection;
using support::script;
using support::scripted_server;
using support::then;
namespace misbehaviours = support::misbehaviours;
namespace wire = support::wire;

TEST_CASE("a scripted server without a script behaves well") {
  scripted_server const server;
  raw_connection client(server.conninfo());
  REQUIRE(client.ok());
  CHECK(PQserverVersion(client.get()) == 150004);
  CHECK(client.exec_params("BEGIN") == "BEGIN");
  CHECK(PQtransactionStatus(client.get()) == PQTRANS_INTRANS);
  CHECK(client.exec_params("INSERT INTO t VALUES (1)") == "INSERT 0 1");
  CHECK(client.exec("ROLLBACK TO SAVEPOINT s") == "ROLLBACK");
  CHECK(PQtransactionStatus(client.get()) == PQTRANS_INTRANS);
  CHECK(client.exec("commit;") == "COMMIT");
  CHECK(PQtransactionStatus(client.get()) == PQTRANS_IDLE);
  CHECK(client.prepare("p", "UPDATE t SET a = 1").empty());
  CHECK(client.exec_prepared("p") == "UPDATE 0");
  CHECK(client.exec("").empty());
}

TEST_CASE("a rule answers the request that contains its text, once") {
  scripted_server const server{script{}.answer_to("select", misbehaviours::rows(3))};
  raw_connection client(server.conninfo());
  CHECK(client.exec_params("BEGIN") == "BEGIN");
  CHECK(client.exec_params("SELECT n") == "1");
  CHECK(client.exec_params("SELECT n") == "SELECT 0");
}

TEST_CASE("a scripted server notes what clients send") {
  scripted_server const server;
  raw_connection client(server.conninfo());
  client.exec_params("SELECT 1");
  client.exec("SELECT 2");
  CHECK(server.types_received() == "PBDESQ");
  auto const messages = server.received();
  REQUIRE(messages.size() == 7);
  CHECK(messages[0].text == "StartupMessage");
  CHECK(messages[1].text == "SELECT 1");
  CHECK(messages[6].text == "SELECT 2");
}

TEST_CASE("a request for TLS is declined and the connection goes on without") {
  scripted_server const server;
  raw_connection client("host=127.0.0.1 user=tester dbname=test sslmode=prefer port=" +
                        std::to_string(server.port()));
  CHECK(client.ok());
  CHECK(server.received().front().text == "SSLRequest");
}

TEST_CASE("unasked messages reach the client") {
  scripted_server server;
  raw_connection client(server.conninfo());
  server.say(wire::notification(7, "jobs", "work") + wire::parameter_status("TimeZone", "Mars"));
  client.exec("SELECT 1");
  std::unique_ptr<PGnotify, decltype(&PQfreemem)> const notification(PQnotifies(client.get()),
                                                                     &PQfreemem);
  REQUIRE(notification);
  CHECK(notification->relname == std::string("jobs"));
  CHECK(notification->extra == std::string("work"));
  CHECK(notification->be_pid == 7);
  CHECK(PQparameterStatus(client.get(), "TimeZone") == std::string("Mars"));
}

TEST_CASE("a cancel request is noted while the connection hangs") {
  scripted_server const server{script{}.answer(misbehaviours::silence())};
  raw_connection client(server.conninfo());
  REQUIRE(PQsendQuery(client.get(), "SELECT 1") == 1);
  PGcancel* const cancel = PQgetCancel(client.get());
  char problem[256] = "";
  CHECK(PQcancel(cancel, problem, sizeof problem) == 1);
  PQfreeCancel(cancel);
  CHECK(server.cancel_requests() == 1);
}

TEST_CASE("a closed client is noticed, also on a connection that hangs") {
  scripted_server const server{script{}.answer(misbehaviours::fatal_and_silence())};
  {
    raw_connection client(server.conninfo());
    REQUIRE(PQsendQuery(client.get(), "SELECT 1") == 1);
    PQclear(PQgetResult(client.get()));
  }
  CHECK(server.wait_until_alone());
}

TEST_CASE("a failed start-up can be scripted word by word") {
  scripted_server const server{script{}.startup(
      {wire::error_response("FATAL", "53300", "sorry, too many clients already"), then::close})};
  raw_connection const client(server.conninfo());
  CHECK_FALSE(client.ok());
  CHECK(client.error().find("too many clients") != std::string::npos);
}
