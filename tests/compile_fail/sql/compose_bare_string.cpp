// expect: no matching function
#include <pqscope/sql/compose.hpp>

#include <string>

void snippet() {
  std::string const name = "a";
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose("SELECT {}", name);
#else
  pqscope::compose("SELECT {}", pqscope::identifier{name});
#endif
}
