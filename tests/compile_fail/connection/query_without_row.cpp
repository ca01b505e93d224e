// expect: say what a row is
#include <pqscope/pqscope.hpp>

void snippet(pqscope::connection& conn) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  auto rows = conn.query("SELECT 1");
#else
  auto rows = conn.query<int>("SELECT 1");
#endif
  static_cast<void>(rows.size());
}
