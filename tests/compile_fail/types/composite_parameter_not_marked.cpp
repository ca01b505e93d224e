// expect: a struct pqscope::composite
#include <pqscope/pqscope.hpp>

#include <string>

struct address {
  std::string street;
  int number;
};

void probe(pqscope::connection& db) {
  address const home{"High Street", 7};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  db.execute("SELECT $1", home);
#else
  db.execute("SELECT $1", pqscope::composite{home});
#endif
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
