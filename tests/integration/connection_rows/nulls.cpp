#include "support/database.hpp"
#include "support/ensure_usable.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

namespace {

template <class Read>
std::string failure(Read const& read) {
  try {
    read();
  } catch (pqscope::unexpected_null const& e) {
    return e.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("NULL into what is no optional names the column and the row") {
  pqscope::connection db{support::test_config()};
  struct user {
    int id;
    std::string name;
  };
  auto const rows = db.query<user>(
      "SELECT i AS id, CASE WHEN i < 3 THEN 'x' END AS name FROM generate_series(1, 3) i");
  CHECK(rows[0].name == "x");
  auto const message = failure([&] { static_cast<void>(rows.all()); });
  CHECK(message.find("column \"name\"") != std::string::npos);
  CHECK(message.find("row 3") != std::string::npos);
  CHECK(message.find("std::optional") != std::string::npos);
  try {
    static_cast<void>(rows[2]);
    FAIL("nothing was thrown");
  } catch (pqscope::unexpected_null const& e) {
    CHECK(e.column() == "name");
    CHECK(e.row() == 2U);
  }
  support::ensure_usable(db);
}

TEST_CASE("each way to a row refuses a NULL it has no place for") {
  pqscope::connection db{support::test_config()};
  auto const rows = db.query<int>("SELECT NULL::int AS n");
  CHECK_THROWS_AS(rows.one(), pqscope::unexpected_null);
  CHECK_THROWS_AS(rows.first(), pqscope::unexpected_null);
  CHECK_THROWS_AS(rows.one_or_none(), pqscope::unexpected_null);
  CHECK_THROWS_AS(rows.all(), pqscope::unexpected_null);
  CHECK_THROWS_AS(rows[0], pqscope::unexpected_null);
  CHECK_THROWS_AS(*rows.begin(), pqscope::unexpected_null);
  CHECK_THROWS_AS((db.query<int, std::string>("SELECT 1, NULL").one()), pqscope::unexpected_null);
  support::ensure_usable(db);
}

TEST_CASE("NULL, an empty text and an empty array are three things") {
  pqscope::connection db{support::test_config()};
  auto const [null, empty, array] =
      db.query<std::optional<std::string>, std::optional<std::string>,
               std::optional<std::vector<int>>>("SELECT NULL::text, '', '{}'::int[]")
          .one();
  CHECK_FALSE(null);
  REQUIRE(empty);
  CHECK(empty->empty());
  REQUIRE(array);
  CHECK(array->empty());
  support::ensure_usable(db);
}

TEST_CASE("an error on a value names the place of the statement, or of the question for it") {
  pqscope::connection db{support::test_config()};
  auto const line_of = [](auto&& work) {
    try {
      work();
    } catch (pqscope::error const& e) {
      CHECK(std::string{e.what()}.find("nulls.cpp:") != std::string::npos);
      return e.where().line();
    }
    return 0U;
  };
  // clang-format off
  CHECK(line_of([&] { static_cast<void>(db.query<int>("SELECT NULL::int").one()); }) == __LINE__);
  CHECK(line_of([&] { static_cast<void>(db.query<int>("SELECT NULL::int").all()); }) == __LINE__);
  CHECK(line_of([&] { static_cast<void>(db.query<int>("SELECT NULL::int").first()); }) == __LINE__);
  CHECK(line_of([&] { static_cast<void>(db.query<int>("SELECT 1")[1]); }) == __LINE__);
  CHECK(line_of([&] { for (int x : db.query<int>("SELECT NULL::int")) { static_cast<void>(x); } }) == __LINE__);
  CHECK(line_of([&] { for (int x : db.stream<int>("SELECT NULL::int")) { static_cast<void>(x); } }) == __LINE__);
  CHECK(line_of([&] { for (int x : db.copy_out<int>("SELECT NULL::int")) { static_cast<void>(x); } }) == __LINE__);
  auto const untyped = db.execute("SELECT NULL AS a, 'x' AS b, 1 AS c, 2 AS c");
  CHECK(line_of([&] { static_cast<void>(untyped[0]["a"].text()); }) == __LINE__);
  CHECK(line_of([&] { static_cast<void>(untyped[0]["a"].as<std::string>()); }) == __LINE__);
  CHECK(line_of([&] { static_cast<void>(untyped[0]["b"].as<int>()); }) == __LINE__);
  CHECK(line_of([&] { static_cast<void>(untyped[0]["none"]); }) == __LINE__);
  CHECK(line_of([&] { static_cast<void>(untyped[0]["c"]); }) == __LINE__);
  CHECK(line_of([&] { static_cast<void>(untyped.columns().index_of("none")); }) == __LINE__);
  // clang-format on
  support::ensure_usable(db);
}

TEST_CASE("an error on one row leaves the others readable") {
  pqscope::connection db{support::test_config()};
  auto const rows = db.query<int>("VALUES (1), (NULL), (3)");
  CHECK(rows[0] == 1);
  CHECK_THROWS_AS(rows[1], pqscope::unexpected_null);
  CHECK(rows[2] == 3);
  support::ensure_usable(db);
}
