#include "support/database.hpp"
#include "support/ensure_usable.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

#include <span>

TEST_CASE("string views refer to the rows, not to a copy, and stay valid while those live") {
  pqscope::connection db{support::test_config()};
  auto rows = db.query<std::string_view>("SELECT repeat('x', 1000) FROM generate_series(1, 100)");
  auto const first = rows.all();
  auto const again = rows.all();
  REQUIRE(first.size() == 100);
  CHECK(first[50].data() == again[50].data());
  auto const moved = std::move(rows);
  db.execute("SELECT repeat('y', 100000)");
  db.close();
  for (auto const view : first) {
    CHECK(view == std::string(1000, 'x'));
  }
}

TEST_CASE("views are fields of structs, elements of tuples, in optionals and in arrays") {
  pqscope::connection db{support::test_config()};
  struct row {
    int id;
    std::string_view name;
    std::optional<std::string_view> note;
    std::span<std::byte const> bytes;
    std::vector<std::string_view> tags;
  };
  auto const rows = db.query<row>(
      "SELECT 1 AS id, 'ada' AS name, NULL AS note, '\\x0102'::bytea AS bytes, '{a,b}'::text[] AS "
      "tags");
  auto const read = rows.one();
  CHECK(read.name == "ada");
  CHECK_FALSE(read.note);
  CHECK(read.bytes.size() == 2);
  CHECK(read.tags == std::vector<std::string_view>{"a", "b"});
  auto const tuples =
      db.query<std::string_view, std::optional<std::string_view>>("SELECT 'a', 'b'");
  CHECK(tuples.one() == std::tuple<std::string_view, std::optional<std::string_view>>("a", "b"));
  support::ensure_usable(db);
}

TEST_CASE("views live through a loop over a query that is not kept") {
  pqscope::connection db{support::test_config()};
  std::string all;
  for (auto const& [name] :
       db.query<std::tuple<std::string_view>>("VALUES ('a'::text), ('b'), ('c')")) {
    all += name;
  }
  for (std::string_view const name : db.query<std::string_view>("VALUES ('d'::text), ('e')")) {
    all += name;
  }
  CHECK(all == "abcde");
  support::ensure_usable(db);
}

TEST_CASE("a json is viewed without the version number that jsonb has in binary") {
  pqscope::connection db{support::test_config()};
  auto const rows =
      db.query<std::string_view, std::string_view>("SELECT '[1]'::jsonb, '[1]'::json");
  CHECK(rows.one() == std::tuple<std::string_view, std::string_view>("[1]", "[1]"));
  support::ensure_usable(db);
}

TEST_CASE("values of an untyped result are views of it") {
  pqscope::connection db{support::test_config()};
  auto const result = db.execute("SELECT 'text' AS a, NULL AS b, 5 AS c");
  auto const text = result[0]["a"].as<std::string_view>();
  CHECK(text.data() == result[0]["a"].text().data());
  CHECK(result[0]["b"].as<std::optional<std::string_view>>() == std::nullopt);
  CHECK(result[0]["c"].text() == "5");
  CHECK_THROWS_AS(result[0]["b"].as<std::string_view>(), pqscope::unexpected_null);
  support::ensure_usable(db);
}
