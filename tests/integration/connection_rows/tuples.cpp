#include "support/database.hpp"
#include "support/ensure_usable.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

TEST_CASE("the columns of a tuple are found by position, whatever their names") {
  pqscope::connection db{support::test_config()};
  auto const row =
      db.query<int, std::string, std::optional<bool>>("SELECT 1, 'a', NULL::bool").one();
  CHECK(row == std::tuple<int, std::string, std::optional<bool>>(1, "a", std::nullopt));
  CHECK(db.query<int, int>("SELECT 1 AS x, 2 AS x").one() == std::tuple(1, 2));
  support::ensure_usable(db);
}

TEST_CASE("std::tuple as one row type is the same as a list of types") {
  pqscope::connection db{support::test_config()};
  using row = std::tuple<int, std::string>;
  CHECK(db.query<row>("SELECT 1, 'a'").one() == row(1, "a"));
  STATIC_CHECK(std::is_same_v<decltype(db.query<row>("SELECT 1, 'a'")),
                              decltype(db.query<int, std::string>("SELECT 1, 'a'"))>);
  CHECK(db.query<std::tuple<int>>("SELECT 1").one() == std::tuple(1));
  support::ensure_usable(db);
}

TEST_CASE("a tuple with another number of elements is refused, and both numbers named") {
  pqscope::connection db{support::test_config()};
  try {
    static_cast<void>(db.query<int, int>("SELECT 1, 2, 3"));
    FAIL("nothing was thrown");
  } catch (pqscope::type_mismatch const& e) {
    CHECK(std::string_view(e.what()).find("3 columns") != std::string_view::npos);
    CHECK(std::string_view(e.what()).find("has 2") != std::string_view::npos);
  }
  CHECK_THROWS_AS(db.query<int>("SELECT 1, 2"), pqscope::type_mismatch);
  CHECK_THROWS_AS((db.query<int, int>("SELECT 1")), pqscope::type_mismatch);
  support::ensure_usable(db);
}

TEST_CASE("many columns make a tuple") {
  pqscope::connection db{support::test_config()};
  auto const row = db.query<int, int, int, int, int, int, int, int, int, int, int, int>(
                         "SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12")
                       .one();
  CHECK(std::get<0>(row) == 1);
  CHECK(std::get<11>(row) == 12);
  support::ensure_usable(db);
}

TEST_CASE("rows of two columns are read into pairs") {
  pqscope::connection db{support::test_config()};
  using named = std::pair<int, std::optional<std::string>>;
  CHECK(db.query<named>("SELECT 1, 'a' UNION ALL SELECT 2, NULL ORDER BY 1").all() ==
        std::vector<named>{{1, "a"}, {2, std::nullopt}});
  auto const views = db.query<std::pair<std::string_view, int>>("SELECT 'b', 3");
  for (auto const& [text, number] : views) {
    CHECK(text == "b");
    CHECK(number == 3);
  }
  CHECK_THROWS_AS((db.query<std::pair<int, int>>("SELECT 1, 2, 3")), pqscope::type_mismatch);
  pqscope::transaction tx{db};
  int sum = 0;
  for (auto const& [a, b] :
       tx.stream<std::pair<int, int>>("SELECT g, g FROM generate_series(1, 4) AS g")) {
    sum += a * b;
  }
  CHECK(sum == 30);
  tx.commit();
  support::ensure_usable(db);
}
