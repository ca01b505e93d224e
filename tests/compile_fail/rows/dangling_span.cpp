// expect: would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <span>

bool probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  return db.query<std::span<std::byte const>>("SELECT 'a'::bytea").one().empty();
#else
  auto const rows = db.query<std::span<std::byte const>>("SELECT 'a'::bytea");
  return rows.one().empty();
#endif
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
