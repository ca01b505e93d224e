// expect: pqscope: a row of this type cannot be read
#include <pqscope/pqscope.hpp>

struct unsupported {};

struct product {
  int id;
#ifdef PQSCOPE_MUST_NOT_COMPILE
  unsupported price;
#else
  double price;
#endif
};

int probe(pqscope::replication_change const& change) {
  return change.as<product>().id;
}

int main() {
  probe({});
}
