// expect: no_session_can_be_opened_on_the_first_argument
#include <pqscope/pqscope.hpp>

#include <utility>

void snippet(pqscope::connection& conn) {
  auto const work = [](pqscope::session& s) { s.execute("SELECT 1"); };
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::with_session(std::as_const(conn), {.label = "constant"}, work);
#else
  pqscope::with_session(conn, {.label = "constant"}, work);
#endif
}
