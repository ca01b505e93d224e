// expect: compose_has_more_arguments_than_braces
#include <pqscope/sql/compose.hpp>

void snippet() {
  pqscope::identifier const a{"a"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose("SELECT {}", a, a);
#else
  pqscope::compose("SELECT {}, {}", a, a);
#endif
}
