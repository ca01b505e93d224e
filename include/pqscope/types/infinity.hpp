#ifndef PQSCOPE_TYPES_INFINITY_HPP
#define PQSCOPE_TYPES_INFINITY_HPP

#include <chrono>
#include <concepts>

namespace pqscope {

namespace detail {

/// Which values of `T` stand for `infinity` and `-infinity`.
template <class T>
struct infinity_of;

template <class Clock, class Duration>
struct infinity_of<std::chrono::time_point<Clock, Duration>> {
  using point = std::chrono::time_point<Clock, Duration>;
  static constexpr point future() noexcept { return point(Duration::max()); }
  static constexpr point past() noexcept { return point(Duration::min()); }
};

template <>
struct infinity_of<std::chrono::year_month_day> {
  static constexpr std::chrono::year_month_day future() noexcept {
    return std::chrono::year::max() / std::chrono::December / 31;
  }
  static constexpr std::chrono::year_month_day past() noexcept {
    return std::chrono::year::min() / std::chrono::January / 1;
  }
};

}  // namespace detail

/// The types that can hold PostgreSQL's `infinity`: time points, `std::chrono::year_month_day` and
/// `interval`.
///
/// Each gives up its largest and smallest value for that. A finite value of the server that happens
/// to equal one of them is not read as infinity: it is a `decode_error`, as any value out of range.
template <class T>
concept has_infinity = requires {
  { detail::infinity_of<T>::future() } -> std::same_as<T>;
  { detail::infinity_of<T>::past() } -> std::same_as<T>;
};

/// The value of `T` that is `infinity` on the server: later than all others. For time points the
/// largest of their type.
template <has_infinity T>
inline constexpr T infinite_future = detail::infinity_of<T>::future();

/// The value of `T` that is `-infinity` on the server: earlier than all others. For time points the
/// smallest of their type.
template <has_infinity T>
inline constexpr T infinite_past = detail::infinity_of<T>::past();

/// Whether `value` is one of the two infinities.
template <has_infinity T>
constexpr bool is_infinite(T const& value) noexcept {
  return value == infinite_future<T> || value == infinite_past<T>;
}

}  // namespace pqscope

#endif
