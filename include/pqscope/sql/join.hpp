#ifndef PQSCOPE_SQL_JOIN_HPP
#define PQSCOPE_SQL_JOIN_HPP

#include <pqscope/sql/check.hpp>
#include <pqscope/sql/splice.hpp>

#include <cstddef>
#include <initializer_list>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pqscope {

namespace detail {

void separator_holds_a_comment();  // never defined, see check.hpp

consteval std::string_view checked_separator(std::string_view text) {
  check_fault(scan_sql(text).fault);
  sql_lexer lexer{text};
  for (auto token = lexer.next(); !token.ends_input(); token = lexer.next()) {
    if (token.is_comment()) {
      separator_holds_a_comment();
    }
  }
  return text;
}

template <class Range>
concept composable_range = requires(Range const& range) {
  requires composable<std::remove_cvref_t<decltype(*std::begin(range))>>;
  std::end(range);
};

}  // namespace detail

/// What stands between the elements of a list: a string literal, checked while compiling to hold
/// nothing unterminated and no comment.
class separator {
 public:
  /// Checks `text`.
  template <std::size_t N>
  consteval separator(char const (&text)[N])
      : text_{detail::checked_separator(detail::checked_text(text, N))} {}

  /// The text of the literal.
  constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// A list of names, literals or fragments of SQL, made by `join`, for use in `compose`.
class joined {
 public:
  /// Writes the elements of `range` with `between` between them; see `join`.
  template <detail::composable_range Range>
  joined(Range const& range, separator between, std::source_location where) {
    bool first = true;
    for (auto const& element : range) {
      if (!std::exchange(first, false)) {
        detail::splice(text_, between.text());
      }
      detail::splice(text_, detail::piece_of(element), where);
    }
  }

  /// The list as it stands in SQL text; empty for an empty list.
  std::string const& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// A list for `compose`: `join(columns)` of two identifiers is `"a", "b"`.
///
/// The elements are `identifier`, `literal`, `dynamic_sql` or `joined`, never bare strings. They
/// are copied. Throws `usage_error` for a fragment that is not complete in itself, as `compose`.
template <detail::composable_range Range>
joined join(Range const& range, separator between = ", ",
            std::source_location where = std::source_location::current()) {
  return joined{range, between, where};
}

/// The same for elements named one by one: `join({identifier{"a"}, identifier{"b"}}, " AND ")`.
template <detail::composable Element>
joined join(std::initializer_list<Element> elements, separator between = ", ",
            std::source_location where = std::source_location::current()) {
  return joined{elements, between, where};
}

}  // namespace pqscope

#endif
