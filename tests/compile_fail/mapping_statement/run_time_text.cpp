// expect: no matching
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

#include <string>

#ifdef PQSCOPE_MUST_NOT_COMPILE
std::string const text = "SELECT 1";
pqscope::statement<int()> const one{text};
#else
constexpr char text[] = "SELECT 1";
constexpr pqscope::statement<int()> one{text};
#endif

int probe(pqscope::connection& db) {
  return one(db).one();
}
