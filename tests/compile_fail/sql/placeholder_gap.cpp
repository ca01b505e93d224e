// expect: sql_placeholder_numbers_have_a_gap
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("SELECT $1, $3", 1, 2, 3);
#else
  execute("SELECT $1, $3, $2", 1, 2, 3);
#endif
}
