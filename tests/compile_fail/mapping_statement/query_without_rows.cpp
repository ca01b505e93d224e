// expect: a statement that is declared without rows is carried out by execute
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

constexpr pqscope::statement<void()> erase{"DELETE FROM users"};

void probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  static_cast<void>(db.query(erase));
#else
  static_cast<void>(db.execute(erase));
#endif
}
