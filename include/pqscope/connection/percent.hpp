#ifndef PQSCOPE_CONNECTION_PERCENT_HPP
#define PQSCOPE_CONNECTION_PERCENT_HPP

#include <pqscope/connection/ascii.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// Appends `text`, everything but letters, digits and `-._~` as `%XX`. Source: RFC 3986, 2.
inline void percent_encode(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (char const c : text) {
    if (is_word(c) || c == '-' || c == '.' || c == '~') {
      out += c;
    } else {
      auto const byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15U];
    }
  }
}

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
  c = to_upper(c);
  return is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// `text` with each `%XX` turned into its byte.
///
/// A broken escape or `%00` is added to `problems` with its place, `offset` being that of `text`
/// in the whole; no character of the text is quoted.
inline std::string percent_decode(std::string_view text, std::size_t offset,
                                  std::vector<std::string>& problems) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    int const high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
    int const low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0)) {
      problems.push_back("invalid percent escape in the URL at offset " +
                         std::to_string(offset + i));
      continue;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

}  // namespace pqscope::detail

#endif
