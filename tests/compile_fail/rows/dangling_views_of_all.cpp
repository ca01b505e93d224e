// expect: would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <string_view>

bool probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  return db.query<std::string_view>("SELECT 'a'").all().empty();
#else
  auto const rows = db.query<std::string_view>("SELECT 'a'");
  return rows.all().empty();
#endif
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
