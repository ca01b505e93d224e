// expect: pqscope: a row of this type cannot be read
#include <pqscope/pqscope.hpp>

#include <string>

struct address {
  std::string city;
};

struct user {
  int id;
#ifdef PQSCOPE_MUST_NOT_COMPILE
  address home;
#else
  std::string home;
#endif
};

auto probe(pqscope::connection& db) {
  return db.query<user>("SELECT 1 AS id, 'here' AS home");
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
