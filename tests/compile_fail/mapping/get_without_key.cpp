// expect: the table of this struct has no primary key
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/queries.hpp>

struct numbers {
  int a{};
#ifdef PQSCOPE_MUST_NOT_COMPILE
  int number{};
#else
  int id{};
#endif
};

void snippet(pqscope::connection& db) {
  static_cast<void>(db.get<numbers>(1));
}
