#include "round_trip.hpp"

#include <chrono>

using namespace round_trips;
using namespace std::chrono_literals;
namespace chrono = std::chrono;
using chrono::sys_days;
using pqscope::time_of_day;

namespace {

template <class Date>
Date day(int year, unsigned month, unsigned day) {
  sys_days const days(chrono::year(year) / static_cast<int>(month) / static_cast<int>(day));
  if constexpr (std::is_same_v<Date, chrono::year_month_day>) {
    return Date(days);
  } else {
    return Date(days.time_since_epoch());
  }
}

template <class Date>
void dates(pqscope::connection& db) {
  round_trip(db, "date", day<Date>(2000, 1, 1), "2000-01-01");
  round_trip(db, "date", day<Date>(1970, 1, 1), "1970-01-01");
  round_trip(db, "date", day<Date>(2024, 2, 29), "2024-02-29");
  round_trip(db, "date", day<Date>(1582, 10, 15), "1582-10-15");
  round_trip(db, "date", day<Date>(10000, 12, 31), "10000-12-31");
  round_trip(db, "date", day<Date>(1, 1, 1), "0001-01-01");
  round_trip(db, "date", day<Date>(0, 2, 29), "0001-02-29 BC");
  round_trip(db, "date", day<Date>(-4713, 11, 24), "4714-11-24 BC");
  round_trip(db, "date", pqscope::infinite_future<Date>, "infinity");
  round_trip(db, "date", pqscope::infinite_past<Date>, "-infinity");
  null_round_trip<Date>(db, "date");
  array_round_trip<Date>(
      db, "date", {day<Date>(2024, 2, 29), day<Date>(-4713, 11, 24), pqscope::infinite_past<Date>});
}

}  // namespace

TEST_CASE("a date keeps every day, BC, far years and infinity, in each C++ type for it") {
  pqscope::connection db{support::test_config()};
  dates<sys_days>(db);
  dates<chrono::local_days>(db);
  dates<chrono::year_month_day>(db);
  support::ensure_usable(db);
}

TEST_CASE("the last date of the server is kept, or out of the range of the C++ type") {
  pqscope::connection db{support::test_config()};
  round_trip(db, "date", sys_days(chrono::days(2'145'042'905)), "5874897-12-31");
  refused<chrono::year_month_day, pqscope::decode_error>(db, "'5874897-12-31'::date");
  refused<chrono::year_month_day, pqscope::decode_error>(db, "'32768-01-01'::date");
  CHECK_THROWS_AS(db.execute("SELECT $1", sys_days(chrono::days(2'145'042'906))),
                  pqscope::usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1", 2023y / 2 / 29), pqscope::usage_error);
  support::ensure_usable(db);
}

TEST_CASE("a time of day keeps every microsecond, midnight and the end of the day") {
  pqscope::connection db{support::test_config()};
  round_trip(db, "time", time_of_day(), "00:00:00");
  round_trip(db, "time", time_of_day(1us), "00:00:00.000001");
  round_trip(db, "time", time_of_day(9h + 30min), "09:30:00");
  round_trip(db, "time", time_of_day(24h - 1us), "23:59:59.999999");
  round_trip(db, "time", time_of_day(24h), "24:00:00");
  null_round_trip<time_of_day>(db, "time");
  array_round_trip<time_of_day>(db, "time", {time_of_day(), time_of_day(24h), time_of_day(1us)});
  refused<time_of_day, pqscope::type_mismatch>(db, "'12:00+01'::timetz");
  refused<time_of_day, pqscope::type_mismatch>(db, "'12:00'::interval");
  support::ensure_usable(db);
}

TEST_CASE("std::chrono::hh_mm_ss is a time of day") {
  pqscope::connection db{support::test_config()};
  using clock_time = chrono::hh_mm_ss<chrono::milliseconds>;
  clock_time const value(9h + 30min + 250ms);
  CHECK(db.query<clock_time>("SELECT $1", value).one().to_duration() == value.to_duration());
  CHECK(db.execute("SELECT $1", value)[0][0].as<clock_time>().to_duration() == value.to_duration());
  CHECK(db.query<std::string>("SELECT $1::time::text", value).one() == "09:30:00.25");
  refused<clock_time, pqscope::decode_error>(db, "'00:00:00.000001'::time");
  CHECK_THROWS_AS(db.execute("SELECT $1", clock_time(-1ms)), pqscope::usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1", clock_time(24h + 1ms)), pqscope::usage_error);
  support::ensure_usable(db);
}
