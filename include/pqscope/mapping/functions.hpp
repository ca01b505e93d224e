#ifndef PQSCOPE_MAPPING_FUNCTIONS_HPP
#define PQSCOPE_MAPPING_FUNCTIONS_HPP

#include <pqscope/mapping/col.hpp>
#include <pqscope/mapping/expression.hpp>
#include <pqscope/types/interval.hpp>
#include <pqscope/types/numeric.hpp>
#include <pqscope/types/oid.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace pqscope {
namespace detail {

struct function_text {
  static constexpr std::string_view after = ")";
  static constexpr int precedence = atom_level;
  static constexpr int inside = or_level;
  static constexpr bool nullable(bool inner) { return inner; }
};
struct aggregate_text : function_text {
  static constexpr bool nullable(bool) { return true; }
};
struct count_text : function_text {
  static constexpr bool nullable(bool) { return false; }
};

#define PQSCOPE_FUNCTION(name, base, sql)           \
  struct name : base {                              \
    static constexpr std::string_view before = sql; \
  };

PQSCOPE_FUNCTION(op_lower, function_text, "lower(")
PQSCOPE_FUNCTION(op_upper, function_text, "upper(")
PQSCOPE_FUNCTION(op_cardinality, function_text, "cardinality(")
PQSCOPE_FUNCTION(op_count, count_text, "count(")
PQSCOPE_FUNCTION(op_count_distinct, count_text, "count(DISTINCT ")
PQSCOPE_FUNCTION(op_sum, aggregate_text, "sum(")
PQSCOPE_FUNCTION(op_avg, aggregate_text, "avg(")
PQSCOPE_FUNCTION(op_min, aggregate_text, "min(")
PQSCOPE_FUNCTION(op_max, aggregate_text, "max(")

#undef PQSCOPE_FUNCTION

struct count_rows : operand_members<count_rows> {
  using type = std::int64_t;
  static constexpr bool nullable = false;
  static constexpr int precedence = atom_level;
  static constexpr std::size_t parameters = 0;
  static constexpr void write(text_writer& out, column_hint = {}) { out << "count(*)"; }
  void bind(argument_binder&) const noexcept {}
};

/// The type of one of two values, of numbers the larger one.
template <class A, class B>
struct either_type {
  using type = A;
};
template <class A, class B>
  requires(is_number<A> && is_number<B> && !std::is_same_v<A, B>)
struct either_type<A, B> : common_number<A, B> {};

template <class Inner, class Value>
struct coalesce_expression : operand_members<coalesce_expression<Inner, Value>> {
  using type = typename either_type<typename Inner::type, typename Value::type>::type;
  static constexpr bool nullable = Value::nullable;
  static constexpr int precedence = atom_level;
  static constexpr std::size_t parameters = Inner::parameters + Value::parameters;

  Inner inner;
  Value value;

  constexpr coalesce_expression(Inner of, Value otherwise)
      : inner(std::move(of)), value(std::move(otherwise)) {}
  static constexpr void write(text_writer& out, column_hint = {}) {
    out << "coalesce(";
    Inner::write(out);
    out << ", ";
    Value::write(out, hint_of<Inner>());
    out << ")";
  }
  void bind(argument_binder& binder) const {
    inner.bind(binder);
    value.bind(binder);
  }
};

/// What the server makes of a sum. Source: PostgreSQL, "Aggregate Functions".
template <class T>
using sum_type =
    std::conditional_t<std::is_integral_v<T>,
                       std::conditional_t<codec_for<T>::type == oid::int8, numeric, std::int64_t>,
                       T>;
template <class T>
using avg_type = std::conditional_t<
    std::is_integral_v<T>, numeric,
    std::conditional_t<std::is_floating_point_v<T>, double,
                       std::conditional_t<fixed_type<T> == oid::interval, interval, T>>>;

/// A place in an order.
template <class E, bool Descending, int Nulls>
struct ordering {
  static constexpr std::size_t parameters = E::parameters;

  E expression;

  /// NULL comes first.
  constexpr auto nulls_first() const { return ordering<E, Descending, 1>{expression}; }
  /// NULL comes last.
  constexpr auto nulls_last() const { return ordering<E, Descending, 2>{expression}; }

  static constexpr void write(text_writer& out) {
    E::write(out);
    out << (Descending ? " DESC" : "");
    out << (Nulls == 1 ? " NULLS FIRST" : Nulls == 2 ? " NULLS LAST" : "");
  }
  void bind(argument_binder& binder) const { expression.bind(binder); }
};

template <class T>
inline constexpr bool is_ordering = false;
template <class E, bool Descending, int Nulls>
inline constexpr bool is_ordering<ordering<E, Descending, Nulls>> = true;

/// Ascending, where nothing else is said.
template <class T>
constexpr auto as_ordering(T const& by) {
  if constexpr (is_ordering<T>) {
    return by;
  } else {
    static_assert(expression<T>, "pqscope: an order is one of columns and expressions");
    return ordering<T, false, 0>{by};
  }
}

}  // namespace detail

/// From the largest to the smallest, in `order_by`; NULL first.
template <detail::expression E>
constexpr auto desc(E const& by) {
  return detail::ordering<E, true, 0>{by};
}
/// From the smallest to the largest, in `order_by`; NULL last.
template <detail::expression E>
constexpr auto asc(E const& by) {
  return detail::ordering<E, false, 0>{by};
}

/// A text in lower case.
template <detail::expression E>
constexpr auto lower(E const& text) {
  static_assert(detail::is_string<typename E::type>, "pqscope: lower() is for texts");
  return detail::make_unary<detail::op_lower, std::string>(text);
}
/// A text in upper case.
template <detail::expression E>
constexpr auto upper(E const& text) {
  static_assert(detail::is_string<typename E::type>, "pqscope: upper() is for texts");
  return detail::make_unary<detail::op_upper, std::string>(text);
}
/// How many elements an array has.
template <detail::expression E>
constexpr auto cardinality(E const& array) {
  static_assert(detail::array_container<typename E::type>, "pqscope: cardinality() is for arrays");
  return detail::make_unary<detail::op_cardinality, int>(array);
}
/// The value, or another one where it is NULL; of two types of numbers the larger one.
template <detail::expression E, class V>
constexpr auto coalesce(E const& value, V const& otherwise) {
  using other = decltype(detail::operand<typename E::type>(otherwise));
  return detail::coalesce_expression<E, other>(value, detail::operand<typename E::type>(otherwise));
}

/// The number of rows.
constexpr auto count() {
  return detail::count_rows{};
}
/// The number of rows in which the value is not NULL.
template <detail::expression E>
constexpr auto count(E const& value) {
  return detail::make_unary<detail::op_count, std::int64_t>(value);
}
/// The number of different values that are not NULL.
template <detail::expression E>
constexpr auto count_distinct(E const& value) {
  return detail::make_unary<detail::op_count_distinct, std::int64_t>(value);
}
/// The sum: `bigint` of smaller integers, `numeric` of `bigint`, else of the same type. Nothing
/// where there is no value.
template <detail::expression E>
constexpr auto sum(E const& value) {
  return detail::make_unary<detail::op_sum, detail::sum_type<typename E::type>>(value);
}
/// The mean: `numeric` of integers, `double` of floating point numbers, `interval` of lengths of
/// time. Nothing where there is no value.
template <detail::expression E>
constexpr auto avg(E const& value) {
  return detail::make_unary<detail::op_avg, detail::avg_type<typename E::type>>(value);
}
/// The smallest value. Nothing where there is none.
template <detail::expression E>
constexpr auto min(E const& value) {
  return detail::make_unary<detail::op_min, typename E::type>(value);
}
/// The largest value. Nothing where there is none.
template <detail::expression E>
constexpr auto max(E const& value) {
  return detail::make_unary<detail::op_max, typename E::type>(value);
}

}  // namespace pqscope

#endif
