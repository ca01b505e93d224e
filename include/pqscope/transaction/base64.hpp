#ifndef PQSCOPE_TRANSACTION_BASE64_HPP
#define PQSCOPE_TRANSACTION_BASE64_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pqscope::detail {

inline constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as base64 with padding, on one line. Source: RFC 4648, section 4.
inline std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::size_t const left = bytes.size() - at;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i > left ? '=' : base64_digits[group >> (18 - 6 * i) & 63U];
    }
  }
  return text;
}

/// The bytes that `to_base64` writes as this text; nothing if it is not what that writes.
inline std::optional<std::string> from_base64(std::string_view text) {
  std::size_t const padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (char const digit : text.substr(0, text.size() - padding)) {
    std::size_t const value = base64_digits.find(digit);
    if (value == std::string_view::npos) {
      return std::nullopt;
    }
    bits = (bits << 6U | static_cast<std::uint32_t>(value)) & 0xFFFFU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFFU);
    }
  }
  if (to_base64(bytes) != text) {  // a wrong length, or bits that are lost
    return std::nullopt;
  }
  return bytes;
}

}  // namespace pqscope::detail

#endif
