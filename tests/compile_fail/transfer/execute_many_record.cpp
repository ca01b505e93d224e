// expect: pqscope: a record is a value with a codec
#include <pqscope/connection/connection.hpp>
#include <pqscope/transfer/execute_many.hpp>

#include <vector>

class opaque {
 public:
  explicit opaque(int) {}
};

void snippet(pqscope::connection& conn, [[maybe_unused]] std::vector<opaque> const& records,
             [[maybe_unused]] std::vector<int> const& values) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  conn.execute_many("INSERT INTO t VALUES ($1)", records);
#else
  conn.execute_many("INSERT INTO t VALUES ($1)", values);
#endif
}
