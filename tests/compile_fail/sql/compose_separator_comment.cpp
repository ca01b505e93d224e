// expect: separator_holds_a_comment
#include <pqscope/sql/compose.hpp>

#include <vector>

void snippet() {
  std::vector<pqscope::identifier> const names;
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::join(names, " -- and");
#else
  pqscope::join(names, " AND ");
#endif
}
