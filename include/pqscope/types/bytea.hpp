#ifndef PQSCOPE_TYPES_BYTEA_HPP
#define PQSCOPE_TYPES_BYTEA_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/hex.hpp>
#include <pqscope/types/malformed.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pqscope {

namespace detail {

/// What all forms of `bytea` have in common.
struct bytea_codec {
  static constexpr oid_t type = oid::bytea;
  static constexpr oid_t array_type = oid::bytea_array;
  static constexpr oid_t parameter_type = type;
  static constexpr bool text_parameter = false;
  static constexpr std::string_view name = "bytea";

  static constexpr bool accepts(oid_t column) noexcept { return column == oid::bytea; }

  static void encode(std::span<std::byte const> value, encoder& out) { out.append(value); }

  static std::string_view borrow(std::span<std::byte const> value) noexcept {
    return {reinterpret_cast<char const*>(value.data()), value.size()};
  }

  static std::span<std::byte const> view(wire_value value) noexcept {
    return {reinterpret_cast<std::byte const*>(value.data), value.size};
  }
};

/// Those that own their bytes. A template so that only programs that use `bytea` compile it.
template <class Bytes>
struct owned_bytea_codec : bytea_codec {
  /// Copies the bytes.
  static Bytes decode(wire_value value) {
    auto const bytes = view(value);
    return Bytes(bytes.data(), bytes.data() + bytes.size());
  }

  /// Reads `\x` and hexadecimal digits, or the older escape format.
  static Bytes parse(std::string_view text) { return unescape(text); }

  /// Reads the text form, whatever the server's `bytea_output` is.
  /// Source: PostgreSQL, "Binary Data Types".
  static Bytes unescape(std::string_view text) {
    return text.substr(0, 2) == "\\x" ? from_hex(text.substr(2)) : from_escapes(text);
  }

 private:
  static Bytes from_hex(std::string_view digits) {
    if (digits.size() % 2 != 0) {
      throw_malformed(name);
    }
    Bytes bytes;
    bytes.reserve(digits.size() / 2);
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      int const high = hex_digit(digits[i]);
      int const low = hex_digit(digits[i + 1]);
      if (high < 0 || low < 0) {
        throw_malformed(name);
      }
      bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return bytes;
  }

  static Bytes from_escapes(std::string_view text) {
    Bytes bytes;
    bytes.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        bytes.push_back(static_cast<std::byte>(text[i]));
        continue;
      }
      auto const digit = [text, i](std::size_t n) {
        return static_cast<unsigned>(text[i + n] - '0');
      };
      if (i + 1 < text.size() && text[i + 1] == '\\') {
        bytes.push_back(std::byte{'\\'});
        i += 1;
      } else if (i + 3 < text.size() && digit(1) <= 3 && digit(2) <= 7 && digit(3) <= 7) {
        bytes.push_back(static_cast<std::byte>(digit(1) << 6U | digit(2) << 3U | digit(3)));
        i += 3;
      } else {
        throw_malformed(name);
      }
    }
    return bytes;
  }
};

}  // namespace detail

/// `std::vector<std::byte>` is `bytea`. As a parameter it is not copied.
template <>
struct codec<std::vector<std::byte>> : detail::owned_bytea_codec<std::vector<std::byte>> {};

/// `std::span<std::byte const>` is `bytea`. As a parameter it is not copied; as a result it
/// points into the row and lives as long, and there must be binary bytes to point to: a text
/// result cannot be read as a span.
template <>
struct codec<std::span<std::byte const>> : detail::bytea_codec {
  static constexpr bool is_view = true;  ///< results point into the row

  /// Points to the bytes.
  static std::span<std::byte const> decode(wire_value value) { return view(value); }
};

/// `std::span<std::byte>` is a `bytea` parameter, never a result.
template <>
struct codec<std::span<std::byte>> : detail::bytea_codec {};

/// A span of bytes whose length is a part of its type is a `bytea` parameter, never a result.
template <class Byte, std::size_t N>
  requires std::is_same_v<std::remove_const_t<Byte>, std::byte>
struct codec<std::span<Byte, N>> : detail::bytea_codec {};

/// `std::array<std::byte, N>` is a `bytea` of exactly `N` bytes; any other length is a
/// `decode_error`.
template <std::size_t N>
struct codec<std::array<std::byte, N>> : detail::bytea_codec {
  /// Copies the bytes.
  static std::array<std::byte, N> decode(wire_value value) { return copy(view(value)); }

  /// Reads `\x` and hexadecimal digits, or the older escape format.
  static std::array<std::byte, N> parse(std::string_view text) {
    return copy(detail::owned_bytea_codec<std::vector<std::byte>>::parse(text));
  }

 private:
  static std::array<std::byte, N> copy(std::span<std::byte const> bytes) {
    if (bytes.size() != N) {
      throw_out_of_range(name);
    }
    std::array<std::byte, N> copied{};
    if constexpr (N > 0) {
      __builtin_memcpy(copied.data(), bytes.data(), N);
    }
    return copied;
  }
};

}  // namespace pqscope

#endif
