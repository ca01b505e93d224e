// expect: sql_holds_more_than_one_statement
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("DELETE FROM a; DELETE FROM b");
#else
  execute("DELETE FROM a; -- and no more");
#endif
}
