// expect: compose_brace_inside_a_dollar_quote
#include <pqscope/sql/compose.hpp>

void snippet() {
  pqscope::identifier const a{"a"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose("SELECT $$ {} $$", a);
#else
  pqscope::compose("SELECT $$ {{}} $$, {}", a);
#endif
}
