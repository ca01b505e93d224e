#ifndef PQSCOPE_SQL_LITERAL_HPP
#define PQSCOPE_SQL_LITERAL_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/quote.hpp>

#include <concepts>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

namespace pqscope {

namespace detail {

template <class T>
concept plain_integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                        !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                        !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

}  // namespace detail

/// A value written into the SQL text itself, for the places that take no parameter: DDL, `SET`,
/// `COMMENT`, `NOTIFY`. Everywhere else pass a parameter.
///
/// Text is quoted so that it reads the same whatever `standard_conforming_strings` says. As for
/// `identifier`, a byte below 0x80 has to stand for itself in the client encoding.
class literal {
 public:
  /// A string. Throws `usage_error` if `text` holds a NUL byte.
  explicit literal(std::string_view text,
                   std::source_location where = std::source_location::current()) {
    if (text.find('\0') != std::string_view::npos) {
      throw usage_error("a literal holds a NUL byte", where);
    }
    bool const escapes = text.find('\\') != std::string_view::npos;
    text_ = escapes ? "E" : "";
    detail::append_quoted(text_, text, '\'', escapes ? '\\' : '\0');
  }

  /// An integer, in decimal digits.
  template <detail::plain_integer Integer>
  explicit literal(Integer value) : text_{std::to_string(value)} {}

  /// `TRUE` or `FALSE`.
  template <std::same_as<bool> Bool>
  explicit literal(Bool value) : text_{value ? "TRUE" : "FALSE"} {}

  /// The value as it stands in SQL text.
  std::string const& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace pqscope

#endif
