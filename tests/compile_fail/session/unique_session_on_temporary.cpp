// expect: outlives_its_session
#include <pqscope/pqscope.hpp>

void snippet(pqscope::config const& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::unique_session s{pqscope::connection{db}};
#else
  pqscope::connection conn{db};
  pqscope::unique_session s{conn};
#endif
  s.commit();
}
