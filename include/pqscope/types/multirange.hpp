#ifndef PQSCOPE_TYPES_MULTIRANGE_HPP
#define PQSCOPE_TYPES_MULTIRANGE_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/range.hpp>
#include <pqscope/types/user_type.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// A set of ranges, PostgreSQL's `int4multirange`, `tstzmultirange` and so on (PostgreSQL 14).
///
/// Holds the ranges as they were given. The server puts them in order, joins those that meet and
/// drops empty ones; what comes from there is so.
template <class T>
class multirange {
 public:
  using value_type = range<T>;  ///< what it consists of

  /// Without a range: contains nothing.
  multirange() = default;

  /// Of these ranges.
  multirange(std::initializer_list<range<T>> ranges) : ranges_(ranges) {}

  /// Of these ranges.
  explicit multirange(std::vector<range<T>> ranges) noexcept : ranges_(std::move(ranges)) {}

  /// The ranges, in their order.
  std::vector<range<T>> const& ranges() const noexcept { return ranges_; }

  /// Whether `value` lies within any of the ranges. Takes time linear in their number.
  bool contains(T const& value) const
    requires std::totally_ordered<T>
  {
    for (auto const& one : ranges_) {
      if (one.contains(value)) {
        return true;
      }
    }
    return false;
  }

  /// The text form as PostgreSQL's: `{[1,5),[7,9)}`, `{}`.
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
    out.put_byte('{');
    bool first = true;
    for (auto const& one : ranges_) {
      if (!std::exchange(first, false)) {
        out.put_byte(',');
      }
      one.put_text(out);
    }
    out.put_byte('}');
  }

  /// Whether both have the same ranges in the same order.
  friend bool operator==(multirange const&, multirange const&) = default;

 private:
  std::vector<range<T>> ranges_;
};

namespace detail {

/// The message's name of `multirange<T>`, where it has none of its own.
template <class T>
inline constexpr auto multirange_of_name = prefixed_name<codec<T>>("multirange of ");

}  // namespace detail

/// `pqscope::multirange<T>` is the multirange over what `T` is: `multirange<int>` is
/// `int4multirange`. All that is said of `codec<range<T>>` holds here too.
template <class T>
  requires has_codec<T>
struct codec<multirange<T>> {
  static_assert(range_type<T>::is_declared,
                "pqscope: there is no built-in range over this type: specialise "
                "pqscope::range_type for it, derived from pqscope::user_range_type");

  static constexpr oid_t type = range_type<T>::multirange_type;  ///< see `range_type`
  static constexpr bool text_parameter =
      type == oid::none || codec<T>::text_parameter;  ///< binary where the server checks the OID
  static constexpr oid_t array_type =
      text_parameter ? oid::none : range_type<T>::multirange_array_type;  ///< as the elements
  static constexpr oid_t parameter_type = type;        ///< declared where it is known
  static constexpr bool is_view = detail::is_view<T>;  ///< as `T`
  static constexpr std::string_view name =
      detail::builtin_name(type).empty() ? std::string_view(detail::multirange_of_name<T>.data(),
                                                            detail::multirange_of_name<T>.size())
                                         : detail::builtin_name(type);  ///< in messages

  /// Multiranges over what `T` can be read from; where `T` has none of its own, any type of users
  /// that nothing is known of.
  static constexpr bool accepts(oid_t column) noexcept {
    oid_t const element = known(column).element;
    if (element != oid::none) {
      return codec<T>::accepts(element);
    }
    return type == oid::none ? column >= oid::first_user : column == type;
  }

  /// Multiranges made by users over what `T` can be read from.
  static bool accepts(user_type const& made, type_table const& all, std::string* why) {
    return made.kind == type_kind::multirange &&
           detail::codec_accepts<codec<range<T>>>(made.element, &all, why);
  }

  /// In text format any type made by users: the text tells whether it fits.
  static constexpr bool accepts_text(oid_t column) noexcept {
    return column >= oid::first_user || accepts(column);
  }

  /// The number of ranges, then each behind its size; or the text form.
  static void encode(multirange<T> const& value, encoder& out)
    requires encodable<range<T>>
  {
    if constexpr (text_parameter) {
      value.put_text(out);
    } else {
      if (value.ranges().size() > 0x7fffffffU) {
        throw usage_error("a multirange has more ranges than PostgreSQL can hold");
      }
      out.put_int32(static_cast<std::int32_t>(value.ranges().size()));
      for (auto const& one : value.ranges()) {
        detail::put_sized(out, [&] { codec<range<T>>::encode(one, out); });
      }
    }
  }

  /// Reads the ranges. Source: PostgreSQL's `multirange_send`.
  static multirange<T> decode(wire_value value)
    requires decodable<T>
  {
    detail::sized_values_reader reader(value, name);
    auto const count = reader.take_int32();
    // Each takes the four bytes of its size and one of flags at least.
    if (count < 0 || static_cast<std::size_t>(count) > reader.left() / 5) {
      throw_malformed(name);
    }
    oid_t const element = detail::part_type(value, known(value.type).range, oid::none);
    std::vector<range<T>> ranges;
    ranges.reserve(static_cast<std::size_t>(count));
    for (std::int32_t i = 0; i < count; ++i) {
      ranges.push_back(codec<range<T>>::decode(reader.take_value(element)));
    }
    reader.finish();
    return multirange<T>(std::move(ranges));
  }

  /// Reads the text form.
  static multirange<T> parse(std::string_view text)
    requires decodable<T>
  {
    return parse(text, oid::none);
  }

  /// As above, told the column's type.
  static multirange<T> parse(std::string_view text, oid_t column)
    requires decodable<T>
  {
    if constexpr (is_view) {
      detail::throw_binary_only(name);
    } else {
      return parse_ranges(text, column >= oid::first_user ? column : known(column).element);
    }
  }

 private:
  static constexpr detail::builtin_range known(oid_t column) noexcept {
    return detail::find_builtin_range<&detail::builtin_range::multirange>(column);
  }

  static multirange<T> parse_ranges(std::string_view text, oid_t element) {
    detail::range_text_reader reader(text, name);
    std::vector<range<T>> ranges;
    if (!reader.skip_spaced('{')) {
      reader.fail();
    }
    if (!reader.skip_spaced('}')) {
      do {
        ranges.push_back(detail::parse_range<T>(reader, element));
      } while (reader.skip_spaced(','));
      if (!reader.skip_spaced('}')) {
        reader.fail();
      }
    }
    reader.finish();
    return multirange<T>(std::move(ranges));
  }
};

}  // namespace pqscope

#endif
