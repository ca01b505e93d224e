// expect: sql_placeholder_number_is_too_large
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("SELECT $65536", 1);
#else
  execute("SELECT $1", 1);
#endif
}
