#ifndef PQSCOPE_CONNECTION_ASCII_HPP
#define PQSCOPE_CONNECTION_ASCII_HPP

#include <pqscope/sql/characters.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Text helpers of the configuration readers: ASCII only, whatever the locale.

namespace pqscope::detail {

/// Whether `c` is a space, tab, vertical tab or form feed.
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/// Whether `c` is a letter, a digit or an underscore.
constexpr bool is_word(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// `c`, or its upper-case form if it is a lower-case letter.
constexpr char to_upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

/// `text` with its lower-case letters in upper case.
inline std::string to_upper(std::string_view text) {
  std::string upper{text};
  for (char& c : upper) {
    c = to_upper(c);
  }
  return upper;
}

/// Whether both texts are the same but for the case of their letters.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_upper(a[i]) != to_upper(b[i])) {
      return false;
    }
  }
  return true;
}

/// `text` without the white space at both ends; points into `text`.
constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// The items of a comma-separated list, one for an empty text; they point into `list`.
inline std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> items;
  for (;;) {
    std::size_t const comma = list.find(',');
    items.push_back(list.substr(0, comma));
    if (comma == std::string_view::npos) {
      return items;
    }
    list.remove_prefix(comma + 1);
  }
}

/// Whether `text` can be shown as a name: 1 to 63 letters, digits and underscores.
constexpr bool is_name(std::string_view text) noexcept {
  for (char const c : text) {
    if (!is_word(c)) {
      return false;
    }
  }
  return !text.empty() && text.size() <= 63;
}

/// `text` in double quotes for a message, or a stand-in where it is long or not printable.
inline std::string quoted_for_message(std::string_view text) {
  if (text.size() > 40) {
    return "a value of " + std::to_string(text.size()) + " bytes";
  }
  for (char const c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return "a value with control characters";
    }
  }
  return '"' + std::string{text} + '"';
}

}  // namespace pqscope::detail

#endif
