#ifndef PQSCOPE_TYPES_RANGE_HPP
#define PQSCOPE_TYPES_RANGE_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/range_bound.hpp>
#include <pqscope/types/range_text.hpp>
#include <pqscope/types/range_type.hpp>
#include <pqscope/types/range_wire.hpp>
#include <pqscope/types/text_form.hpp>
#include <pqscope/types/user_type.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pqscope {

/// The values between two bounds, each of which may belong to the range, may not, or may be absent;
/// or no value at all. PostgreSQL's `int4range`, `tstzrange` and so on.
///
/// Holds the bounds as they were given. What is canonical is the server's business, so `[1,4]` and
/// `[1,5)` differ here, until they have been there: an `integer` range comes back as `[1,5)`.
/// Likewise `[3,3)` is not `is_empty` here, though it contains nothing; and a lower bound above the
/// upper one is refused by the server only, which alone knows the order of texts.
template <class T>
class range {
  static_assert(std::is_same_v<T, std::remove_cvref_t<T>>, "a range is of a plain type");
  static_assert(
      !is_nullable<T>,
      "the bounds of a range cannot be NULL: one that is not there is pqscope::unbounded");

 public:
  using value_type = T;  ///< what the bounds are

  /// Empty: contains nothing, has no bounds.
  constexpr range() = default;

  /// From `lower`, which belongs to it, up to `upper`, which does not: `[lower,upper)`.
  constexpr range(T lower, T upper)
      : lower_(std::move(lower), true), upper_(std::move(upper), false), empty_(false) {}

  /// Between two bounds: `range<int>{exclusive(1), unbounded}`.
  constexpr range(range_bound<T> lower, range_bound<T> upper)
      : lower_(std::move(lower)), upper_(std::move(upper)), empty_(false) {}

  /// Whether this is the range `empty`.
  constexpr bool is_empty() const noexcept { return empty_; }

  /// The lower bound; unbounded for the empty range.
  constexpr range_bound<T> const& lower() const noexcept { return lower_; }

  /// The upper bound; unbounded for the empty range.
  constexpr range_bound<T> const& upper() const noexcept { return upper_; }

  /// Whether `value` lies within, by the order that `T` has in C++.
  constexpr bool contains(T const& value) const
    requires std::totally_ordered<T>
  {
    if (empty_) {
      return false;
    }
    bool const above = lower_.is_unbounded() || lower_.value() < value ||
                       (lower_.is_inclusive() && lower_.value() == value);
    return above && (upper_.is_unbounded() || value < upper_.value() ||
                     (upper_.is_inclusive() && value == upper_.value()));
  }

  /// The text form, quoted as PostgreSQL does: `[1,5)`, `("a b",]`, `empty`.
  std::string to_string() const
    requires detail::text_writable<T>
  {
    encoder out;
    put_text(out);
    return std::string(out.view());
  }

  /// Appends what `to_string` answers.
  void put_text(encoder& out) const
    requires detail::text_writable<T>
  {
    if (empty_) {
      out.append(std::string_view("empty"));
      return;
    }
    out.put_byte(lower_.is_inclusive() ? '[' : '(');
    put_bound_text(lower_, out);
    out.put_byte(',');
    put_bound_text(upper_, out);
    out.put_byte(upper_.is_inclusive() ? ']' : ')');
  }

  /// Whether the bounds are the same, or both ranges empty.
  friend constexpr bool operator==(range const&, range const&) = default;

 private:
  static void put_bound_text(range_bound<T> const& bound, encoder& out) {
    if (!bound.is_unbounded()) {
      encoder text;
      detail::text_form<T>::put(bound.value(), text);
      detail::put_range_bound_text(text.view(), out);
    }
  }

  range_bound<T> lower_;
  range_bound<T> upper_;
  bool empty_ = true;
};

namespace detail {

/// The message's name of `range<T>`, where it has none of its own.
template <class T>
inline constexpr auto range_of_name = prefixed_name<codec<T>>("range of ");

/// Reads one range out of a text. Of a type made by users only its own OID is known.
template <class T>
range<T> parse_range(range_text_reader& reader, oid_t element) {
  if (reader.skip_empty()) {
    return {};
  }
  auto const read_bound = [&](bool inclusive) {
    return range_bound<T>(parse_typed<codec<T>, T>(reader.bound_text(), element), inclusive);
  };
  range_bound<T> lower;
  bool const lower_inclusive = reader.open();
  if (reader.bound()) {
    lower = read_bound(lower_inclusive);
  }
  reader.expect(',');
  if (!reader.bound()) {
    reader.close();
    return {std::move(lower), unbounded};
  }
  T upper = parse_typed<codec<T>, T>(reader.bound_text(), element);
  bool const upper_inclusive = reader.close();
  return {std::move(lower), range_bound<T>(std::move(upper), upper_inclusive)};
}

}  // namespace detail

/// `pqscope::range<T>` is the range over what `T` is: `range<int>` is `int4range`,
/// `range<std::chrono::sys_days>` is `daterange`. See `range_type`.
///
/// Also reads ranges over other types that `T` can be read from, be they built in or made by users:
/// `range<long>` reads `int4range`. Where there is no built-in range over `T`, as over `double` and
/// `std::string`, it is one made by users, and parameters travel as text, their type inferred; of
/// a column of such a type that the database has not told of, nothing is known but its bytes. What
/// lies in a text cannot be read as a range of views.
template <class T>
  requires has_codec<T>
struct codec<range<T>> {
  static_assert(range_type<T>::is_declared,
                "pqscope: there is no built-in range over this type: specialise "
                "pqscope::range_type for it, derived from pqscope::user_range_type");

  static constexpr oid_t type = range_type<T>::type;  ///< see `range_type`
  static constexpr bool text_parameter =
      type == oid::none || codec<T>::text_parameter;  ///< binary where the server checks the OID
  static constexpr oid_t array_type =
      text_parameter ? oid::none : range_type<T>::array_type;  ///< arrays travel as their elements
  static constexpr oid_t parameter_type = type;                ///< declared where it is known
  static constexpr bool is_view = detail::is_view<T>;          ///< as `T`
  static constexpr std::string_view name =
      detail::builtin_name(type).empty()
          ? std::string_view(detail::range_of_name<T>.data(), detail::range_of_name<T>.size())
          : detail::builtin_name(type);  ///< in messages

  /// Ranges over what `T` can be read from; where `T` has no range of its own, any type of users
  /// that nothing is known of.
  static constexpr bool accepts(oid_t column) noexcept {
    oid_t const element = element_of(column);
    if (element != oid::none) {
      return codec<T>::accepts(element);
    }
    return type == oid::none ? column >= oid::first_user : column == type;
  }

  /// Ranges made by users over what `T` can be read from.
  static bool accepts(user_type const& known, type_table const& all, std::string* why) {
    return known.kind == type_kind::range &&
           detail::codec_accepts<codec<T>>(known.element, &all, why);
  }

  /// In text format any type made by users: the text tells whether it fits.
  static constexpr bool accepts_text(oid_t column) noexcept {
    return column >= oid::first_user || accepts(column);
  }

  /// Flags, then each bound there is behind its size; or the text form.
  static void encode(range<T> const& value, encoder& out)
    requires(encodable<T> && (!text_parameter || detail::text_writable<T>))
  {
    if constexpr (text_parameter) {
      value.put_text(out);
    } else {
      out.put_byte(flags_of(value));
      put_bound(value.lower(), out);
      put_bound(value.upper(), out);
    }
  }

  /// Reads flags and bounds.
  static range<T> decode(wire_value value)
    requires decodable<T>
  {
    detail::sized_values_reader reader(value, name);
    unsigned const flags = reader.take_byte();
    if (!detail::are_range_flags(flags)) {
      throw_malformed(name);
    }
    if ((flags & detail::range_empty) != 0) {
      reader.finish();
      return {};
    }
    oid_t const element = detail::part_type(value, element_of(value.type), codec<T>::type);
    range_bound<T> lower;
    if ((flags & detail::range_lower_unbounded) == 0) {
      lower = {codec<T>::decode(reader.take_value(element)),
               (flags & detail::range_lower_inclusive) != 0};
    }
    range_bound<T> upper;
    if ((flags & detail::range_upper_unbounded) == 0) {
      upper = {codec<T>::decode(reader.take_value(element)),
               (flags & detail::range_upper_inclusive) != 0};
    }
    reader.finish();
    return {std::move(lower), std::move(upper)};
  }

  /// Reads the text form.
  static range<T> parse(std::string_view text)
    requires decodable<T>
  {
    return parse(text, oid::none);
  }

  /// As above, told the column's type.
  static range<T> parse(std::string_view text, oid_t column)
    requires decodable<T>
  {
    if constexpr (is_view) {
      detail::throw_binary_only(name);
    } else {
      detail::range_text_reader reader(text, name);
      auto parsed =
          detail::parse_range<T>(reader, column >= oid::first_user ? column : element_of(column));
      reader.finish();
      return parsed;
    }
  }

 private:
  static constexpr oid_t element_of(oid_t column) noexcept {
    return detail::find_builtin_range<&detail::builtin_range::range>(column).element;
  }

  static unsigned char flags_of(range<T> const& value) noexcept {
    if (value.is_empty()) {
      return detail::range_empty;
    }
    unsigned const lower = value.lower().is_unbounded()   ? detail::range_lower_unbounded
                           : value.lower().is_inclusive() ? detail::range_lower_inclusive
                                                          : 0;
    unsigned const upper = value.upper().is_unbounded()   ? detail::range_upper_unbounded
                           : value.upper().is_inclusive() ? detail::range_upper_inclusive
                                                          : 0;
    return static_cast<unsigned char>(lower | upper);
  }

  static void put_bound(range_bound<T> const& bound, encoder& out) {
    if (!bound.is_unbounded()) {
      detail::put_sized(out, [&] { codec<T>::encode(bound.value(), out); });
    }
  }
};

}  // namespace pqscope

#endif
