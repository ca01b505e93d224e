// expect: compose_brace_is_neither_a_pair_nor_doubled
#include <pqscope/sql/compose.hpp>

void snippet() {
  pqscope::identifier const a{"a"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose("SELECT { {}", a);
#else
  pqscope::compose("SELECT {{ {}", a);
#endif
}
