#ifndef PQSCOPE_TYPES_MAC_TEXT_HPP
#define PQSCOPE_TYPES_MAC_TEXT_HPP

#include <pqscope/types/hex.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// Reads the numbers of a MAC address as C's `scanf` does by `%x`, for PostgreSQL does so: space,
/// a sign and `0x` may stand before each.
class mac_scanner {
 public:
  constexpr explicit mac_scanner(std::string_view text) noexcept : text_(text) {}

  constexpr void skip_space() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
  }

  constexpr bool done() const noexcept { return at_ == text_.size(); }

  constexpr bool skip(char c) noexcept {
    bool const is_next = !done() && text_[at_] == c;
    at_ += is_next ? 1U : 0U;
    return is_next;
  }

  /// Takes a number of at most `width` characters; nothing above 255.
  constexpr bool number(std::size_t width, unsigned char& value) noexcept {
    skip_space();
    std::size_t const end = width < text_.size() - at_ ? at_ + width : text_.size();
    bool const negative = at_ < end && text_[at_] == '-';
    at_ += negative || (at_ < end && text_[at_] == '+') ? 1U : 0U;
    unsigned sum = 0;
    bool any = false;
    if (at_ + 1 < end && text_[at_] == '0' && (text_[at_ + 1] == 'x' || text_[at_ + 1] == 'X')) {
      at_ += 2;
      any = true;
    }
    for (; at_ < end && hex_digit(text_[at_]) >= 0; ++at_) {
      sum = sum > 255 ? sum : sum * 16 + static_cast<unsigned>(hex_digit(text_[at_]));
      any = true;
    }
    value = static_cast<unsigned char>(sum & 0xffU);
    return any && sum <= 255 && !(negative && sum != 0);
  }

  static constexpr bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

using mac6 = std::array<unsigned char, 6>;
using mac8 = std::array<unsigned char, 8>;

/// Reads six numbers of at most `width` characters with `separator` behind each that is the
/// `group`th, and nothing but space behind the last; false where `text` is not made so.
constexpr bool parse_mac6_as(std::string_view text, std::size_t width, std::size_t group,
                             char separator, mac6& bytes) noexcept {
  mac_scanner scan(text);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bool const separated = i != 0 && i % group == 0;
    if ((separated && !scan.skip(separator)) || !scan.number(width, bytes[i])) {
      return false;
    }
  }
  scan.skip_space();
  return scan.done();
}

/// Reads a `macaddr`; false where `text` is none. Source: PostgreSQL's `macaddr_in`.
constexpr bool parse_mac6(std::string_view text, mac6& bytes) noexcept {
  struct form {
    std::size_t width;
    std::size_t group;
    char separator;
  };
  constexpr std::size_t any_width = static_cast<std::size_t>(-1);
  constexpr form forms[] = {{any_width, 1, ':'}, {any_width, 1, '-'}, {2, 3, ':'}, {2, 3, '-'},
                            {2, 2, '.'},         {2, 2, '-'},         {2, 6, ' '}};
  for (auto const& one : forms) {
    if (parse_mac6_as(text, one.width, one.group, one.separator, bytes)) {
      return true;
    }
  }
  return false;
}

/// The eight bytes of an address of which the first six are all that was given. Source:
/// PostgreSQL's `macaddrtomacaddr8`.
constexpr mac8 widen_mac(mac8 const& b) noexcept {
  return {b[0], b[1], b[2], 0xff, 0xfe, b[3], b[4], b[5]};
}

/// Reads a `macaddr8`: six or eight pairs of digits, the same separator behind any of them; false
/// where `text` is not made so. Source: PostgreSQL's `macaddr8_in`.
constexpr bool parse_mac8(std::string_view text, mac8& bytes) noexcept {
  while (!text.empty() && mac_scanner::is_space(text.front())) {
    text.remove_prefix(1);
  }
  std::size_t count = 0;
  char separator = '\0';
  while (text.size() >= 2) {
    int const high = hex_digit(text[0]);
    int const low = hex_digit(text[1]);
    if (high < 0 || low < 0 || count == bytes.size()) {
      return false;
    }
    bytes[count++] = static_cast<unsigned char>(high * 16 + low);
    text.remove_prefix(2);
    if (!text.empty() && (text[0] == ':' || text[0] == '-' || text[0] == '.')) {
      if (separator != '\0' && separator != text[0]) {
        return false;
      }
      separator = text[0];
      text.remove_prefix(1);
    }
    if ((count == 6 || count == 8) && !text.empty() && mac_scanner::is_space(text[0])) {
      while (!text.empty() && mac_scanner::is_space(text[0])) {
        text.remove_prefix(1);
      }
      if (!text.empty()) {
        return false;
      }
    }
  }
  // A single character that is left over is not looked at, there as here.
  if (count == 6) {
    bytes = widen_mac(bytes);
  }
  return count == 6 || count == 8;
}

/// The text PostgreSQL prints: pairs of lower-case digits with colons between.
template <std::size_t N>
std::string mac_to_text(std::array<unsigned char, N> const& bytes) {
  std::string text;
  text.reserve(3 * N);
  for (unsigned char const byte : bytes) {
    if (!text.empty()) {
      text += ':';
    }
    text += "0123456789abcdef"[byte / 16U];
    text += "0123456789abcdef"[byte % 16U];
  }
  return text;
}

}  // namespace pqscope::detail

#endif
