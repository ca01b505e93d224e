#ifndef PQSCOPE_TYPES_INTERVAL_STYLES_HPP
#define PQSCOPE_TYPES_INTERVAL_STYLES_HPP

#include <pqscope/types/calendar.hpp>
#include <pqscope/types/interval_text.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/ticks.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pqscope::detail {

/// Reads the style `sql_standard`: `1-2`, `3 4:05:06.7`, `-3 4:05:06` or `+1-2 -3 +4:05:06`.
///
/// A minus sign in front holds for all parts, unless these have signs of their own: the server
/// writes either one sign or three. Source: PostgreSQL, "Interval Output".
constexpr bool read_sql_standard(std::string_view text, interval_parts& value) noexcept {
  calendar_reader reader(text);
  bool negative = false;
  int last = 0;  // the part read last: 1 years and months, 2 days, 3 the time
  do {
    if (reader.skip("-")) {
      negative = true;
    } else if (reader.skip("+")) {
      negative = false;
    }
    std::int64_t number = 0;
    std::int64_t months = 0;
    std::int64_t rest = 0;
    if (!reader.number(1, 10, number)) {
      return false;
    }
    int part = 2;
    bool read = false;
    if (reader.skip("-")) {
      part = 1;
      read = reader.number(1, 2, months) && months < 12 &&
             value.add_months((negative ? -1 : 1) * (number * 12 + months));
    } else if (reader.at(':')) {
      part = 3;
      read = reader.minutes_and_seconds(rest) &&
             value.add_clock(negative, number, 3600 * microseconds_per_second, rest);
    } else {
      // Days alone are nothing the server writes, except for zero.
      bool const zero = number == 0 && last == 0 && reader.done();
      read = zero || (!reader.done() && value.add_days(negative ? -number : number));
    }
    if (!read || part <= last) {
      return false;
    }
    last = part;
  } while (reader.skip(" "));
  return reader.done();
}

/// Reads the style `postgres_verbose`: `@ 1 year 2 mons -3 days 4 hours 5 mins 6.7 secs ago`.
constexpr bool read_verbose(std::string_view text, interval_parts& value) noexcept {
  constexpr std::string_view ago = " ago";
  if (text == "@ 0") {
    return true;
  }
  bool const before = text.ends_with(ago);
  calendar_reader reader(before ? text.substr(0, text.size() - ago.size()) : text);
  if (!reader.skip("@ ")) {
    return false;
  }
  constexpr std::array<std::string_view, 6> units = {"year", "mon", "day", "hour", "min", "sec"};
  std::size_t next = 0;
  do {
    bool const negative = reader.skip("-") != before;
    std::int64_t number = 0;
    std::int64_t fraction = 0;
    if (!reader.number(1, 10, number) || !reader.fraction(fraction) || !reader.skip(" ")) {
      return false;
    }
    while (next < units.size() && !reader.skip(units[next])) {
      ++next;
    }
    static_cast<void>(reader.skip("s"));
    std::int64_t const amount = negative ? -number : number;
    std::int64_t const seconds = next == 3 ? 3600 : next == 4 ? 60 : 1;
    bool const read = next == units.size() ? false
                      : next == 0          ? value.add_months(amount * 12)
                      : next == 1          ? value.add_months(amount)
                      : next == 2          ? value.add_days(amount)
                                           : value.add_clock(negative, number,
                                                             seconds * microseconds_per_second, fraction);
    if (!read || (fraction != 0 && next != 5)) {
      return false;
    }
    ++next;
  } while (reader.skip(" "));
  return reader.done();
}

/// Reads a finite interval in whichever style the server prints it.
inline interval_parts parse_interval(std::string_view text) {
  interval_reader reader(text);
  interval_parts value;
  if (text.starts_with('P')) {
    if (reader.iso_8601()) {
      return reader.value();
    }
  } else if (text.starts_with('@')) {
    if (read_verbose(text, value)) {
      return value;
    }
  } else if (reader.postgres()) {
    return reader.value();
  } else if (read_sql_standard(text, value)) {
    return value;
  }
  throw_malformed("interval");
}

}  // namespace pqscope::detail

#endif
