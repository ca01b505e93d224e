// expect: deleted
#include <pqscope/sql/dynamic_sql.hpp>

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::dynamic_sql text{nullptr};
#else
  pqscope::dynamic_sql text{"SELECT 1"};
#endif
}
