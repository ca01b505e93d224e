// expect: pqscope: a row of this type cannot be read
#include <pqscope/pqscope.hpp>

enum class color { red };

#ifndef PQSCOPE_MUST_NOT_COMPILE
template <>
inline constexpr auto pqscope::labels<color> = pqscope::enum_labels<color>({{color::red, "red"}});
#endif

struct paint {
  int id;
  color shade;
};

auto probe(pqscope::connection& db) {
  return db.query<paint>("SELECT 1 AS id, 'red' AS shade");
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
