#ifndef PQSCOPE_MAPPING_OPERATORS_HPP
#define PQSCOPE_MAPPING_OPERATORS_HPP

#include <pqscope/mapping/calculation.hpp>
#include <pqscope/mapping/expression.hpp>

#include <string_view>
#include <type_traits>

namespace pqscope::detail {

#define PQSCOPE_BINARY(name, level, sql)          \
  struct name : binary_operator<level> {          \
    static constexpr std::string_view text = sql; \
  };
#define PQSCOPE_CHAIN(name, level, sql, is_associative) \
  struct name : binary_operator<level> {                \
    static constexpr std::string_view text = sql;       \
    static constexpr bool chains = true;                \
    static constexpr bool associative = is_associative; \
  };

PQSCOPE_BINARY(op_equal, comparison_level, " = ")
PQSCOPE_BINARY(op_unequal, comparison_level, " <> ")
PQSCOPE_BINARY(op_less, comparison_level, " < ")
PQSCOPE_BINARY(op_less_equal, comparison_level, " <= ")
PQSCOPE_BINARY(op_greater, comparison_level, " > ")
PQSCOPE_BINARY(op_greater_equal, comparison_level, " >= ")
PQSCOPE_BINARY(op_like, like_level, " LIKE ")
PQSCOPE_BINARY(op_ilike, like_level, " ILIKE ")
PQSCOPE_BINARY(op_not_like, like_level, " NOT LIKE ")
PQSCOPE_BINARY(op_matches, operator_level, " ~ ")
PQSCOPE_BINARY(op_contains, operator_level, " @> ")
PQSCOPE_BINARY(op_contained, operator_level, " <@ ")
PQSCOPE_BINARY(op_overlaps, operator_level, " && ")
PQSCOPE_BINARY(op_has_key, operator_level, " ? ")
PQSCOPE_BINARY(op_l2, operator_level, " <-> ")
PQSCOPE_BINARY(op_cosine, operator_level, " <=> ")
PQSCOPE_BINARY(op_inner_product, operator_level, " <#> ")
PQSCOPE_CHAIN(op_and, and_level, " AND ", true)
PQSCOPE_CHAIN(op_or, or_level, " OR ", true)
PQSCOPE_CHAIN(op_plus, sum_level, " + ", false)
PQSCOPE_CHAIN(op_minus, sum_level, " - ", false)
PQSCOPE_CHAIN(op_times, product_level, " * ", false)
PQSCOPE_CHAIN(op_divide, product_level, " / ", false)
PQSCOPE_CHAIN(op_get, operator_level, " -> ", false)
PQSCOPE_CHAIN(op_get_text, operator_level, " ->> ", false)

#undef PQSCOPE_CHAIN
#undef PQSCOPE_BINARY

struct op_not {
  static constexpr std::string_view before = "NOT ";
  static constexpr std::string_view after{};
  static constexpr int precedence = not_level;
  static constexpr int inside = atom_level;
  static constexpr bool nullable(bool inner) { return inner; }
};
template <class L, class R>
concept either_expression = expression<L> || expression<R>;

template <class Op, class Type, class L, class R>
constexpr auto make_operation(L const& left, R const& right) {
  if constexpr (std::is_void_v<Type>) {
    using type = typename calculated<typename L::type, typename R::type>::type;
    return binary_expression<Op, type, L, R>(left, right);
  } else {
    return binary_expression<Op, Type, L, R>(left, right);
  }
}

/// An operator between two operands of which at least one is an expression; the value is of type
/// `Type`, or what calculating gives where that is void.
template <class Op, class Type, class L, class R>
constexpr auto operate(L const& left, R const& right) {
  if constexpr (expression<L>) {
    using other = decltype(operand<typename L::type>(right));
    return make_operation<Op, Type, L, other>(left, operand<typename L::type>(right));
  } else {
    using other = decltype(operand<typename R::type>(left));
    return make_operation<Op, Type, other, R>(operand<typename R::type>(left), right);
  }
}

/// `+`, `-`, `*` or `/`: with dates, times and intervals, else with numbers.
template <class Op, char Sign, class L, class R>
constexpr auto calculate(L const& left, R const& right) {
  using type = time_type<Sign, L, R>;
  if constexpr (std::is_void_v<type>) {
    return operate<Op, void>(left, right);
  } else {
    using first = decltype(time_operand(left));
    using second = decltype(time_operand(right));
    return binary_expression<Op, type, first, second>(time_operand(left), time_operand(right));
  }
}

/// The operators of SQL between columns, expressions and values. Values become parameters.
#define PQSCOPE_OPERATOR(symbol, op, type)                        \
  template <class L, class R>                                     \
    requires either_expression<L, R>                              \
  constexpr auto operator symbol(L const& left, R const& right) { \
    return operate<op, type>(left, right);                        \
  }

PQSCOPE_OPERATOR(==, op_equal, bool)
PQSCOPE_OPERATOR(!=, op_unequal, bool)
PQSCOPE_OPERATOR(<, op_less, bool)
PQSCOPE_OPERATOR(<=, op_less_equal, bool)
PQSCOPE_OPERATOR(>, op_greater, bool)
PQSCOPE_OPERATOR(>=, op_greater_equal, bool)

#undef PQSCOPE_OPERATOR

#define PQSCOPE_CALCULATION(symbol, op, sign)                     \
  template <class L, class R>                                     \
    requires either_expression<L, R>                              \
  constexpr auto operator symbol(L const& left, R const& right) { \
    return calculate<op, sign>(left, right);                      \
  }

PQSCOPE_CALCULATION(+, op_plus, '+')
PQSCOPE_CALCULATION(-, op_minus, '-')
PQSCOPE_CALCULATION(*, op_times, '*')
PQSCOPE_CALCULATION(/, op_divide, '/')

#undef PQSCOPE_CALCULATION

template <class T>
consteval void require_condition() {
  if constexpr (!expression<T>) {
    static_assert(expression<T>, "pqscope: a condition is made of columns and values");
  } else {
    static_assert(std::is_same_v<typename T::type, bool>,
                  "pqscope: a condition is an expression that is true or false");
  }
}

template <class L, class R>
  requires either_expression<L, R>
constexpr auto operator&&(L const& left, R const& right) {
  require_condition<L>();
  require_condition<R>();
  return make_binary<op_and, bool>(left, right);
}
template <class L, class R>
  requires either_expression<L, R>
constexpr auto operator||(L const& left, R const& right) {
  require_condition<L>();
  require_condition<R>();
  return make_binary<op_or, bool>(left, right);
}
template <expression E>
constexpr auto operator!(E const& inner) {
  require_condition<E>();
  return make_unary<op_not, bool>(inner);
}

}  // namespace pqscope::detail

#endif
