#ifndef PQSCOPE_TYPES_CALENDAR_HPP
#define PQSCOPE_TYPES_CALENDAR_HPP

#include <pqscope/types/ticks.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// A day of the proleptic Gregorian calendar. Year 0 is 1 BC. Wider than
/// `std::chrono::year_month_day`, whose years end at 32767.
struct civil_day {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

// The calendar repeats every 400 years, so std::chrono need only know those from 1970 on.
inline constexpr std::int64_t days_per_cycle = 146'097;

/// The calendar day of `days` since 1970-01-01.
constexpr civil_day civil_from_days(std::int64_t days) noexcept {
  std::int64_t const cycle = floor_divide(days, days_per_cycle);
  auto const within = static_cast<int>(days - cycle * days_per_cycle);
  std::chrono::year_month_day const date{std::chrono::sys_days(std::chrono::days(within))};
  return {static_cast<int>(date.year()) + 400 * cycle, static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day())};
}

/// Days since 1970-01-01; false if the calendar has no such day.
constexpr bool days_from_civil(civil_day date, std::int64_t& days) noexcept {
  std::int64_t const cycle = floor_divide(date.year - 1970, 400);
  std::chrono::year_month_day const within(
      std::chrono::year(static_cast<int>(date.year - 400 * cycle)), std::chrono::month(date.month),
      std::chrono::day(date.day));
  days = std::chrono::sys_days(within).time_since_epoch().count() + cycle * days_per_cycle;
  return within.ok();
}

/// Appends `value` in decimal with at least `width` digits.
inline void append_digits(std::string& out, std::uint64_t value, std::size_t width) {
  char digits[20];
  std::size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  out.append(width > count ? width - count : 0, '0');
  while (count != 0) {
    out += digits[--count];
  }
}

/// Appends `YYYY-MM-DD`; the year without its era, which `append_era` adds at the very end.
inline void append_date(std::string& out, civil_day date) {
  std::int64_t const year = date.year > 0 ? date.year : 1 - date.year;
  append_digits(out, static_cast<std::uint64_t>(year), 4);
  out += '-';
  append_digits(out, date.month, 2);
  out += '-';
  append_digits(out, date.day, 2);
}

/// Appends ` BC` where the year is one.
inline void append_era(std::string& out, civil_day date) {
  if (date.year <= 0) {
    out += " BC";
  }
}

/// Appends `HH:MM:SS` and, of the fraction, what is not zero.
inline void append_time(std::string& out, std::uint64_t microseconds) {
  std::uint64_t const seconds = microseconds / 1'000'000;
  append_digits(out, seconds / 3600, 2);
  out += ':';
  append_digits(out, seconds / 60 % 60, 2);
  out += ':';
  append_digits(out, seconds % 60, 2);
  if (std::uint64_t const fraction = microseconds % 1'000'000; fraction != 0) {
    out += '.';
    append_digits(out, fraction, 6);
    while (out.back() == '0') {
      out.pop_back();
    }
  }
}

/// Reads the server's dates and times from the front of a text. Each function answers whether what
/// it looks for was there and advances only then.
class calendar_reader {
 public:
  explicit constexpr calendar_reader(std::string_view text) noexcept : rest_(text) {}

  constexpr bool done() const noexcept { return rest_.empty(); }
  constexpr bool at(char next) const noexcept { return rest_.starts_with(next); }

  constexpr bool skip(std::string_view expected) noexcept {
    if (!rest_.starts_with(expected)) {
      return false;
    }
    rest_.remove_prefix(expected.size());
    return true;
  }

  /// A number of `least` to `most` digits (at most 18), taken to its last digit.
  constexpr bool number(std::size_t least, std::size_t most, std::int64_t& value) noexcept {
    std::size_t count = 0;
    std::int64_t read = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') {
      if (count == most) {
        return false;
      }
      read = read * 10 + (rest_[count++] - '0');
    }
    if (count < least) {
      return false;
    }
    rest_.remove_prefix(count);
    value = read;
    return true;
  }

  /// `.f` to `.ffffff` in microseconds; 0 where there is no point.
  constexpr bool fraction(std::int64_t& microseconds) noexcept {
    microseconds = 0;
    if (!skip(".")) {
      return true;
    }
    std::size_t const before = rest_.size();
    if (!number(1, 6, microseconds)) {
      return false;
    }
    for (std::size_t digits = before - rest_.size(); digits != 6; ++digits) {
      microseconds *= 10;
    }
    return true;
  }

  /// `YYYY-MM-DD`, the year of four to seven digits and not 0.
  constexpr bool date(civil_day& value) noexcept {
    std::int64_t year = 0;
    std::int64_t month = 0;
    std::int64_t day = 0;
    if (!number(4, 7, year) || year == 0 || !skip("-") || !number(2, 2, month) || !skip("-") ||
        !number(2, 2, day)) {
      return false;
    }
    value = {year, static_cast<unsigned>(month), static_cast<unsigned>(day)};
    return true;
  }

  /// `HH:MM:SS[.ffffff]` in microseconds; hours of two to `most_hour_digits` digits.
  constexpr bool time(std::size_t most_hour_digits, std::int64_t& hours,
                      std::int64_t& microseconds) noexcept {
    return number(2, most_hour_digits, hours) && minutes_and_seconds(microseconds);
  }

  /// `:MM:SS[.ffffff]` in microseconds.
  constexpr bool minutes_and_seconds(std::int64_t& microseconds) noexcept {
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    std::int64_t part = 0;
    if (!skip(":") || !number(2, 2, minutes) || minutes > 59 || !skip(":") ||
        !number(2, 2, seconds) || seconds > 59 || !fraction(part)) {
      return false;
    }
    microseconds = (minutes * 60 + seconds) * microseconds_per_second + part;
    return true;
  }

  /// `+HH[:MM[:SS]]` or the same with `-`, in seconds east of UTC.
  constexpr bool zone(std::int64_t& seconds) noexcept {
    bool const west = skip("-");
    if (!west && !skip("+")) {
      return false;
    }
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t rest = 0;
    if (!number(2, 2, hours)) {
      return false;
    }
    if (skip(":") && (!number(2, 2, minutes) || minutes > 59 ||
                      (skip(":") && (!number(2, 2, rest) || rest > 59)))) {
      return false;
    }
    seconds = (hours * 60 + minutes) * 60 + rest;
    seconds = west ? -seconds : seconds;
    return true;
  }

  /// ` BC`, which turns the year of `value` into one before 1.
  constexpr void era(civil_day& value) noexcept {
    if (skip(" BC")) {
      value.year = 1 - value.year;
    }
  }

 private:
  std::string_view rest_;
};

}  // namespace pqscope::detail

#endif
