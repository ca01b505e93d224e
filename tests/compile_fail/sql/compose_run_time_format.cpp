// expect: compose_format<
#include <pqscope/sql/compose.hpp>

#include <string>

void snippet() {
  std::string const format = "SELECT {}";
  pqscope::identifier const a{"a"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::compose(format, a);
#else
  pqscope::compose("SELECT {}", a);
#endif
}
