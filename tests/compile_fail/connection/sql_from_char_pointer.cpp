// expect: execute
#include <pqscope/pqscope.hpp>

#include <string>
#include <string_view>

void snippet(pqscope::connection& conn, char const* text) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  conn.execute(text);
#else
  conn.execute(pqscope::dynamic_sql{std::string{text}});
#endif
}
