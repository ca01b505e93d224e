// expect: a std::string_view or span would outlive the rows it refers to
#include <pqscope/pqscope.hpp>

#include <string>
#include <string_view>

struct address {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  std::string_view city;
#else
  std::string city;
#endif
};

struct user {
  int id;
  address home;
};

auto probe(pqscope::connection& db) {
  return db.query<user>("SELECT 1 AS id, ROW('here') AS home").all();
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
