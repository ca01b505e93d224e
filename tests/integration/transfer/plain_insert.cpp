// Which statements are plain INSERTs, and what becomes of them.

#include <pqscope/transfer/plain_insert.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using pqscope::detail::plain_insert_reader;
using texts = std::vector<std::string>;

TEST_CASE("a plain INSERT is known by its form, however it is written") {
  auto const plain = plain_insert_reader{"INSERT INTO t (a, b) VALUES ($1, $2)", 2}.read();
  REQUIRE(plain);
  CHECK(plain->table == "t");
  CHECK(plain->columns == texts{"a", "b"});
  CHECK(plain->of_arrays ==
        "INSERT INTO t (a, b) SELECT pg_catalog.unnest($1), pg_catalog.unnest($2)");

  auto const odd =
      plain_insert_reader{
          "/* x */ insert into \"S\"\"1\" . T(\"B \"\"b\", C)--\nvalues($2 , $1)on conflict (c)do "
          "nothing; -- y",
          2}
          .read();
  REQUIRE(odd);
  CHECK(odd->table == "\"S\"\"1\".T");
  CHECK(odd->columns == texts{"B \"b", "c"});
  CHECK(odd->places == std::vector<std::size_t>{1, 0});
  CHECK(odd->of_arrays ==
        "/* x */ insert into \"S\"\"1\" . T(\"B \"\"b\", C)--\n"
        "SELECT pg_catalog.unnest($2), pg_catalog.unnest($1)on conflict (c)do nothing; -- y");

  auto const bare =
      plain_insert_reader{"INSERT INTO t VALUES ($1) ON CONFLICT DO NOTHING", 1}.read();
  REQUIRE(bare);
  CHECK(bare->columns.empty());
  CHECK(bare->of_arrays == "INSERT INTO t SELECT pg_catalog.unnest($1) ON CONFLICT DO NOTHING");
}

TEST_CASE("whatever else a statement says, it is no plain INSERT") {
  for (std::string_view const text : {
           "INSERT INTO t (a, b) VALUES ($1, $1)",
           "INSERT INTO t (a, b) VALUES ($1, $2), ($1, $2)",
           "INSERT INTO t (a, b) VALUES ($1, $2 + 1)",
           "INSERT INTO t (a, b) VALUES ($1, ($2))",
           "INSERT INTO t (a, b) VALUES ($1, $2::int)",
           "INSERT INTO t (a, b, c) VALUES ($1, $2, 3)",
           "INSERT INTO t (a, b, c) VALUES ($1, $2, DEFAULT)",
           "INSERT INTO t (a, b, c) VALUES ($1, $2)",
           "INSERT INTO t (a, b) VALUES ($1, $2, $3)",
           "INSERT INTO t (a, b) VALUES ($1, $2) RETURNING a",
           "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = 1",
           "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT (a) WHERE a > 1 DO NOTHING",
           "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT (lower(a)) DO NOTHING",
           "INSERT INTO t (a, b) VALUES ($1, $2); SELECT 1",
           "INSERT INTO t (a, b) VALUES ($1, $2",
           "INSERT INTO t (a, b) VALUES ($1, $2) '",
           "INSERT INTO t AS x (a, b) VALUES ($1, $2)",
           "INSERT INTO t (a, b) OVERRIDING SYSTEM VALUE VALUES ($1, $2)",
           "INSERT INTO t (a.x, b) VALUES ($1, $2)",
           "INSERT INTO t (a[1], b) VALUES ($1, $2)",
           "INSERT INTO d.s.t (a, b) VALUES ($1, $2)",
           "INSERT INTO U&\"t\" (a, b) VALUES ($1, $2)",
           "INSERT INTO t (\xC3\x84, b) VALUES ($1, $2)",
           "INSERT INTO t SELECT $1, $2",
           "INSERT INTO t DEFAULT VALUES",
           "WITH x AS (SELECT 1) INSERT INTO t (a, b) VALUES ($1, $2)",
           "UPDATE t SET a = $1 WHERE b = $2",
           "INSERT",
           "",
       }) {
    CAPTURE(text);
    CHECK_FALSE(plain_insert_reader{text, 2}.read());
  }
  std::string const name(64, 'n');  // the server cuts it
  CHECK_FALSE(plain_insert_reader{"INSERT INTO t (" + name + ") VALUES ($1)", 1}.read());
}
