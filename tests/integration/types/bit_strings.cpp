#include "round_trip.hpp"

#include <bitset>

using namespace round_trips;
using pqscope::bit_string;

TEST_CASE("a bit string keeps every bit") {
  pqscope::connection db{support::test_config()};
  for (std::string const& text :
       {std::string(), std::string("0"), std::string("1"), std::string("1010101"),
        std::string("10000001"), std::string("000000001"), std::string("Xdeadbeef"),
        std::string("B101"), std::string(10000, '1')}) {
    round_trip(db, "varbit", bit_string(text), text);
  }
  round_trip(db, "bit(12)", bit_string(std::bitset<12>(0xf1)), "000011110001");
  null_round_trip<bit_string>(db, "varbit");
  null_round_trip<bit_string>(db, "bit(3)");
  array_round_trip<bit_string>(db, "varbit",
                               {bit_string("1"), bit_string(), bit_string("0110011001100")});
  array_round_trip<bit_string>(db, "bit(3)", {bit_string("101"), bit_string("000")});
  support::ensure_usable(db);
}

TEST_CASE("bits are numbered and ordered as the server does") {
  pqscope::connection db{support::test_config()};
  bit_string const value("0100000001");
  for (int i = 0; i < 10; ++i) {
    CHECK(db.query<int>("SELECT get_bit($1, $2)", value, i).one() ==
          (value[static_cast<std::size_t>(i)] ? 1 : 0));
  }
  auto const sorted =
      db.query<bit_string>(
            "SELECT b FROM unnest('{\"\",0,00,00000000,000000000,0001,01,0111,1,10,100,100000000,"
            "10000001,11}'::varbit[]) AS b ORDER BY b DESC")
          .all();
  REQUIRE(sorted.size() == 14);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    INFO(sorted[i - 1] << " and " << sorted[i]);
    CHECK(sorted[i - 1] > sorted[i]);
  }
  support::ensure_usable(db);
}

TEST_CASE("a bit string goes into a column of bit(n) if it has n bits") {
  pqscope::connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE flags (three bit(3), many bit varying(5))");
  auto const [three, many] =
      db.query<bit_string, bit_string>("INSERT INTO flags VALUES ($1, $2) RETURNING three, many",
                                       bit_string("101"), bit_string("0110"))
          .one();
  CHECK(three == bit_string("101"));
  CHECK(many == bit_string("0110"));
  CHECK(db.query<bool>("SELECT three = $1 FROM flags", bit_string("101")).one());
  CHECK_THROWS_AS(db.execute("INSERT INTO flags (three) VALUES ($1)", bit_string("1010")),
                  pqscope::server_error);
  CHECK_THROWS_AS(db.execute("INSERT INTO flags (many) VALUES ($1)", bit_string("101010")),
                  pqscope::server_error);
  refused<bit_string, pqscope::type_mismatch>(db, "'101'::text");
  refused<int, pqscope::type_mismatch>(db, "B'101'");
  support::ensure_usable(db);
}
