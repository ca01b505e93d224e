#ifndef PQSCOPE_CONNECTION_ENVIRONMENT_VALUE_HPP
#define PQSCOPE_CONNECTION_ENVIRONMENT_VALUE_HPP

#include <pqscope/connection/ascii.hpp>

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace pqscope::detail {

/// How the text of a variable becomes a `T`.
template <class T>
struct environment_value;

/// Any text, as it is.
template <>
struct environment_value<std::string> {
  /// What a problem says the value should have been.
  static constexpr std::string_view expected = "a text";
  /// The value, nothing if `text` is none.
  static std::optional<std::string> read(std::string_view text) { return std::string{text}; }
};

/// `1 0 true false yes no on off t f y n`, in any case.
template <>
struct environment_value<bool> {
  /// What a problem says the value should have been.
  static constexpr std::string_view expected = "a boolean (1 0 true false yes no on off t f y n)";
  /// The value, nothing if `text` is none.
  static std::optional<bool> read(std::string_view text) noexcept {
    for (std::string_view const yes : {"1", "true", "yes", "on", "t", "y"}) {
      if (equal_ignoring_case(text, yes)) {
        return true;
      }
    }
    for (std::string_view const no : {"0", "false", "no", "off", "f", "n"}) {
      if (equal_ignoring_case(text, no)) {
        return false;
      }
    }
    return std::nullopt;
  }
};

/// Decimal digits with an optional sign and white space around them.
template <std::integral T>
struct environment_value<T> {
  /// What a problem says the value should have been.
  static constexpr std::string_view expected = "an integer in range";
  /// The value, nothing if `text` is none.
  static std::optional<T> read(std::string_view text) noexcept {
    text = trim(text);
    if (text.size() > 1 && text.front() == '+' && is_digit(text[1])) {
      text.remove_prefix(1);
    }
    T value{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
      return std::nullopt;
    }
    return value;
  }
};

/// Whether a variable's name says that its value is not to be shown.
inline bool names_a_secret(std::string_view name) {
  std::string const upper = to_upper(name);
  for (std::string_view const part :
       {"PASS", "PWD", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "AUTH", "URL", "DSN"}) {
    if (upper.find(part) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace pqscope::detail

#endif
