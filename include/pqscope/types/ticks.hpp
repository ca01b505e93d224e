#ifndef PQSCOPE_TYPES_TICKS_HPP
#define PQSCOPE_TYPES_TICKS_HPP

#include <pqscope/error/decode_error.hpp>
#include <pqscope/types/malformed.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ratio>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope::detail {

inline constexpr std::int64_t microseconds_per_second = 1'000'000;
inline constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;

/// Midnight of 2000-01-01, from which the server counts, in days since 1970-01-01.
inline constexpr std::int64_t server_epoch_days = 10'957;
inline constexpr std::int64_t server_epoch = server_epoch_days * microseconds_per_day;

/// How a duration relates to the server's microsecond: `num / den` microseconds are a tick.
struct tick_size {
  std::int64_t num;
  std::int64_t den;
};

template <class Period>
inline constexpr tick_size tick_of = {std::ratio_divide<Period, std::micro>::num,
                                      std::ratio_divide<Period, std::micro>::den};

template <class>
inline constexpr bool is_wire_duration = false;

template <std::signed_integral Rep, class Period>
inline constexpr bool is_wire_duration<std::chrono::duration<Rep, Period>> =
    tick_of<Period>.num == 1 || tick_of<Period>.den == 1;

/// Durations of whole numbers whose tick is a multiple or a whole fraction of a microsecond.
template <class Duration>
concept wire_duration = is_wire_duration<Duration>;

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b < 0 ? 1 : 0);
}

constexpr bool add(std::int64_t a, std::int64_t b, std::int64_t& sum) noexcept {
  return !__builtin_add_overflow(a, b, &sum);
}

constexpr bool multiply(std::int64_t a, std::int64_t b, std::int64_t& product) noexcept {
  return !__builtin_mul_overflow(a, b, &product);
}

/// Microseconds since `epoch` (itself in microseconds since the ticks' own), rounded down; false if
/// they do not fit. The epoch is taken off in ticks first: the result may fit where the ticks in
/// microseconds would not.
constexpr bool ticks_to_microseconds(std::int64_t ticks, tick_size tick, std::int64_t epoch,
                                     std::int64_t& microseconds) noexcept {
  std::int64_t value = 0;
  if (tick.den != 1) {
    return add(floor_divide(ticks, tick.den), -epoch, microseconds);
  }
  return add(ticks, -(epoch / tick.num), value) && multiply(value, tick.num, value) &&
         add(value, -(epoch % tick.num), microseconds);
}

enum class fit { exact, inexact, overflow };

/// The inverse of `ticks_to_microseconds`, which is exact or says why not.
constexpr fit microseconds_to_ticks(std::int64_t microseconds, tick_size tick, std::int64_t epoch,
                                    std::int64_t& ticks) noexcept {
  std::int64_t value = 0;
  if (tick.den != 1) {
    bool const fits = add(microseconds, epoch, value) && multiply(value, tick.den, ticks);
    return fits ? fit::exact : fit::overflow;
  }
  std::int64_t const rest = microseconds % tick.num + epoch % tick.num;
  if (rest % tick.num != 0) {
    return fit::inexact;
  }
  bool const fits =
      add(microseconds / tick.num, epoch / tick.num, value) && add(value, rest / tick.num, ticks);
  return fits ? fit::exact : fit::overflow;
}

/// Throws the `decode_error` of a value that is finer than the C++ type.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_inexact(std::string_view type) {
  throw decode_error("a value of type " + std::string(type) +
                     " is finer than the C++ duration it is read as");
}

/// `microseconds` since `epoch` as a `Duration`; `decode_error` unless that is exact.
template <wire_duration Duration>
constexpr Duration duration_from(std::int64_t microseconds, std::int64_t epoch,
                                 std::string_view type) {
  using rep = typename Duration::rep;
  std::int64_t ticks = 0;
  fit const result =
      microseconds_to_ticks(microseconds, tick_of<typename Duration::period>, epoch, ticks);
  if (result == fit::inexact) {
    throw_inexact(type);
  }
  if (result == fit::overflow || !std::in_range<rep>(ticks)) {
    throw_out_of_range(type);
  }
  return Duration(static_cast<rep>(ticks));
}

}  // namespace pqscope::detail

#endif
