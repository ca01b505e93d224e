#ifndef PQSCOPE_MAPPING_EXPRESSION_HPP
#define PQSCOPE_MAPPING_EXPRESSION_HPP

#include <pqscope/mapping/arguments.hpp>
#include <pqscope/mapping/reflect.hpp>
#include <pqscope/mapping/text_writer.hpp>
#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/numeric.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/optional.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Expressions of typed queries. Their types say what the SQL text is; they hold the values of the
/// parameters. Each has
///
/// - `type`, the C++ type of its value, and `nullable`, whether that can be NULL;
/// - `precedence`, how strongly it holds together without parentheses;
/// - `parameters`, how many placeholders it has;
/// - `write(out, hint)`, which writes it; `hint` is the column that it is put beside, if any;
/// - `bind(binder)`, which gives its values in the same order.

namespace pqscope {

/// What columns and all expressions of typed queries are, so that `desc(col<&user::id>)` finds
/// `pqscope::desc` by its argument.
struct query_expression {};

namespace detail {

struct expression_base : query_expression {};

/// What an expression can do besides comparing; it is in col.hpp, without which there is none.
template <class Self>
struct operand_members;

template <class T>
concept expression = std::is_base_of_v<expression_base, std::remove_cvref_t<T>>;

// Source: PostgreSQL, "Operator Precedence".
enum precedence : int {
  or_level,
  and_level,
  not_level,
  is_level,
  comparison_level,
  like_level,
  operator_level,
  sum_level,
  product_level,
  atom_level,
};

/// The column that an expression stands beside, or none. Not a pointer to be compared with null:
/// for GCC's -fsanitize=undefined that is no constant.
class column_hint {
 public:
  constexpr column_hint() noexcept = default;
  constexpr explicit column_hint(column_facts const* facts) noexcept
      : facts_{facts}, is_there_{true} {}

  constexpr explicit operator bool() const noexcept { return is_there_; }
  constexpr column_facts const* operator->() const noexcept { return facts_; }

 private:
  column_facts const* facts_ = nullptr;
  bool is_there_ = false;
};

template <class Part>
constexpr void put_part(text_writer& out, int level, column_hint hint = {}) {
  bool const parentheses = Part::precedence < level;
  out << (parentheses ? "(" : "");
  Part::write(out, hint);
  out << (parentheses ? ")" : "");
}

/// The column that an expression is, for what stands beside it; nothing where it is none.
template <class Expression>
constexpr column_hint hint_of() {
  if constexpr (requires { Expression::facts(); }) {
    return column_hint{Expression::facts()};
  } else {
    return {};
  }
}

template <class T>
inline constexpr bool is_decimal = std::is_same_v<T, numeric>;

template <class T>
inline constexpr bool is_number =
    (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) || is_decimal<T>;

/// The type of PostgreSQL that values of a C++ type have; 0 where that depends on the database.
template <class T>
inline constexpr oid_t fixed_type = 0;
template <has_codec T>
inline constexpr oid_t fixed_type<T> = codec_for<T>::type;

/// A date, a time, a point in time, an interval: C++ has several types for each.
template <class T>
inline constexpr bool is_time =
    fixed_type<T> == oid::date || fixed_type<T> == oid::time || fixed_type<T> == oid::timestamp ||
    fixed_type<T> == oid::timestamptz || fixed_type<T> == oid::interval;

template <class T>
inline constexpr bool is_string = false;
template <has_codec T>
inline constexpr bool is_string<T> = codec_for<T>::type == oid::text;

/// As what a value of type `V` is kept that meets an expression of type `T`; void where the two
/// have nothing to do with each other.
template <class T, class V>
consteval auto find_kept() {
  if constexpr (std::is_same_v<T, V>) {
    return std::type_identity<T>{};
  } else if constexpr (is_string<T> && std::is_convertible_v<V const&, std::string_view>) {
    return std::type_identity<std::string>{};
  } else if constexpr (is_number<T> && is_number<V>) {
    if constexpr (requires(V value) { T{value}; }) {
      return std::type_identity<T>{};
    } else {
      return std::type_identity<V>{};
    }
  } else if constexpr (!std::is_arithmetic_v<T> && !is_nullable<V> &&
                       std::is_convertible_v<V const&, T>) {
    return std::type_identity<T>{};
  } else if constexpr (is_time<T> && fixed_type<T> == fixed_type<V>) {
    return std::type_identity<V>{};
  } else {
    return std::type_identity<void>{};
  }
}

template <class T, class V>
using kept_type = typename decltype(find_kept<T, std::decay_t<V>>())::type;

template <class T, class V>
inline constexpr bool comparable_value = !std::is_void_v<kept_type<T, V>>;

/// Whether two expressions compare.
template <class A, class B>
inline constexpr bool comparable =
    std::is_same_v<A, B> || (is_number<A> && is_number<B>) || (is_string<A> && is_string<B>) ||
    (is_time<A> && fixed_type<A> == fixed_type<B>);

template <class Kept, class V>
constexpr Kept keep(V const& value) {
  if constexpr (std::is_same_v<Kept, std::string> && !std::is_same_v<V, std::string>) {
    return std::string(std::string_view(value));
  } else {
    return Kept(value);
  }
}

/// A value that travels as a parameter.
template <class T>
struct value_expression : expression_base {
  using type = T;
  static constexpr bool nullable = is_nullable<T>;
  static constexpr int precedence = atom_level;
  static constexpr std::size_t parameters = 1;

  T value;

  constexpr explicit value_expression(T kept) : value(std::move(kept)) {}
  static constexpr void write(text_writer& out, column_hint hint = {}) {
    out.placeholder();
    bool const is_element = hint && hint->type.is_array && !array_container<type>;
    if (hint && hint->needs_cast() && !is_element) {
      put_cast(out, hint->type);
    }
  }
  void bind(argument_binder& binder) const { binder.add(value); }
};

/// Several values for one column, as one array.
template <class T>
struct array_expression : expression_base {
  using type = std::vector<T>;
  static constexpr bool nullable = false;
  static constexpr int precedence = atom_level;
  static constexpr std::size_t parameters = 1;

  std::shared_ptr<std::vector<T> const> values;  // shared by the steps of a query

  explicit array_expression(std::vector<T> kept)
      : values(std::make_shared<std::vector<T> const>(std::move(kept))) {}
  static constexpr void write(text_writer& out, column_hint hint = {}) {
    out.placeholder();
    if (hint && hint->type.is_own && (!hint->type.is_array || hint->is_declared)) {
      sql_type array = hint->type;
      array.is_array = true;
      put_cast(out, array);
    }
  }
  void bind(argument_binder& binder) const { binder.add(*values); }
};

/// A value whose type the server is told: a key of a JSON object, which could be a number, too.
template <class T>
struct typed_expression : value_expression<T> {
  using value_expression<T>::value_expression;
  static constexpr void write(text_writer& out, column_hint = {}) {
    out.placeholder() << "::";
    put_type(out, natural_type<T>);
  }
};

struct null_expression : expression_base {
  static constexpr bool nullable = true;
  static constexpr int precedence = atom_level;
  static constexpr std::size_t parameters = 0;
  static constexpr void write(text_writer& out, column_hint = {}) { out << "NULL"; }
  void bind(argument_binder&) const noexcept {}
};

/// What an operand becomes beside an expression of type `T`: an expression stays what it is.
template <class T, class Operand>
constexpr auto operand(Operand const& value) {
  if constexpr (expression<Operand>) {
    static_assert(comparable<T, typename Operand::type>,
                  "pqscope: these two expressions do not compare: their types have nothing to do "
                  "with each other");
    return value;
  } else if constexpr (is_nullable<Operand> &&
                       !std::is_convertible_v<Operand const&, char const*>) {
    static_assert(!is_nullable<Operand>,
                  "pqscope: nothing compares with NULL: use is_null(), is_not_null() or "
                  "is_distinct_from()");
    return null_expression{};
  } else if constexpr (!comparable_value<T, Operand>) {
    static_assert(comparable_value<T, Operand>,
                  "pqscope: this value does not compare with the column or expression: its type "
                  "is another one, and does not convert");
    return null_expression{};
  } else {
    using kept = kept_type<T, Operand>;
    return value_expression<kept>(keep<kept>(value));
  }
}

/// The elements of a range, each as what it becomes beside an expression of type `T`.
template <class T, class Range>
constexpr auto array_operand(Range const& range) {
  using element = std::decay_t<decltype(*std::begin(range))>;
  if constexpr (!comparable_value<T, element>) {
    static_assert(comparable_value<T, element>,
                  "pqscope: the elements of this range do not compare with the column: their type "
                  "is another one, and does not convert");
    return null_expression{};
  } else {
    using kept = kept_type<T, element>;
    std::vector<kept> values;
    for (auto const& each : range) {
      values.push_back(keep<kept>(each));
    }
    return array_expression<kept>(std::move(values));
  }
}

/// Two expressions with an operator between them. `Op` has its text, spaces included, and its
/// precedence.
template <class Op, class Type, class Left, class Right>
struct binary_expression : operand_members<binary_expression<Op, Type, Left, Right>> {
  using type = Type;
  static constexpr bool nullable = Op::can_be_null && (Left::nullable || Right::nullable);
  static constexpr int precedence = Op::precedence;
  static constexpr std::size_t parameters = Left::parameters + Right::parameters;

  Left left;
  Right right;

  constexpr binary_expression(Left l, Right r) : left(std::move(l)), right(std::move(r)) {}
  static constexpr void write(text_writer& out, column_hint = {}) {
    put_part<Left>(out, Op::precedence + (Op::chains ? 0 : 1), hint_of<Right>());
    out << Op::text;
    put_part<Right>(out, Op::precedence + (Op::associative ? 0 : 1), hint_of<Left>());
    out << Op::end;
  }
  void bind(argument_binder& binder) const {
    left.bind(binder);
    right.bind(binder);
  }
};

/// What operators have in common; see `binary_expression`.
template <int Precedence>
struct binary_operator {
  static constexpr int precedence = Precedence;
  static constexpr bool chains = false;       ///< `a - b - c` needs no parentheses
  static constexpr bool associative = false;  ///< nor does `a + (b + c)`
  static constexpr bool can_be_null = true;
  static constexpr std::string_view end{};  ///< behind the right side
};

/// An expression with text around it: a function, a postfix operator, a cast.
template <class Op, class Type, class Inner>
struct unary_expression : operand_members<unary_expression<Op, Type, Inner>> {
  using type = Type;
  static constexpr bool nullable = Op::nullable(Inner::nullable);
  static constexpr int precedence = Op::precedence;
  static constexpr std::size_t parameters = Inner::parameters;

  Inner inner;

  constexpr explicit unary_expression(Inner of) : inner(std::move(of)) {}
  static constexpr void write(text_writer& out, column_hint = {}) {
    out << Op::before;
    put_part<Inner>(out, Op::inside);
    out << Op::after;
  }
  void bind(argument_binder& binder) const { inner.bind(binder); }
};

template <class Op, class Type, class Left, class Right>
constexpr auto make_binary(Left const& left, Right const& right) {
  return binary_expression<Op, Type, Left, Right>(left, right);
}
template <class Op, class Type, class Inner>
constexpr auto make_unary(Inner const& inner) {
  return unary_expression<Op, Type, Inner>(inner);
}

/// Several expressions with commas between them.
template <class... Expressions>
struct expression_list {
  static constexpr std::size_t size = sizeof...(Expressions);
  static constexpr std::size_t parameters = (std::size_t{0} + ... + Expressions::parameters);

  std::tuple<Expressions...> all;

  static constexpr void write(text_writer& out) {
    [[maybe_unused]] bool first = true;
    ((out << (std::exchange(first, false) ? "" : ", "), Expressions::write(out)), ...);
  }
  void bind([[maybe_unused]] argument_binder& binder) const {
    std::apply([&](auto const&... each) { (each.bind(binder), ...); }, all);
  }
  template <class... More>
  constexpr auto with(More const&... more) const {
    return expression_list<Expressions..., More...>{
        std::tuple_cat(all, std::tuple<More...>(more...))};
  }
};

}  // namespace detail
}  // namespace pqscope

#endif
