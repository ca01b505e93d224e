#ifndef PQSCOPE_CONNECTION_SESSION_STATEMENT_HPP
#define PQSCOPE_CONNECTION_SESSION_STATEMENT_HPP

#include <pqscope/connection/planned_statement.hpp>
#include <pqscope/sql/lexer.hpp>

#include <string_view>

namespace pqscope::detail {

/// Whether a statement is there to change the session, or refers to what has been changed in it, as
/// far as its first words tell. Source: PostgreSQL, "SQL Commands".
constexpr bool concerns_session(std::string_view text) noexcept {
  constexpr std::string_view verbs[] = {"set",        "reset",   "listen",  "unlisten", "discard",
                                        "deallocate", "prepare", "execute", "declare",  "fetch",
                                        "move",       "close",   "load"};
  constexpr std::string_view create[] = {"create"};
  constexpr std::string_view between[] = {"or", "replace", "global", "local"};
  constexpr std::string_view temporary[] = {"temp", "temporary"};
  sql_lexer lexer{text};
  sql_token word = next_word(lexer);
  while (word.is(';')) {
    word = next_word(lexer);
  }
  if (is_any_of(word, create)) {
    do {
      word = next_word(lexer);
    } while (is_any_of(word, between));
    return is_any_of(word, temporary);
  }
  return is_any_of(word, verbs);
}

}  // namespace pqscope::detail

#endif
