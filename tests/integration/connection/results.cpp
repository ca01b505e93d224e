#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::result;
using pqscope::usage_error;

TEST_CASE("values are reached by column number and by name, in every row") {
  connection db{support::test_config()};
  result const r = db.execute("SELECT g AS id, 'n' || g AS name FROM generate_series(1, 3) AS g");
  CHECK(r.size() == 3);
  CHECK_FALSE(r.empty());
  std::string read;
  for (auto row : r) {
    CHECK(row.size() == 2);
    read += row["name"].text();
    read += std::to_string(row[0].as<std::int64_t>());
    CHECK(row["id"].name() == "id");
  }
  CHECK(read == "n11n22n33");
  CHECK(r[2]["name"].as<std::string>() == "n3");
  CHECK(r[2].index() == 2);
  support::ensure_usable(db);
}

TEST_CASE("a result outlives its connection") {
  std::optional<connection> db{support::test_config()};
  result r = db->execute("SELECT 'kept' AS v");
  db.reset();
  result const moved = std::move(r);
  CHECK(moved[0]["v"].text() == "kept");
  CHECK(r.size() == 0);  // NOLINT: that is the point
  CHECK(r.columns().size() == 0);
  CHECK(r.command_tag().empty());
  CHECK(r.affected_rows() == 0);
}

TEST_CASE("a row, column or name that does not exist is an error that says so") {
  connection db{support::test_config()};
  result const r = db.execute("SELECT 1 AS one, 2 AS two, 3 AS two");
  CHECK_THROWS_AS(r[1], usage_error);
  CHECK_THROWS_AS(r[static_cast<std::size_t>(-1)], usage_error);
  CHECK_THROWS_AS(r[0][3], usage_error);
  CHECK_THROWS_AS(r[0]["three"], usage_error);
  CHECK_THROWS_AS(r[0]["ONE"], usage_error);
  CHECK_THROWS_AS(r[0]["two"], usage_error);
  CHECK_THROWS_AS(r.columns()[3], usage_error);
  try {
    static_cast<void>(r[0]["three"]);
  } catch (usage_error const& failure) {
    CHECK(std::string{failure.what()}.find("\"three\"") != std::string::npos);
  }
  CHECK_THROWS_AS(result{}[0], usage_error);
  support::ensure_usable(db);
}

TEST_CASE("columns tell names, types and where they come from") {
  connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE t (\"A b\" integer, c text)");
  result const r = db.execute("SELECT \"A b\", c, 1.5 AS d FROM t");
  CHECK(r.empty());
  CHECK(r.columns() == 3);
  std::vector<std::string> names;
  for (auto const column : r.columns()) {
    names.emplace_back(column.name);
  }
  CHECK(names == std::vector<std::string>{"A b", "c", "d"});
  CHECK(r.columns()[0].type == pqscope::oid::int4);
  CHECK(r.columns()[1].type == pqscope::oid::text);
  CHECK(r.columns()[2].type == pqscope::oid::numeric);
  CHECK(r.columns()[0].table != 0);
  CHECK(r.columns()[2].table == 0);
  CHECK(r.columns().index_of("c") == 1);
  support::ensure_usable(db);
}

TEST_CASE("NULL is no text") {
  connection db{support::test_config()};
  result const r = db.execute("SELECT NULL::text AS gone, '' AS empty, NULL::int4 AS number");
  CHECK(r[0]["gone"].is_null());
  CHECK_FALSE(r[0]["empty"].is_null());
  CHECK(r[0]["empty"].text().empty());
  CHECK_THROWS_AS(r[0]["gone"].text(), pqscope::unexpected_null);
  CHECK_THROWS_AS(r[0]["number"].as<int>(), pqscope::unexpected_null);
  CHECK(r[0]["number"].as<std::optional<int>>() == std::nullopt);
  support::ensure_usable(db);
}

TEST_CASE("a value does not narrow") {
  connection db{support::test_config()};
  result const r = db.execute("SELECT 1::int8 AS big, 'x' AS word");
  CHECK_THROWS_AS(r[0]["big"].as<int>(), pqscope::type_mismatch);
  CHECK_THROWS_AS(r[0]["word"].as<int>(), pqscope::type_mismatch);
  CHECK(r[0]["big"].as<std::int64_t>() == 1);
  support::ensure_usable(db);
}

TEST_CASE("command tags and numbers of rows are the server's") {
  connection db{support::test_config()};
  auto const check = [&](char const* sql, std::string_view tag, std::uint64_t rows) {
    CAPTURE(sql);
    result const r = db.execute(pqscope::dynamic_sql{sql});
    CHECK(r.command_tag() == tag);
    CHECK(r.affected_rows() == rows);
  };
  check("CREATE TEMP TABLE t (id integer, v text)", "CREATE TABLE", 0);
  check("INSERT INTO t SELECT g, 'x' FROM generate_series(1, 5) AS g", "INSERT 0 5", 5);
  check("UPDATE t SET v = 'y' WHERE id > 2", "UPDATE 3", 3);
  check("UPDATE t SET v = 'y' WHERE id > 9", "UPDATE 0", 0);
  check("DELETE FROM t WHERE id = 1", "DELETE 1", 1);
  check("SELECT * FROM t", "SELECT 4", 4);
  check("INSERT INTO t VALUES (7, 'z') RETURNING id", "INSERT 0 1", 1);
  check("CREATE TEMP TABLE u AS SELECT * FROM t", "SELECT 5", 5);
  check("BEGIN", "BEGIN", 0);
  check("DECLARE c CURSOR FOR SELECT * FROM t", "DECLARE CURSOR", 0);
  check("FETCH 2 FROM c", "FETCH 2", 2);
  check("MOVE 2 IN c", "MOVE 2", 2);
  check("COMMIT", "COMMIT", 0);
  check("TRUNCATE t", "TRUNCATE TABLE", 0);
  check("VALUES (1), (2)", "SELECT 2", 2);
  check("SHOW work_mem", "SHOW", 0);
  check("", "", 0);
  check(" -- nothing\n;", "", 0);
  support::ensure_usable(db);
}

TEST_CASE("a number of rows may be larger than an int") {
  pqscope::result const none;
  CHECK(none.affected_rows() == 0);
  connection db{support::test_config()};
  CHECK(db.execute("SELECT FROM generate_series(1, 100000)").affected_rows() == 100000);
  support::ensure_usable(db);
}

TEST_CASE("rows without columns are counted") {
  connection db{support::test_config()};
  result const r = db.execute("SELECT FROM generate_series(1, 3)");
  CHECK(r.size() == 3);
  CHECK(r.columns() == 0);
  CHECK_THROWS_AS(r[0][0], usage_error);
  support::ensure_usable(db);
}

TEST_CASE("1600 columns and values of a megabyte come through") {
  connection db{support::test_config()};
  std::string sql = "SELECT repeat('x', 1000000) AS c0";
  for (int i = 1; i < 1600; ++i) {
    sql += ", " + std::to_string(i) + " AS c" + std::to_string(i);
  }
  result const r = db.execute(pqscope::dynamic_sql{sql});
  CHECK(r.columns() == 1600);
  CHECK(r[0]["c0"].text().size() == 1000000);
  CHECK(r[0]["c1599"].as<int>() == 1599);
  support::ensure_usable(db);
}
