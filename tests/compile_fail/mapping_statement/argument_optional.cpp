// expect: can be NULL for one that the statement declares without std::optional
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>

#include <cstdint>
#include <optional>

#ifdef PQSCOPE_MUST_NOT_COMPILE
using declared = std::int64_t;
#else
using declared = std::optional<std::int64_t>;
#endif
constexpr pqscope::statement<void(declared)> insert{"INSERT INTO users (age) VALUES ($1)"};

void probe(pqscope::connection& db, std::optional<int> age) {
  db.execute(insert, age);
}
