#include "round_trip.hpp"

using namespace round_trips;

TEST_CASE("json comes back as it was written") {
  pqscope::connection db{support::test_config()};
  for (std::string const& text :
       {std::string("null"), std::string("{}"), std::string("[]"), std::string("\"\""),
        std::string(R"( {"b": 1,  "a":[1,2 ,{"x":null}], "b":2} )"),
        std::string(R"("\u00e9 \\ \" \n ü 🐘")"), std::string("-0.0e-10")}) {
    round_trip(db, "json", pqscope::json(text), text);
  }
  null_round_trip<pqscope::json>(db, "json");
  array_round_trip<pqscope::json>(db, "json",
                                  {pqscope::json("{\"a\": [1, \"b,{}\\\"\"]}"), pqscope::json()});
  support::ensure_usable(db);
}

TEST_CASE("jsonb comes back as the server writes it") {
  pqscope::connection db{support::test_config()};
  for (char const* const text :
       {"null", "{}", "[]", "\"\"", R"({"a": [1, 2, {"x": null}], "b": 2})", "\"é \\\\ ü 🐘\"",
        "12345678901234567890123456789.5"}) {
    round_trip(db, "jsonb", pqscope::jsonb(text), text);
  }
  reads_as(db, "SELECT $1::jsonb", pqscope::jsonb(R"({"a": 1, "b": 2})"),
           pqscope::jsonb(R"({"b":0,"a":1,"b":2})"));
  null_round_trip<pqscope::jsonb>(db, "jsonb");
  array_round_trip<pqscope::jsonb>(
      db, "jsonb",
      {pqscope::jsonb("{\"a\": \"b,{}\\\"\"}"), pqscope::jsonb(), pqscope::jsonb("[1, 2]")});
  support::ensure_usable(db);
}

TEST_CASE("json and jsonb are read as each other") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT '[1]'::jsonb", pqscope::json("[1]"));
  reads_as(db, "SELECT '[1]'::json", pqscope::jsonb("[1]"));
  refused<pqscope::json, pqscope::type_mismatch>(db, "'[1]'::text");
  support::ensure_usable(db);
}

TEST_CASE("a json parameter declares its type, so that the server's functions are found") {
  pqscope::connection db{support::test_config()};
  CHECK(db.query<std::string>("SELECT jsonb_typeof($1)", pqscope::jsonb("[1]")).one() == "array");
  CHECK(db.query<std::string>("SELECT json_typeof($1)", pqscope::json("{}")).one() == "object");
  CHECK(db.query<std::string>("SELECT $1 ->> 'a'", pqscope::jsonb(R"({"a": "b"})")).one() == "b");
  support::ensure_usable(db);
}

TEST_CASE("what the server does not take as json is its error, the connection stays usable") {
  pqscope::connection db{support::test_config()};
  CHECK_THROWS_AS(db.execute("SELECT $1", pqscope::jsonb(R"("\u0000")")), pqscope::server_error);
  CHECK_THROWS_AS(db.execute("SELECT $1", pqscope::jsonb::trusted("{")), pqscope::server_error);
  support::ensure_usable(db);
}

TEST_CASE("json nested deeper than the stack is long is refused by one side or the other") {
  pqscope::connection db{support::test_config()};
  std::string const deep = std::string(1000000, '[') + std::string(1000000, ']');
  CHECK_THROWS_AS(db.execute("SELECT $1", pqscope::jsonb(deep)), pqscope::error);
  support::ensure_usable(db);
}
