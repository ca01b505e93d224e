// expect: sql_has_more_placeholders_than_arguments
#include <pqscope/pqscope.hpp>

void snippet(pqscope::session& s) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  s.execute("INSERT INTO mytable (name, age) VALUES ($1, $2)", "John");
#else
  s.execute("INSERT INTO mytable (name, age) VALUES ($1, $2)", "John", 7);
#endif
}
