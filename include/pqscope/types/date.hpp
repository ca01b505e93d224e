#ifndef PQSCOPE_TYPES_DATE_HPP
#define PQSCOPE_TYPES_DATE_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/calendar.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/infinity.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/ticks.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pqscope {

namespace detail {

// The server's range, in days since 2000-01-01: from 4714-11-24 BC (4713 BC in the Julian calendar)
// to before 5874898-01-01, and the two infinities. Source: PostgreSQL's `datatype/timestamp.h`.
inline constexpr std::int64_t first_date = -2'451'545;
inline constexpr std::int64_t end_of_dates = 2'145'031'949;
inline constexpr std::int32_t date_infinity = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int32_t date_minus_infinity = std::numeric_limits<std::int32_t>::min();

constexpr bool is_server_date(std::int64_t value) noexcept {
  return value >= first_date && value < end_of_dates;
}

/// Reads a date as the server prints it, into its own count.
inline std::int32_t parse_date(std::string_view text) {
  if (text == "infinity") {
    return date_infinity;
  }
  if (text == "-infinity") {
    return date_minus_infinity;
  }
  calendar_reader reader(text);
  civil_day date{};
  std::int64_t days = 0;
  if (!reader.date(date)) {
    throw_malformed("date");
  }
  reader.era(date);
  if (!reader.done() || !days_from_civil(date, days) || !is_server_date(days - server_epoch_days)) {
    throw_malformed("date");
  }
  return static_cast<std::int32_t>(days - server_epoch_days);
}

inline std::string date_text(civil_day date) {
  std::string text;
  append_date(text, date);
  append_era(text, date);
  return text;
}

template <class Clock>
constexpr std::int64_t days_of(std::chrono::time_point<Clock, std::chrono::days> date) noexcept {
  return date.time_since_epoch().count();
}

inline std::int64_t days_of(std::chrono::year_month_day date) {
  if (!date.ok()) {
    throw usage_error("a std::chrono::year_month_day is no day of the calendar");
  }
  return days_of(std::chrono::sys_days(date));
}

/// What the C++ types for dates have in common: days since 2000-01-01.
template <class Date>
struct date_codec {
  static constexpr oid_t type = oid::date;
  static constexpr oid_t array_type = oid::date_array;
  static constexpr oid_t parameter_type = type;
  static constexpr bool text_parameter = false;
  static constexpr std::string_view name = "date";

  static constexpr bool accepts(oid_t column) noexcept { return column == type; }

  static void encode(Date const& value, encoder& out) { out.put_int32(wire_integer(value)); }

  static std::int32_t wire_integer(Date const& value) { return to_server(value); }

  static Date decode(wire_value value) {
    require_size(value, 4, name);
    return from_server(read_int32(value.data));
  }

  static Date parse(std::string_view text) { return from_server(parse_date(text)); }

 private:
  static std::int32_t to_server(Date const& value) {
    if (value == infinite_future<Date>) {
      return date_infinity;
    }
    if (value == infinite_past<Date>) {
      return date_minus_infinity;
    }
    std::int64_t days = 0;
    if (!add(days_of(value), -server_epoch_days, days) || !is_server_date(days)) {
      throw usage_error("a date is outside what PostgreSQL holds, 4713 BC to 5874897 AD");
    }
    return static_cast<std::int32_t>(days);
  }

  static Date from_server(std::int32_t value) {
    if (value == date_infinity) {
      return infinite_future<Date>;
    }
    if (value == date_minus_infinity) {
      return infinite_past<Date>;
    }
    if (!is_server_date(value)) {
      throw_malformed(name);
    }
    std::int64_t const days = value + server_epoch_days;
    if constexpr (std::is_same_v<Date, std::chrono::year_month_day>) {
      if (civil_from_days(days).year > static_cast<int>(std::chrono::year::max())) {
        throw_out_of_range(name);
      }
      return finite(Date(std::chrono::sys_days(whole_days(days))));
    } else {
      return finite(Date(whole_days(days)));
    }
  }

  static std::chrono::days whole_days(std::int64_t days) {
    if (!std::in_range<std::chrono::days::rep>(days)) {
      throw_out_of_range(name);
    }
    return std::chrono::days(static_cast<std::chrono::days::rep>(days));
  }

  static Date finite(Date date) {
    if (is_infinite(date)) {
      throw_out_of_range(name);
    }
    return date;
  }
};

}  // namespace detail

/// `std::chrono::sys_days` is `date`. `infinity` and `-infinity` are its largest and smallest
/// value, see `infinite_future`. A day that PostgreSQL cannot hold, before 4713 BC or after 5874897
/// AD, is a `usage_error`. Timestamps are not read as dates: cast in the SQL text.
template <>
struct codec<std::chrono::sys_days> : detail::date_codec<std::chrono::sys_days> {};

/// `std::chrono::local_days` is `date` too: a date has no time zone.
template <>
struct codec<std::chrono::local_days> : detail::date_codec<std::chrono::local_days> {};

/// `std::chrono::year_month_day` is `date`. One that is no day of the calendar (`ok()` is false) is
/// a `usage_error`; a date after the year 32767, where the C++ type ends, a `decode_error`. Its
/// last and first day, 32767-12-31 and -32767-01-01, stand for `infinity` and `-infinity`.
template <>
struct codec<std::chrono::year_month_day> : detail::date_codec<std::chrono::year_month_day> {};

/// The text PostgreSQL prints for `value`, such as `2024-02-29`, `0044-03-15 BC` or `infinity`.
inline std::string to_string(std::chrono::sys_days value) {
  if (is_infinite(value)) {
    return value == infinite_future<std::chrono::sys_days> ? "infinity" : "-infinity";
  }
  return detail::date_text(detail::civil_from_days(detail::days_of(value)));
}

/// The text PostgreSQL prints for `value`, as for `sys_days`.
inline std::string to_string(std::chrono::local_days value) {
  return to_string(std::chrono::sys_days(value.time_since_epoch()));
}

/// The text PostgreSQL prints for `value`, as for `sys_days`; for what is no day of the calendar
/// its parts as they are.
inline std::string to_string(std::chrono::year_month_day value) {
  if (is_infinite(value)) {
    return value == infinite_future<std::chrono::year_month_day> ? "infinity" : "-infinity";
  }
  return detail::date_text({static_cast<int>(value.year()), static_cast<unsigned>(value.month()),
                            static_cast<unsigned>(value.day())});
}

}  // namespace pqscope

#endif
