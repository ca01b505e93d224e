#include "round_trip.hpp"

#include <chrono>
#include <limits>
#include <random>

using namespace round_trips;
using pqscope::exclusive;
using pqscope::inclusive;
using pqscope::range;
using pqscope::unbounded;

namespace {

using ints = range<int>;
using bigints = range<std::int64_t>;
using days = range<std::chrono::sys_days>;
using moments = range<std::chrono::sys_time<std::chrono::microseconds>>;
using local_moments = range<std::chrono::local_time<std::chrono::microseconds>>;
using numbers = range<pqscope::numeric>;

constexpr std::chrono::sys_days leap_day{std::chrono::year(2024) / 2 / 29};

/// Round trips of every kind of range between these values, and the server's text of each.
template <class T>
void every_kind(pqscope::connection& db, std::string const& type, T const& low, T const& high) {
  std::vector<range<T>> const values{range<T>(), range<T>{unbounded, unbounded},
                                     range<T>(low, high), range<T>{inclusive(low), unbounded},
                                     range<T>{unbounded, exclusive(high)}};
  for (auto const& value : values) {
    round_trip(db, type, value, value.to_string());
    CHECK(db.query<std::string>(pqscope::dynamic_sql{"SELECT ($1::" + type + ")::text"}, value)
              .one() == value.to_string());
  }
  null_round_trip<range<T>>(db, type);
  array_round_trip(db, type, values);
}

}  // namespace

template <>
struct pqscope::range_type<double> : pqscope::user_range_type {};
template <>
struct pqscope::range_type<std::string> : pqscope::user_range_type {};

TEST_CASE("ranges of every built-in type keep their bounds") {
  pqscope::connection db{support::test_config()};
  db.execute("SET TimeZone = 'UTC'");
  every_kind<int>(db, "int4range", std::numeric_limits<int>::min(),
                  std::numeric_limits<int>::max());
  every_kind<std::int64_t>(db, "int8range", std::numeric_limits<std::int64_t>::min(),
                           std::numeric_limits<std::int64_t>::max());
  every_kind<pqscope::numeric>(db, "numrange", pqscope::numeric("-1e-20"),
                               pqscope::numeric("12345678901234567890.50"));
  every_kind<std::chrono::sys_days>(db, "daterange", leap_day, leap_day + std::chrono::days(1));
  auto const microsecond = std::chrono::microseconds(1);
  every_kind<moments::value_type>(db, "tstzrange", leap_day, leap_day + microsecond);
  every_kind<local_moments::value_type>(
      db, "tsrange", std::chrono::local_days(leap_day.time_since_epoch()),
      std::chrono::local_days(leap_day.time_since_epoch()) + microsecond);
  support::ensure_usable(db);
}

TEST_CASE("every pair of bounds is the server's own") {
  pqscope::connection db{support::test_config()};
  pqscope::numeric const low("1.5");
  pqscope::numeric const high("2.50");
  for (auto const& lower :
       {pqscope::range_bound<pqscope::numeric>(), inclusive(low), exclusive(low)}) {
    for (auto const& upper :
         {pqscope::range_bound<pqscope::numeric>(), inclusive(high), exclusive(high)}) {
      numbers const value{lower, upper};
      round_trip(db, "numrange", value, value.to_string());
    }
  }
  support::ensure_usable(db);
}

TEST_CASE("canonical forms are the server's") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT $1::int4range", ints(2, 6), ints{exclusive(1), inclusive(5)});
  reads_as(db, "SELECT $1::int4range", ints(), ints(3, 3));
  reads_as(db, "SELECT $1::int8range", bigints(),
           bigints{exclusive<std::int64_t>(3), exclusive<std::int64_t>(4)});
  reads_as(db, "SELECT $1::numrange", numbers(),
           numbers{inclusive(pqscope::numeric("1.5")), exclusive(pqscope::numeric("1.50"))});
  reads_as(db, "SELECT $1::daterange", days(leap_day, leap_day + std::chrono::days(1)),
           days{inclusive(leap_day), inclusive(leap_day)});
  reads_as(db, "SELECT '[,5]'::int4range", ints{unbounded, exclusive(6)});
  CHECK_THROWS_AS(db.query<ints>("SELECT $1::int4range", ints(2, 1)).one(), pqscope::server_error);
  support::ensure_usable(db);
}

TEST_CASE("an infinite bound is not an absent one") {
  pqscope::connection db{support::test_config()};
  constexpr auto forever = pqscope::infinite_future<moments::value_type>;
  constexpr auto ever = pqscope::infinite_past<moments::value_type>;
  moments const until_infinity{inclusive(ever), inclusive(forever)};
  round_trip(db, "tstzrange", until_infinity, "[-infinity,infinity]");
  CHECK_FALSE(db.query<bool>("SELECT upper_inf($1::tstzrange)", until_infinity).one());
  CHECK(db.query<bool>("SELECT upper_inf($1::tstzrange)", moments{unbounded, unbounded}).one());
  CHECK(until_infinity.contains(forever));
  round_trip(db, "daterange",
             days{inclusive(leap_day), exclusive(pqscope::infinite_future<std::chrono::sys_days>)},
             "[2024-02-29,infinity)");
  support::ensure_usable(db);
}

TEST_CASE("a parameter's range type is declared") {
  pqscope::connection db{support::test_config()};
  CHECK(db.query<std::string>("SELECT pg_typeof($1)::text", ints(1, 2)).one() == "int4range");
  CHECK(db.query<bool>("SELECT $1 @> 3", ints(1, 5)).one());
  CHECK(db.query<bool>("SELECT $1 && int8range(4, 9)", bigints(1, 5)).one());
  support::ensure_usable(db);
}

TEST_CASE("a range is read from narrower ones only") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT int4range(1, 5)", bigints(1, 5));
  reads_as(db, "SELECT ARRAY[int4range(1, 5)]", std::vector<bigints>{bigints(1, 5)});
  refused<ints, pqscope::type_mismatch>(db, "int8range(1, 5)");
  refused<ints, pqscope::type_mismatch>(db, "1");
  refused<moments, pqscope::type_mismatch>(db, "tsrange(NULL, NULL)");
  refused<range<double>, pqscope::type_mismatch>(db, "numrange(1, 5)");
  refused<range<std::string>, pqscope::type_mismatch>(db, "int4range(1, 5)");
  support::ensure_usable(db);
}

TEST_CASE("contains answers as the server does") {
  pqscope::connection db{support::test_config()};
  std::mt19937 random(20240303);
  auto const small = [&] { return static_cast<int>(random() % 5); };
  auto const bound = [&]() -> pqscope::range_bound<int> {
    auto const kind = small();
    return kind == 0 ? pqscope::range_bound<int>() : pqscope::range_bound<int>(small(), kind > 2);
  };
  for (int i = 0; i < 200; ++i) {
    auto lower = bound();
    auto upper = bound();
    if (!lower.is_unbounded() && !upper.is_unbounded() && lower.value() > upper.value()) {
      std::swap(lower, upper);
    }
    ints const value{lower, upper};
    for (int element = -1; element < 6; ++element) {
      INFO(value.to_string() << " and " << element);
      CHECK(db.query<bool>("SELECT $1::int4range @> $2::int", value, element).one() ==
            value.contains(element));
    }
  }
  support::ensure_usable(db);
}

TEST_CASE("random ranges survive, alone and in arrays") {
  pqscope::connection db{support::test_config()};
  std::mt19937_64 random(20240304);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::optional<moments>> values;
    for (int i = 0; i < 10; ++i) {
      auto const moment = [&] {
        return moments::value_type(std::chrono::microseconds(random() % 4'000'000'000'000'000));
      };
      auto const a = moment();
      auto const b = moment();
      switch (random() % 4) {
        case 0:
          values.emplace_back();
          break;
        case 1:
          values.emplace_back(moments{inclusive(a), unbounded});
          break;
        default:
          values.emplace_back(
              moments{{std::min(a, b), random() % 2 == 0}, {std::max(a, b), random() % 2 == 0}});
      }
    }
    reads_as(db, "SELECT $1::tstzrange[]", values, values);
  }
  support::ensure_usable(db);
}
