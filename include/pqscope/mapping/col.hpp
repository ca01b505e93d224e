#ifndef PQSCOPE_MAPPING_COL_HPP
#define PQSCOPE_MAPPING_COL_HPP

#include <pqscope/mapping/expression.hpp>
#include <pqscope/mapping/operators.hpp>
#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/json.hpp>
#include <pqscope/types/vector.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pqscope {
namespace detail {

struct op_is_null {
  static constexpr std::string_view before{};
  static constexpr std::string_view after = " IS NULL";
  static constexpr int precedence = is_level;
  static constexpr int inside = is_level + 1;
  static constexpr bool nullable(bool) { return false; }
};
struct op_is_not_null : op_is_null {
  static constexpr std::string_view after = " IS NOT NULL";
};
struct op_distinct : binary_operator<is_level> {
  static constexpr std::string_view text = " IS DISTINCT FROM ";
  static constexpr bool can_be_null = false;
};
struct op_not_distinct : binary_operator<is_level> {
  static constexpr std::string_view text = " IS NOT DISTINCT FROM ";
  static constexpr bool can_be_null = false;
};
struct op_in : binary_operator<comparison_level> {
  static constexpr std::string_view text = " = ANY (";
  static constexpr std::string_view end = ")";
};
struct op_not_in : binary_operator<comparison_level> {
  static constexpr std::string_view text = " <> ALL (";
  static constexpr std::string_view end = ")";
};
template <class T>
inline constexpr bool is_json = std::is_same_v<T, json> || std::is_same_v<T, jsonb>;

/// What stands on the other side of `@>`, `<@` and `&&`: a value of the same type, or for arrays
/// any range of elements.
template <class T, class V>
constexpr auto container_operand(V const& value) {
  if constexpr (array_container<T> && !expression<V> && !std::is_same_v<T, V>) {
    return array_operand<non_null_t<typename array_shape<T>::leaf_type>>(value);
  } else {
    return operand<T>(value);
  }
}

/// What a vector's distance is measured to: a vector, or for all of them `std::vector<float>`.
template <class T, class V>
constexpr auto vector_operand(V const& value) {
  static_assert(std::is_same_v<T, std::vector<float>> ||
                    std::is_base_of_v<dense_vector_codec<pqscope::vector, false>, codec<T>> ||
                    std::is_base_of_v<dense_vector_codec<pqscope::halfvec, true>, codec<T>> ||
                    codec_for<T>::name == "sparsevec",
                "pqscope: a distance is one between vectors");
  if constexpr (std::is_same_v<V, std::vector<float>> && requires { T{value}; }) {
    return value_expression<T>(T{value});
  } else {
    return operand<T>(value);
  }
}

/// What columns and other expressions can do besides comparing; arguments become parameters.
template <class Self>
struct operand_members : expression_base {
  /// `IS NULL`.
  constexpr auto is_null() const { return make_unary<op_is_null, bool>(self()); }
  /// `IS NOT NULL`.
  constexpr auto is_not_null() const { return make_unary<op_is_not_null, bool>(self()); }
  /// Like `!=`, but NULL is a value like any other; takes an empty optional, too.
  template <class V>
  constexpr auto is_distinct_from(V const& value) const {
    return distinct<op_distinct, Self>(value);
  }
  /// Like `==`, but NULL is a value like any other; takes an empty optional, too.
  template <class V>
  constexpr auto is_not_distinct_from(V const& value) const {
    return distinct<op_not_distinct, Self>(value);
  }
  /// Is one of the elements of a range, which travels as one array: `= ANY ($1)`.
  template <class Range>
  constexpr auto in(Range const& range) const {
    return in_array<op_in, Self>(range);
  }
  /// The same for elements in braces.
  template <class V>
  constexpr auto in(std::initializer_list<V> values) const {
    return in_array<op_in, Self>(values);
  }
  /// Is none of the elements of a range: `<> ALL ($1)`.
  template <class Range>
  constexpr auto not_in(Range const& range) const {
    return in_array<op_not_in, Self>(range);
  }
  /// The same for elements in braces.
  template <class V>
  constexpr auto not_in(std::initializer_list<V> values) const {
    return in_array<op_not_in, Self>(values);
  }
  /// At least `low` and at most `high`.
  template <class Low, class High>
  constexpr auto between(Low const& low, High const& high) const {
    return self() >= low && self() <= high;
  }

  /// Matches a pattern in which `%` stands for any text and `_` for any character.
  template <class V>
  constexpr auto like(V const& pattern) const {
    return texts<op_like, Self>(pattern);
  }
  /// The same, upper and lower case alike.
  template <class V>
  constexpr auto ilike(V const& pattern) const {
    return texts<op_ilike, Self>(pattern);
  }
  /// Does not match a pattern.
  template <class V>
  constexpr auto not_like(V const& pattern) const {
    return texts<op_not_like, Self>(pattern);
  }
  /// Matches a POSIX regular expression: `~`.
  template <class V>
  constexpr auto matches(V const& pattern) const {
    return texts<op_matches, Self>(pattern);
  }

  /// `@>`: an array has all elements of a range, a `jsonb` all of another, a range a range.
  template <class V>
  constexpr auto contains(V const& value) const {
    return containers<op_contains, Self>(value);
  }
  /// `<@`: the other way round.
  template <class V>
  constexpr auto contained_in(V const& value) const {
    return containers<op_contained, Self>(value);
  }
  /// `&&`: arrays or ranges that have something in common.
  template <class V>
  constexpr auto overlaps(V const& value) const {
    return containers<op_overlaps, Self>(value);
  }
  /// An array has an element: `$1 = ANY (tags)`.
  template <class V>
  constexpr auto has(V const& value) const {
    static_assert(array_container<typename Self::type>, "pqscope: has() is for arrays");
    using element = non_null_t<typename array_shape<typename Self::type>::leaf_type>;
    using other = decltype(operand<element>(value));
    return binary_expression<op_in, bool, other, Self>(operand<element>(value), self());
  }

  /// The value of a key of a JSON object, or the element of an array by its number: `->`.
  template <class V>
  constexpr auto get(V const& key) const {
    return members_of_json<op_get, typename Self::type, Self>(key);
  }
  /// The same as text: `->>`.
  template <class V>
  constexpr auto get_text(V const& key) const {
    return members_of_json<op_get_text, std::string, Self>(key);
  }
  /// Whether a `jsonb` object has a key: `?`.
  template <class V>
  constexpr auto has_key(V const& key) const {
    static_assert(std::is_same_v<typename Self::type, jsonb>, "pqscope: has_key() is for jsonb");
    using other = typed_expression<std::string>;
    return binary_expression<op_has_key, bool, Self, other>(self(), other(std::string(key)));
  }

  /// The Euclidean distance of two vectors: `<->`.
  template <class V>
  constexpr auto l2_distance(V const& to) const {
    return distance<op_l2, Self>(to);
  }
  /// The cosine distance of two vectors: `<=>`.
  template <class V>
  constexpr auto cosine_distance(V const& to) const {
    return distance<op_cosine, Self>(to);
  }
  /// The inner product of two vectors times -1, so that the nearest come first: `<#>`.
  template <class V>
  constexpr auto negative_inner_product(V const& to) const {
    return distance<op_inner_product, Self>(to);
  }

 private:
  constexpr Self const& self() const { return static_cast<Self const&>(*this); }

  template <class Op, class Left, class V>
  constexpr auto distinct(V const& value) const {
    using type = typename Left::type;
    if constexpr (!expression<V> && is_nullable<V> && comparable_value<type, non_null_t<V>> &&
                  !is_string<type>) {
      using kept = std::optional<kept_type<type, non_null_t<V>>>;
      using other = value_expression<kept>;
      return binary_expression<Op, bool, Left, other>(self(), other(value ? kept(*value) : kept()));
    } else if constexpr (std::is_same_v<V, std::optional<std::string>> && is_string<type>) {
      return binary_expression<Op, bool, Left, value_expression<V>>(self(),
                                                                    value_expression<V>(value));
    } else {
      return operate<Op, bool>(self(), value);
    }
  }
  template <class Op, class Left, class Range>
  constexpr auto in_array(Range const& range) const {
    using other = decltype(array_operand<typename Left::type>(range));
    return binary_expression<Op, bool, Left, other>(self(),
                                                    array_operand<typename Left::type>(range));
  }
  template <class Op, class Left, class V>
  constexpr auto texts(V const& pattern) const {
    static_assert(is_string<typename Left::type>, "pqscope: patterns are for texts");
    return operate<Op, bool>(self(), pattern);
  }
  template <class Op, class Left, class V>
  constexpr auto containers(V const& value) const {
    using other = decltype(container_operand<typename Left::type>(value));
    return binary_expression<Op, bool, Left, other>(self(),
                                                    container_operand<typename Left::type>(value));
  }
  template <class Op, class Type, class Left, class V>
  constexpr auto members_of_json(V const& key) const {
    static_assert(is_json<typename Left::type>, "pqscope: get() and get_text() are for JSON");
    using kept = std::conditional_t<std::is_integral_v<V>, int, std::string>;
    using other = typed_expression<kept>;
    return json_member<Op, Type, Left, other>(self(), other(kept(key)));
  }
  template <class Op, class Left, class V>
  constexpr auto distance(V const& to) const {
    using other = decltype(vector_operand<typename Left::type>(to));
    return binary_expression<Op, double, Left, other>(self(),
                                                      vector_operand<typename Left::type>(to));
  }

  template <class Op, class Type, class Left, class Right>
  struct json_member : operand_members<json_member<Op, Type, Left, Right>> {
    using type = Type;
    static constexpr bool nullable = true;
    static constexpr int precedence = Op::precedence;
    static constexpr std::size_t parameters = Left::parameters + Right::parameters;

    binary_expression<Op, Type, Left, Right> both;

    constexpr json_member(Left l, Right r) : both(std::move(l), std::move(r)) {}
    static constexpr void write(text_writer& out, column_hint = {}) {
      binary_expression<Op, Type, Left, Right>::write(out);
    }
    void bind(argument_binder& binder) const { both.bind(binder); }
  };
};

/// `column = value`, in an UPDATE.
template <auto Member, class Value>
struct assignment {
  static constexpr auto member = Member;
  static constexpr std::size_t parameters = Value::parameters;

  Value value;

  static constexpr void write(text_writer& out) {
    column_facts const& facts = facts_of_member<Member>;
    out.name(facts.name) << " = ";
    Value::write(out, column_hint{&facts});
  }
  void bind(argument_binder& binder) const { value.bind(binder); }
};

/// What is assigned to a column that holds a `Column`.
template <class Column, class V>
constexpr auto assigned(V const& value) {
  using bare = non_null_t<Column>;
  using given = std::decay_t<V>;
  if constexpr (expression<V>) {
    return operand<bare>(value);
  } else if constexpr (is_null_constant<V>) {
    static_assert(is_nullable<Column>, "pqscope: the column does not take NULL: it is no optional");
    return null_expression{};
  } else if constexpr (null_carrier_for<V>::nullable &&
                       !std::is_convertible_v<V const&, char const*>) {
    static_assert(is_nullable<Column> && comparable_value<bare, non_null_t<V>> &&
                      !(std::is_integral_v<bare> && std::is_floating_point_v<non_null_t<V>>),
                  "pqscope: this optional cannot be assigned to the column: that takes no NULL, or "
                  "is of another type");
    using whole = kept_type<bare, non_null_t<V>>;
    using kept = std::optional<whole>;
    return value_expression<kept>(value ? kept(keep<whole>(*value)) : kept());
  } else if constexpr (!comparable_value<bare, V> ||
                       (std::is_integral_v<bare> && std::is_floating_point_v<given>)) {
    static_assert(always_false<V>,
                  "pqscope: this value cannot be assigned to the column: its type is another one, "
                  "and does not convert");
    return null_expression{};
  } else {
    return operand<bare>(value);
  }
}

/// A column in a query; see `pqscope::col`.
template <auto Member, int Occurrence>
struct column_expression : operand_members<column_expression<Member, Occurrence>> {
  using type = non_null_t<value_of<Member>>;
  using owner = owner_of<Member>;
  static constexpr auto member = Member;
  static constexpr int occurrence = Occurrence;
  static constexpr bool nullable = is_nullable<value_of<Member>>;
  static constexpr int precedence = atom_level;
  static constexpr std::size_t parameters = 0;

  static constexpr column_facts const* facts() { return &facts_of_member<Member>; }
  static constexpr void write(text_writer& out, column_hint = {}) {
    out.column(out.table_of(code_of_struct<owner>, Occurrence), facts()->name);
  }
  void bind(argument_binder&) const noexcept {}

  /// Assigns, in `update<T>().set(…)`.
  template <class V>
  constexpr auto operator=(V const& value) const {
    static_assert(Occurrence == 0, "pqscope: an assignment is to a column of the updated table");
    using given = decltype(assigned<value_of<Member>>(value));
    return assignment<Member, given>{assigned<value_of<Member>>(value)};
  }
};

}  // namespace detail

/// The column of a member, in the expressions of typed queries:
///
///     s.find<user>(col<&user::id> > 10 && col<&user::email>.is_null())
///
/// Compares with values, which become parameters, and with other columns and expressions; types
/// that do not compare do not compile. Numbers compare with numbers, texts with texts, everything
/// else with its own type and what converts to it. Where a query has the table of a struct more
/// than once, `col<&employee::name, 1>` is the column of the second one.
template <auto Member, int Occurrence = 0>
inline constexpr detail::column_expression<Member, Occurrence> col{};

}  // namespace pqscope

#endif
