#ifndef PQSCOPE_TYPES_TIME_OF_DAY_HPP
#define PQSCOPE_TYPES_TIME_OF_DAY_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/calendar.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/ticks.hpp>

#include <chrono>
#include <compare>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

namespace detail {

constexpr bool is_server_time(std::int64_t microseconds) noexcept {
  return microseconds >= 0 && microseconds <= microseconds_per_day;
}

/// Reads a time as the server prints it, in microseconds since midnight.
inline std::int64_t parse_time(std::string_view text) {
  calendar_reader reader(text);
  std::int64_t hours = 0;
  std::int64_t microseconds = 0;
  if (!reader.time(2, hours, microseconds) || !reader.done()) {
    throw_malformed("time without time zone");
  }
  return microseconds + hours * 3600 * microseconds_per_second;
}

}  // namespace detail

/// A time of day without date and zone, in microseconds: PostgreSQL's `time`. Reaches from midnight
/// to 24:00:00, the end of the day, which is later than all others.
class time_of_day {
 public:
  /// Midnight.
  constexpr time_of_day() noexcept = default;

  /// The time `since_midnight` after midnight, as in `time_of_day{9h + 30min}`. Throws
  /// `usage_error` where that is negative or more than 24 hours.
  constexpr explicit time_of_day(std::chrono::microseconds since_midnight,
                                 std::source_location where = std::source_location::current())
      : since_midnight_(since_midnight) {
    if (!detail::is_server_time(since_midnight.count())) {
      throw usage_error("a time of day is from 00:00:00 to 24:00:00", where);
    }
  }

  /// Time passed since midnight, up to and including 24 hours.
  constexpr std::chrono::microseconds since_midnight() const noexcept { return since_midnight_; }

  /// Earlier is less.
  friend constexpr auto operator<=>(time_of_day const&, time_of_day const&) = default;

 private:
  std::chrono::microseconds since_midnight_{0};
};

/// The text PostgreSQL prints for `value`, such as `09:30:00` or `23:59:59.999999`.
inline std::string to_string(time_of_day value) {
  std::string text;
  detail::append_time(text, static_cast<std::uint64_t>(value.since_midnight().count()));
  return text;
}

namespace detail {

/// What the C++ types for times have in common: microseconds since midnight.
struct time_codec {
  static constexpr oid_t type = oid::time;
  static constexpr oid_t array_type = oid::time_array;
  static constexpr oid_t parameter_type = type;
  static constexpr bool text_parameter = false;
  static constexpr std::string_view name = "time without time zone";

  static constexpr bool accepts(oid_t column) noexcept { return column == type; }

 protected:
  static std::int64_t checked(std::int64_t microseconds) {
    if (!is_server_time(microseconds)) {
      throw_malformed(name);
    }
    return microseconds;
  }

  static std::int64_t from_server(wire_value value) {
    require_size(value, 8, name);
    return checked(read_int64(value.data));
  }

  static std::int64_t from_text(std::string_view text) { return checked(parse_time(text)); }
};

}  // namespace detail

/// `time_of_day` is `time without time zone`. `time with time zone` is not read.
template <>
struct codec<time_of_day> : detail::time_codec {
  /// Microseconds since midnight.
  static void encode(time_of_day const& value, encoder& out) {
    out.put_int64(value.since_midnight().count());
  }

  /// Reads microseconds since midnight.
  static time_of_day decode(wire_value value) {
    return time_of_day(std::chrono::microseconds(from_server(value)));
  }

  /// Reads `HH:MM:SS[.ffffff]`.
  static time_of_day parse(std::string_view text) {
    return time_of_day(std::chrono::microseconds(from_text(text)));
  }
};

/// `std::chrono::hh_mm_ss` is `time without time zone`. What is finer than a microsecond is rounded
/// down; a negative one or one of more than 24 hours is a `usage_error`; a value too fine for its
/// duration a `decode_error`.
template <detail::wire_duration Duration>
struct codec<std::chrono::hh_mm_ss<Duration>> : detail::time_codec {
  /// Microseconds since midnight.
  static void encode(std::chrono::hh_mm_ss<Duration> const& value, encoder& out) {
    using precision = typename std::chrono::hh_mm_ss<Duration>::precision;
    // hours beyond a day could overflow when they are put together
    bool const within_a_day = value.hours() <= std::chrono::hours{24};
    auto const since_midnight = within_a_day ? value.to_duration() : precision{-1};
    using period = typename precision::period;
    std::int64_t microseconds = 0;
    if (!detail::ticks_to_microseconds(since_midnight.count(), detail::tick_of<period>, 0,
                                       microseconds) ||
        !detail::is_server_time(microseconds)) {
      throw usage_error("a std::chrono::hh_mm_ss is no time from 00:00:00 to 24:00:00");
    }
    out.put_int64(microseconds);
  }

  /// Reads microseconds since midnight.
  static std::chrono::hh_mm_ss<Duration> decode(wire_value value) {
    return from_microseconds(from_server(value));
  }

  /// Reads `HH:MM:SS[.ffffff]`.
  static std::chrono::hh_mm_ss<Duration> parse(std::string_view text) {
    return from_microseconds(from_text(text));
  }

 private:
  static std::chrono::hh_mm_ss<Duration> from_microseconds(std::int64_t value) {
    return std::chrono::hh_mm_ss<Duration>(detail::duration_from<Duration>(value, 0, name));
  }
};

}  // namespace pqscope

#endif
