#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <chrono>
#include <string>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::connection;

TEST_CASE("a server that writes while we write does not stop us") {
  // reading the text, the server complains of each name that is too long, more than the sockets'
  // buffers hold, while the parameter is still on its way
  connection db{support::test_config()};
  db.deadline(20s);
  std::size_t notices = 0;
  db.on_notice([&](pqscope::diagnostics const&) { ++notices; });
  std::string sql = "SELECT length($1::text)";
  for (int i = 0; i < 1000; ++i) {
    sql += ", 1 AS n" + std::string(2000, 'n');
  }
  std::string const large(8U << 20U, 'x');
  auto const r = db.execute(pqscope::dynamic_sql{sql}, large);
  CHECK(r[0][0].as<int>() == 8 << 20);
  CHECK(notices == 1000);
  support::ensure_usable(db);
}

TEST_CASE("a large parameter and many notices go their ways") {
  connection db{support::test_config()};
  db.deadline(20s);
  std::size_t notices = 0;
  db.on_notice([&](pqscope::diagnostics const&) { ++notices; });
  db.execute(
      "CREATE FUNCTION pg_temp.shout(t text) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN "
      "FOR i IN 1..5000 LOOP RAISE NOTICE '%', left(t, 500); END LOOP; RETURN length(t); "
      "END $$");
  std::string const large(20U << 20U, 'x');
  CHECK(db.query<int>("SELECT pg_temp.shout($1)", large).one() == (20 << 20));
  CHECK(notices == 5000);
  support::ensure_usable(db);
}

TEST_CASE("a large answer to a large question arrives") {
  connection db{support::test_config()};
  db.deadline(20s);
  std::string const large(8U << 20U, 'y');
  CHECK(db.query<std::string>("SELECT $1::text || $1::text", large).one().size() == 16U << 20U);
  support::ensure_usable(db);
}
