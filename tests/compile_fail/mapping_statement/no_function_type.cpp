// expect: row and arguments of a statement are written as a function type
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
constexpr pqscope::statement<int> one{"SELECT 1"};
#else
constexpr pqscope::statement<int()> one{"SELECT 1"};
#endif

int probe(pqscope::connection& db) {
  return one(db).one();
}
