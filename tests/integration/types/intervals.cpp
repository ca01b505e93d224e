#include "round_trip.hpp"

#include <chrono>
#include <limits>

using namespace round_trips;
using namespace std::chrono_literals;
using pqscope::interval;

namespace {

constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t hour = 3'600'000'000;

std::vector<interval> samples() {
  return {
      {},
      {.months = 14},
      {.months = -14},
      {.months = 12},
      {.days = 3},
      {.days = -1},
      {.microseconds = 1},
      {.microseconds = -1},
      {.microseconds = 4 * hour + 5 * 60'000'000 + 6'700'000},
      {.microseconds = -500'000},
      {.microseconds = -61'000'000},
      {.months = 1, .days = -2, .microseconds = 3 * hour},
      {.months = -1, .days = 2, .microseconds = -3 * hour},
      {.months = 14, .days = 3, .microseconds = -1},
      {.months = -14, .days = -3, .microseconds = -hour},
      {.months = 11, .days = 0, .microseconds = 25 * hour},
      {.months = -1, .days = 0, .microseconds = 1},
      {.months = 13, .days = -1, .microseconds = 0},
      {.months = most, .days = most, .microseconds = 1},
      {.months = least, .days = least, .microseconds = -1},
      {.months = 0, .days = 0, .microseconds = std::numeric_limits<std::int64_t>::max()},
      {.months = 0, .days = 0, .microseconds = std::numeric_limits<std::int64_t>::min() + 1},
  };
}

}  // namespace

TEST_CASE("an interval keeps its three parts, each with its own sign") {
  pqscope::connection db{support::test_config()};
  round_trip(db, "interval", interval{}, "0");
  round_trip(db, "interval", interval{.months = 14, .days = -3, .microseconds = hour + 1},
             "1 year 2 mons -3 days +01:00:00.000001");
  round_trip(db, "interval", interval{.months = -14, .days = 3, .microseconds = -hour},
             "-1 years -2 mons +3 days -01:00:00");
  for (interval const& value : samples()) {
    round_trip(db, "interval", value, pqscope::to_string(value));
  }
  null_round_trip<interval>(db, "interval");
  array_round_trip<interval>(db, "interval", samples());
  support::ensure_usable(db);
}

TEST_CASE("an interval is read whatever the server's IntervalStyle is") {
  pqscope::connection db{support::test_config()};
  for (char const* const style : {"postgres", "postgres_verbose", "sql_standard", "iso_8601"}) {
    INFO(style);
    db.execute("SELECT set_config('IntervalStyle', $1, false)", style);
    for (interval const& value : samples()) {
      INFO(pqscope::to_string(value));
      reads_as(db, "SELECT $1::interval", value, value);
    }
    reads_as(db, "SELECT $1::interval[]", samples(), samples());
  }
  support::ensure_usable(db);
}

TEST_CASE("a duration is an interval without months and days") {
  pqscope::connection db{support::test_config()};
  round_trip(db, "interval", std::chrono::microseconds(-1), "-00:00:00.000001");
  round_trip(db, "interval", std::chrono::seconds(90), "00:01:30");
  round_trip(db, "interval", std::chrono::hours(-100), "-100:00:00");
  round_trip(db, "interval", std::chrono::minutes(0), "0");
  round_trip(db, "interval", std::chrono::milliseconds::zero(), "0");
  reads_as(db, "SELECT $1::interval", -2us, -1500ns);
  refused<std::chrono::seconds, pqscope::decode_error>(db, "'1 day'::interval");
  refused<std::chrono::seconds, pqscope::decode_error>(db, "'1 month'::interval");
  refused<std::chrono::seconds, pqscope::decode_error>(db, "'0.5 seconds'::interval");
  refused<std::chrono::nanoseconds, pqscope::decode_error>(db, "'10000000 hours'::interval");
  support::ensure_usable(db);
}

TEST_CASE("time passes by as the server adds it") {
  pqscope::connection db{support::test_config()};
  using instant = std::chrono::sys_seconds;
  instant const noon{std::chrono::sys_days(std::chrono::year(2024) / 1 / 31) + 12h};
  CHECK(db.query<instant>("SELECT $1 + $2", noon, 90s).one() == noon + 90s);
  CHECK(db.query<instant>("SELECT $1 + $2", noon, interval{.months = 1}).one() ==
        instant{std::chrono::sys_days(std::chrono::year(2024) / 2 / 29) + 12h});
  CHECK(db.query<interval>("SELECT $1 - $2", noon, noon - 25h).one() ==
        interval{.days = 1, .microseconds = hour});
  support::ensure_usable(db);
}
