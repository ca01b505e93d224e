#ifndef PQSCOPE_SQL_LEXER_HPP
#define PQSCOPE_SQL_LEXER_HPP

#include <pqscope/sql/characters.hpp>
#include <pqscope/sql/fault.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pqscope::detail {

enum class sql_token_kind {
  end,
  fault,
  word,
  number,
  placeholder,
  string,
  quoted_identifier,
  dollar_quote,
  comment,
  line_comment,
  symbol,
};

/// One word of SQL, pointing into the text it was found in.
struct sql_token {
  sql_token_kind kind = sql_token_kind::end;
  char const* begin = nullptr;
  char const* end = nullptr;
  std::uint32_t number = 0;  // of a placeholder

  constexpr std::size_t size() const noexcept { return static_cast<std::size_t>(end - begin); }

  constexpr bool is(char symbol) const noexcept {
    return kind == sql_token_kind::symbol && *begin == symbol;
  }

  constexpr bool is_comment() const noexcept {
    return kind == sql_token_kind::comment || kind == sql_token_kind::line_comment;
  }

  constexpr bool ends_input() const noexcept {
    return kind == sql_token_kind::end || kind == sql_token_kind::fault;
  }
};

/// Takes SQL text apart as the server does with `standard_conforming_strings = on`.
///
/// Operators come as single characters: a comment starts inside of one just as well, so grouping
/// them would change nothing. Prefixes of strings that do not change where the string ends (`B`,
/// `X`, `N`, `U&`) come as tokens of their own. Source: PostgreSQL, "Lexical Structure".
class sql_lexer {
 public:
  static constexpr std::uint32_t max_placeholder = 65535;

  constexpr explicit sql_lexer(std::string_view text) noexcept
      : at_{text.data()}, end_{text.data() + text.size()} {}

  /// The next token; `end` or `fault` again and again once the text is used up.
  constexpr sql_token next() noexcept {
    while (at_ != end_ && is_space(*at_)) {
      ++at_;
    }
    if (fault_ != sql_fault::none || at_ == end_) {
      return make(fault_ == sql_fault::none ? sql_token_kind::end : sql_token_kind::fault, at_);
    }
    char const* const begin = at_;
    char const c = *at_++;
    if (is_identifier_start(c)) {
      return word(begin);
    }
    if (is_digit(c) || (c == '.' && at_ != end_ && is_digit(*at_))) {
      return number(begin);
    }
    switch (c) {
      case '\'':
        return string(begin, false);
      case '"':
        return quoted_identifier(begin);
      case '$':
        return dollar(begin);
      case '-':
        return looking_at('-') ? line_comment(begin) : make(sql_token_kind::symbol, begin);
      case '/':
        return looking_at('*') ? block_comment(begin) : make(sql_token_kind::symbol, begin);
      default:
        return make(sql_token_kind::symbol, begin);
    }
  }

  constexpr sql_fault fault() const noexcept { return fault_; }

 private:
  constexpr bool looking_at(char c) const noexcept { return at_ != end_ && *at_ == c; }

  constexpr sql_token make(sql_token_kind kind, char const* begin) const noexcept {
    return {kind, begin, at_, 0};
  }

  constexpr sql_token fail(sql_fault what, char const* begin) noexcept {
    fault_ = what;
    at_ = begin;
    return make(sql_token_kind::fault, begin);
  }

  constexpr void skip_digits() noexcept {
    while (at_ != end_ && is_digit(*at_)) {
      ++at_;
    }
  }

  constexpr sql_token word(char const* begin) noexcept {
    while (at_ != end_ && is_identifier_part(*at_)) {
      ++at_;
    }
    if (at_ - begin == 1 && (*begin == 'e' || *begin == 'E') && looking_at('\'')) {
      ++at_;
      return string(begin, true);
    }
    return make(sql_token_kind::word, begin);
  }

  constexpr sql_token number(char const* begin) noexcept {
    at_ = begin;
    skip_digits();
    if (looking_at('.')) {
      ++at_;
      skip_digits();
    }
    if (looking_at('e') || looking_at('E')) {
      char const* digits = at_ + 1;
      if (digits != end_ && (*digits == '+' || *digits == '-')) {
        ++digits;
      }
      if (digits != end_ && is_digit(*digits)) {
        at_ = digits;
        skip_digits();
      }
    }
    return make(sql_token_kind::number, begin);
  }

  constexpr sql_token quoted_identifier(char const* begin) noexcept {
    while (at_ != end_) {
      if (*at_++ != '"') {
        continue;
      }
      if (!looking_at('"')) {
        return make(sql_token_kind::quoted_identifier, begin);
      }
      ++at_;
    }
    return fail(sql_fault::unterminated_identifier, begin);
  }

  constexpr sql_token string(char const* begin, bool backslash_escapes) noexcept {
    while (at_ != end_) {
      char const c = *at_++;
      if (c == '\\' && backslash_escapes && at_ != end_) {
        ++at_;
      } else if (c == '\'') {
        if (looking_at('\'')) {
          ++at_;
        } else if (!continue_string()) {
          return make(sql_token_kind::string, begin);
        }
      }
    }
    return fail(sql_fault::unterminated_string, begin);
  }

  // A string goes on behind white space that holds a line break; backslashes still escape there.
  constexpr bool continue_string() noexcept {
    bool line_break = false;
    char const* p = at_;
    for (; p != end_; ++p) {
      if (is_line_break(*p)) {
        line_break = true;
      } else if (*p == '-' && end_ - p > 1 && p[1] == '-') {
        while (p + 1 != end_ && !is_line_break(p[1])) {
          ++p;
        }
      } else if (!is_space(*p)) {
        break;
      }
    }
    if (!line_break || p == end_ || *p != '\'') {
      return false;
    }
    at_ = p + 1;
    return true;
  }

  constexpr sql_token line_comment(char const* begin) noexcept {
    while (at_ != end_ && !is_line_break(*at_)) {
      ++at_;
    }
    return make(sql_token_kind::line_comment, begin);
  }

  constexpr sql_token block_comment(char const* begin) noexcept {
    ++at_;
    for (std::size_t depth = 1; at_ != end_;) {
      char const c = *at_++;
      if (c == '*' && looking_at('/')) {
        ++at_;
        if (--depth == 0) {
          return make(sql_token_kind::comment, begin);
        }
      } else if (c == '/' && looking_at('*')) {
        ++at_;
        ++depth;
      }
    }
    return fail(sql_fault::unterminated_comment, begin);
  }

  constexpr sql_token dollar(char const* begin) noexcept {
    if (at_ != end_ && is_digit(*at_)) {
      return placeholder(begin);
    }
    char const* tag_end = at_;
    if (tag_end != end_ && is_identifier_start(*tag_end)) {
      while (tag_end != end_ && *tag_end != '$' && is_identifier_part(*tag_end)) {
        ++tag_end;
      }
    }
    if (tag_end == end_ || *tag_end != '$') {
      return make(sql_token_kind::symbol, begin);
    }
    return dollar_quote(begin, tag_end + 1);
  }

  constexpr sql_token dollar_quote(char const* begin, char const* tag_end) noexcept {
    auto const size = tag_end - begin;
    for (at_ = tag_end; end_ - at_ >= size; ++at_) {
      if (*at_ != '$') {
        continue;
      }
      std::ptrdiff_t same = 1;
      while (same != size && at_[same] == begin[same]) {
        ++same;
      }
      if (same == size) {
        at_ += size;
        return make(sql_token_kind::dollar_quote, begin);
      }
    }
    return fail(sql_fault::unterminated_dollar_quote, begin);
  }

  constexpr sql_token placeholder(char const* begin) noexcept {
    std::uint32_t number = 0;
    for (; at_ != end_ && is_digit(*at_); ++at_) {
      if (number <= max_placeholder) {
        number = number * 10 + static_cast<std::uint32_t>(*at_ - '0');
      }
    }
    if (number == 0 || number > max_placeholder) {
      return fail(number == 0 ? sql_fault::placeholder_zero : sql_fault::placeholder_out_of_range,
                  begin);
    }
    return {sql_token_kind::placeholder, begin, at_, number};
  }

  char const* at_;
  char const* end_;
  sql_fault fault_ = sql_fault::none;
};

}  // namespace pqscope::detail

#endif
