#include "round_trip.hpp"

#include <tuple>
#include <variant>

using namespace round_trips;

namespace {

using value = std::variant<bool, std::int64_t, double, std::string, std::vector<int>>;

}  // namespace

TEST_CASE("a variant is what the column is") {
  pqscope::connection db{support::test_config()};
  round_trip(db, "boolean", value(true), "t");
  round_trip(db, "bigint", value(std::int64_t{-7}), "-7");
  round_trip(db, "double precision", value(0.5), "0.5");
  round_trip(db, "text", value("a \"b\""), "a \"b\"");
  round_trip(db, "integer[]", value(std::vector<int>{1, 2}), "{1,2}");
  null_round_trip<value>(db, "text");
  null_round_trip<value>(db, "bigint");
  support::ensure_usable(db);
}

TEST_CASE("the first alternative that takes the column's type is it, once for all rows") {
  pqscope::connection db{support::test_config()};
  using number = std::variant<std::int32_t, std::int64_t>;
  CHECK(db.query<number>("SELECT 1::smallint").one().index() == 0);
  CHECK(db.query<number>("SELECT 1::bigint").one().index() == 1);
  for (number const& each : db.query<number>("SELECT i::bigint FROM generate_series(1, 3) i")) {
    CHECK(each.index() == 1);
  }
  for (auto const& [a, b] : db.query<value, value>("SELECT 1, 'x' FROM generate_series(1, 3)")) {
    CHECK(a == value(std::int64_t{1}));
    CHECK(b == value("x"));
  }
  support::ensure_usable(db);
}

TEST_CASE("a column that no alternative takes is refused before the first row") {
  pqscope::connection db{support::test_config()};
  try {
    static_cast<void>(db.query<std::variant<int, bool>>("SELECT 1.5 AS subject WHERE false"));
    FAIL("nothing was thrown");
  } catch (pqscope::type_mismatch const& e) {
    INFO(e.what());
    CHECK(std::string_view(e.what()).find("integer or boolean") != std::string_view::npos);
  }
  refused<std::variant<int, bool>, pqscope::type_mismatch>(db, "1.5");
  support::ensure_usable(db);
}

TEST_CASE("a variant parameter has the type of what it holds") {
  pqscope::connection db{support::test_config()};
  CHECK(db.query<std::string>("SELECT pg_typeof($1)::text", value(std::int64_t{1})).one() ==
        "bigint");
  CHECK(db.query<std::string>("SELECT pg_typeof($1)::text", value(0.5)).one() ==
        "double precision");
  CHECK(db.query<std::string>("SELECT pg_typeof($1)::text", value(std::vector<int>{})).one() ==
        "integer[]");
  CHECK(db.query<std::int64_t>("SELECT $1::bigint", value("12")).one() == 12);
  support::ensure_usable(db);
}

TEST_CASE("variants are elements of arrays and attributes of composites") {
  pqscope::connection db{support::test_config()};
  std::vector<std::optional<value>> const numbers{std::int64_t{1}, std::nullopt, std::int64_t{3}};
  reads_as(db, "SELECT $1::bigint[]", numbers, numbers);
  std::vector<value> const texts{"a", R"("{,}\)"};
  reads_as(db, "SELECT $1::text[]", texts, texts);
  using pair = std::tuple<value, std::optional<value>>;
  CHECK(db.query<pqscope::composite<pair>>("SELECT ROW(1, 'a')").one().value ==
        pair(std::int64_t{1}, "a"));
  db.execute("SET search_path = pg_temp");
  db.execute("CREATE TYPE either AS (a float8, b text)");
  pair const sent{0.5, "b,\"c"};
  CHECK(db.query<pqscope::composite<pair>>("SELECT $1::either", pqscope::composite{sent})
            .one()
            .value == sent);
  support::ensure_usable(db);
}
