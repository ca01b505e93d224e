#include "round_trip.hpp"

#include <chrono>

using namespace round_trips;
using pqscope::exclusive;
using pqscope::inclusive;
using pqscope::multirange;
using pqscope::range;
using pqscope::unbounded;

namespace {

using ints = multirange<int>;
using days = multirange<std::chrono::sys_days>;
using numbers = multirange<pqscope::numeric>;

constexpr std::chrono::sys_days leap_day{std::chrono::year(2024) / 2 / 29};

}  // namespace

TEST_CASE("multiranges of built-in types keep their ranges") {
  pqscope::connection db{support::test_config()};
  ints const some{{1, 3}, {5, 7}, range<int>{inclusive(9), unbounded}};
  round_trip(db, "int4multirange", ints(), "{}");
  round_trip(db, "int4multirange", some, some.to_string());
  round_trip(db, "int4multirange", ints{range<int>{unbounded, unbounded}}, "{(,)}");
  round_trip(db, "int8multirange", multirange<std::int64_t>{{1, 3}}, "{[1,3)}");
  numbers const decimals{{inclusive(pqscope::numeric("1.50")), inclusive(pqscope::numeric(2))},
                         {exclusive(pqscope::numeric(3)), unbounded}};
  round_trip(db, "nummultirange", decimals, "{[1.50,2],(3,)}");
  days const holidays{{leap_day, leap_day + std::chrono::days(2)}};
  round_trip(db, "datemultirange", holidays, "{[2024-02-29,2024-03-02)}");
  null_round_trip<ints>(db, "int4multirange");
  array_round_trip<ints>(db, "int4multirange", {ints(), some});
  CHECK(db.query<std::string>("SELECT $1::text", some.to_string()).one() ==
        db.query<std::string>("SELECT ($1::int4multirange)::text", some).one());
  support::ensure_usable(db);
}

TEST_CASE("multiranges of timestamps are quoted as the server does") {
  pqscope::connection db{support::test_config()};
  db.execute("SET TimeZone = 'UTC'");
  using seconds = std::chrono::seconds;
  multirange<std::chrono::sys_seconds> const moments{{leap_day, leap_day + seconds(1)}};
  round_trip(db, "tstzmultirange", moments, moments.to_string());
  CHECK(db.query<std::string>("SELECT ($1::tstzmultirange)::text", moments).one() ==
        moments.to_string());
  auto const local = std::chrono::local_days(leap_day.time_since_epoch());
  multirange<std::chrono::local_seconds> const plain{{local, local + seconds(1)}};
  round_trip(db, "tsmultirange", plain, plain.to_string());
  support::ensure_usable(db);
}

TEST_CASE("the server puts ranges in order, joins them and drops empty ones") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT $1::int4multirange", ints{{1, 5}, {7, 9}},
           ints{{7, 9}, range<int>(), {3, 5}, {1, 4}});
  CHECK(db.query<std::string>("SELECT pg_typeof($1)::text", ints()).one() == "int4multirange");
  support::ensure_usable(db);
}

TEST_CASE("a multirange is read from narrower ones only") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT '{[1,5)}'::int4multirange", multirange<std::int64_t>{{1, 5}});
  refused<ints, pqscope::type_mismatch>(db, "'{[1,5)}'::int8multirange");
  refused<ints, pqscope::type_mismatch>(db, "'[1,5)'::int4range");
  refused<range<int>, pqscope::type_mismatch>(db, "'{[1,5)}'::int4multirange");
  support::ensure_usable(db);
}
