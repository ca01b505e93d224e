// expect: no matching
#include <pqscope/sql/literal.hpp>

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::literal text{1.5};
#else
  pqscope::literal text{15};
#endif
}
