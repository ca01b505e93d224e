// expect: would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <string_view>

struct named {
  std::string_view name;
};

bool probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  return db.query<named>("SELECT 'a' AS name").one().name.empty();
#else
  auto const rows = db.query<named>("SELECT 'a' AS name");
  return rows.one().name.empty();
#endif
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
