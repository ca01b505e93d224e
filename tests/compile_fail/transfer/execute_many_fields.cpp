// expect: sql_has_more_arguments_than_placeholders
#include <pqscope/connection/connection.hpp>
#include <pqscope/transfer/execute_many.hpp>

#include <string>
#include <vector>

struct person {
  int id;
  std::string name;
};

void snippet(pqscope::connection& conn, std::vector<person> const& records) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  conn.execute_many("INSERT INTO person (id) VALUES ($1)", records);
#else
  conn.execute_many("INSERT INTO person (id, name) VALUES ($1, $2)", records);
#endif
}
