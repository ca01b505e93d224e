#ifndef PQSCOPE_TYPES_TIMESTAMP_HPP
#define PQSCOPE_TYPES_TIMESTAMP_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/calendar.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/infinity.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/ticks.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace pqscope {

namespace detail {

// The server's range, in microseconds since 2000-01-01: from 4714-11-24 BC (day 0 of the Julian
// count, 4713 BC in the Julian calendar) to before 294277-01-01, and the two infinities.
// Source: PostgreSQL's `datatype/timestamp.h`.
inline constexpr std::int64_t first_timestamp = -211'813'488'000'000'000;
inline constexpr std::int64_t end_of_timestamps = 9'223'371'331'200'000'000;
inline constexpr std::int64_t timestamp_infinity = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t timestamp_minus_infinity = std::numeric_limits<std::int64_t>::min();

constexpr bool is_server_timestamp(std::int64_t value) noexcept {
  return value >= first_timestamp && value < end_of_timestamps;
}

/// The durations of which a time point is a timestamp. A time point of days is a date.
template <class Duration>
concept timestamp_duration = wire_duration<Duration> && !std::same_as<Duration, std::chrono::days>;

/// The text of a time point `days` and `microseconds` after 1970-01-01.
inline std::string timestamp_text(std::int64_t days, std::int64_t microseconds,
                                  std::string_view zone) {
  civil_day const date = civil_from_days(days);
  std::string text;
  append_date(text, date);
  text += ' ';
  append_time(text, static_cast<std::uint64_t>(microseconds));
  text += zone;
  append_era(text, date);
  return text;
}

/// The same for a time `since` then; the midnight before it may be out of the duration's range.
template <class Duration>
std::string timestamp_text(Duration since, std::string_view zone) {
  using days = std::chrono::duration<std::int64_t, std::chrono::days::period>;
  auto time = since % days{1};
  time += time < time.zero() ? days{1} : days{0};
  return timestamp_text(std::chrono::floor<days>(since).count(),
                        std::chrono::floor<std::chrono::microseconds>(time).count(), zone);
}

/// Reads a timestamp as the server prints it, into its own count. Seconds east of UTC are taken off
/// where `with_zone` is set, and not allowed otherwise.
inline std::int64_t parse_timestamp(std::string_view text, bool with_zone, std::string_view type) {
  if (text == "infinity") {
    return timestamp_infinity;
  }
  if (text == "-infinity") {
    return timestamp_minus_infinity;
  }
  calendar_reader reader(text);
  civil_day date{};
  std::int64_t hours = 0;
  std::int64_t value = 0;
  std::int64_t zone = 0;
  if (!reader.date(date) || !reader.skip(" ") || !reader.time(2, hours, value) || hours > 23 ||
      (with_zone && !reader.zone(zone))) {
    throw_malformed(type);
  }
  reader.era(date);
  std::int64_t days = 0;
  if (!reader.done() || !days_from_civil(date, days)) {
    throw_malformed(type);
  }
  value += (hours * 3600 - zone) * microseconds_per_second;
  std::int64_t midnight = 0;
  if (!multiply(days - server_epoch_days, microseconds_per_day, midnight) ||
      !add(midnight, value, value) || !is_server_timestamp(value)) {
    throw_malformed(type);
  }
  return value;
}

/// What timestamps with and without time zone have in common: microseconds since 2000-01-01.
template <class Point, bool WithZone>
struct timestamp_codec {
  static constexpr oid_t type = WithZone ? oid::timestamptz : oid::timestamp;
  static constexpr oid_t array_type = WithZone ? oid::timestamptz_array : oid::timestamp_array;
  static constexpr oid_t parameter_type = type;
  static constexpr bool text_parameter = false;
  static constexpr std::string_view name =
      WithZone ? "timestamp with time zone" : "timestamp without time zone";

  static constexpr bool accepts(oid_t column) noexcept { return column == type; }

  static void encode(Point const& value, encoder& out) { out.put_int64(wire_integer(value)); }

  static std::int64_t wire_integer(Point const& value) { return to_server(value); }

  static Point decode(wire_value value) {
    require_size(value, 8, name);
    return from_server(read_int64(value.data));
  }

  static Point parse(std::string_view text) {
    return from_server(parse_timestamp(text, WithZone, name));
  }

 private:
  using duration = typename Point::duration;

  static std::int64_t to_server(Point const& value) {
    if (value == infinite_future<Point>) {
      return timestamp_infinity;
    }
    if (value == infinite_past<Point>) {
      return timestamp_minus_infinity;
    }
    std::int64_t microseconds = 0;
    if (!ticks_to_microseconds(value.time_since_epoch().count(), tick_of<typename duration::period>,
                               server_epoch, microseconds) ||
        !is_server_timestamp(microseconds)) {
      throw usage_error("a time point is outside what PostgreSQL holds, 4713 BC to 294276 AD");
    }
    return microseconds;
  }

  static Point from_server(std::int64_t value) {
    if (!is_server_timestamp(value)) [[unlikely]] {
      return infinity_from_server(value);
    }
    Point const point(duration_from<duration>(value, server_epoch, name));
    if (is_infinite(point)) {
      throw_out_of_range(name);
    }
    return point;
  }

  [[gnu::noinline]] static Point infinity_from_server(std::int64_t value) {
    if (value == timestamp_infinity) {
      return infinite_future<Point>;
    }
    if (value == timestamp_minus_infinity) {
      return infinite_past<Point>;
    }
    throw_malformed(name);
  }
};

}  // namespace detail

/// `std::chrono::sys_time` of any whole-number duration but days is `timestamp with time zone`: a
/// point in time, independent of the session's time zone. Days are `date`.
///
/// What is finer than a microsecond is rounded down on its way to the server. On the way back
/// nothing is lost: a value too fine for the duration (12:00:00.5 as seconds) and one out of its
/// range (the year 3000 in nanoseconds) are a `decode_error`. `infinity` and `-infinity` are the
/// largest and smallest value of the C++ type, see `infinite_future`. A time point that PostgreSQL
/// cannot hold, before 4713 BC or after 294276 AD, is a `usage_error`.
///
/// Text is read as the server prints it with `DateStyle` ISO. `timestamp` columns are not read:
/// cast them with `AT TIME ZONE`.
template <detail::timestamp_duration Duration>
struct codec<std::chrono::sys_time<Duration>>
    : detail::timestamp_codec<std::chrono::sys_time<Duration>, true> {};

/// `std::chrono::local_time` of any whole-number duration but days is `timestamp without time
/// zone`: what a calendar and a clock on the wall show. Rounding, range and infinity are those of
/// `std::chrono::sys_time`. `timestamp with time zone` columns are not read.
template <detail::timestamp_duration Duration>
struct codec<std::chrono::local_time<Duration>>
    : detail::timestamp_codec<std::chrono::local_time<Duration>, false> {};

/// The text PostgreSQL prints for `value` in a session whose time zone is UTC, such as
/// `2024-02-29 12:00:00.5+00`, `0044-03-15 00:00:00+00 BC` or `infinity`; rounded down to
/// microseconds. Not limited to the range of the server.
template <detail::timestamp_duration Duration>
std::string to_string(std::chrono::sys_time<Duration> value) {
  if (is_infinite(value)) {
    return value == infinite_future<decltype(value)> ? "infinity" : "-infinity";
  }
  return detail::timestamp_text(value.time_since_epoch(), "+00");
}

/// The text PostgreSQL prints for `value`, as for `sys_time` but without a time zone.
template <detail::timestamp_duration Duration>
std::string to_string(std::chrono::local_time<Duration> value) {
  if (is_infinite(value)) {
    return value == infinite_future<decltype(value)> ? "infinity" : "-infinity";
  }
  return detail::timestamp_text(value.time_since_epoch(), "");
}

}  // namespace pqscope

#endif
