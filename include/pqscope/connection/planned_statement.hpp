#ifndef PQSCOPE_CONNECTION_PLANNED_STATEMENT_HPP
#define PQSCOPE_CONNECTION_PLANNED_STATEMENT_HPP

#include <pqscope/sql/keyword.hpp>
#include <pqscope/sql/lexer.hpp>

#include <string_view>

namespace pqscope::detail {

/// The next word of a statement, or whatever is there in its place.
constexpr sql_token next_word(sql_lexer& lexer) noexcept {
  sql_token word = lexer.next();
  while (word.is_comment() || word.is('(')) {
    word = lexer.next();
  }
  return word;
}

/// Whether a token is one of these words, in whatever case.
template <class Words>
constexpr bool is_any_of(sql_token const& token, Words const& words) noexcept {
  for (std::string_view const word : words) {
    if (token.kind == sql_token_kind::word && is_spelled(token, word)) {
      return true;
    }
  }
  return false;
}

/// Whether a statement is of those that are planned, and so gain by being prepared.
constexpr bool is_planned(std::string_view text) noexcept {
  constexpr std::string_view verbs[] = {"select", "insert", "update", "delete",
                                        "with",   "values", "merge",  "table"};
  sql_lexer lexer{text};
  return is_any_of(next_word(lexer), verbs);
}

}  // namespace pqscope::detail

#endif
