// expect: is not specialised for parameters of this type
#include <pqscope/pqscope.hpp>

struct point {
  double x;
  double y;
};

void probe(pqscope::connection& db) {
  point const here{1, 2};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  db.execute("SELECT $1", here);
#else
  db.execute("SELECT $1", here.x);
#endif
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
