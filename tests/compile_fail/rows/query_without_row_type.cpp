// expect: pqscope: say what a row is
#include <pqscope/pqscope.hpp>

auto probe(pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  return db.query("SELECT 1");
#else
  return db.query<int>("SELECT 1");
#endif
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
