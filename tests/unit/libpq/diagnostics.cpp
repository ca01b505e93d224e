#include <pqscope/libpq/diagnostics.hpp>

#include <catch2/catch_test_macros.hpp>

namespace {

using pqscope::diagnostics;
using pqscope::libpq::read_diagnostics;
using pqscope::libpq::result_handle;

}  // namespace

TEST_CASE("a result without an error has empty diagnostics") {
  result_handle const result{PQmakeEmptyPGresult(nullptr, PGRES_COMMAND_OK)};
  diagnostics const fields = read_diagnostics(result.get());
  CHECK(fields.severity.empty());
  CHECK(fields.sqlstate.empty());
  CHECK(fields.message.empty());
  CHECK(fields.position == 0);
  CHECK(fields.internal_position == 0);
  CHECK(fields.source_line == 0);
  CHECK_FALSE(fields.is_fatal());
  CHECK(pqscope::libpq::sqlstate_of(result).empty());
}

TEST_CASE("no result at all has empty diagnostics") {
  CHECK(read_diagnostics(nullptr).message.empty());
  CHECK(pqscope::libpq::sqlstate_of(result_handle{}).empty());
}

TEST_CASE("FATAL and PANIC end a connection, ERROR does not") {
  CHECK(diagnostics{.severity = "FATAL"}.is_fatal());
  CHECK(diagnostics{.severity = "PANIC"}.is_fatal());
  CHECK_FALSE(diagnostics{.severity = "ERROR"}.is_fatal());
  CHECK_FALSE(diagnostics{.severity = "WARNING"}.is_fatal());
  CHECK_FALSE(diagnostics{}.is_fatal());
}
