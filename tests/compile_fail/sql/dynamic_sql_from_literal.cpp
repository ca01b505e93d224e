// expect: const pqscope::dynamic_sql
#include <pqscope/sql/dynamic_sql.hpp>

static void run(pqscope::dynamic_sql const&) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  run("SELECT 1");
#else
  run(pqscope::dynamic_sql{"SELECT 1"});
#endif
}
