// expect: pqscope: a record must not have base classes
#include <pqscope/pqscope.hpp>

struct base {
  int id;
};

#ifdef PQSCOPE_MUST_NOT_COMPILE
struct row : base {
  int more;
};
#else
struct row {
  int id;
  int more;
};
#endif

auto probe(pqscope::connection& db) {
  return db.query<row>("SELECT 1 AS id, 2 AS more");
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
