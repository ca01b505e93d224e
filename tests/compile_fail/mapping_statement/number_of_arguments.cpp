// expect: the statement is declared with another number of arguments
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

constexpr pqscope::statement<void(int, int)> insert{"INSERT INTO points VALUES ($1, $2)"};

void probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  db.execute(insert, 1);
#else
  db.execute(insert, 1, 2);
#endif
}
