// expect: execute
#include <pqscope/pqscope.hpp>

#include <string>

void snippet(pqscope::session& s, std::string const& text) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  s.execute(text);
#else
  s.execute(pqscope::dynamic_sql{text});
#endif
}
