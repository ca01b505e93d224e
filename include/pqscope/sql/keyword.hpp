#ifndef PQSCOPE_SQL_KEYWORD_HPP
#define PQSCOPE_SQL_KEYWORD_HPP

#include <pqscope/sql/lexer.hpp>

#include <cstddef>
#include <string_view>

namespace pqscope::detail {

/// The words that decide what a statement is and where it ends.
enum class keyword {
  none,
  other,
  dot,
  open_parenthesis,
  abort,
  as,
  atomic,
  begin,
  commit,
  copy,
  create,
  end,
  function,
  case_expression,
  logical_or,
  prepare,
  prepared,
  procedure,
  release,
  replace,
  rollback,
  savepoint,
  start,
  to,
  transaction,
  work,
};

struct keyword_spelling {
  std::string_view text;
  keyword word;
};

inline constexpr keyword_spelling keyword_spellings[] = {
    {"abort", keyword::abort},
    {"as", keyword::as},
    {"atomic", keyword::atomic},
    {"begin", keyword::begin},
    {"case", keyword::case_expression},
    {"commit", keyword::commit},
    {"copy", keyword::copy},
    {"create", keyword::create},
    {"end", keyword::end},
    {"function", keyword::function},
    {"or", keyword::logical_or},
    {"prepare", keyword::prepare},
    {"prepared", keyword::prepared},
    {"procedure", keyword::procedure},
    {"release", keyword::release},
    {"replace", keyword::replace},
    {"rollback", keyword::rollback},
    {"savepoint", keyword::savepoint},
    {"start", keyword::start},
    {"to", keyword::to},
    {"transaction", keyword::transaction},
    {"work", keyword::work},
};

constexpr bool is_spelled(sql_token const& token, std::string_view lower_case) noexcept {
  if (token.size() != lower_case.size()) {
    return false;
  }
  for (std::size_t i = 0; i < lower_case.size(); ++i) {
    char const c = token.begin[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower_case[i]) {
      return false;
    }
  }
  return true;
}

constexpr keyword keyword_of(sql_token const& token) noexcept {
  if (token.is('(')) {
    return keyword::open_parenthesis;
  }
  if (token.is('.')) {
    return keyword::dot;
  }
  if (token.kind == sql_token_kind::word) {
    for (auto const& spelling : keyword_spellings) {
      if (is_spelled(token, spelling.text)) {
        return spelling.word;
      }
    }
  }
  return keyword::other;
}

}  // namespace pqscope::detail

#endif
