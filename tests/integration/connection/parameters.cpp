#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using namespace std::string_literals;
using namespace std::string_view_literals;
using pqscope::connection;
using pqscope::dynamic_sql;
using pqscope::parameter_list;
using pqscope::usage_error;

TEST_CASE("a NUL byte in a text parameter is refused before anything is sent") {
  connection db{support::test_config()};
  auto const before = db.round_trips();
  CHECK_THROWS_AS(db.execute("SELECT $1::text", "a\0b"s), usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1::text", "a\0b"sv), usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1::text", std::optional{"\0"s}), usage_error);
  CHECK_THROWS_AS(db.query<std::string>("SELECT $1::text", "a\0"s), usage_error);
  CHECK_THROWS_AS(dynamic_sql{"SELECT '\0'"s}, usage_error);
  CHECK(db.round_trips() == before);
  try {
    db.execute("SELECT $1::int4, $2::text", 1, "secret\0word"s);
    FAIL("it did");
  } catch (usage_error const& failure) {
    std::string const said = failure.what();
    CHECK(said.find("$2") != std::string::npos);
    CHECK(said.find("secret") == std::string::npos);
    CHECK(failure.connection_usable());
    CHECK(failure.where().line() == __LINE__ - 7);
  }
  support::ensure_usable(db);
}

TEST_CASE("a NUL byte within a transaction does not fail it") {
  connection db{support::test_config()};
  db.execute("BEGIN");
  CHECK_THROWS_AS(db.execute("SELECT $1::text", "a\0b"s), usage_error);
  CHECK(db.status() == pqscope::connection_status::in_transaction);
  db.execute("COMMIT");
  support::ensure_usable(db);
}

TEST_CASE("65535 parameters pass") {
  connection db{support::test_config()};
  parameter_list values;
  std::string sql = "SELECT * FROM (VALUES ";
  constexpr int most = 65535;
  for (int i = 1; i <= most; ++i) {
    values.add(i);
    sql += (i == 1 ? "($" : ",($") + std::to_string(i) + "::int4)";
  }
  sql += ") AS v(n)";
  CHECK(values.size() == most);
  auto const rows = db.query<int>(dynamic_sql{sql}, values).all();
  REQUIRE(rows.size() == most);
  CHECK(rows.front() == 1);
  CHECK(rows.back() == most);
  support::ensure_usable(db);
}

TEST_CASE("the 65536th parameter is refused with a clear error") {
  connection db{support::test_config()};
  parameter_list values;
  for (int i = 0; i < 65535; ++i) {
    values.add(i);
  }
  try {
    values.add(1);
    FAIL("it did");
  } catch (usage_error const& failure) {
    CHECK(std::string{failure.what()}.find("65535") != std::string::npos);
    CHECK(std::string{failure.what()}.find("65536") != std::string::npos);
  }
  CHECK(values.size() == 65535);
  support::ensure_usable(db);
}

TEST_CASE("too few values are the server's to refuse in dynamic SQL") {
  connection db{support::test_config()};
  CHECK_THROWS_AS(db.execute(dynamic_sql{"SELECT $1::int4"}), pqscope::server_error);
  CHECK_THROWS_AS(db.execute(dynamic_sql{"SELECT $1::int4, $2::int4"}, 1), pqscope::server_error);
  support::ensure_usable(db);
}

TEST_CASE("parameters of every kind come back as they went") {
  connection db{support::test_config()};
  auto const r = db.execute("SELECT $1::text, $2::int8, $3::bool, $4::float8, $5::text, $6::int4",
                            R"(it's "a" \ $1)", std::int64_t{-9'000'000'000}, true, 0.1, nullptr,
                            std::optional<int>{});
  CHECK(r[0][0].text() == R"(it's "a" \ $1)");
  CHECK(r[0][1].as<std::int64_t>() == -9'000'000'000);
  CHECK(r[0][2].as<bool>());
  CHECK(r[0][3].as<double>() == 0.1);
  CHECK(r[0][4].is_null());
  CHECK(r[0][5].is_null());
  support::ensure_usable(db);
}

TEST_CASE("a parameter of 16 megabytes passes") {
  connection db{support::test_config()};
  std::string const large(16U << 20U, 'x');
  CHECK(db.query<std::int32_t>("SELECT length($1::text)", large).one() == (16 << 20));
  support::ensure_usable(db);
}
