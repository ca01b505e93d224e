// expect: no matching function
#include <pqscope/sql/compose.hpp>

#include <string>
#include <vector>

void snippet() {
  std::vector<pqscope::identifier> const names;
  std::string const between = ", ";
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::join(names, between);
#else
  pqscope::join(names, ", ");
#endif
}
