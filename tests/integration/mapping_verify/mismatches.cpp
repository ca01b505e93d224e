#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/verify.hpp>
#include <pqscope/types/types.hpp>

#include <chrono>
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

struct user {
  std::int64_t id;
  std::string name;
  std::optional<std::string> email;
};

enum class mood { sad, happy };

bool contains(std::string const& text, std::string_view part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "sad"}, {mood::happy, "happy"}});

TEST_CASE("statements that fit are found to fit") {
  constexpr statement<user(std::int64_t)> by_id{"SELECT id, name, email FROM users WHERE id = $1"};
  constexpr statement<void(std::int64_t, std::string)> insert{
      "INSERT INTO users (id, name) VALUES ($1, $2)"};
  constexpr statement<std::int64_t(std::string)> insert_returning{
      "INSERT INTO users (id, name) VALUES (1, $1) RETURNING id"};
  constexpr statement<std::tuple<std::int64_t, std::string>()> count{
      "SELECT count(*), 'text' FROM users"};
  constexpr statement<void()> set{"SET LOCAL work_mem = '1MB'"};
  constexpr statement<std::string()> show{"SHOW work_mem"};
  constexpr statement<void()> sleep{"SELECT pg_sleep(0)"};
  constexpr statement<void(std::int64_t)> remove{"DELETE FROM users WHERE id = $1"};
  constexpr statement<void()> nothing{""};
  scratch on;
  CHECK(problems(on.db, by_id, insert, insert_returning, count, set, show, sleep, remove, nothing)
            .empty());
  CHECK_NOTHROW(pqscope::verify(on.db, by_id, insert));
  CHECK_NOTHROW(pqscope::verify(on.db));
  CHECK(on.db.query<int>("SELECT count(*)::int FROM users").one() == 0);
}

TEST_CASE(
    "a statement that the server refuses is listed with its words, and the others are checked") {
  constexpr statement<int()> table{"SELECT id FROM no_such_table"};
  constexpr statement<int()> syntax{"SELEC 1"};
  constexpr statement<int(std::int64_t)> good{"SELECT $1::int4"};
  constexpr statement<int()> wrong{"SELECT 1::int8"};
  constexpr statement<void(bool)> of_another_type{"INSERT INTO users (age) VALUES ($1)"};
  scratch on;
  auto const found = pqscope::find_mismatches(on.db, table, syntax, good, wrong, of_another_type);
  REQUIRE(found.size() == 4);
  CHECK(found[0].kind == pqscope::mismatch_kind::refused);
  CHECK(found[0].where.line() == table.where().line());
  CHECK(found[0].sql == table.text());
  CHECK(contains(found[0].problem, "relation \"no_such_table\" does not exist"));
  CHECK(contains(found[0].problem, "42P01"));
  CHECK(contains(found[0].problem, "      ^"));
  CHECK(contains(found[1].problem, "syntax error"));
  CHECK(found[2].kind == pqscope::mismatch_kind::column);
  CHECK(found[2].problem == "column \"int8\" is bigint, which cannot be read as integer");
  CHECK(found[3].kind == pqscope::mismatch_kind::refused);
  CHECK(contains(found[3].problem, "column \"age\" is of type integer but expression"));
}

TEST_CASE("columns are compared by name for a struct, by number for a tuple") {
  constexpr statement<user()> missing{"SELECT id, email, 1 AS shoe_size FROM users"};
  constexpr statement<std::tuple<std::int64_t, std::string>()> too_few{"SELECT id FROM users"};
  constexpr statement<int()> without_rows{"DELETE FROM users"};
  constexpr statement<void()> with_rows{"SELECT 1"};
  scratch on;
  CHECK(problems(on.db, missing) == std::vector<std::string>{"no column for the field \"name\"",
                                                             "no field for the column "
                                                             "\"shoe_size\""});
  CHECK(problem(on.db, too_few) == "the statement returns 1 columns, the row has 2");
  CHECK(problem(on.db, without_rows) == "the statement returns no rows");
  CHECK(problem(on.db, with_rows) == "the statement returns rows, and is declared without");
}

TEST_CASE("arguments whose type the server finds out are compared with it") {
  constexpr statement<void(std::string)> text_for_number{"DELETE FROM users WHERE id = $1"};
  constexpr statement<void(std::string)> text_for_date{"SELECT pg_sleep(0) WHERE now() > $1"};
  constexpr statement<void(std::string)> cast{"DELETE FROM users WHERE id = $1::text::int8"};
  constexpr statement<void(std::string)> varchar{"DELETE FROM users WHERE email = $1"};
  constexpr statement<void(std::string)> table{"DELETE FROM users WHERE tableoid = $1::regclass"};
  constexpr statement<void(std::optional<std::string>)> json{
      "SELECT pg_sleep(0) WHERE '{}'::jsonb @> $1"};
  scratch on;
  CHECK(problem(on.db, text_for_number) == "argument $1 is bigint, and declared as text");
  CHECK(problem(on.db, text_for_date) ==
        "argument $1 is timestamp with time zone, and declared as text");
  CHECK(problems(on.db, cast, varchar, table, json).empty());
}

TEST_CASE("types that users made are compared by what the database says of them") {
  constexpr statement<mood(mood)> enums{"SELECT how FROM moods WHERE how = $1"};
  constexpr statement<std::string(std::string)> texts{"SELECT how FROM moods WHERE how = $1"};
  constexpr statement<int(std::int64_t)> numbers{"SELECT how FROM moods WHERE at = $1"};
  constexpr statement<mood(mood)> not_a_mood{"SELECT at FROM moods WHERE at = $1"};
  constexpr statement<std::string(std::string)> domain{"SELECT code FROM moods WHERE code = $1"};
  constexpr statement<void(std::string)> into_domain{"INSERT INTO moods (code) VALUES ($1)"};
  scratch on{
      "CREATE TYPE pg_temp.feeling AS ENUM ('sad', 'happy');"
      "CREATE DOMAIN pg_temp.short_code AS text CHECK (length(VALUE) < 9);"
      "CREATE TYPE pg_temp.place AS (x int, y int);"
      "CREATE TEMP TABLE moods (how pg_temp.feeling NOT NULL, code pg_temp.short_code NOT NULL, "
      "at pg_temp.place NOT NULL)"};
  CHECK(problems(on.db, enums, texts, domain, into_domain).empty());
  auto const wrong = problems(on.db, numbers);
  REQUIRE(wrong.size() == 1);
  CHECK(contains(wrong[0], "bigint"));
  auto const composite = problems(on.db, not_a_mood);
  REQUIRE(composite.size() == 2);
  CHECK(contains(composite[0], "argument $1 is record, and declared as enum"));
  CHECK(contains(composite[1], "column \"at\" is place, which cannot be read as enum"));
}

TEST_CASE("an argument in whose place the server expects an anonymous row does not fit") {
  using pair = pqscope::composite<std::tuple<int, int>>;
  constexpr statement<int(pair)> uncast{"SELECT 1 FROM visits WHERE at = $1"};
  constexpr statement<int(pair)> cast{"SELECT 1 FROM visits WHERE at = $1::place"};
  constexpr statement<int(std::string)> text{"SELECT 1 FROM visits WHERE at = $1"};
  constexpr statement<int(std::vector<pair>)> several{"SELECT 1 FROM visits WHERE at = ANY($1)"};
  scratch on{
      "CREATE TYPE pg_temp.place AS (x int, y int);"
      "CREATE TEMP TABLE visits (at pg_temp.place NOT NULL);"
      "INSERT INTO visits VALUES ('(1,2)');"
      "SET search_path = pg_temp"};
  CHECK(problem(on.db, uncast) ==
        "argument $1 is record, and declared as composite: cast it in the SQL text, for the server "
        "reads no anonymous rows");
  CHECK(problem(on.db, text).starts_with("argument $1 is record, and declared as text: cast it"));
  CHECK(problem(on.db, several).starts_with("argument $1 is record[], and declared as composite["));
  CHECK_THROWS_AS(on.db.query(uncast, pair{{1, 2}}).one(), pqscope::feature_not_supported);
  CHECK_THROWS_AS(on.db.query(text, "(1,2)").one(), pqscope::feature_not_supported);
  CHECK(problems(on.db, cast).empty());
  CHECK(on.db.query(cast, pair{{1, 2}}).one() == 1);
}

TEST_CASE("an argument that is inferred fits wherever it stands") {
  using labels = pqscope::inferred<std::vector<std::string>>;
  constexpr statement<std::string(labels)> enums{
      "SELECT how::text FROM moods WHERE ARRAY[how] <@ $1"};
  constexpr statement<std::string(std::optional<labels>)> maybe{
      "SELECT how::text FROM moods WHERE how = ANY($1)"};
  scratch on{
      "CREATE TYPE pg_temp.feeling AS ENUM ('sad', 'happy');"
      "CREATE TEMP TABLE moods (how pg_temp.feeling NOT NULL);"
      "INSERT INTO moods VALUES ('sad')"};
  CHECK(problems(on.db, enums, maybe).empty());
  CHECK(on.db.query(enums, labels{{"sad"}}).one() == "sad");
  CHECK(on.db.query(maybe, labels{{"sad"}}).one() == "sad");
}

TEST_CASE("verify throws one error that lists all, with file and line of each statement") {
  constexpr statement<int()> first{"SELECT id, name FROM users"};
  constexpr statement<std::string()> second{"SELECT email FROM users"};
  scratch on;
  try {
    pqscope::verify(on.db, first, second);
    FAIL("nothing was thrown");
  } catch (pqscope::type_mismatch const& all) {
    std::string const text = all.what();
    CHECK(text.starts_with("2 statements do not fit the database:\n"));
    CHECK(contains(text, "mismatches.cpp:" + std::to_string(first.where().line())));
    CHECK(contains(text, "mismatches.cpp:" + std::to_string(second.where().line())));
    CHECK(contains(text, "    - the statement returns 2 columns, the row has 1\n"));
    CHECK(contains(text, "    - column \"email\" can be NULL"));
    CHECK(all.where().line() == first.where().line());
    CHECK(all.connection_usable());
  }
}
