// expect: sql_has_more_placeholders_than_arguments
#include <pqscope/connection/connection.hpp>
#include <pqscope/transfer/execute_many.hpp>

#include <tuple>
#include <vector>

void snippet(pqscope::connection& conn, std::vector<std::tuple<int, int>> const& records) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  conn.execute_many("INSERT INTO t VALUES ($1, $2, $3)", records);
#else
  conn.execute_many("INSERT INTO t VALUES ($1, $2)", records);
#endif
}
