// expect: no_session_can_be_opened_on_the_first_argument
#include <pqscope/pqscope.hpp>

void snippet() {
  auto const work = [](pqscope::session& s) { s.execute("SELECT 1"); };
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::with_session("postgresql:///app", work);
#else
  pqscope::with_session(pqscope::config::from_url("postgresql:///app"), work);
#endif
}
