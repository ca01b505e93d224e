// expect: a session ends with its scope
#include <pqscope/pqscope.hpp>

void snippet(pqscope::config const& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::with_session(db, [](pqscope::session& s) -> pqscope::session& { return s; });
#else
  pqscope::with_session(db, [](pqscope::session& s) -> int { return s.attempt(); });
#endif
}
