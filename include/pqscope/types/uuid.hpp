#ifndef PQSCOPE_TYPES_UUID_HPP
#define PQSCOPE_TYPES_UUID_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/hex.hpp>
#include <pqscope/types/malformed.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// A universally unique identifier: 16 bytes, compared in order, as PostgreSQL compares them.
struct uuid {
  std::array<unsigned char, 16> bytes{};  ///< most significant first; all zero unless set

  /// Reads a UUID as PostgreSQL does: 32 hexadecimal digits of either case, a hyphen allowed after
  /// any group of four, braces allowed around the whole; nothing if `text` is none.
  static constexpr std::optional<uuid> try_parse(std::string_view text) noexcept {
    if (text.size() >= 2 && text.front() == '{' && text.back() == '}') {
      text = text.substr(1, text.size() - 2);
    }
    uuid parsed;
    std::size_t digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '-') {
        bool const allowed = digits % 4 == 0 && digits > 0 && digits < 32 && text[i - 1] != '-';
        if (!allowed) {
          return std::nullopt;
        }
        continue;
      }
      int const digit = detail::hex_digit(text[i]);
      if (digit < 0 || digits == 32) {
        return std::nullopt;
      }
      unsigned char& byte = parsed.bytes[digits / 2];
      byte = static_cast<unsigned char>(byte * 16 + digit);
      ++digits;
    }
    return digits == 32 ? std::optional(parsed) : std::nullopt;
  }

  /// As `try_parse`; throws `usage_error` if `text` is no UUID.
  static constexpr uuid parse(std::string_view text,
                              std::source_location where = std::source_location::current()) {
    auto const parsed = try_parse(text);
    if (!parsed) {
      throw usage_error("the text is not a UUID", where);
    }
    return *parsed;
  }

  /// The canonical form: lower case, `8-4-4-4-12`. Round-trips through `parse`.
  std::string to_string() const {
    constexpr char const* digits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) {
        text += '-';
      }
      text += digits[bytes[i] / 16U];
      text += digits[bytes[i] % 16U];
    }
    return text;
  }

  /// Whether all 16 bytes are zero.
  constexpr bool is_nil() const noexcept { return *this == uuid{}; }

  /// Orders by bytes.
  friend constexpr auto operator<=>(uuid const&, uuid const&) = default;
};

/// `pqscope::uuid` is `uuid`. Texts are not read as one; cast in the SQL text.
template <>
struct codec<uuid> {
  static constexpr oid_t type = oid::uuid;              ///< `uuid`
  static constexpr oid_t array_type = oid::uuid_array;  ///< `uuid[]`
  static constexpr oid_t parameter_type = type;         ///< declared
  static constexpr bool text_parameter = false;         ///< binary
  static constexpr std::string_view name = "uuid";      ///< in messages

  /// Only `uuid`.
  static constexpr bool accepts(oid_t column) noexcept { return column == oid::uuid; }

  /// Sixteen bytes.
  static void encode(uuid const& value, encoder& out) { out.append(borrow(value)); }

  /// The value's own bytes.
  static std::string_view borrow(uuid const& value) noexcept {
    return {reinterpret_cast<char const*>(value.bytes.data()), value.bytes.size()};
  }

  /// Reads sixteen bytes.
  static uuid decode(wire_value value) {
    detail::require_size(value, 16, name);
    uuid decoded;
    __builtin_memcpy(decoded.bytes.data(), value.data, 16);
    return decoded;
  }

  /// Reads the canonical form.
  static uuid parse(std::string_view text) {
    auto const parsed = uuid::try_parse(text);
    if (!parsed) {
      throw_malformed(name);
    }
    return *parsed;
  }
};

}  // namespace pqscope

/// Hashes all 16 bytes.
template <>
struct std::hash<pqscope::uuid> {
  /// The hash of `value`'s bytes.
  std::size_t operator()(pqscope::uuid const& value) const noexcept {
    return std::hash<std::string_view>{}(pqscope::codec<pqscope::uuid>::borrow(value));
  }
};

#endif
