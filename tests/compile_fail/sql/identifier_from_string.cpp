// expect: const pqscope::identifier
#include <pqscope/sql/identifier.hpp>

static void run(pqscope::identifier const&) {}

void snippet() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  run("a");
#else
  run(pqscope::identifier{"a"});
#endif
}
