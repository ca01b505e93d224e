#ifndef PQSCOPE_SQL_SPLICE_HPP
#define PQSCOPE_SQL_SPLICE_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/characters.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/sql/scanner.hpp>

#include <concepts>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

class joined;

namespace detail {

/// Whether `left` and `right` next to each other could be read as one word of SQL: a name going on,
/// a string with a prefix or going on, an operator or the start of a comment.
constexpr bool runs_together(char left, char right) noexcept {
  auto const is_quote = [](char c) { return c == '\'' || c == '"'; };
  bool const left_word = is_identifier_part(left) || is_quote(left) || left == '&';
  bool const right_word = is_identifier_part(right) || is_quote(right);
  return (left_word && right_word) || (is_operator(left) && is_operator(right));
}

/// Appends `piece` to SQL text, with a space in between where both would run together.
inline void splice(std::string& out, std::string_view piece) {
  if (!out.empty() && !piece.empty() && runs_together(out.back(), piece.front())) {
    out += ' ';
  }
  out += piece;
}

/// A piece of SQL that goes into a larger text.
struct sql_piece {
  std::string_view text;
  bool is_free_text;  // written by the user: neither quoted nor checked before
};

/// What `compose` and `join` take: never a bare string.
template <class T>
concept composable = std::same_as<T, identifier> || std::same_as<T, literal> ||
                     std::same_as<T, dynamic_sql> || std::same_as<T, joined>;

template <composable T>
sql_piece piece_of(T const& value) noexcept {
  return {value.text(), std::same_as<T, dynamic_sql>};
}

/// Appends a piece, which can neither reach into the text behind it nor be reached into.
inline void splice(std::string& out, sql_piece piece, std::source_location where) {
  splice(out, piece.text);
  if (!piece.is_free_text) {
    return;
  }
  scan_result const found = scan_sql(piece.text);
  if (found.fault != sql_fault::none) {
    throw usage_error("a fragment of SQL text has " + std::string{describe(found.fault)}, where);
  }
  if (found.ends_in_line_comment) {
    out += '\n';
  }
}

}  // namespace detail

}  // namespace pqscope

#endif
