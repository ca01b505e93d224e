// expect: execute
#include <pqscope/pqscope.hpp>

#include <string>
#include <string_view>

void snippet(pqscope::connection& conn, std::string_view text) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  conn.execute(text);
#else
  conn.execute(pqscope::dynamic_sql{std::string{text}});
#endif
}
