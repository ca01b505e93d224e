// expect: compose_brace_inside_a_quoted_identifier
#include <pqscope/sql/compose.hpp>

void snippet() {
  pqscope::identifier const a{"a"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose(R"(SELECT "{}")", a);
#else
  pqscope::compose(R"(SELECT "{{}}", {})", a);
#endif
}
