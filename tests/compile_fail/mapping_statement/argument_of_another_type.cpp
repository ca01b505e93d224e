// expect: cannot be converted without loss to the type that the statement declares
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

constexpr pqscope::statement<int(int)> twice{"SELECT 2 * $1"};

int probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  return twice(db, "7").one();
#else
  return twice(db, 7).one();
#endif
}
