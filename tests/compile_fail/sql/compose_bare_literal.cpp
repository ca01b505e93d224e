// expect: no matching function
#include <pqscope/sql/compose.hpp>

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose("SELECT {}", "a");
#else
  pqscope::compose("SELECT {}", pqscope::literal{"a"});
#endif
}
