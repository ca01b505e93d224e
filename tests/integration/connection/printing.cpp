#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::dynamic_sql;

namespace {

std::string shell_quoted(std::string const& text) {
  std::string quoted = "'";
  for (char const c : text) {
    quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
  }
  return quoted + '\'';
}

bool has_psql() {
  return std::system("psql --version >/dev/null 2>&1") == 0;
}

/// What psql prints for each statement, without the empty line after a table.
std::vector<std::string> psql_outputs(std::vector<std::string> const& statements) {
  std::string command =
      "PGCLIENTENCODING=UTF8 psql --no-psqlrc --dbname " + shell_quoted(support::test_url());
  for (std::string const& sql : statements) {
    command += " --command " + shell_quoted(sql) + R"( --command '\echo =')";
  }
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::vector<std::string> outputs(1);
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    std::string& output = outputs.back();
    output += static_cast<char>(c);
    if (output == "=\n" || output.ends_with("\n=\n")) {
      output.erase(output.size() - 2);
      if (output.ends_with(")\n\n")) {
        output.pop_back();
      }
      outputs.emplace_back();
    }
  }
  REQUIRE(::pclose(pipe) == 0);
  outputs.pop_back();
  return outputs;
}

std::string printed(connection& db, std::string const& sql) {
  std::ostringstream text;
  text << db.execute(dynamic_sql{sql});
  return text.str();
}

}  // namespace

TEST_CASE("a result is printed as a table") {
  connection db{support::test_config()};
  CHECK(printed(db, "SELECT 1 AS id, 'John' AS name UNION ALL VALUES (22, NULL)") ==
        " id | name \n"
        "----+------\n"
        "  1 | John\n"
        " 22 | \n"
        "(2 rows)\n");
  CHECK(printed(db, "CREATE TEMP TABLE t (n integer)") == "CREATE TABLE\n");
  CHECK(printed(db, "INSERT INTO t VALUES (1), (2)") == "INSERT 0 2\n");
  CHECK(printed(db, "SELECT n FROM t WHERE n > 5") == " n \n---\n(0 rows)\n");
  CHECK(printed(db, "") == "");
  std::ostringstream nothing;
  nothing << pqscope::result{};
  CHECK(nothing.str().empty());
  support::ensure_usable(db);
}

TEST_CASE("results are printed as psql prints them") {
  if (!has_psql()) {
    SKIP("there is no psql");
  }
  connection db{support::test_config()};
  std::vector<std::string> const statements{
      "SELECT 1",
      "SELECT 1 AS a, 'text' AS b, true AS c, NULL AS d, '' AS e, 1.50 AS f, 1e300::float8 AS g",
      "SELECT g AS number, repeat('x', g) AS word FROM generate_series(8, 12) AS g",
      "SELECT 1::int2, 2::int4, 3::int8, 4::float4, 5::float8, 6::numeric, 7::oid, 8::text::xid,"
      " '9'::xid8, 10::text::cid, '11'::money, '12'::text, true, ARRAY[1], '1'::\"char\"",
      "SELECT 1 AS n WHERE false",
      "SELECT",
      "SELECT FROM generate_series(1, 3)",
      "SELECT WHERE false",
      "SELECT E'one\\ntwo' AS a, 5 AS b",
      "SELECT 5 AS b, E'one\\ntwo\\n' AS a",
      "SELECT E'one\\ntwo' AS a, E'x\\ny\\nz' AS b, 7 AS c, E'\\n' AS d",
      "SELECT 1 AS \"two\nlines\", 2 AS \"a much longer\nname\nof three\", 3 AS c",
      "SELECT 1 AS \"two\nlines\" WHERE false",
      "SELECT E'ta\\tb' AS tab, E'\\t' AS t, E'12345678\\tx' AS full, E'\\ta\\n\\tb' AS lines",
      "SELECT E'\\r' AS r, E'a\\x1b[1mb\\x7f' AS escapes, E'\\b\\f\\v' AS others",
      "SELECT '漢字' AS wide, 'ä' AS umlaut, U&'e\\0301' AS combining, U&'\\0085' AS c1",
      "SELECT 'x' AS \"漢字\", '😀' AS emoji, U&'\\200B' AS zero, '한국어' AS k, 'Ω≈ç√' AS m",
      "SELECT repeat('漢', g) AS w, g FROM generate_series(0, 3) AS g",
      "SELECT 'a|b+c' AS \"|\", '-----' AS \"+\"",
      "SELECT '  padded  ' AS p, 'x'::char(5) AS c, 'x ' AS last",
      "SELECT NULL AS a, NULL AS b UNION ALL SELECT 'x', NULL",
      "SELECT '{\"a\": 1}'::jsonb, '1 day'::interval, '2020-01-01'::date, '\\xff00'::bytea",
      "SHOW server_version",
      "EXPLAIN (COSTS OFF) SELECT * FROM pg_class WHERE oid = 1",
      "BEGIN",
      "SET work_mem = '4MB'",
      "VALUES (1, 'a'), (2, 'b')",
  };
  std::vector<std::string> const expected = psql_outputs(statements);
  REQUIRE(expected.size() == statements.size());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    CAPTURE(statements[i]);
    CHECK(printed(db, statements[i]) == expected[i]);
  }
  db.execute("COMMIT");
  support::ensure_usable(db);
}
