// expect: pqscope: a row of this type cannot be read
#include <pqscope/pqscope.hpp>

#include <optional>
#include <string>
#include <variant>

#ifdef PQSCOPE_MUST_NOT_COMPILE
using row = std::variant<std::optional<int>, std::string>;
#else
using row = std::optional<std::variant<int, std::string>>;
#endif

auto probe(pqscope::connection& db) {
  return db.query<row>("SELECT 1");
}

int main() {
  pqscope::connection db{pqscope::config{}};
  probe(db);
}
