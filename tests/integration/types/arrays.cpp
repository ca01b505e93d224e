#include "round_trip.hpp"

#include <span>

using namespace round_trips;

namespace {

using ints = std::vector<int>;
using nullable_ints = std::vector<std::optional<int>>;

}  // namespace

TEST_CASE("an array's lower bounds are not kept, its elements are") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT '[0:2]={1,2,3}'::int[]", ints{1, 2, 3});
  reads_as(db, "SELECT '[-5:-4]={1,2}'::int[]", ints{1, 2});
  reads_as(db, "SELECT '[2:2][-1:0]={{1,2}}'::int[]", std::vector<ints>{{1, 2}});
  reads_as(db, "SELECT '[0:1]={a,NULL}'::text[]",
           std::vector<std::optional<std::string>>{"a", std::nullopt});
  CHECK(db.query<int>("SELECT array_lower($1, 1)", ints{7}).one() == 1);
  support::ensure_usable(db);
}

TEST_CASE("an array without elements is an empty vector of any depth") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT '{}'::int[]", ints{});
  reads_as(db, "SELECT '{}'::int[]", std::vector<ints>{});
  reads_as(db, "SELECT $1", std::vector<ints>{}, std::vector<ints>{{}, {}});
  reads_as(db, "SELECT array_remove(ARRAY[1], 1)", ints{});
  CHECK(db.query<bool>("SELECT $1 = '{}'", ints{}).one());
  support::ensure_usable(db);
}

TEST_CASE("arrays have up to six dimensions") {
  pqscope::connection db{support::test_config()};
  using three = std::vector<std::vector<ints>>;
  three const cube{{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 12}}};
  reads_as(db, "SELECT $1::int[]", cube, cube);
  CHECK(db.query<std::string>("SELECT array_dims($1)", cube).one() == "[1:2][1:3][1:2]");
  using six = std::vector<std::vector<std::vector<three>>>;
  six const deep{{{cube, cube}}};
  reads_as(db, "SELECT $1::int[]", deep, deep);
  support::ensure_usable(db);
}

TEST_CASE("an array of another number of dimensions is refused, and the column named") {
  pqscope::connection db{support::test_config()};
  refused<ints, pqscope::decode_error>(db, "'{{1,2}}'::int[]");
  refused<std::vector<ints>, pqscope::decode_error>(db, "'{1,2}'::int[]");
  refused<std::vector<std::vector<ints>>, pqscope::decode_error>(db, "'{{1,2}}'::int[]");
  support::ensure_usable(db);
}

TEST_CASE("a NULL among the elements needs an optional") {
  pqscope::connection db{support::test_config()};
  refused<ints, pqscope::unexpected_null>(db, "'{1,NULL}'::int[]");
  refused<std::vector<std::string>, pqscope::unexpected_null>(db, "'{NULL}'::text[]");
  reads_as(db, "SELECT '{1,NULL}'::int[]", nullable_ints{1, std::nullopt});
  reads_as(db, "SELECT '{NULL,\"NULL\",\"\"}'::text[]",
           std::vector<std::optional<std::string>>{std::nullopt, "NULL", ""});
  reads_as(db, "SELECT NULL::int[]", std::optional<nullable_ints>());
  reads_as(db, "SELECT '{NULL}'::int[]", std::optional<nullable_ints>(nullable_ints{std::nullopt}));
  support::ensure_usable(db);
}

TEST_CASE("vectors that are not rectangular are refused before anything is sent") {
  pqscope::connection db{support::test_config()};
  auto const before = db.round_trips();
  CHECK_THROWS_AS(db.execute("SELECT $1", std::vector<ints>{{1}, {1, 2}}), pqscope::usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1", std::vector<ints>{{}, {1}}), pqscope::usage_error);
  CHECK(db.round_trips() == before);
  support::ensure_usable(db);
}

TEST_CASE("std::array and std::span are arrays") {
  pqscope::connection db{support::test_config()};
  using three = std::array<int, 3>;
  reads_as(db, "SELECT $1::int[]", three{1, 2, 3}, three{1, 2, 3});
  reads_as(db, "SELECT $1::int[]", std::array<int, 0>{}, std::array<int, 0>{});
  std::array<std::array<std::optional<std::string>, 2>, 2> const grid{{{"a", {}}, {"", "NULL"}}};
  reads_as(db, "SELECT $1::text[]", grid, grid);
  refused<three, pqscope::decode_error>(db, "'{1,2}'::int[]");
  refused<three, pqscope::decode_error>(db, "'{1,2,3,4}'::int[]");
  refused<three, pqscope::decode_error>(db, "'{}'::int[]");
  ints const values{4, 5, 6};
  reads_as(db, "SELECT $1::int[]", values, std::span<int const>(values));
  reads_as(db, "SELECT $1::int[]", ints{5, 6}, std::span(values).subspan(1));
  int const plain[] = {4, 5, 6};
  three fixed{4, 5, 6};
  reads_as(db, "SELECT $1::int[]", values, std::span(plain));
  reads_as(db, "SELECT $1::int[]", values, std::span(fixed));
  reads_as(db, "SELECT $1::int[]", ints{5}, std::span(values).subspan<1, 1>());
  reads_as(db, "SELECT $1", std::vector<ints>{values}, std::vector{std::span(plain)});
  support::ensure_usable(db);
}

TEST_CASE("an array of string views is sent, and read as views of the rows") {
  pqscope::connection db{support::test_config()};
  std::vector<std::string_view> const views{"a", "", "b c"};
  auto const rows = db.query<std::vector<std::string_view>>("SELECT $1::text[]", views);
  CHECK(rows.one() == views);
  support::ensure_usable(db);
}

TEST_CASE("an array of smaller integers is read into larger ones") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT '{1,-2}'::smallint[]", std::vector<std::int64_t>{1, -2});
  reads_as(db, "SELECT '{1.5}'::real[]", std::vector<double>{1.5});
  support::ensure_usable(db);
}

TEST_CASE("the text of an array of boxes is separated by semicolons") {
  pqscope::connection db{support::test_config()};
  auto const read = [&](std::string const& array) {
    return db.execute(pqscope::dynamic_sql{"SELECT " + array})[0][0]
        .as<std::vector<std::optional<std::string>>>();
  };
  using texts = std::vector<std::optional<std::string>>;
  CHECK(read("ARRAY['(1,1),(0,0)'::box, NULL, '(2,2),(1,1)']") ==
        texts{"(1,1),(0,0)", std::nullopt, "(2,2),(1,1)"});
  CHECK(read("'{}'::box[]").empty());
  CHECK(db.execute("SELECT '{{(1,1),(0,0)};{(2,2),(1,1)}}'::box[]")[0][0]
            .as<std::vector<std::vector<std::string>>>() ==
        std::vector<std::vector<std::string>>{{"(1,1),(0,0)"}, {"(2,2),(1,1)"}});
  CHECK(read("ARRAY['(1,2)'::point, '(3,4)']") == texts{"(1,2)", "(3,4)"});
  support::ensure_usable(db);
}

TEST_CASE("a large array goes there and back") {
  pqscope::connection db{support::test_config()};
  std::vector<std::int64_t> many(100000);
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i] = static_cast<std::int64_t>(i * i);
  }
  reads_as(db, "SELECT $1::bigint[]", many, many);
  support::ensure_usable(db);
}
