// expect: would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <vector>

bool probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  return db.query<std::vector<std::string_view>>("SELECT '{a}'::text[]").one().empty();
#else
  auto const rows = db.query<std::vector<std::string_view>>("SELECT '{a}'::text[]");
  return rows.one().empty();
#endif
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
