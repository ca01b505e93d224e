// expect: the_work_cannot_be_called_with_a_session_reference
#include <pqscope/pqscope.hpp>

void snippet(pqscope::config const& db) {
  pqscope::session_options const options{.label = "lonely"};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::with_session(db, options);
#else
  pqscope::with_session(db, options, [](pqscope::session&) {});
#endif
}
