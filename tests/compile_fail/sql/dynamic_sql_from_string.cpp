// expect: const pqscope::dynamic_sql
#include <pqscope/sql/dynamic_sql.hpp>

#include <string>

static void run(pqscope::dynamic_sql const&) {}

void snippet() {
  std::string const text = "SELECT 1";
#ifdef PQSCOPE_MUST_NOT_COMPILE
  run(text);
#else
  run(pqscope::dynamic_sql{text});
#endif
}
