#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/verify.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "scratch.hpp"

using mapping_verify::problem;
using mapping_verify::problems;
using mapping_verify::scratch;
using pqscope::statement;

namespace {

using text = statement<std::string()>;
using number_and_text = statement<std::tuple<std::int64_t, std::string>()>;

constexpr char const* by_join =
    "column \"title\" can be NULL, since an outer join or a grouping set leaves it empty in some "
    "rows: read it as a std::optional";

}  // namespace

TEST_CASE("a table's column can be NULL unless it is declared NOT NULL") {
  constexpr text nullable{"SELECT email FROM users"};
  constexpr text renamed{"SELECT email AS name FROM users u ORDER BY id LIMIT 3"};
  constexpr text not_null{"SELECT name FROM users"};
  constexpr statement<std::optional<std::string>()> optional{"SELECT email FROM users"};
  constexpr text expression{"SELECT coalesce(email, '') FROM users"};
  constexpr statement<std::int64_t()> key{"SELECT id FROM users"};
  scratch on;
  CHECK(problem(on.db, nullable) ==
        "column \"email\" can be NULL, since users.email is not declared NOT NULL: read it as a "
        "std::optional");
  CHECK(problem(on.db, renamed).starts_with("column \"name\" can be NULL, since users.email is"));
  CHECK(problems(on.db, not_null, optional, expression, key).empty());
}

TEST_CASE("a condition that lets no NULL pass makes a column one that cannot be NULL") {
  constexpr statement<std::string(std::string)> equal{"SELECT email FROM users WHERE email = $1"};
  constexpr text not_null{"SELECT email FROM users WHERE email IS NOT NULL AND id > 5"};
  constexpr text like{"SELECT u.email FROM users u, posts WHERE u.email LIKE 'a%'"};
  constexpr text ordered{"SELECT email FROM users WHERE email > 'b' GROUP BY email ORDER BY 1"};
  constexpr text either{"SELECT email FROM users WHERE email = 'x' OR id = 5"};
  constexpr statement<std::string(std::string)> written{
      "UPDATE users SET email = $1 WHERE email IS NOT NULL RETURNING email"};
  constexpr text erased{"DELETE FROM users WHERE email IS NOT NULL RETURNING email"};
  scratch on;
  CHECK(problems(on.db, equal, not_null, like, ordered, erased).empty());
  CHECK(problems(on.db, either).size() == 1);
  CHECK(problems(on.db, written).size() == 1);
}

TEST_CASE("an outer join makes columns NULL that are declared NOT NULL") {
  constexpr number_and_text left{
      "SELECT u.id, p.title FROM users u LEFT JOIN posts p ON p.author = u.id"};
  constexpr number_and_text right{
      "SELECT u.id, p.title FROM posts p RIGHT JOIN users u ON p.author = u.id"};
  constexpr number_and_text inner{
      "SELECT u.id, p.title FROM users u JOIN posts p ON p.author = u.id"};
  constexpr number_and_text full{
      "SELECT u.id, p.title FROM users u FULL JOIN posts p ON p.author = u.id"};
  constexpr number_and_text undone{
      "SELECT u.id, p.title FROM users u LEFT JOIN posts p ON p.author = u.id WHERE p.title = 'x'"};
  constexpr statement<std::tuple<std::int64_t, std::string>(std::int64_t)> with_argument{
      "SELECT u.id, p.title FROM users u LEFT JOIN posts p ON p.author = u.id WHERE u.id = $1"};
  constexpr number_and_text twice{
      "SELECT a.id, b.name AS title FROM users a LEFT JOIN users b ON a.age = b.id"};
  constexpr number_and_text never{"SELECT u.id, p.title FROM users u LEFT JOIN posts p ON false"};
  scratch on;
  CHECK(problem(on.db, left) == by_join);
  CHECK(problem(on.db, right) == by_join);
  CHECK(problem(on.db, with_argument) == by_join);
  CHECK(problem(on.db, twice) == by_join);
  CHECK(problem(on.db, never) == by_join);
  CHECK(problems(on.db, full).size() == 2);
  CHECK(problems(on.db, inner, undone).empty());
}

TEST_CASE("what a join compares cannot be NULL, however the join is carried out") {
  constexpr statement<int()> number{"SELECT u.age FROM users u JOIN posts p ON p.id = u.age"};
  constexpr text with_a_cast{"SELECT u.email FROM users u JOIN posts p ON p.title = u.email"};
  constexpr number_and_text left{
      "SELECT u.id, p.title FROM users u LEFT JOIN posts p ON p.author = u.id"};
  constexpr statement<int()> not_inner{
      "SELECT u.age FROM users u LEFT JOIN posts p ON p.id = u.age"};
  scratch on;
  for (std::string const allowed : {"hashjoin", "mergejoin", "nestloop"}) {
    CAPTURE(allowed);
    for (std::string const each : {"hashjoin", "mergejoin", "nestloop"}) {
      on.db.execute(
          pqscope::dynamic_sql{"SET enable_" + each + " = " + (each == allowed ? "on" : "off")});
    }
    CHECK(problems(on.db, number, with_a_cast).empty());
    CHECK(problem(on.db, left) == by_join);
    CHECK(problems(on.db, not_inner).size() == 1);
  }
}

TEST_CASE("joins within joins, LATERAL and statements that write are understood") {
  constexpr number_and_text nested{
      "SELECT u.id, p.title FROM users u LEFT JOIN (posts p JOIN users v ON v.id = p.author) ON "
      "p.author = u.id"};
  constexpr number_and_text lateral{
      "SELECT u.id, l.title FROM users u LEFT JOIN LATERAL (SELECT title FROM posts p WHERE "
      "p.author = u.id LIMIT 1) l ON true"};
  constexpr number_and_text lateral_inner{
      "SELECT u.id, l.title FROM users u CROSS JOIN LATERAL (SELECT title FROM posts p WHERE "
      "p.author = u.id LIMIT 1) l"};
  constexpr number_and_text written{
      "UPDATE users u SET name = 'x' FROM users v LEFT JOIN posts p ON p.author = v.id WHERE u.id "
      "= v.id RETURNING u.id, p.title"};
  constexpr number_and_text from_cte{
      "WITH made AS (INSERT INTO users (id, name) VALUES (1, 'x') RETURNING id, name) SELECT id, "
      "name FROM made"};
  constexpr number_and_text conflict{
      "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = "
      "excluded.name RETURNING id, name"};
  constexpr number_and_text ranked{
      "SELECT id, name FROM (SELECT *, row_number() OVER (PARTITION BY name ORDER BY id) AS n FROM "
      "users) s WHERE n = 1"};
  scratch on;
  CHECK(problem(on.db, nested) == by_join);
  CHECK(problem(on.db, lateral) == by_join);
  CHECK(problem(on.db, written) == by_join);
  CHECK(problems(on.db, lateral_inner, from_cte, conflict, ranked).empty());
  CHECK(on.db.query<int>("SELECT count(*)::int FROM users").one() == 0);
}

TEST_CASE("subqueries, CTEs and views are looked through") {
  constexpr text subquery{
      "SELECT s.t AS title FROM (SELECT p.title AS t FROM users u LEFT JOIN posts p ON p.author = "
      "u.id OFFSET 0) s"};
  constexpr text cte{
      "WITH c AS MATERIALIZED (SELECT p.title AS t FROM users u LEFT JOIN posts p ON p.author = "
      "u.id) SELECT t AS title FROM c"};
  constexpr text view{"SELECT title FROM user_posts"};
  constexpr text nullable_in_view{"SELECT email FROM user_posts"};
  constexpr statement<std::int64_t()> not_null_in_view{"SELECT id FROM user_posts"};
  constexpr text filtered_view{"SELECT email FROM user_posts WHERE email <> ''"};
  constexpr text safe_subquery{
      "SELECT t FROM (SELECT title AS t FROM posts OFFSET 0) s WHERE t <> 'x'"};
  constexpr text nullable_in_subquery{"SELECT e FROM (SELECT email AS e FROM users OFFSET 0) s"};
  scratch on{
      "CREATE TEMP VIEW user_posts AS SELECT u.id, u.email, p.title FROM users u LEFT JOIN posts p "
      "ON p.author = u.id"};
  CHECK(problem(on.db, subquery) == by_join);
  CHECK(problem(on.db, cte) == by_join);
  CHECK(problem(on.db, view) == by_join);
  CHECK(problem(on.db, nullable_in_view)
            .starts_with("column \"email\" can be NULL, since users.email is not declared"));
  CHECK(problem(on.db, nullable_in_subquery)
            .starts_with("column \"e\" can be NULL, since users.email is not declared"));
  CHECK(problems(on.db, not_null_in_view, filtered_view, safe_subquery).empty());
}

TEST_CASE("a grouping set makes a column NULL that it does not group by") {
  constexpr text rollup{"SELECT title FROM posts GROUP BY ROLLUP (title)"};
  constexpr number_and_text sets{
      "SELECT p.id, p.title FROM posts p, users GROUP BY GROUPING SETS ((p.id, p.title), (p.id))"};
  constexpr text plain{"SELECT title FROM posts GROUP BY title"};
  scratch on;
  CHECK(problem(on.db, rollup) == by_join);
  CHECK(problem(on.db, sets) == by_join);
  CHECK(problems(on.db, plain).empty());
}

TEST_CASE("the fields of a pair are looked at one by one") {
  constexpr statement<std::pair<std::int64_t, std::string>()> second{"SELECT id, email FROM users"};
  constexpr statement<std::pair<std::int64_t, std::optional<std::string>>()> optional{
      "SELECT id, email FROM users"};
  scratch on;
  CHECK(problem(on.db, second).starts_with("column \"email\" can be NULL"));
  CHECK(problems(on.db, optional).empty());
}

TEST_CASE("a domain can be what is NOT NULL") {
  constexpr statement<std::tuple<int, int, int>()> all{"SELECT a, b, c FROM numbers"};
  scratch on{
      "CREATE DOMAIN pg_temp.given AS int NOT NULL; CREATE DOMAIN pg_temp.also_given AS "
      "pg_temp.given; CREATE DOMAIN pg_temp.perhaps AS int;"
      "CREATE TEMP TABLE numbers (a pg_temp.given, b pg_temp.also_given, c pg_temp.perhaps)"};
  CHECK(problem(on.db, all).starts_with("column \"c\" can be NULL"));
}

TEST_CASE("tables that inherit may hold NULL where the parent may not") {
  constexpr text all{"SELECT name FROM parents"};
  scratch on{
      "CREATE TEMP TABLE parents (name text); CREATE TEMP TABLE children () INHERITS (parents);"
      "ALTER TABLE ONLY children ALTER name SET NOT NULL"};
  CHECK(problem(on.db, all).starts_with("column \"name\" can be NULL"));
  on.db.execute("ALTER TABLE parents ALTER name SET NOT NULL");
  CHECK(problems(on.db, all).empty());
}

TEST_CASE("partitions are looked at as one table") {
  constexpr text all{"SELECT name FROM parts WHERE id > 0"};
  constexpr text filtered{"SELECT email FROM parts WHERE email = 'x'"};
  constexpr text nullable{"SELECT email FROM parts"};
  scratch on{
      "CREATE TEMP TABLE parts (id int, name text NOT NULL, email text) PARTITION BY RANGE (id);"
      "CREATE TEMP TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);"
      "CREATE TEMP TABLE part_2 PARTITION OF parts FOR VALUES FROM (9) TO (99)"};
  CHECK(problems(on.db, all, filtered).empty());
  CHECK(problems(on.db, nullable).size() == 1);
}

TEST_CASE("names that have to be quoted are understood") {
  constexpr statement<std::tuple<std::string, std::string>()> all{
      "SELECT t.\"A column\", t.\"b.c\" FROM \"My Table\" t"};
  constexpr text joined{
      "SELECT \"My Table\".\"A column\" AS title FROM users LEFT JOIN \"My Table\" ON true"};
  constexpr text filtered{"SELECT \"b.c\" FROM \"My Table\" WHERE \"b.c\" = 'x'"};
  scratch on{"CREATE TEMP TABLE \"My Table\" (\"A column\" text NOT NULL, \"b.c\" text)"};
  CHECK(problem(on.db, all) ==
        "column \"b.c\" can be NULL, since \"My Table\".\"b.c\" is not declared NOT NULL: read it "
        "as a std::optional");
  CHECK(problem(on.db, joined) == by_join);
  CHECK(problems(on.db, filtered).empty());
}
