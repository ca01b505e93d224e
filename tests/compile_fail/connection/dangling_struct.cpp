// expect: would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <optional>
#include <string_view>

struct named {
  int id;
  std::optional<std::string_view> name;
};

void snippet(pqscope::connection& conn) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  auto all = conn.query<named>("SELECT 1 AS id, 'a' AS name").all();
#else
  auto const rows = conn.query<named>("SELECT 1 AS id, 'a' AS name");
  auto all = rows.all();
#endif
  static_cast<void>(all.size());
}
