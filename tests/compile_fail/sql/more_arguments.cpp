// expect: sql_has_more_arguments_than_placeholders
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("SELECT $1", 1, "x");
#else
  execute("SELECT $1, $2", 1, "x");
#endif
}
