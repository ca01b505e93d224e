#include "round_trip.hpp"

#include <chrono>

using namespace round_trips;
using namespace std::chrono_literals;
namespace chrono = std::chrono;

namespace {

using instant = chrono::sys_time<chrono::microseconds>;
using wall = chrono::local_time<chrono::microseconds>;

instant at(int year, unsigned month, unsigned day, chrono::microseconds time = 0us) {
  return chrono::sys_days(chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) +
         time;
}

wall wall_at(int year, unsigned month, unsigned day, chrono::microseconds time = 0us) {
  return wall(at(year, month, day, time).time_since_epoch());
}

/// The first moment that PostgreSQL holds, 4714-11-24 BC, and the last finite one that
/// microseconds since 1970 do.
constexpr instant first{chrono::microseconds(-210'866'803'200'000'000)};
constexpr instant last{chrono::microseconds(9'223'372'036'854'775'806)};

struct sample {
  instant value;
  char const* text;
};

std::vector<sample> samples() {
  return {
      {at(2000, 1, 1), "2000-01-01 00:00:00"},
      {at(1970, 1, 1), "1970-01-01 00:00:00"},
      {at(1969, 12, 31, 23h + 59min + 59s + 999999us), "1969-12-31 23:59:59.999999"},
      {at(1999, 12, 31, 23h + 59min + 59s + 999999us), "1999-12-31 23:59:59.999999"},
      {at(2024, 2, 29, 12h + 1us), "2024-02-29 12:00:00.000001"},
      {at(2024, 3, 10, 500ms), "2024-03-10 00:00:00.5"},
      {at(1900, 3, 1), "1900-03-01 00:00:00"},
      {at(10000, 1, 1), "10000-01-01 00:00:00"},
      {at(1, 1, 1), "0001-01-01 00:00:00"},
      {at(0, 12, 31, 1s), "0001-12-31 00:00:01 BC"},
      {at(-43, 3, 15, 12h), "0044-03-15 12:00:00 BC"},
      {last, "294247-01-10 04:00:54.775806"},
      {first, "4714-11-24 00:00:00 BC"},
      {pqscope::infinite_future<instant>, "infinity"},
      {pqscope::infinite_past<instant>, "-infinity"},
  };
}

}  // namespace

TEST_CASE("a timestamp without time zone keeps every microsecond, BC, far years and infinity") {
  pqscope::connection db{support::test_config()};
  db.execute("SET TimeZone = 'America/New_York'");
  std::vector<wall> all;
  for (auto const& [value, text] : samples()) {
    wall const local(value.time_since_epoch());
    round_trip(db, "timestamp", local, text);
    all.push_back(local);
  }
  null_round_trip<wall>(db, "timestamp");
  array_round_trip<wall>(db, "timestamp", all);
  support::ensure_usable(db);
}

TEST_CASE("a timestamp with time zone is the same instant in every time zone") {
  pqscope::connection db{support::test_config()};
  for (char const* const zone : {"UTC", "America/New_York", "Asia/Kolkata", "Europe/Amsterdam",
                                 "Australia/Lord_Howe", "Pacific/Kiritimati", "<+01:02>-01:02"}) {
    INFO(zone);
    db.execute("SELECT set_config('TimeZone', $1, false)", zone);
    std::vector<instant> all;
    for (auto const& [value, text] : samples()) {
      all.push_back(value);
      if (value == first || value == last) {
        reads_as(db, "SELECT $1::timestamptz", value, value);
        continue;
      }
      std::string literal(text);
      auto const bc = literal.find(" BC");
      bool const finite = !pqscope::is_infinite(value);
      literal.insert(bc == std::string::npos ? literal.size() : bc, finite ? "+00" : "");
      round_trip(db, "timestamptz", value, literal);
    }
    array_round_trip<instant>(db, "timestamptz", all);
  }
  null_round_trip<instant>(db, "timestamptz");
  support::ensure_usable(db);
}

TEST_CASE("the hour that a clock shows twice is two instants") {
  pqscope::connection db{support::test_config()};
  db.execute("SET TimeZone = 'America/New_York'");
  round_trip(db, "timestamptz", at(2024, 11, 3, 5h + 30min), "2024-11-03 01:30:00 EDT");
  round_trip(db, "timestamptz", at(2024, 11, 3, 6h + 30min), "2024-11-03 01:30:00 EST");
  // 02:30 does not exist on this day.
  round_trip(db, "timestamptz", at(2024, 3, 10, 7h + 30min),
             "2024-03-10 02:30:00 America/New_York");
  support::ensure_usable(db);
}

TEST_CASE("time points of other durations are exact or refused") {
  pqscope::connection db{support::test_config()};
  using seconds = chrono::sys_seconds;
  using nanoseconds = chrono::sys_time<chrono::nanoseconds>;
  using clock = chrono::system_clock::time_point;
  round_trip(db, "timestamptz", seconds(1s), "1970-01-01 00:00:01+00");
  round_trip(db, "timestamptz", pqscope::infinite_future<seconds>, "infinity");
  round_trip(db, "timestamptz", nanoseconds(5000ns), "1970-01-01 00:00:00.000005+00");
  round_trip(db, "timestamptz", clock(-1s), "1969-12-31 23:59:59+00");
  reads_as(db, "SELECT $1", nanoseconds(-2000ns), nanoseconds(-1999ns));
  refused<seconds, pqscope::decode_error>(db, "'2024-01-01 00:00:00.5+00'::timestamptz");
  refused<nanoseconds, pqscope::decode_error>(db, "'3000-01-01 00:00:00+00'::timestamptz");
  refused<chrono::local_seconds, pqscope::decode_error>(db, "'2024-01-01 00:00:00.5'::timestamp");
  support::ensure_usable(db);
}

TEST_CASE(
    "the server's last timestamps are out of the range of microseconds, not of milliseconds") {
  pqscope::connection db{support::test_config()};
  using milliseconds = chrono::sys_time<chrono::milliseconds>;
  round_trip(db, "timestamptz", milliseconds(9'224'318'015'999'999ms),
             "294276-12-31 23:59:59.999+00");
  refused<instant, pqscope::decode_error>(db, "'294276-12-31 23:59:59.999999+00'::timestamptz");
  refused<wall, pqscope::decode_error>(db, "'294247-01-10 04:00:54.775807'::timestamp");
  support::ensure_usable(db);
}

TEST_CASE("timestamps with and without time zone are not read as each other") {
  pqscope::connection db{support::test_config()};
  refused<instant, pqscope::type_mismatch>(db, "localtimestamp");
  refused<wall, pqscope::type_mismatch>(db, "now()");
  refused<instant, pqscope::type_mismatch>(db, "current_date");
  refused<chrono::sys_days, pqscope::type_mismatch>(db, "now()");
  refused<instant, pqscope::type_mismatch>(db, "'now'::text");
  support::ensure_usable(db);
}

TEST_CASE("a time point that PostgreSQL cannot hold is refused before anything is sent") {
  pqscope::connection db{support::test_config()};
  auto const before = db.round_trips();
  CHECK_THROWS_AS(db.execute("SELECT $1", first - 1us), pqscope::usage_error);
  using milliseconds = chrono::sys_time<chrono::milliseconds>;
  milliseconds const end{9'224'318'016'000'000ms};
  CHECK_THROWS_AS(db.execute("SELECT $1", end), pqscope::usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1", wall_at(-4800, 1, 1)), pqscope::usage_error);
  CHECK(db.round_trips() == before);
  support::ensure_usable(db);
}

TEST_CASE("text that the server did not print in ISO style is refused, never misread") {
  pqscope::connection db{support::test_config()};
  for (char const* const style : {"German", "SQL, DMY", "SQL, MDY", "Postgres, DMY"}) {
    INFO(style);
    db.execute("SELECT set_config('DateStyle', $1, false)", style);
    auto const result =
        db.execute("SELECT '2024-02-03 04:05:06+00'::timestamptz, '2024-02-03'::date");
    CHECK_THROWS_AS(result[0][0].as<instant>(), pqscope::decode_error);
    CHECK_THROWS_AS(result[0][1].as<chrono::sys_days>(), pqscope::decode_error);
    CHECK(db.query<instant>("SELECT '2024-02-03 04:05:06+00'::timestamptz").one() ==
          at(2024, 2, 3, 4h + 5min + 6s));
  }
  support::ensure_usable(db);
}
