#include <malloc.h>

#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <cstddef>
#include <string>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::dynamic_sql;

namespace {

/// Bytes the process has allocated and not freed.
std::size_t memory_in_use() {
#if __GLIBC_PREREQ(2, 33)
  return ::mallinfo2().uordblks;
#else
  return static_cast<std::size_t>(::mallinfo().uordblks);
#endif
}

}  // namespace

TEST_CASE("100000 notifications during 5000 statements disturb none and pile up nowhere") {
  std::string const channel = support::unique_name("flood");
  connection db{support::test_config()};
  db.execute(dynamic_sql{"LISTEN " + channel});
  std::string const flood = "SELECT pg_notify('" + channel +
                            "', 'payload ' || g || repeat('x', 100)) FROM "
                            "generate_series($1::int4, $1::int4 + 19) AS g";
  std::size_t before = 0;
  for (int i = 0; i < 5000; ++i) {
    CHECK(db.execute(dynamic_sql{flood}, i * 20).size() == 20);
    if (i == 100) {
      before = memory_in_use();
    }
  }
  CHECK(memory_in_use() < before + (1U << 20U));
  db.execute("UNLISTEN *");
  support::ensure_usable(db);
}
