// expect: compose_brace_inside_a_comment
#include <pqscope/sql/compose.hpp>

void snippet() {
  pqscope::identifier const a{"a"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose("SELECT 1 /* {} */", a);
#else
  pqscope::compose("SELECT 1 /* {{}} */, {}", a);
#endif
}
