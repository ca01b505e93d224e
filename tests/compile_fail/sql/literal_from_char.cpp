// expect: no matching
#include <pqscope/sql/literal.hpp>

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::literal text{'a'};
#else
  pqscope::literal text{"a"};
#endif
}
