// expect: would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <string>
#include <string_view>

void snippet(pqscope::connection& conn) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  auto name = conn.query<std::string_view>("SELECT 'a'").one();
#else
  auto const rows = conn.query<std::string_view>("SELECT 'a'");
  auto name = rows.one();
#endif
  static_cast<void>(name.size());
}
