// expect: sql_has_more_placeholders_than_arguments
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
constexpr pqscope::statement<void(int)> insert{"INSERT INTO points VALUES ($1, $2)"};
#else
constexpr pqscope::statement<void(int, int)> insert{"INSERT INTO points VALUES ($1, $2)"};
#endif

void probe(pqscope::connection& db) {
#ifndef PQSCOPE_MUST_NOT_COMPILE
  insert(db, 1, 2);
#else
  insert(db, 1);
#endif
}
