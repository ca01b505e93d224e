// expect: NULL for an argument that the statement declares without std::optional
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

#include <optional>
#include <string>

#ifdef PQSCOPE_MUST_NOT_COMPILE
using name = std::string;
#else
using name = std::optional<std::string>;
#endif
constexpr pqscope::statement<void(name)> insert{"INSERT INTO users (name) VALUES ($1)"};

void probe(pqscope::connection& db) {
  db.execute(insert, nullptr);
}
