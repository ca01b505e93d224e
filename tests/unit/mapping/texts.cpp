#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "unit/mapping/library.hpp"

using library::author;
using library::book;
using library::copy_on_shelf;
using library::shelf;
using pqscope::asc;
using pqscope::col;
using pqscope::count;
using pqscope::desc;
using pqscope::excluded;
using pqscope::on_conflict;
using pqscope::select;
using pqscope::to_sql;

namespace {

constexpr std::string_view authors = R"(SELECT "id", "name", "E-mail ""home""" FROM "authors")";

/// What a condition is in the text of a query of authors.
template <class Condition>
std::string where(Condition const& condition) {
  std::string const text{to_sql(select<author>().where(condition))};
  REQUIRE(text.starts_with(std::string(authors) + " WHERE "));
  return text.substr(authors.size() + 7);
}

/// The same for books, by `count`, which has no list of columns.
template <class Condition>
std::string where_book(Condition const& condition) {
  std::string const text{select<book>().where(condition).count_text()};
  std::string const start = R"(SELECT count(*) FROM "lib"."books" WHERE )";
  REQUIRE(text.starts_with(start));
  return text.substr(start.size());
}

struct a_text {
  static constexpr void write(pqscope::detail::text_writer& out) { out << "SELECT 1"; }
};

}  // namespace

TEST_CASE("the text of a query and its hash are constants of the program") {
  using query = decltype(select<author>().where(col<&author::id> == 1));
  static_assert(query::text() ==
                R"(SELECT "id", "name", "E-mail ""home""" FROM "authors" WHERE "id" = $1)");
  constexpr pqscope::sql_view sent = pqscope::detail::sql_of<a_text>({});
  static_assert(sent.hash == pqscope::hash_sql("SELECT 1"));
  static_assert(sent.text[sent.size] == '\0');
  auto const query_of_one = select<author>().where(col<&author::id> == 1);
  auto const query_of_two = select<author>().where(col<&author::id> == 2);
  REQUIRE(to_sql(query_of_one).data() == to_sql(query_of_two).data());
}

TEST_CASE("the text of a SELECT, form by form") {
  auto const all = select<author>();
  std::string const start{authors};
  REQUIRE(to_sql(all) == authors);
  REQUIRE(all.first_text() == start + " LIMIT 1");
  REQUIRE(all.count_text() == R"(SELECT count(*) FROM "authors")");
  REQUIRE(all.exists_text() == R"(SELECT EXISTS (SELECT FROM "authors"))");
  REQUIRE(to_sql(all.where(col<&author::id> > 10 && col<&author::email>.is_null())
                     .order_by(desc(col<&author::id>))
                     .limit(5)) ==
          start + R"( WHERE "id" > $1 AND "E-mail ""home""" IS NULL ORDER BY "id" DESC LIMIT $2)");
  REQUIRE(all.limit(5).count_text() == "SELECT count(*) FROM (" + start + " LIMIT $1) AS counted");
  REQUIRE(all.limit(5).first_text() == start + " LIMIT $1");
  REQUIRE(to_sql(all.limit(1).offset(2)) == start + " LIMIT $1 OFFSET $2");
  REQUIRE(to_sql(all.order_by(asc(col<&author::name>).nulls_first(), col<&author::id>)) ==
          start + R"( ORDER BY "name" NULLS FIRST, "id")");
  REQUIRE(to_sql(all.order_by(desc(col<&author::name>).nulls_last())) ==
          start + R"( ORDER BY "name" DESC NULLS LAST)");
  REQUIRE(to_sql(all.distinct()) ==
          R"(SELECT DISTINCT "id", "name", "E-mail ""home""" FROM "authors")");
  REQUIRE(to_sql(all.for_update()) == start + " FOR UPDATE");
  REQUIRE(to_sql(all.for_update(pqscope::skip_locked)) == start + " FOR UPDATE SKIP LOCKED");
  REQUIRE(to_sql(all.for_share()) == start + " FOR SHARE");
  REQUIRE(to_sql(select<shelf>()) == R"(SELECT "id", "label", "width" FROM "shelf")");
  REQUIRE(to_sql(select<book>()) ==
          R"(SELECT "id", "author_id", "editor_id", "title"::text, "genre", "embedding"::real[], )"
          R"("tags", "details", "price", "added"::text, "pages", "version", "sheets" )"
          R"(FROM "lib"."books")");
}

TEST_CASE("the text of conditions, form by form") {
  REQUIRE(where(col<&author::id> == 1) == R"("id" = $1)");
  REQUIRE(where(col<&author::id> != 1) == R"("id" <> $1)");
  REQUIRE(where(1 <= col<&author::id>) == R"($1 <= "id")");
  REQUIRE(where(col<&author::name> < col<&author::email>) == R"("name" < "E-mail ""home""")");
  REQUIRE(where(!(col<&author::id> >= 1)) == R"(NOT ("id" >= $1))");
  REQUIRE(where((col<&author::id> == 1 || col<&author::id> == 2) && col<&author::name> == "a") ==
          R"(("id" = $1 OR "id" = $2) AND "name" = $3)");
  REQUIRE(where(col<&author::id> == 1 || (col<&author::id> == 2 && col<&author::name> == "a")) ==
          R"("id" = $1 OR "id" = $2 AND "name" = $3)");
  REQUIRE(where(col<&author::id> - (col<&author::id> - 1) * 2 == 0) ==
          R"("id" - ("id" - $1) * $2 = $3)");
  REQUIRE(where(col<&author::email>.is_not_null()) == R"("E-mail ""home""" IS NOT NULL)");
  REQUIRE(where(col<&author::name>.is_distinct_from("a")) == R"("name" IS DISTINCT FROM $1)");
  REQUIRE(where(col<&author::id>.in({1, 2})) == R"("id" = ANY ($1))");
  REQUIRE(where(col<&author::name>.not_in(std::vector<std::string>{})) == R"("name" <> ALL ($1))");
  REQUIRE(where(col<&author::id>.between(1, 2)) == R"("id" >= $1 AND "id" <= $2)");
  REQUIRE(where(col<&author::name>.like("a%") || col<&author::name>.ilike("b%")) ==
          R"("name" LIKE $1 OR "name" ILIKE $2)");
  REQUIRE(where(lower(col<&author::name>) == "a") == R"(lower("name") = $1)");
  REQUIRE(where(coalesce(col<&author::email>, "-") == "-") ==
          R"(coalesce("E-mail ""home""", $1) = $2)");
}

TEST_CASE("the text of operators of functions, calculations and conditions") {
  REQUIRE(where(lower(col<&author::name>).like("a%")) == R"(lower("name") LIKE $1)");
  REQUIRE(where(upper(col<&author::name>).in({"A", "B"})) == R"(upper("name") = ANY ($1))");
  REQUIRE(where(coalesce(col<&author::email>, "").not_like("a%")) ==
          R"(coalesce("E-mail ""home""", $1) NOT LIKE $2)");
  REQUIRE(where((col<&author::id> + 1).in({1, 2})) == R"("id" + $1 = ANY ($2))");
  REQUIRE(where((col<&author::id> - 1).between(1, 2)) == R"("id" - $1 >= $2 AND "id" - $3 <= $4)");
  REQUIRE(where((col<&author::id> / 2).is_distinct_from(std::optional<int>{})) ==
          R"("id" / $1 IS DISTINCT FROM $2)");
  REQUIRE(where((col<&author::name> == "a").is_null()) == R"("name" = $1 IS NULL)");
  REQUIRE(where((col<&author::name> == "a" || col<&author::id> == 1).is_not_null()) ==
          R"(("name" = $1 OR "id" = $2) IS NOT NULL)");
  REQUIRE(where((!(col<&author::name> == "a")).is_null()) == R"((NOT ("name" = $1)) IS NULL)");
  REQUIRE(where((col<&author::name>.is_null()).is_not_distinct_from(true)) ==
          R"(("name" IS NULL) IS NOT DISTINCT FROM $1)");
  REQUIRE(to_sql(select<author>()
                     .having(count().between(1, 2) && max(col<&author::name>).ilike("a"))
                     .order_by(desc(count(col<&author::id>)))
                     .values(count())) ==
          R"(SELECT count(*) FROM "authors" HAVING count(*) >= $1 AND count(*) <= $2 )"
          R"(AND max("name") ILIKE $3 ORDER BY count("id") DESC)");
}

TEST_CASE("the text of conditions on arrays, JSON, vectors and types of their own") {
  REQUIRE(where_book(col<&book::tags>.contains(std::vector<std::string>{"a"})) ==
          R"("tags" @> $1::character varying[])");
  REQUIRE(where_book(col<&book::tags>.overlaps(std::vector<std::string_view>{"a"})) ==
          R"("tags" && $1::character varying[])");
  REQUIRE(where_book(col<&book::tags>.has("a")) == R"($1 = ANY ("tags"))");
  REQUIRE(where_book(col<&book::details>.get("a").get(0).get_text("b") == "c") ==
          R"("details" -> $1::text -> $2::integer ->> $3::text = $4)");
  REQUIRE(where_book(col<&book::details>.contains(pqscope::jsonb{"{}"})) == R"("details" @> $1)");
  REQUIRE(where_book(col<&book::details>.has_key("a")) == R"("details" ? $1::text)");
  std::vector<float> const near{1, 2, 3};
  REQUIRE(where_book(col<&book::embedding>.l2_distance(near) < 0.5) ==
          R"("embedding" <-> $1::vector < $2)");
  REQUIRE(select<book>()
              .order_by(col<&book::embedding>.cosine_distance(near),
                        col<&book::embedding>.negative_inner_product(near))
              .values(col<&book::embedding>)
              .text() == R"(SELECT "embedding"::real[] FROM "lib"."books" )"
                         R"(ORDER BY "embedding" <=> $1::vector, "embedding" <#> $2::vector)");
  REQUIRE(where_book(col<&book::title> == "a") == R"("title" = $1)");
  REQUIRE(where_book(col<&book::title>.in({"a", "b"})) == R"("title" = ANY ($1::citext[]))");
  REQUIRE(where_book(col<&book::genre> == library::genre::poem) == R"("genre" = $1)");
}

TEST_CASE("the text of joins and groups") {
  auto const joined = select<copy_on_shelf>().join<&copy_on_shelf::book_id>();
  REQUIRE(joined.count_text() == R"(SELECT count(*) FROM "select" AS t0 )"
                                 R"(JOIN "lib"."books" AS t1 ON t1."id" = t0."book_id")");
  auto const three =
      select<copy_on_shelf>().join<&copy_on_shelf::book_id>().left_join<&book::editor_id>().where(
          col<&author::name> == "a");
  REQUIRE(three.exists_text() == R"(SELECT EXISTS (SELECT FROM "select" AS t0 )"
                                 R"(JOIN "lib"."books" AS t1 ON t1."id" = t0."book_id" )"
                                 R"(LEFT JOIN "authors" AS t2 ON t2."id" = t1."editor_id" )"
                                 R"(WHERE t2."name" = $1))");
  static_assert(
      std::is_same_v<decltype(three)::row, std::tuple<copy_on_shelf, book, std::optional<author>>>);
  REQUIRE(
      to_sql(select<author>()
                 .join<&book::author_id>()
                 .for_update()
                 .group_by(col<&author::id>)
                 .having(count() > 1)
                 .order_by(desc(count()))
                 .values(col<&author::id>, count(), count_distinct(col<&book::genre>),
                         sum(col<&book::pages>), avg(col<&book::pages>), min(col<&book::title>),
                         max(col<&book::title>))) ==
      R"(SELECT t0."id", count(*), count(DISTINCT t1."genre"), sum(t1."pages"), )"
      R"(avg(t1."pages"), min(t1."title")::text, max(t1."title")::text )"
      R"(FROM "authors" AS t0 JOIN "lib"."books" AS t1 ON t1."author_id" = t0."id" GROUP BY t0."id" )"
      R"(HAVING count(*) > $1 ORDER BY count(*) DESC FOR UPDATE OF t0)");
}

TEST_CASE("the text of changes") {
  REQUIRE(to_sql(pqscope::update<author>()
                     .set(col<&author::email> = std::nullopt, col<&author::name> = "a")
                     .where(col<&author::id> == 1)) ==
          R"(UPDATE "authors" SET "E-mail ""home""" = NULL, "name" = $1 WHERE "id" = $2)");
  REQUIRE(
      to_sql(pqscope::update<book>().set(col<&book::pages> = col<&book::pages> + 1).all_rows()) ==
      R"(UPDATE "lib"."books" SET "pages" = "pages" + $1, "version" = "version" + 1)");
  REQUIRE(
      to_sql(pqscope::update<book>()
                 .set(col<&book::version> = 1, col<&book::embedding> = std::vector<float>{1, 2, 3})
                 .all_rows()) ==
      R"(UPDATE "lib"."books" SET "version" = $1, "embedding" = $2::vector)");
  REQUIRE(to_sql(pqscope::erase<shelf>().where(col<&shelf::id> == 1).returning()) ==
          R"(DELETE FROM "shelf" WHERE "id" = $1 RETURNING "id", "label", "width")");
  REQUIRE(to_sql(pqscope::erase<shelf>().all_rows()) == R"(DELETE FROM "shelf")");
}

TEST_CASE("the text of insertions") {
  std::string const returned = R"( RETURNING "id", "name", "E-mail ""home""")";
  std::string const start =
      R"(INSERT INTO "authors" AS t0 ("name", "E-mail ""home""") VALUES ($1, $2))";
  REQUIRE(to_sql(pqscope::insert(author{})) == start + returned);
  REQUIRE(pqscope::insert(author{}).keyed_text() ==
          R"(INSERT INTO "authors" AS t0 ("id", "name", "E-mail ""home""") VALUES ($1, $2, $3))" +
              returned);
  REQUIRE(to_sql(pqscope::upsert(author{})) ==
          start +
              R"( ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", )"
              R"("E-mail ""home""" = excluded."E-mail ""home""")" +
              returned);
  REQUIRE(to_sql(pqscope::upsert(author{}, on_conflict<&author::name>().do_nothing())) ==
          start + R"( ON CONFLICT ("name") DO NOTHING)" + returned);
  REQUIRE(to_sql(pqscope::upsert(author{}, on_conflict<&author::name>().do_update(
                                               col<&author::email> = excluded<&author::email>))) ==
          start +
              R"( ON CONFLICT ("name") DO UPDATE SET )"
              R"("E-mail ""home""" = excluded."E-mail ""home""")" +
              returned);
  REQUIRE(to_sql(pqscope::upsert(book{}, on_conflict<&book::author_id, &book::title>().do_update(
                                             col<&book::pages> = col<&book::pages> + 1))) ==
          R"(INSERT INTO "lib"."books" AS t0 ("author_id", "editor_id", "title", "genre", )"
          R"("embedding", "tags", "details", "price", "added", "pages", "version") VALUES )"
          R"(($1, $2, $3, $4, $5::vector, $6::character varying[], $7, $8, )"
          R"(coalesce($9, (now())::timestamp with time zone), $10, $11) )"
          R"(ON CONFLICT ("author_id", "title") DO UPDATE SET )"
          R"("pages" = t0."pages" + $12, "version" = t0."version" + 1 )"
          R"(RETURNING "id", "author_id", "editor_id", "title"::text, "genre", )"
          R"("embedding"::real[], "tags", "details", "price", "added"::text, "pages", )"
          R"("version", "sheets")");
  REQUIRE(to_sql(pqscope::upsert(copy_on_shelf{})) ==
          R"(INSERT INTO "select" AS t0 ("book_id", "number") VALUES ($1, $2) )"
          R"(ON CONFLICT ("number", "book_id") DO UPDATE SET "book_id" = excluded."book_id" )"
          R"(RETURNING "book_id", "number")");
}
