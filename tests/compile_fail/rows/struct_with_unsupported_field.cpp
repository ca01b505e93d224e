// expect: pqscope: a row of this type cannot be read
#include <pqscope/pqscope.hpp>

#include <memory>
#include <string>

struct address {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  std::shared_ptr<std::string> city;
#else
  std::string city;
#endif
};

struct user {
  int id;
  address home;
};

auto probe(pqscope::connection& db) {
  return db.query<user>("SELECT 1 AS id, ROW('here') AS home");
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
