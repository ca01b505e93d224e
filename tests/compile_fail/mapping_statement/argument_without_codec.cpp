// expect: an argument of the statement is of a type that cannot be a parameter
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

struct point {
  int x;
  int y;
};

#ifdef PQSCOPE_MUST_NOT_COMPILE
constexpr pqscope::statement<void(point)> insert{"INSERT INTO points VALUES ($1)"};
#else
constexpr pqscope::statement<void(pqscope::composite<point>)> insert{
    "INSERT INTO points VALUES ($1)"};
#endif

void probe(pqscope::connection& db) {
  insert(db, pqscope::composite{point{1, 2}});
}
