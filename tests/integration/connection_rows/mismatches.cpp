#include "support/database.hpp"
#include "support/ensure_usable.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

namespace {

struct account {
  std::int64_t id;
  std::string owner;
  double balance;
  std::optional<int> age;
};

/// What the type_mismatch of reading `sql` as `Row` says.
template <class... Row>
std::string mismatch(pqscope::connection& db, char const* sql) {
  try {
    static_cast<void>(db.query<Row...>(pqscope::dynamic_sql{std::string(sql)}));
  } catch (pqscope::type_mismatch const& e) {
    return e.what();
  }
  return "nothing was thrown";
}

bool says(std::string const& message, std::string_view part) {
  UNSCOPED_INFO(message);
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a column missing, too many or there twice is named") {
  pqscope::connection db{support::test_config()};
  auto const missing =
      mismatch<account>(db, "SELECT 1::bigint AS id, 0.0::float8 AS balance, 1 AS age");
  CHECK(says(missing, "no column for the field \"owner\""));
  auto const extra = mismatch<account>(
      db, "SELECT 1::bigint AS id, '' AS owner, 0.0::float8 AS balance, 1 AS age, 5 AS shoe_size");
  CHECK(says(extra, "no field for the column \"shoe_size\""));
  auto const twice = mismatch<account>(
      db, "SELECT 1::bigint AS id, '' AS owner, 0.0::float8 AS balance, 1 AS age, '' AS owner");
  CHECK(says(twice, "more than one column is named \"owner\""));
  auto const unnamed =
      mismatch<account>(db, "SELECT 1::bigint AS id, '', 0.0::float8 AS balance, 1 AS age");
  CHECK(says(unnamed, "\"owner\""));
  CHECK(says(unnamed, "\"?column?\""));
  support::ensure_usable(db);
}

TEST_CASE("everything that does not fit is listed in one error") {
  pqscope::connection db{support::test_config()};
  auto const all = mismatch<account>(
      db, "SELECT 1.5 AS id, 2::numeric AS balance, 3::bigint AS age, true AS extra");
  CHECK(says(all, "\"owner\""));
  CHECK(says(all, "\"extra\""));
  CHECK(says(all, "column \"id\" is numeric, which cannot be read as bigint"));
  CHECK(says(all, "column \"balance\" is numeric, which cannot be read as double precision"));
  CHECK(says(all, "column \"age\" is bigint, which cannot be read as integer"));
  auto const tuple =
      mismatch<int, float, bool>(db, "SELECT 1::bigint AS a, 1::float8 AS b, 'x' AS c");
  CHECK(says(tuple, "\"a\""));
  CHECK(says(tuple, "\"b\""));
  CHECK(says(tuple, "\"c\""));
  support::ensure_usable(db);
}

TEST_CASE("columns of the same name are told apart by number") {
  pqscope::connection db{support::test_config()};
  auto const tuple = mismatch<int, int, int>(db, "SELECT 1, 2.5, 'x'");
  CHECK(says(tuple, "column 2, \"?column?\", is numeric"));
  CHECK(says(tuple, "column 3, \"?column?\", is text"));
  CHECK_FALSE(says(tuple, "column 1"));
  support::ensure_usable(db);
}

TEST_CASE("no row is needed for a mismatch to be found") {
  pqscope::connection db{support::test_config()};
  CHECK_THROWS_AS(db.query<int>("SELECT 1::bigint WHERE false"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<account>("SELECT 1 AS id WHERE false"), pqscope::type_mismatch);
  support::ensure_usable(db);
}

TEST_CASE("a mismatch is a decode_error with the caller's file and line") {
  pqscope::connection db{support::test_config()};
  auto const line = std::source_location::current().line() + 2;
  try {
    static_cast<void>(db.query<int>("SELECT 1::bigint"));
    FAIL("nothing was thrown");
  } catch (pqscope::decode_error const& e) {
    CHECK(e.where().line() == line);
    CHECK(std::string_view(e.where().file_name()).ends_with("mismatches.cpp"));
    CHECK(e.connection_usable());
  }
  support::ensure_usable(db);
}

TEST_CASE("a column of a type made by users says how to cast it") {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp");
  db.execute("CREATE TYPE pair AS (a int, b int)");
  auto const scalar = mismatch<std::string>(db, "SELECT ROW(1, 2)::pair AS both");
  CHECK(says(scalar, "column \"both\""));
  CHECK(says(scalar, "\"both\"::text"));
  auto const array = mismatch<std::vector<int>>(db, "SELECT ARRAY[ROW(1, 2)::pair] AS many");
  CHECK(says(array, "\"many\"::integer[]"));
  support::ensure_usable(db);
}
