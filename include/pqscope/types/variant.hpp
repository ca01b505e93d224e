#ifndef PQSCOPE_TYPES_VARIANT_HPP
#define PQSCOPE_TYPES_VARIANT_HPP

#include <pqscope/error/decode_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/text_form.hpp>
#include <pqscope/types/user_type.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace pqscope {

namespace detail {

/// `integer or text` from `integer` and `text`, with static storage.
template <class First, class... Rest>
inline constexpr auto alternatives_name = [] {
  std::array<char, (First::name.size() + ... + (Rest::name.size() + 4))> text{};
  std::size_t at = 0;
  auto const put = [&](std::string_view part) {
    for (char const c : part) {
      text[at++] = c;
    }
  };
  put(First::name);
  ((put(" or "), put(Rest::name)), ...);
  return text;
}();

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_no_alternative(oid_t type,
                                                                        type_table const* types) {
  throw type_mismatch("no alternative of the std::variant can be read from " +
                      name_of(type, types));
}

}  // namespace detail

/// `std::variant` holds values of several types: which one is decided by the column.
///
/// As a result it is the first alternative that takes the column's type, so all values of a column
/// are the same alternative: no conversion is tried, and values are not looked at. Where no
/// alternative takes it, the result is a `type_mismatch`. A type made by users that the database
/// has not told of is taken by the first alternative for such types, be it an enum or a composite.
/// NULL is
/// `std::optional<std::variant<…>>`; alternatives are never optionals themselves.
///
/// As a parameter it is what it holds, with the type that declares. Within arrays and composites it
/// travels as text of no declared type.
template <class First, class... Rest>
  requires(has_codec<First> && ... && has_codec<Rest>)
struct codec<std::variant<First, Rest...>> {
  using value_type = std::variant<First, Rest...>;  ///< what is read and sent

  static constexpr oid_t type = oid::none;            ///< that of the alternative
  static constexpr oid_t array_type = oid::none;      ///< no array is declared
  static constexpr oid_t parameter_type = oid::none;  ///< within arrays: inferred
  static constexpr bool text_parameter = true;        ///< within arrays: text

  /// In messages: the alternatives' names.
  static constexpr std::string_view name{
      detail::alternatives_name<codec<First>, codec<Rest>...>.data(),
      detail::alternatives_name<codec<First>, codec<Rest>...>.size()};

  /// Whether any alternative points into the row.
  static constexpr bool is_view = (detail::is_view<First> || ... || detail::is_view<Rest>);

  /// What any alternative takes.
  static constexpr bool accepts(oid_t column) noexcept {
    return (codec<First>::accepts(column) || ... || codec<Rest>::accepts(column));
  }

  /// What any alternative takes of the types made by users.
  static bool accepts(user_type const& known, type_table const& all, std::string*) {
    return (detail::codec_accepts<codec<First>>(known.type, &all) || ... ||
            detail::codec_accepts<codec<Rest>>(known.type, &all));
  }

  /// What any alternative takes in text format.
  static constexpr bool accepts_text(oid_t column) noexcept
    requires(readable_value<First> && ... && readable_value<Rest>)
  {
    return (accepts_text_type<First>(column) || ... || accepts_text_type<Rest>(column));
  }

  /// Calls `use` with the alternative that `value` holds. \throws usage_error if it holds none,
  /// because an exception left it so
  template <class Use>
  static void visit(value_type const& value, Use const& use)
    requires(encodable<First> && ... && encodable<Rest>)
  {
    if (value.valueless_by_exception()) {
      throw usage_error("a std::variant without a value cannot be a parameter");
    }
    std::visit(use, value);
  }

  /// Appends the text form of the alternative.
  static void encode(value_type const& value, encoder& out)
    requires(detail::text_writable<First> && ... && detail::text_writable<Rest>)
  {
    visit(value, [&out]<class T>(T const& held) { detail::text_form<T>::put(held, out); });
  }

  /// Reads the first alternative that takes the value's type.
  static value_type decode(wire_value value)
    requires(readable_value<First> && ... && readable_value<Rest>)
  {
    return decode_first<0>(value);
  }

  /// Where the type is not told, as within a composite in text format, no alternative can be
  /// chosen: a `decode_error`.
  static value_type parse(std::string_view text)
    requires(readable_value<First> && ... && readable_value<Rest>)
  {
    return parse(text, oid::none);
  }

  /// Reads the first alternative that takes the column's type, or else takes it in text format.
  static value_type parse(std::string_view text, oid_t column)
    requires(readable_value<First> && ... && readable_value<Rest>)
  {
    if (column == oid::none) {
      throw decode_error(
          "a std::variant cannot be read from text whose type is not known: read the result in "
          "binary format, with query");
    }
    return parse_first<0>(text, column);
  }

 private:
  template <std::size_t I>
  using alternative = std::variant_alternative_t<I, value_type>;

  template <std::size_t I>
  static value_type decode_first(wire_value value) {
    if constexpr (I == std::variant_size_v<value_type>) {
      detail::throw_no_alternative(value.type, value.types);
    } else {
      if (detail::codec_accepts<codec<alternative<I>>>(value.type, value.types)) {
        return value_type(std::in_place_index<I>, codec<alternative<I>>::decode(value));
      }
      return decode_first<I + 1>(value);
    }
  }

  template <std::size_t I, bool Lenient = false>
  static value_type parse_first(std::string_view text, oid_t column) {
    if constexpr (I < std::variant_size_v<value_type>) {
      using chosen = alternative<I>;
      if (Lenient ? accepts_text_type<chosen>(column) : codec<chosen>::accepts(column)) {
        return value_type(std::in_place_index<I>,
                          detail::parse_typed<codec<chosen>, chosen>(text, column));
      }
      return parse_first<I + 1, Lenient>(text, column);
    } else if constexpr (!Lenient) {
      return parse_first<0, true>(text, column);
    } else {
      detail::throw_no_alternative(column, nullptr);
    }
  }
};

}  // namespace pqscope

#endif
