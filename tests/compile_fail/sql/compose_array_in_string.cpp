// expect: compose_brace_inside_a_quoted_string
#include <pqscope/sql/compose.hpp>

void snippet() {
  pqscope::identifier const a{"a"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose("SELECT {}, '{{1},{2}}'", a);
#else
  pqscope::compose("SELECT {}, '{{{{1}},{{2}}}}'", a);
#endif
}
