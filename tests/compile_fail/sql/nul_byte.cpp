// expect: sql_holds_a_nul_byte
#include <pqscope/sql/sql.hpp>

template <class... Args>
void execute(pqscope::sql<Args...>, Args const&...) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  execute("SELECT 1\0, 2");
#else
  execute("SELECT 1, 2");
#endif
}
