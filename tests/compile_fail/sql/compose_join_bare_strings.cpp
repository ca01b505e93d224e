// expect: no matching function
#include <pqscope/sql/compose.hpp>

#include <string>
#include <vector>

void snippet() {
  std::vector<std::string> const names{"a"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::join(names);
#else
  pqscope::join(std::vector<pqscope::identifier>{});
#endif
}
