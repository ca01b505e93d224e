#include "round_trip.hpp"

using namespace round_trips;

TEST_CASE("types that are texts are read as std::string") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT 'ab'::varchar(5)", std::string("ab"));
  reads_as(db, "SELECT 'ab'::char(5)", std::string("ab   "));
  reads_as(db, "SELECT 'ab'::name", std::string("ab"));
  reads_as(db, "SELECT 'a'::\"char\"", std::string("a"));
  reads_as(db, "SELECT '[1, 2]'::json", std::string("[1, 2]"));
  reads_as(db, "SELECT '[1,2]'::jsonb", std::string("[1, 2]"));
  reads_as(db, "SELECT '<a/>'::xml", std::string("<a/>"));
  reads_as(db, "SELECT 'c'::refcursor", std::string("c"));
  reads_as(db, "SELECT '{c,d}'::refcursor[]", std::vector<std::string>{"c", "d"});
  reads_as(db, "SELECT 'unknown'", std::string("unknown"));
  reads_as(db, "SELECT '{a,b}'::name[]", std::vector<std::string>{"a", "b"});
  reads_as(db, "SELECT '{a,b}'::varchar[]", std::vector<std::string>{"a", "b"});
  reads_as(db, "SELECT relname FROM pg_class WHERE oid = 'pg_type'::regclass",
           std::string("pg_type"));
  reads_as(db, "SELECT relkind FROM pg_class WHERE oid = 'pg_type'::regclass", std::string("r"));
  support::ensure_usable(db);
}

TEST_CASE("an empty \"char\" is an empty std::string in both formats") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT ''::\"char\"", std::string());
  reads_as(db, "SELECT '{a,\"\"}'::\"char\"[]", std::vector<std::string>{"a", ""});
  support::ensure_usable(db);
}

TEST_CASE("a char is one byte of text") {
  pqscope::connection db{support::test_config()};
  for (char const c : {'a', ' ', '\'', '"', '\\', '\n', '\x01', '~'}) {
    reads_as(db, "SELECT $1::text", c, c);
    reads_as(db, "SELECT $1::char(1)", c, c);
    reads_as(db, "SELECT $1::varchar", c, c);
  }
  round_trip(db, "\"char\"", 'x', "x");
  reads_as(db, "SELECT 'é'::\"char\"", '\xc3');
  reads_as(db, "SELECT ''::\"char\"", '\0');
  null_round_trip<char>(db, "\"char\"");
  array_round_trip<char>(db, "\"char\"", {'a', ' ', ',', '{', '"', '\\'});
  refused<char, pqscope::decode_error>(db, "'ab'::text");
  refused<char, pqscope::decode_error>(db, "''::text");
  refused<char, pqscope::decode_error>(db, "'é'::text");
  refused<char, pqscope::type_mismatch>(db, "1");
  CHECK_THROWS_AS(db.execute("SELECT $1", '\0'), pqscope::usage_error);
  support::ensure_usable(db);
}

TEST_CASE("a value of another type is not read as std::string in binary") {
  pqscope::connection db{support::test_config()};
  for (char const* const value :
       {"1", "1.5", "true", "now()", "gen_random_uuid()", "'\\x00'::bytea", "'1 day'::interval",
        "'{1}'::int[]", "ROW(1)", "'127.0.0.1'::inet"}) {
    INFO(value);
    auto const statement = pqscope::dynamic_sql{std::string("SELECT ") + value};
    CHECK_THROWS_AS(db.query<std::string>(statement), pqscope::type_mismatch);
    auto const cast = pqscope::dynamic_sql{std::string("SELECT (") + value + ")::text"};
    CHECK_FALSE(db.query<std::string>(cast).one().empty());
  }
  support::ensure_usable(db);
}

TEST_CASE("in text format a value of any type is read as std::string") {
  pqscope::connection db{support::test_config()};
  auto const row = db.execute(
      "SELECT 1 AS a, 1.50 AS b, true AS c, '\\x00ff'::bytea AS d, '{1,NULL}'::int[] AS e, "
      "'10.0.0.1'::inet AS f, NULL::int AS g");
  CHECK(row[0]["a"].as<std::string>() == "1");
  CHECK(row[0]["b"].as<std::string>() == "1.50");
  CHECK(row[0]["c"].as<std::string_view>() == "t");
  CHECK(row[0]["d"].as<std::string>() == "\\x00ff");
  CHECK(row[0]["e"].as<std::optional<std::string>>() == "{1,NULL}");
  CHECK(row[0]["f"].as<std::string>() == "10.0.0.1");
  CHECK(row[0]["g"].as<std::optional<std::string>>() == std::nullopt);
  CHECK_THROWS_AS(row[0]["g"].as<std::string>(), pqscope::unexpected_null);
  CHECK(row[0]["e"].as<std::vector<std::optional<std::string>>>() ==
        std::vector<std::optional<std::string>>{"1", std::nullopt});
  CHECK_THROWS_AS(row[0]["e"].as<std::vector<std::string>>(), pqscope::decode_error);
  support::ensure_usable(db);
}

TEST_CASE("a domain is read as the type below it") {
  pqscope::connection db{support::test_config()};
  pqscope::transaction tx{db};
  tx.execute("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)");
  tx.execute("CREATE DOMAIN code AS positive");
  tx.execute("CREATE DOMAIN email AS text");
  CHECK(tx.query<int>("SELECT 5::positive").one() == 5);
  CHECK(tx.query<int>("SELECT 5::code").one() == 5);
  CHECK(tx.query<std::string>("SELECT 'a@b'::email").one() == "a@b");
  CHECK(tx.query<int>("SELECT $1::code", 7).one() == 7);
  CHECK(tx.execute("SELECT 5::code")[0][0].as<int>() == 5);
  CHECK_THROWS_AS(tx.query<short>("SELECT 5::code"), pqscope::type_mismatch);
}

TEST_CASE("an array of a domain is read as one of the type below it") {
  pqscope::connection db{support::test_config()};
  pqscope::transaction tx{db};
  tx.execute("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)");
  CHECK(tx.query<std::vector<int>>("SELECT '{1,2}'::positive[]").one() == std::vector<int>{1, 2});
  CHECK_THROWS_AS(tx.query<std::vector<short>>("SELECT '{1,2}'::positive[]"),
                  pqscope::type_mismatch);
}

TEST_CASE("a text type of an extension is read as text, and into nothing else") {
  pqscope::connection db{support::test_config()};
  if (db.query<bool>("SELECT count(*) = 0 FROM pg_available_extensions WHERE name = 'citext'")
          .one()) {
    SKIP("the server has no citext");
  }
  pqscope::transaction tx{db};
  tx.execute("CREATE EXTENSION IF NOT EXISTS citext");
  tx.execute(
      "SELECT set_config('search_path', extnamespace::regnamespace::text, true) "
      "FROM pg_extension WHERE extname = 'citext'");
  CHECK(tx.query<bool>("SELECT 'ABC'::citext = $1", "abc").one());
  CHECK(tx.query<std::string>("SELECT $1::citext::text", "Abc").one() == "Abc");
  CHECK(tx.execute("SELECT 'Abc'::citext")[0][0].text() == "Abc");
  CHECK(tx.query<std::string>("SELECT 'Abc'::citext AS name").one() == "Abc");
  CHECK_THROWS_AS(tx.query<int>("SELECT 'Abc'::citext AS name"), pqscope::type_mismatch);
}
