// expect: pqscope: a row of this type cannot be read
#include <pqscope/pqscope.hpp>

#include <memory>

#ifdef PQSCOPE_MUST_NOT_COMPILE
using row = std::shared_ptr<int>;
#else
using row = int;
#endif

auto probe(pqscope::connection& db) {
  return db.query<row>("SELECT 1");
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
