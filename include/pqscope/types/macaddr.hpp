#ifndef PQSCOPE_TYPES_MACADDR_HPP
#define PQSCOPE_TYPES_MACADDR_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/mac_text.hpp>
#include <pqscope/types/malformed.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// A MAC address of six bytes (EUI-48): PostgreSQL's `macaddr`. Compared in order, as there.
struct macaddr {
  std::array<unsigned char, 6> bytes{};  ///< most significant first; all zero unless set

  /// Reads an address in any form PostgreSQL takes: `08:00:2b:01:02:03`, `08-00-2b-01-02-03`,
  /// `08002b:010203`, `08002b-010203`, `0800.2b01.0203`, `0800-2b01-0203`, `08002b010203`; nothing
  /// if `text` is none.
  static constexpr std::optional<macaddr> try_parse(std::string_view text) noexcept {
    macaddr parsed;
    return detail::parse_mac6(text, parsed.bytes) ? std::optional(parsed) : std::nullopt;
  }

  /// As `try_parse`; throws `usage_error` if `text` is no address.
  static constexpr macaddr parse(std::string_view text,
                                 std::source_location where = std::source_location::current()) {
    auto const parsed = try_parse(text);
    if (!parsed) {
      throw usage_error("the text is not a MAC address", where);
    }
    return *parsed;
  }

  /// The text PostgreSQL prints, `08:00:2b:01:02:03`. Round-trips through `parse`.
  std::string to_string() const { return detail::mac_to_text(bytes); }

  /// Orders by bytes.
  friend constexpr auto operator<=>(macaddr const&, macaddr const&) = default;
};

/// A MAC address of eight bytes (EUI-64): PostgreSQL's `macaddr8`. Compared in order, as there.
struct macaddr8 {
  std::array<unsigned char, 8> bytes{};  ///< most significant first; all zero unless set

  /// Reads an address as PostgreSQL does: eight pairs of digits, or six, between whose halves
  /// ff:fe is put; a colon, hyphen or full stop behind any pair, but the same one; nothing if
  /// `text` is none.
  static constexpr std::optional<macaddr8> try_parse(std::string_view text) noexcept {
    macaddr8 parsed;
    return detail::parse_mac8(text, parsed.bytes) ? std::optional(parsed) : std::nullopt;
  }

  /// As `try_parse`; throws `usage_error` if `text` is no address.
  static constexpr macaddr8 parse(std::string_view text,
                                  std::source_location where = std::source_location::current()) {
    auto const parsed = try_parse(text);
    if (!parsed) {
      throw usage_error("the text is not a MAC address of eight bytes", where);
    }
    return *parsed;
  }

  /// The text PostgreSQL prints, `08:00:2b:ff:fe:01:02:03`. Round-trips through `parse`.
  std::string to_string() const { return detail::mac_to_text(bytes); }

  /// Orders by bytes.
  friend constexpr auto operator<=>(macaddr8 const&, macaddr8 const&) = default;
};

namespace detail {

/// What the two have in common: their bytes as they are.
template <class T>
struct mac_codec {
  /// The bytes.
  static void encode(T const& value, encoder& out) { out.append(borrow(value)); }

  /// The value's own bytes.
  static std::string_view borrow(T const& value) noexcept {
    return {reinterpret_cast<char const*>(value.bytes.data()), value.bytes.size()};
  }

  /// Reads the bytes.
  static T decode(wire_value value) {
    T decoded;
    require_size(value, decoded.bytes.size(), codec<T>::name);
    __builtin_memcpy(decoded.bytes.data(), value.data, decoded.bytes.size());
    return decoded;
  }

  /// Reads the text form.
  static T parse(std::string_view text) {
    auto const parsed = T::try_parse(text);
    if (!parsed) {
      throw_malformed(codec<T>::name);
    }
    return *parsed;
  }
};

}  // namespace detail

/// `pqscope::macaddr` is `macaddr`.
template <>
struct codec<macaddr> : detail::mac_codec<macaddr> {
  static constexpr oid_t type = oid::macaddr;              ///< `macaddr`
  static constexpr oid_t array_type = oid::macaddr_array;  ///< `macaddr[]`
  static constexpr oid_t parameter_type = type;            ///< declared
  static constexpr bool text_parameter = false;            ///< binary
  static constexpr std::string_view name = "macaddr";      ///< in messages

  /// Only `macaddr`.
  static constexpr bool accepts(oid_t column) noexcept { return column == oid::macaddr; }
};

/// `pqscope::macaddr8` is `macaddr8`. A `macaddr` column is not read: cast it in the SQL text.
template <>
struct codec<macaddr8> : detail::mac_codec<macaddr8> {
  static constexpr oid_t type = oid::macaddr8;              ///< `macaddr8`
  static constexpr oid_t array_type = oid::macaddr8_array;  ///< `macaddr8[]`
  static constexpr oid_t parameter_type = type;             ///< declared
  static constexpr bool text_parameter = false;             ///< binary
  static constexpr std::string_view name = "macaddr8";      ///< in messages

  /// Only `macaddr8`.
  static constexpr bool accepts(oid_t column) noexcept { return column == oid::macaddr8; }
};

}  // namespace pqscope

/// Hashes the bytes.
template <>
struct std::hash<pqscope::macaddr> {
  /// The hash of `value`'s bytes.
  std::size_t operator()(pqscope::macaddr const& value) const noexcept {
    return std::hash<std::string_view>{}(pqscope::codec<pqscope::macaddr>::borrow(value));
  }
};

/// Hashes the bytes.
template <>
struct std::hash<pqscope::macaddr8> {
  /// The hash of `value`'s bytes.
  std::size_t operator()(pqscope::macaddr8 const& value) const noexcept {
    return std::hash<std::string_view>{}(pqscope::codec<pqscope::macaddr8>::borrow(value));
  }
};

#endif
