// expect: cannot be converted without loss to the type that the statement declares
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

#include <cstdint>

constexpr pqscope::statement<int(int)> twice{"SELECT 2 * $1"};

int probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  std::int64_t const wide = 7;
#else
  short const wide = 7;
#endif
  return db.query(twice, wide).one();
}
