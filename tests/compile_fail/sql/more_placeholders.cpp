// expect: sql_has_more_placeholders_than_arguments
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("SELECT $1, $2", 1);
#else
  execute("SELECT $1, $2", 1, 2);
#endif
}
