// expect: sql_placeholder_zero_does_not_exist
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("SELECT $0", 1);
#else
  execute("SELECT $1", 1);
#endif
}
