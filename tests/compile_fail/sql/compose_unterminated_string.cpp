// expect: sql_has_an_unterminated_quoted_string
#include <pqscope/sql/compose.hpp>

void snippet() {
  pqscope::identifier const a{"a"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose("SELECT {}, '", a);
#else
  pqscope::compose("SELECT {}, ''", a);
#endif
}
