#ifndef PQSCOPE_TYPES_INTERVAL_HPP
#define PQSCOPE_TYPES_INTERVAL_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/infinity.hpp>
#include <pqscope/types/interval_styles.hpp>
#include <pqscope/types/interval_text.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/ticks.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <string>
#include <string_view>

namespace pqscope {

/// PostgreSQL's `interval`: months, days and microseconds, which are not converted into each other
/// because months and days differ in length. A year is 12 months. Each part has its own sign.
///
/// Compares part by part: one month and 30 days are different here, though PostgreSQL's `=` holds
/// them for equal. For the same reason there is no order.
struct interval {
  std::int32_t months = 0;        ///< whole months, years included
  std::int32_t days = 0;          ///< whole days
  std::int64_t microseconds = 0;  ///< what is left, which may exceed a day

  /// Whether all three parts are equal.
  friend constexpr bool operator==(interval const&, interval const&) = default;
};

namespace detail {

template <>
struct infinity_of<interval> {
  static constexpr interval future() noexcept {
    using number = std::numeric_limits<std::int32_t>;
    return {number::max(), number::max(), std::numeric_limits<std::int64_t>::max()};
  }
  static constexpr interval past() noexcept {
    using number = std::numeric_limits<std::int32_t>;
    return {number::min(), number::min(), std::numeric_limits<std::int64_t>::min()};
  }
};

/// What the C++ types for intervals have in common: microseconds, days and months, 16 bytes.
struct interval_codec {
  static constexpr oid_t type = oid::interval;
  static constexpr oid_t array_type = oid::interval_array;
  static constexpr oid_t parameter_type = type;
  static constexpr bool text_parameter = false;
  static constexpr std::string_view name = "interval";

  static constexpr bool accepts(oid_t column) noexcept { return column == type; }

 protected:
  static void to_server(interval const& value, encoder& out) {
    out.put_int64(value.microseconds);
    out.put_int32(value.days);
    out.put_int32(value.months);
  }

  static interval from_server(wire_value value) {
    require_size(value, 16, name);
    return {read_int32(value.data + 12), read_int32(value.data + 8), read_int64(value.data)};
  }
};

template <class>
inline constexpr bool is_clock_duration = false;

template <class Rep, class Period>
inline constexpr bool is_clock_duration<std::chrono::duration<Rep, Period>> =
    wire_duration<std::chrono::duration<Rep, Period>> &&
    std::ratio_less_equal_v<Period, std::chrono::hours::period>;

/// Durations up to hours: what a clock measures, as opposed to a calendar.
template <class Duration>
concept clock_duration = is_clock_duration<Duration>;

}  // namespace detail

/// The text PostgreSQL prints for `value` with `IntervalStyle` postgres, such as
/// `1 year 2 mons -3 days +04:05:06.7`; `infinity` and `-infinity` as PostgreSQL 17 has them.
inline std::string to_string(interval const& value) {
  if (is_infinite(value)) {
    return value == infinite_future<interval> ? "infinity" : "-infinity";
  }
  return detail::interval_text({value.months, value.days, value.microseconds});
}

/// `pqscope::interval` is `interval`, all three parts kept as they are.
///
/// Text is read as the server prints it, whatever its `IntervalStyle`. An infinite interval
/// (PostgreSQL 17) has all three parts at their largest or smallest; older servers take it for a
/// finite one.
template <>
struct codec<interval> : detail::interval_codec {
  /// Sixteen bytes.
  static void encode(interval const& value, encoder& out) { to_server(value, out); }

  /// Reads sixteen bytes.
  static interval decode(wire_value value) { return from_server(value); }

  /// Reads any `IntervalStyle`.
  static interval parse(std::string_view text) {
    if (text == "infinity") {
      return infinite_future<interval>;
    }
    if (text == "-infinity") {
      return infinite_past<interval>;
    }
    auto const parts = detail::parse_interval(text);
    return {parts.months, parts.days, parts.microseconds};
  }
};

/// `std::chrono::duration` of whole numbers, up to hours, is an `interval` that has neither months
/// nor days.
///
/// What is finer than a microsecond is rounded down on its way to the server. Reading an interval
/// with months or days is a `decode_error`: how long these are depends on the calendar, take
/// `pqscope::interval`. So is a value too fine for the duration or out of its range. Durations of
/// days and more have no codec, for the same reason.
template <class Rep, class Period>
  requires detail::clock_duration<std::chrono::duration<Rep, Period>>
struct codec<std::chrono::duration<Rep, Period>> : detail::interval_codec {
  /// Sixteen bytes; `usage_error` where the microseconds exceed 64 bits.
  static void encode(std::chrono::duration<Rep, Period> const& value, encoder& out) {
    interval sent;
    if (!detail::ticks_to_microseconds(value.count(), detail::tick_of<Period>, 0,
                                       sent.microseconds)) {
      throw usage_error("a std::chrono::duration is longer than an interval of PostgreSQL");
    }
    to_server(sent, out);
  }

  /// Reads sixteen bytes.
  static std::chrono::duration<Rep, Period> decode(wire_value value) {
    return clock_part(from_server(value));
  }

  /// Reads any `IntervalStyle`.
  static std::chrono::duration<Rep, Period> parse(std::string_view text) {
    return clock_part(codec<interval>::parse(text));
  }

 private:
  static std::chrono::duration<Rep, Period> clock_part(interval const& value) {
    if (value.months != 0 || value.days != 0) {
      throw decode_error(
          "an interval with months or days has no fixed length: read it as pqscope::interval");
    }
    return detail::duration_from<std::chrono::duration<Rep, Period>>(value.microseconds, 0, name);
  }
};

}  // namespace pqscope

#endif
