#include "round_trip.hpp"

#include <chrono>

using namespace round_trips;

TEST_CASE("a text parameter is taken for the type of the column it goes into") {
  pqscope::connection db{support::test_config()};
  db.execute(
      "CREATE TEMP TABLE things (id uuid, doc jsonb, day date, address inet, price numeric, "
      "span interval, tags text[], at timestamptz, n bigint)");
  db.execute("INSERT INTO things VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
             "01234567-89ab-cdef-0123-456789abcdef", R"({"a": 1})", "2024-02-29", "10.0.0.0/8",
             std::string("1.50"), std::string_view("1 day"), "{a,b}", "2024-02-29 12:00+00", "42");
  CHECK(
      db.query<std::int64_t>("SELECT count(*) FROM things WHERE id = $1 AND doc @> $2 AND day = $3 "
                             "AND address >>= $4 AND price = $5 AND span > $6 AND $7 = ANY (tags)",
                             "01234567-89ab-cdef-0123-456789abcdef", R"({"a":1})", "2024-02-29",
                             "10.1.2.3", "1.5", "1 hour", "a")
          .one() == 1);
  CHECK(db.query<std::string>("SELECT price::text FROM things").one() == "1.50");
  support::ensure_usable(db);
}

TEST_CASE("a text that is none of the type is the server's error, without the value") {
  pqscope::connection db{support::test_config()};
  try {
    db.execute("SELECT $1::integer", "s3cret");
    FAIL("nothing was thrown");
  } catch (pqscope::server_error const& e) {
    CHECK(e.sqlstate() == "22P02");
    CHECK(std::string_view(e.what()).find("s3cret") == std::string_view::npos);
  }
  support::ensure_usable(db);
}

TEST_CASE("integers go into columns of other number types") {
  pqscope::connection db{support::test_config()};
  db.execute(
      "CREATE TEMP TABLE numbers (a smallint, b integer, c bigint, d numeric, e real, f float8)");
  db.execute("INSERT INTO numbers VALUES ($1, $2, $3, $4, $5, $6)", 1, 2L, 3, 4, 5, 6);
  db.execute("INSERT INTO numbers VALUES ($1, $2, $3, $4, $5, $6)", 1L, 2U, 3U, 4.5, 5.5, 6.5F);
  CHECK(db.query<std::int64_t>("SELECT count(*) FROM numbers WHERE a = $1 AND b = $2 AND c = $3",
                               1L, 2, std::int16_t{3})
            .one() == 2);
  CHECK_THROWS_AS(db.execute("INSERT INTO numbers (a) VALUES ($1)", 100000), pqscope::server_error);
  support::ensure_usable(db);
}

TEST_CASE("integers are arguments of functions, LIMIT and OFFSET") {
  pqscope::connection db{support::test_config()};
  CHECK(db.query<std::string>("SELECT repeat('ab', $1)", 3).one() == "ababab");
  CHECK(db.query<std::string>("SELECT left($1, $2)", "hello", 2).one() == "he");
  CHECK(db.query<int>("SELECT * FROM generate_series(1, $1) LIMIT $2 OFFSET $3", 10, 3, 4L).all() ==
        std::vector<int>{5, 6, 7});
  CHECK(db.query<int>("SELECT i FROM generate_series(1, 9) i LIMIT $1", std::optional<int>())
            .size() == 9);
  CHECK(db.query<int>("SELECT i FROM generate_series(1, 9) i LIMIT $1", "2").size() == 2);
  support::ensure_usable(db);
}

TEST_CASE("a vector is what ANY takes, with elements and without") {
  pqscope::connection db{support::test_config()};
  auto const sql = pqscope::dynamic_sql{"SELECT i FROM generate_series(1, 9) i WHERE i = ANY ($1)"};
  CHECK(db.query<int>(sql, std::vector<int>{2, 4, 99}).all() == std::vector<int>{2, 4});
  CHECK(db.query<int>(sql, std::vector<std::int64_t>{2}).all() == std::vector<int>{2});
  CHECK(db.query<int>(sql, std::vector<int>{}).empty());
  CHECK(db.query<std::string>("SELECT w FROM unnest($1) w WHERE w <> ALL ($2)",
                              std::vector<std::string>{"a", "b"},
                              std::vector<std::string_view>{"b"})
            .one() == "a");
  auto const id = db.query<pqscope::uuid>("SELECT gen_random_uuid()").one();
  CHECK(db.query<bool>("SELECT $1 = ANY ($2)", id, std::vector<pqscope::uuid>{id}).one());
  CHECK(db.query<bool>("SELECT $1::uuid = ANY ($2::text[]::uuid[])", id.to_string(),
                       std::vector<std::string>{id.to_string()})
            .one());
  support::ensure_usable(db);
}

TEST_CASE("parallel arrays are unnested side by side") {
  pqscope::connection db{support::test_config()};
  auto const rows = db.query<std::int64_t, std::optional<std::string>>(
      "SELECT * FROM unnest($1, $2)", std::vector<std::int64_t>{1, 2},
      std::vector<std::optional<std::string>>{"a", std::nullopt});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == std::tuple(1, std::optional<std::string>("a")));
  CHECK(rows[1] == std::tuple(2, std::optional<std::string>()));
  support::ensure_usable(db);
}

TEST_CASE("one placeholder used twice has one type") {
  pqscope::connection db{support::test_config()};
  auto const [a, b] = db.query<int, std::string>("SELECT $1::int, $1::int::text", 5).one();
  CHECK(a == 5);
  CHECK(b == "5");
  CHECK(db.query<bool>("SELECT $1::text = $1::text", "x").one());
  support::ensure_usable(db);
}

TEST_CASE("NULL without a type goes anywhere") {
  pqscope::connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE nullable (a int, b text, c timestamptz, d int[], e bytea)");
  db.execute("INSERT INTO nullable VALUES ($1, $2, $3, $4, $5)", nullptr, std::nullopt, nullptr,
             std::nullopt, nullptr);
  CHECK(db.query<bool>("SELECT nullable IS NULL FROM nullable").one());
  CHECK(db.query<bool>("SELECT $1::int IS NULL", std::nullopt).one());
  CHECK(db.query<std::optional<std::string>>("SELECT $1", nullptr).one() == std::nullopt);
  support::ensure_usable(db);
}
