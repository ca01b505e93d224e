// expect: the_work_cannot_be_called_with_a_session_reference
#include <pqscope/pqscope.hpp>

void snippet(pqscope::config const& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::with_session(db, [] {});
#else
  pqscope::with_session(db, [](pqscope::session&) {});
#endif
}
