// expect: the_work_cannot_be_called_with_a_session_reference
#include <pqscope/pqscope.hpp>

void snippet(pqscope::connection& conn) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::with_session(conn, [](pqscope::connection& s) { s.execute("SELECT 1"); });
#else
  pqscope::with_session(conn, [](pqscope::session& s) { s.execute("SELECT 1"); });
#endif
}
