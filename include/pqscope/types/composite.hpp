#ifndef PQSCOPE_TYPES_COMPOSITE_HPP
#define PQSCOPE_TYPES_COMPOSITE_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/composite_fields.hpp>
#include <pqscope/types/composite_match.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/record.hpp>
#include <pqscope/types/text_form.hpp>
#include <pqscope/types/user_type.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

/// \file
/// Composite types and `ROW(…)`: values that have attributes.
///
/// A struct is both a row of a query and a value in a column; where it stands decides. By itself,
/// as in `query<address>`, it is a row, whose columns are matched by name. Within something else it
/// is one composite value, whose attributes are matched by position:
///
///     struct address { std::string street; int number; };
///     struct person { std::string name; address home; std::vector<address> others; };
///     db.query<person>("SELECT name, home, others FROM people");   // two columns of addresses
///     db.query<int, address>("SELECT id, home FROM people");       // and one
///
/// The same holds for `std::tuple`. Where a column of a composite type is all that a query returns,
/// or a value is a parameter, `composite` says that one value is meant:
///
///     db.query<pqscope::composite<address>>("SELECT home FROM people");
///     db.execute("INSERT INTO people VALUES ($1, $2)", "ada", pqscope::composite{home});
///
/// A struct that is never a row can be marked once and for all with `is_composite`.

namespace pqscope {

/// Specialise it to say that the struct or `std::tuple` `T` is one composite value wherever it
/// stands: a parameter without `composite` around it, and a struct also in `query<T>`.
///
///     template <>
///     inline constexpr bool pqscope::is_composite<address> = true;
///
/// It must be specialised before the first use of `T` with pqscope.
template <class T>
inline constexpr bool is_composite = false;

/// A struct or `std::tuple` as one value of a composite type: as a parameter, `composite{home}`,
/// and as a result, `query<composite<address>>`.
template <class T>
struct composite {
  T value;  ///< the struct or tuple

  /// Compares the values, if they can be compared.
  friend bool operator==(composite const&, composite const&) = default;
};

/// Lets `composite{value}` do without the type.
template <class T>
composite(T) -> composite<T>;

namespace detail {

/// What `codec` does for everything that is a composite.
struct composite_codec {
  static constexpr oid_t type = oid::none;
  static constexpr oid_t array_type = oid::none;
  static constexpr oid_t parameter_type = oid::none;
  static constexpr bool text_parameter = true;
  static constexpr std::string_view name = "composite";

  static constexpr bool accepts(oid_t column) noexcept {
    return column == oid::record || column >= oid::first_unfixed;
  }
};

/// The same for a struct or tuple that may or may not be marked.
template <class T>
struct composite_value_codec : composite_codec {
  static constexpr bool is_unwrapped = true;
  static constexpr bool is_view = composite_fields<T>::is_view;

  using composite_codec::accepts;
  static bool accepts(user_type const& known, type_table const& all, std::string* why)
    requires(composite_fields<T>::readable)
  {
    return accepts_composite<T, typename composite_shape<T>::types>(known, all, why);
  }

  static void encode(T const& value, encoder& out)
    requires(is_composite<T> && composite_fields<T>::writable)
  {
    composite_fields<T>::write_text(value, out);
  }

  static T decode(wire_value value)
    requires(composite_fields<T>::readable)
  {
    return composite_fields<T>::read_binary(value);
  }

  static T parse(std::string_view text)
    requires(composite_fields<T>::readable)
  {
    return composite_fields<T>::read_text(text);
  }
};

}  // namespace detail

/// A struct is a composite type or an anonymous `ROW(…)`, field by field in the order of the
/// attributes. Which structs: see `record`.
///
/// Read where it is a field, an element of an array or marked; a parameter only where it is marked,
/// see `composite` and `is_composite`. Its fields have the names and types of the attributes, in
/// their order, which is checked once per result with what the database tells of the type, and else
/// is a `type_mismatch`. An anonymous row has no names, and a type that nothing is known of
/// neither: what these hold is checked value by value, in number and types. A NULL attribute needs
/// a `std::optional` field (else `unexpected_null`). An attribute whose type is a domain is of the
/// type below it; where nothing is known of it, it must be cast. In text format types are not told
/// and not checked.
///
/// A parameter travels as text of no declared type: the server takes it for the composite type it
/// expects in that place, such as that of a column in `INSERT`. Elsewhere it needs a cast, also in
/// comparisons (`home = CAST($1 AS address)`), whose operators are those of all composites. Each
/// field may be whatever the text of the attribute's type can be made from. Fields can be
/// composites, arrays and optionals.
template <record T>
struct codec<T> : detail::composite_value_codec<T> {
  /// Whether `query<T>` has rows of this type, not one column.
  static constexpr bool is_row = !is_composite<T>;
};

/// A `std::tuple` is a composite, as a struct is. By itself, in `query<std::tuple<A, B>>`, it is
/// always a row.
template <class First, class... Rest>
struct codec<std::tuple<First, Rest...>>
    : detail::composite_value_codec<std::tuple<First, Rest...>> {};

/// `composite<T>` is the composite that `T` is, wherever it stands.
template <class T>
struct codec<composite<T>> : detail::composite_codec {
  static constexpr bool is_view = detail::composite_fields<T>::is_view;  ///< if a field is one

  using detail::composite_codec::accepts;
  /// Composite types that have the fields of `T`.
  static bool accepts(user_type const& known, type_table const& all, std::string* why)
    requires(detail::composite_fields<T>::readable)
  {
    return detail::accepts_composite<T, typename detail::composite_shape<T>::types>(known, all,
                                                                                    why);
  }

  /// Appends the text form.
  static void encode(composite<T> const& composite, encoder& out)
    requires(detail::composite_fields<T>::writable)
  {
    detail::composite_fields<T>::write_text(composite.value, out);
  }

  /// Reads attribute by attribute.
  static composite<T> decode(wire_value value)
    requires(detail::composite_fields<T>::readable)
  {
    return {detail::composite_fields<T>::read_binary(value)};
  }

  /// Reads attribute by attribute.
  static composite<T> parse(std::string_view text)
    requires(detail::composite_fields<T>::readable)
  {
    return {detail::composite_fields<T>::read_text(text)};
  }
};

namespace detail {

/// A composite within another one is written whether it is marked or not.
template <class T>
  requires codec<T>::is_unwrapped
struct text_form<T> {
  static constexpr bool writable = composite_fields<T>::writable;
  static void put(T const& value, encoder& out) { composite_fields<T>::write_text(value, out); }
};

/// A struct that `query` takes for a row.
template <class Row>
concept row_struct = std::is_class_v<Row> && std::is_aggregate_v<Row> &&
                     (!has_codec<Row> || requires { requires codec<Row>::is_row; });

}  // namespace detail
}  // namespace pqscope

#endif
