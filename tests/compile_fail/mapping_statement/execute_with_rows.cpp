// expect: a statement that is declared with a row is carried out by query
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

constexpr pqscope::statement<int()> one{"SELECT 1"};

void probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  static_cast<void>(db.execute(one));
#else
  static_cast<void>(db.query(one));
#endif
}
