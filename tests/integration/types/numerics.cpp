#include "round_trip.hpp"

#include <limits>

using namespace round_trips;
using pqscope::numeric;

namespace {

/// As equal numerics may be printed differently, texts are compared too.
void exact_round_trip(pqscope::connection& db, std::string const& text) {
  numeric const value(text);
  round_trip(db, "numeric", value, text);
  auto const statement = pqscope::dynamic_sql{"SELECT " + literal_of(text, "numeric")};
  auto const received = db.query<numeric>(statement).one();
  auto const shown = db.execute(statement);
  CHECK(received.to_string() == shown[0][0].text());
  CHECK(value.to_string() == shown[0][0].text());
  CHECK(shown[0][0].as<numeric>().to_string() == shown[0][0].text());
  CHECK(db.query<std::string>("SELECT $1::text", value).one() == shown[0][0].text());
}

}  // namespace

TEST_CASE("a numeric keeps its digits and its scale") {
  pqscope::connection db{support::test_config()};
  for (char const* const text : {"0",
                                 "0.00",
                                 "1",
                                 "-1",
                                 "1.5",
                                 "1.50",
                                 "-1.500",
                                 "9999",
                                 "10000",
                                 "9999.9999",
                                 "10000.0001",
                                 "0.1",
                                 "0.0001",
                                 "0.00001",
                                 "0.00010",
                                 "-0.00000000",
                                 "99999999999999999999.99",
                                 "123456789012345678901234567890.123456789012345678901234567890",
                                 "1e100",
                                 "-1e-100",
                                 "1.10e2",
                                 "0007.0",
                                 ".5",
                                 "5.",
                                 "NaN",
                                 "Infinity",
                                 "-Infinity",
                                 " inf ",
                                 "79228162514264337593543950335"}) {
    exact_round_trip(db, text);
  }
  null_round_trip<numeric>(db, "numeric");
  array_round_trip<numeric>(db, "numeric",
                            {numeric("1.50"), numeric(), numeric::nan(), numeric::infinity(),
                             numeric::negative_infinity(), numeric("-1e-20"), numeric("1e40")});
  support::ensure_usable(db);
}

TEST_CASE("a numeric has as many digits as the server takes, and no more") {
  pqscope::connection db{support::test_config()};
  std::string const most = std::string(131072, '9') + "." + std::string(16383, '7');
  for (std::string const& text :
       {std::string("1e131071"), std::string("-1e131071"), std::string("1e-16383"), most}) {
    exact_round_trip(db, text);
  }
  for (char const* const text :
       {"1e131072", "1e-16384", "1e-20000", "0e-16384", "0e1073741824", "1e2000000000"}) {
    INFO(text);
    CHECK_FALSE(numeric::try_from_string(text));
    CHECK_THROWS_AS(db.execute("SELECT $1::numeric", text), pqscope::server_error);
  }
  CHECK(db.query<numeric>("SELECT 1e131071 + 1e-16383").one().to_string() ==
        "1" + std::string(131071, '0') + "." + std::string(16382, '0') + "1");
  support::ensure_usable(db);
}

TEST_CASE("what is a numeric and what is none, client and server agree about") {
  pqscope::connection db{support::test_config()};
  for (char const* const text : {"",          " ",          ".",    "-",
                                 "+",         "- 1",        "--1",  "1.2.3",
                                 "1..2",      "1e",         "1e+",  "1e+-5",
                                 "1e1.5",     "e5",         ".e5",  "1 2",
                                 "1,5",       "+nan",       "-nan", "infinit",
                                 "in",        "1f",         "$1",   "1.",
                                 ".1",        "+1",         " 1\t", "\v1\f",
                                 "1E5",       "1e-0",       "NAN",  "nAn ",
                                 "iNF",       "+inf",       "-inf", "00",
                                 "-0",        "-0.0",       "0e5",  "1e05",
                                 "1.e1",      ".1e1",       "1e+1", "0e1073741822",
                                 "infinity ", "+infinityx", "nan0", "1\xc2\xa0"}) {
    INFO('"' << text << '"');
    auto const ours = numeric::try_from_string(text);
    std::optional<std::string> theirs;
    try {
      theirs = db.query<std::string>("SELECT $1::numeric::text", text).one();
    } catch (pqscope::server_error const&) {
    }
    CHECK(ours.has_value() == theirs.has_value());
    if (ours && theirs) {
      CHECK(ours->to_string() == *theirs);
    }
  }
  support::ensure_usable(db);
}

TEST_CASE("numerics are ordered as the server orders them") {
  pqscope::connection db{support::test_config()};
  auto const sorted =
      db.query<numeric>(
            "SELECT n FROM unnest('{NaN,Infinity,-Infinity,0,1.5,1.51,-1.5,-1.51,1e20,-1e20,9999,"
            "10000,10001,1e-20,-1e-20,0.5,0.05,-10000,-9999.9999,20000,100000000}'::numeric[]) AS "
            "n "
            "ORDER BY n")
          .all();
  REQUIRE(sorted.size() == 21);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    INFO(sorted[i - 1] << " and " << sorted[i]);
    CHECK(sorted[i - 1] < sorted[i]);
  }
  CHECK(db.query<bool>("SELECT $1 = $2", numeric("1.5"), numeric("1.50")).one());
  CHECK(db.query<bool>("SELECT $1 = $2", numeric::nan(), numeric::nan()).one());
  support::ensure_usable(db);
}

TEST_CASE("integer columns are read as numerics, numeric columns not as integers or doubles") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT 32767::smallint", numeric(32767));
  reads_as(db, "SELECT (-2147483648)::integer", numeric(std::numeric_limits<int>::min()));
  reads_as(db, "SELECT (-9223372036854775808)::bigint",
           numeric(std::numeric_limits<std::int64_t>::min()));
  reads_as(db, "SELECT '{1,-2}'::bigint[]", std::vector<numeric>{1, -2});
  reads_as(db, "SELECT $1::numeric", numeric("18446744073709551615"),
           numeric(std::numeric_limits<std::uint64_t>::max()));
  CHECK(db.query<numeric>("SELECT sum(i) FROM generate_series(1::bigint, 10) AS i").one() == 55);
  refused<std::int64_t, pqscope::type_mismatch>(db, "1::numeric");
  refused<double, pqscope::type_mismatch>(db, "1::numeric");
  refused<numeric, pqscope::type_mismatch>(db, "1::float8");
  refused<numeric, pqscope::type_mismatch>(db, "'1'::text");
  support::ensure_usable(db);
}

TEST_CASE("a numeric's doubles are the server's") {
  pqscope::connection db{support::test_config()};
  for (char const* const text :
       {"0.1", "-1.50", "9007199254740993", "1e300", "1.7976931348623157e308",
        "2.2250738585072014e-308", "4.9406564584124654e-324", "0.3333333333", "NaN", "Infinity",
        "-Infinity"}) {
    INFO(text);
    auto const theirs = db.query<double>("SELECT $1::float8", numeric(text)).one();
    CHECK(same(numeric(text).to_double(), theirs));
    CHECK(same(numeric::from_double(theirs).to_double(), theirs));
  }
  support::ensure_usable(db);
}

TEST_CASE("a column's precision and scale are kept to by the server, which is told exact values") {
  pqscope::connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE prices (price numeric(6,2))");
  CHECK(db.query<numeric>("INSERT INTO prices VALUES ($1) RETURNING price", numeric("1234.565"))
            .one()
            .to_string() == "1234.57");
  CHECK(db.query<numeric>("INSERT INTO prices VALUES ($1) RETURNING price", numeric(7))
            .one()
            .to_string() == "7.00");
  CHECK_THROWS_AS(db.execute("INSERT INTO prices VALUES ($1)", numeric("10000")),
                  pqscope::server_error);
  CHECK_THROWS_AS(db.execute("INSERT INTO prices VALUES ($1)", numeric::infinity()),
                  pqscope::server_error);
  support::ensure_usable(db);
}
