// expect: would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <optional>

bool probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  return db.query<std::optional<std::string_view>>("SELECT 'a'").one_or_none().has_value();
#else
  auto const rows = db.query<std::optional<std::string_view>>("SELECT 'a'");
  return rows.one_or_none().has_value();
#endif
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
