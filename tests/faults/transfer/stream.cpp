#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/rolled_back.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/stream.hpp>

#include <libpq-fe.h>
#include <sys/socket.h>

#include "support/database.hpp"

using pqscope::connection;
using pqscope::connection_lost;

namespace {

/// Lets the program see the end of the connection by libpq, while nothing is asked of it.
void see_the_end(connection& conn) {
  ::shutdown(PQsocket(conn.native_handle()), SHUT_RDWR);
  while (PQstatus(conn.native_handle()) == CONNECTION_OK) {
    PQconsumeInput(conn.native_handle());
  }
}

}  // namespace

TEST_CASE("a stream on a connection whose end libpq has seen says so, in a transaction too") {
  connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  tx.execute("SELECT 1");
  see_the_end(conn);
  CHECK_THROWS_AS((void)tx.stream<int>("SELECT 1"), connection_lost);
  CHECK(conn.status() == pqscope::connection_status::broken);
}

TEST_CASE("inside rolled_back a statement on a connection whose end libpq has seen says so") {
  connection conn{support::test_config()};
  pqscope::testing::rolled_back(conn, [](connection& on) {
    on.execute("SELECT 1");
    see_the_end(on);
    CHECK_THROWS_AS(on.execute("SELECT 1"), connection_lost);
  });
  CHECK(conn.status() == pqscope::connection_status::broken);
}
