// expect: would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <string_view>

bool probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  return db.query<int, std::string_view>("SELECT 1, 'a'").first().has_value();
#else
  auto const rows = db.query<int, std::string_view>("SELECT 1, 'a'");
  return rows.first().has_value();
#endif
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
