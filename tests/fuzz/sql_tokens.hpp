#ifndef PQSCOPE_TESTS_FUZZ_SQL_TOKENS_HPP
#define PQSCOPE_TESTS_FUZZ_SQL_TOKENS_HPP

#include "fuzz.hpp"

#include <pqscope/sql/characters.hpp>
#include <pqscope/sql/lexer.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

using token_kind = pqscope::detail::sql_token_kind;

/// One word of a text, owned.
struct token {
  token_kind kind;
  std::string text;
  friend bool operator==(token const&, token const&) = default;
};

struct tokens {
  std::vector<token> all;
  pqscope::sql_fault fault = pqscope::sql_fault::none;
};

/// Takes `text` apart, and checks that this ends, that words follow one another with nothing but
/// space between, and that no quote or comment is left among single characters.
inline tokens take_apart(std::string_view text) {
  tokens found;
  pqscope::detail::sql_lexer lexer{text};
  char const* at = text.data();
  char const* symbol_end = nullptr;
  char symbol = '\0';
  for (auto next = lexer.next(); !next.ends_input(); next = lexer.next()) {
    for (; at < next.begin; ++at) {
      require(pqscope::detail::is_space(*at), "only space is between words");
    }
    require(next.begin == at && next.end > at && next.end <= text.data() + text.size(),
            "a word follows the one before it and is not empty");
    at = next.end;
    if (next.kind == token_kind::symbol) {
      char const c = *next.begin;
      require(next.size() == 1 && c != '\'' && c != '"', "a quote begins a string or a name");
      bool const adjacent = symbol_end == next.begin;
      require(!(adjacent && ((symbol == '-' && c == '-') || (symbol == '/' && c == '*'))),
              "two characters that begin a comment do so");
      symbol_end = next.end;
      symbol = c;
    }
    found.all.push_back({next.kind, {next.begin, next.end}});
  }
  auto const last = lexer.next();
  auto const again = lexer.next();
  require(last.kind == again.kind && last.begin == again.begin, "the end stays the end");
  found.fault = lexer.fault();
  require((found.fault == pqscope::sql_fault::none) == (last.kind == token_kind::end),
          "a text ends in its end or in a fault");
  return found;
}

/// The words with a space between them, or a line break where a comment would go on.
inline std::string put_together(std::vector<token> const& words) {
  std::string text;
  for (token const& word : words) {
    text += word.text;
    text += word.kind == token_kind::line_comment ? '\n' : ' ';
  }
  return text;
}

}  // namespace fuzz

#endif
