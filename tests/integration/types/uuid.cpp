#include "round_trip.hpp"

using namespace round_trips;

TEST_CASE("a uuid keeps every bit") {
  pqscope::connection db{support::test_config()};
  for (char const* const text :
       {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "01234567-89ab-cdef-0123-456789abcdef", "80000000-0000-0000-0000-000000000001"}) {
    round_trip(db, "uuid", pqscope::uuid::parse(text), text);
    CHECK(db.query<std::string>("SELECT $1::uuid::text", pqscope::uuid::parse(text)).one() == text);
  }
  null_round_trip<pqscope::uuid>(db, "uuid");
  array_round_trip<pqscope::uuid>(
      db, "uuid", {pqscope::uuid{}, pqscope::uuid::parse("ffffffff-ffff-ffff-ffff-ffffffffffff")});
  support::ensure_usable(db);
}

TEST_CASE("uuids are ordered as the server orders them") {
  pqscope::connection db{support::test_config()};
  auto const uuids = db.query<pqscope::uuid>(
                           "SELECT gen_random_uuid() AS u FROM generate_series(1, 100) ORDER BY u")
                         .all();
  for (std::size_t i = 1; i < uuids.size(); ++i) {
    CHECK(uuids[i - 1] < uuids[i]);
  }
  support::ensure_usable(db);
}

TEST_CASE("a text is not read as a uuid, but sent as one where the server expects it") {
  pqscope::connection db{support::test_config()};
  refused<pqscope::uuid, pqscope::type_mismatch>(db,
                                                 "'01234567-89ab-cdef-0123-456789abcdef'::text");
  CHECK(db.query<pqscope::uuid>("SELECT $1::uuid", "01234567-89ab-cdef-0123-456789abcdef").one() ==
        pqscope::uuid::parse("01234567-89ab-cdef-0123-456789abcdef"));
  support::ensure_usable(db);
}
