// expect: deleted
#include <pqscope/pqscope.hpp>

void snippet(pqscope::config const& db) {
  pqscope::with_session(db, [](pqscope::session& s) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
    pqscope::session copy = s;
#else
    pqscope::session& copy = s;
#endif
    copy.execute("SELECT 1");
  });
}
