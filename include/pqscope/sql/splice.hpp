#ifndef PQSCOPE_SQL_SPLICE_HPP
#define PQSCOPE_SQL_SPLICE_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/characters.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/sql/lexer.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/sql/scanner.hpp>

#include <concepts>
#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

class joined;

namespace detail {

/// Whether `left` and `right` next to each other could be read as one word of SQL: a name or number
/// going on, a string with a prefix or going on, an operator or the start of a comment.
constexpr bool runs_together(char left, char right) noexcept {
  auto const is_quote = [](char c) { return c == '\'' || c == '"'; };
  bool const left_word = is_identifier_part(left) || is_quote(left) || left == '&';
  bool const right_word = is_identifier_part(right) || is_quote(right);
  bool const in_number = (is_digit(left) && right == '.') || (left == '.' && is_digit(right));
  bool const in_sign = (left == '.' && right == '.') ||
                       (left == ':' && (right == ':' || right == '='));  // 1..2 a::b a:=b
  return (left_word && right_word) || (is_operator(left) && is_operator(right)) || in_number ||
         in_sign;
}

/// Whether `left` ends in a number with an exponent that `right` would go on with: `1e` and `-5`,
/// or `1e-` and `5`.
inline bool continues_exponent(std::string_view left, char right) {
  auto const is_sign = [](char c) { return c == '+' || c == '-'; };
  if (is_sign(left.back()) ? !is_digit(right) : !is_sign(right)) {
    return false;
  }
  left.remove_suffix(is_sign(left.back()) ? 1 : 0);
  return left.size() > 1 && (left.back() == 'e' || left.back() == 'E') &&
         (is_digit(left[left.size() - 2]) || left[left.size() - 2] == '.');
}

/// Whether `left` ends in a number with a point at its end, not in a qualified name's, that a word
/// would go on with: `1.` and `e5`.
inline bool continues_fraction(std::string_view left, char right) {
  if (left.back() != '.' || !is_identifier_part(right)) {
    return false;
  }
  std::size_t begin = left.size() - 1;
  while (begin != 0 && is_identifier_part(left[begin - 1])) {
    --begin;
  }
  return is_digit(left[begin]);
}

/// Whether `right` begins with a quote that would go on with a string in which `left` ends: with
/// nothing between them but white space, a line break in it, and comments of a line.
inline bool continues_string(std::string_view left, std::string_view right) {
  if (right.front() != '\'' && right.front() != '-' && !is_space(right.front())) {
    return false;
  }
  sql_lexer ahead{right};
  auto first = ahead.next();
  while (first.kind == sql_token_kind::line_comment) {
    first = ahead.next();
  }
  std::size_t end = left.size();
  while (end != 0 && is_space(left[end - 1])) {
    --end;
  }
  if (first.kind != sql_token_kind::string || *first.begin != '\'' || end == 0) {
    return false;
  }
  // Only a quote or a comment at the end is worth the way through all of `left`.
  std::size_t const line = left.find_last_of("\n\r", end - 1);
  if (left[end - 1] != '\'' &&
      left.substr(0, end).find("--", line == left.npos ? 0 : line) == left.npos) {
    return false;
  }
  char const* gap = nullptr;  // the end of the string that comes last
  sql_lexer lexer{left};
  for (auto token = lexer.next(); !token.ends_input(); token = lexer.next()) {
    if (token.kind != sql_token_kind::line_comment) {
      gap = token.kind == sql_token_kind::string ? token.end : nullptr;
    }
  }
  if (!gap || lexer.fault() != sql_fault::none) {
    return false;
  }
  auto const has_line_break = [](char const* from, char const* to) {
    std::string_view const between{from, static_cast<std::size_t>(to - from)};
    return between.find_first_of("\n\r") != std::string_view::npos;
  };
  return has_line_break(gap, left.data() + left.size()) ||
         has_line_break(right.data(), first.begin);
}

/// Appends `piece` to SQL text, with a space in between where both would run together, or an empty
/// comment where that would not keep them apart.
inline void splice(std::string& out, std::string_view piece) {
  if (!out.empty() && !piece.empty()) {
    if (runs_together(out.back(), piece.front()) || continues_exponent(out, piece.front()) ||
        continues_fraction(out, piece.front())) {
      out += ' ';
    } else if (continues_string(out, piece)) {
      out += "/**/";
    }
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
