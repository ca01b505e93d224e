// expect: sql_has_more_arguments_than_placeholders
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("SELECT a$1", 1);
#else
  execute("SELECT a+$1", 1);
#endif
}
