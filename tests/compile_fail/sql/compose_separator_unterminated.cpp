// expect: sql_has_an_unterminated_quoted_string
#include <pqscope/sql/compose.hpp>

#include <vector>

void snippet() {
  std::vector<pqscope::identifier> const names;
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::join(names, "', ");
#else
  pqscope::join(names, "', '");
#endif
}
