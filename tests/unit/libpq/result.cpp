#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/status.hpp>

#include <catch2/catch_test_macros.hpp>

using pqscope::libpq::connection_handle;
using pqscope::libpq::result_handle;
using pqscope::libpq::result_view;

TEST_CASE("a view of no result has no rows, columns or tag") {
  result_view const nothing;
  CHECK(nothing.rows() == 0);
  CHECK(nothing.columns() == 0);
  CHECK(nothing.command_tag().empty());
  CHECK(nothing.affected_rows() == 0);
  CHECK_FALSE(nothing.has_rows());
  CHECK(nothing.parameters() == 0);
  CHECK(nothing.column_name(0).empty());
}

TEST_CASE("a view of an empty result has no rows, columns or tag") {
  result_handle const owner{PQmakeEmptyPGresult(nullptr, PGRES_EMPTY_QUERY)};
  result_view const view{owner};
  CHECK(view.rows() == 0);
  CHECK(view.columns() == 0);
  CHECK(view.command_tag().empty());
  CHECK_FALSE(view.has_rows());
}

TEST_CASE("no connection is neither alive nor in any transaction state") {
  connection_handle const none;
  CHECK_FALSE(pqscope::libpq::is_alive(none));
  CHECK_FALSE(pqscope::libpq::look_alive(none));
  CHECK(pqscope::libpq::state_of(none) == pqscope::libpq::transaction_state::unknown);
  CHECK(pqscope::libpq::backend_pid(none) == 0);
  CHECK(pqscope::libpq::server_version(none) == 0);
  CHECK(pqscope::libpq::parameter_status(none, "TimeZone").empty());
  pqscope::libpq::cut(none);
}
