#include <pqscope/connection/connection_status.hpp>

#include <catch2/catch_test_macros.hpp>

using pqscope::connection_status;
using pqscope::to_string;

TEST_CASE("every connection status has its name") {
  CHECK(to_string(connection_status::idle) == "idle");
  CHECK(to_string(connection_status::in_transaction) == "in_transaction");
  CHECK(to_string(connection_status::in_failed_transaction) == "in_failed_transaction");
  CHECK(to_string(connection_status::busy) == "busy");
  CHECK(to_string(connection_status::broken) == "broken");
  CHECK(to_string(connection_status::closed) == "closed");
}
