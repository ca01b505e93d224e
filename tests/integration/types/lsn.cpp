#include "round_trip.hpp"

using namespace round_trips;

TEST_CASE("an LSN keeps every bit, and stands between text and number") {
  pqscope::connection db{support::test_config()};
  for (char const* const text : {"0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF", "80000000/1"}) {
    round_trip(db, "pg_lsn", pqscope::lsn::parse(text), text);
  }
  null_round_trip<pqscope::lsn>(db, "pg_lsn");
  array_round_trip<pqscope::lsn>(db, "pg_lsn", {pqscope::lsn{}, pqscope::lsn::parse("1/2")});
  refused<pqscope::lsn, pqscope::type_mismatch>(db, "'1/2'::text");
  support::ensure_usable(db);
}

TEST_CASE("the difference of LSNs is the server's") {
  pqscope::connection db{support::test_config()};
  auto const from = pqscope::lsn::parse("16/B374D848");
  auto const to = pqscope::lsn::parse("17/A");
  CHECK(db.query<std::int64_t>("SELECT ($1::pg_lsn - $2::pg_lsn)::bigint", to, from).one() ==
        to - from);
  support::ensure_usable(db);
}
