#ifndef PQSCOPE_MAPPING_CALCULATION_HPP
#define PQSCOPE_MAPPING_CALCULATION_HPP

#include <pqscope/mapping/expression.hpp>
#include <pqscope/types/interval.hpp>
#include <pqscope/types/oid.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace pqscope::detail {

/// The type that two types of numbers have in common; a signed one, as all of PostgreSQL's are.
template <class A, class B>
struct common_number {
  using common = std::common_type_t<A, B>;
  static constexpr oid_t in_sql = codec_for<common>::type;
  using type = std::conditional_t<
      !std::is_unsigned_v<common>, common,
      std::conditional_t<in_sql == oid::int8, std::int64_t,
                         std::conditional_t<in_sql == oid::int4, std::int32_t, std::int16_t>>>;
};
template <class A, class B>
  requires(is_decimal<A> || is_decimal<B>)
struct common_number<A, B> {
  using type = std::conditional_t<std::is_floating_point_v<A> || std::is_floating_point_v<B>,
                                  double, std::conditional_t<is_decimal<A>, A, B>>;
};

/// The type of a calculation with numbers. A `real` and any other number make a `double
/// precision`; anything that is no number stays what it is.
template <class A, class B>
struct calculated {
  using type = A;
};
template <class A, class B>
  requires(is_number<A> && is_number<B>)
struct calculated<A, B>
    : std::conditional_t<!std::is_same_v<A, B> &&
                             (std::is_floating_point_v<A> || std::is_floating_point_v<B>),
                         std::type_identity<double>, common_number<A, B>> {};

template <oid_t Type>
inline constexpr bool is_moment =
    Type == oid::timestamp || Type == oid::timestamptz || Type == oid::time;

/// A point in time, or a time of day, moved by a length of time: what a clock shows is as fine as
/// both together.
template <class Point, class Span>
struct moved {
  using type = Point;
};
template <class Clock, class Duration, class Span>
struct moved<std::chrono::time_point<Clock, Duration>, Span> {
  using type =
      std::chrono::time_point<Clock, std::common_type_t<Duration, std::chrono::microseconds>>;
};
template <class Clock, class Duration, class Rep, class Period>
struct moved<std::chrono::time_point<Clock, Duration>, std::chrono::duration<Rep, Period>> {
  using type =
      std::chrono::time_point<Clock,
                              std::common_type_t<Duration, std::chrono::duration<Rep, Period>>>;
};

/// The type of a calculation with dates, times and intervals; void where it is not one that
/// PostgreSQL has. Source: PostgreSQL, "Date/Time Operators".
///
/// `Sign` is `+`, `-`, `*` or `/`.
template <char Sign, class A, class B>
consteval auto find_time() {
  constexpr oid_t a = fixed_type<A>;
  constexpr oid_t b = fixed_type<B>;
  constexpr bool adds = Sign == '+';
  constexpr bool subtracts = Sign == '-';
  using wall_clock = std::chrono::local_time<std::chrono::microseconds>;
  if constexpr (Sign == '*' && is_number<A> && b == oid::interval) {
    return std::type_identity<interval>{};
  } else if constexpr (Sign == '*' || Sign == '/') {
    return std::conditional_t<a == oid::interval && is_number<B>, std::type_identity<interval>,
                              std::type_identity<void>>{};
  } else if constexpr (a == oid::interval && b == oid::interval) {
    return std::type_identity<interval>{};
  } else if constexpr (is_moment<a> && b == oid::interval) {
    return moved<A, B>{};
  } else if constexpr (adds && a == oid::interval && is_moment<b>) {
    return moved<B, A>{};
  } else if constexpr (a == oid::date && (b == oid::int4 || b == oid::int2)) {
    return std::type_identity<A>{};
  } else if constexpr (adds && (a == oid::int4 || a == oid::int2) && b == oid::date) {
    return std::type_identity<B>{};
  } else if constexpr ((a == oid::date && b == oid::interval) ||
                       (adds && ((a == oid::interval && b == oid::date) ||
                                 (a == oid::date && b == oid::time) ||
                                 (a == oid::time && b == oid::date)))) {
    return std::type_identity<wall_clock>{};
  } else if constexpr (subtracts && a == oid::date && b == oid::date) {
    return std::type_identity<std::int32_t>{};
  } else if constexpr (subtracts && is_moment<a> && a == b) {
    return std::type_identity<interval>{};
  } else {
    return std::type_identity<void>{};
  }
}

template <class T>
struct type_of_operand {
  using type = std::decay_t<T>;
};
template <expression T>
struct type_of_operand<T> {
  using type = typename T::type;
};

/// The type of a calculation of dates, times and intervals that are expressions or values.
template <char Sign, class L, class R>
using time_type = typename decltype(find_time<Sign, typename type_of_operand<L>::type,
                                              typename type_of_operand<R>::type>())::type;

/// An operand of such a calculation: a value keeps its own type.
template <class Operand>
constexpr auto time_operand(Operand const& value) {
  if constexpr (expression<Operand>) {
    return value;
  } else {
    return value_expression<Operand>(value);
  }
}

}  // namespace pqscope::detail

#endif
