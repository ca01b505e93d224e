#ifndef PQSCOPE_TESTS_SUPPORT_ENSURE_USABLE_HPP
#define PQSCOPE_TESTS_SUPPORT_ENSURE_USABLE_HPP

#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

namespace support {

/// Requires that a connection is idle, and carries out one statement more, and another with a
/// parameter: nothing of what happened before may be left on it.
inline void ensure_usable(pqscope::connection& connection) {
  REQUIRE(connection.status() == pqscope::connection_status::idle);
  connection.deadline(std::nullopt);
  connection.stop_on({});
  REQUIRE(connection.execute("SELECT 1 AS one")[0]["one"].as<int>() == 1);
  REQUIRE(connection.query<int>("SELECT $1::int4", 42).one() == 42);
  REQUIRE(connection.status() == pqscope::connection_status::idle);
}

}  // namespace support

#endif
