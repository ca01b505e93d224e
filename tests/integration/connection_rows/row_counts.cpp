#include "support/database.hpp"
#include "support/ensure_usable.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <ranges>

namespace {

/// The numbers from 1 to `count`.
pqscope::rows<int> numbers(pqscope::connection& db, int count) {
  return db.query<int>("SELECT * FROM generate_series(1, $1) AS number", count);
}

}  // namespace

TEST_CASE("one() takes exactly one row") {
  pqscope::connection db{support::test_config()};
  CHECK(numbers(db, 1).one() == 1);
  CHECK_THROWS_AS(numbers(db, 0).one(), pqscope::no_rows);
  CHECK_THROWS_AS(numbers(db, 2).one(), pqscope::too_many_rows);
  support::ensure_usable(db);
}

TEST_CASE("first() takes any number of rows") {
  pqscope::connection db{support::test_config()};
  CHECK(numbers(db, 0).first() == std::nullopt);
  CHECK(numbers(db, 1).first() == 1);
  CHECK(numbers(db, 2).first() == 1);
  support::ensure_usable(db);
}

TEST_CASE("one_or_none() takes one row or none") {
  pqscope::connection db{support::test_config()};
  CHECK(numbers(db, 0).one_or_none() == std::nullopt);
  CHECK(numbers(db, 1).one_or_none() == 1);
  CHECK_THROWS_AS(numbers(db, 2).one_or_none(), pqscope::too_many_rows);
  support::ensure_usable(db);
}

TEST_CASE("all() takes every row in order") {
  pqscope::connection db{support::test_config()};
  CHECK(numbers(db, 0).all().empty());
  CHECK(numbers(db, 1).all() == std::vector<int>{1});
  CHECK(numbers(db, 3).all() == std::vector<int>{1, 2, 3});
  CHECK(numbers(db, 10000).all().size() == 10000);
  support::ensure_usable(db);
}

TEST_CASE("a wrong number of rows is a decode_error that says the number and the call site") {
  pqscope::connection db{support::test_config()};
  auto const three = numbers(db, 3);
  auto const line = std::source_location::current().line() + 1;
  auto const two = db.query<int>("VALUES (1), (2)");
  try {
    static_cast<void>(two.one());
    FAIL("nothing was thrown");
  } catch (pqscope::decode_error const& e) {
    CHECK(std::string_view(e.what()).find("there are 2") != std::string_view::npos);
    CHECK(e.where().line() == line);
    CHECK(std::string_view(e.where().file_name()).ends_with("row_counts.cpp"));
    CHECK(e.connection_usable());
    CHECK_FALSE(e.is_retryable());
  }
  CHECK(three.size() == 3);
  support::ensure_usable(db);
}

TEST_CASE("one() of an optional value tells NULL from no row") {
  pqscope::connection db{support::test_config()};
  CHECK(db.query<std::optional<int>>("SELECT NULL::int").one() == std::nullopt);
  CHECK_THROWS_AS(db.query<std::optional<int>>("SELECT NULL::int WHERE false").one(),
                  pqscope::no_rows);
  auto const first = db.query<std::optional<int>>("SELECT NULL::int").first();
  REQUIRE(first.has_value());
  CHECK_FALSE(first->has_value());
  CHECK_FALSE(db.query<std::optional<int>>("SELECT 1 WHERE false").first().has_value());
  support::ensure_usable(db);
}

TEST_CASE("rows are counted and indexed") {
  pqscope::connection db{support::test_config()};
  auto const rows = numbers(db, 3);
  CHECK(rows.size() == 3);
  CHECK_FALSE(rows.empty());
  CHECK(rows[0] == 1);
  CHECK(rows[2] == 3);
  CHECK_THROWS_AS(rows[3], pqscope::usage_error);
  CHECK(numbers(db, 0).empty());
  support::ensure_usable(db);
}

TEST_CASE("a query can be gone through where it stands") {
  pqscope::connection db{support::test_config()};
  int sum = 0;
  for (int const number : numbers(db, 4)) {
    sum += number;
  }
  CHECK(sum == 10);
  std::string names;
  for (auto const& [id, name] :
       db.query<int, std::string_view>("VALUES (1, 'a'::text), (2, 'b')")) {
    names += std::to_string(id) + std::string(name);
  }
  CHECK(names == "1a2b");
  support::ensure_usable(db);
}

TEST_CASE("rows are a range for the standard algorithms") {
  pqscope::connection db{support::test_config()};
  auto const rows = numbers(db, 5);
  STATIC_CHECK(std::ranges::input_range<pqscope::rows<int> const&>);
  CHECK(std::vector<int>(rows.begin(), rows.end()) == std::vector<int>{1, 2, 3, 4, 5});
  CHECK(std::accumulate(rows.begin(), rows.end(), 0) == 15);
  CHECK(std::ranges::count_if(rows, [](int n) { return n % 2 == 0; }) == 2);
  int first_even = 0;
  for (int const n : rows | std::views::filter([](int i) { return i % 2 == 0; })) {
    first_even = first_even == 0 ? n : first_even;
  }
  CHECK(first_even == 2);
  support::ensure_usable(db);
}

TEST_CASE("the connection may be used while rows are gone through, and rows outlive it") {
  std::optional<pqscope::rows<std::string>> kept;
  {
    pqscope::connection db{support::test_config()};
    for (int const number : numbers(db, 3)) {
      CHECK(db.query<int>("SELECT $1 * 2", number).one() == number * 2);
    }
    kept.emplace(db.query<std::string>("VALUES ('a'::text), ('b')"));
    support::ensure_usable(db);
  }
  CHECK(kept->all() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("rows that were moved from are empty") {
  pqscope::connection db{support::test_config()};
  auto rows = numbers(db, 2);
  auto const moved = std::move(rows);
  CHECK(moved.all() == std::vector<int>{1, 2});
  CHECK(rows.empty());  // NOLINT(bugprone-use-after-move)
  CHECK(rows.begin() == rows.end());
  CHECK_THROWS_AS(rows.one(), pqscope::no_rows);
  support::ensure_usable(db);
}
