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
