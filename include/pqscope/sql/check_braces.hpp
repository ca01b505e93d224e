#ifndef PQSCOPE_SQL_CHECK_BRACES_HPP
#define PQSCOPE_SQL_CHECK_BRACES_HPP

#include <pqscope/sql/check.hpp>
#include <pqscope/sql/lexer.hpp>
#include <pqscope/sql/scanner.hpp>

#include <cstddef>
#include <string_view>

namespace pqscope::detail {

// Never defined, see check.hpp.
void compose_has_more_braces_than_arguments();
void compose_has_more_arguments_than_braces();
void compose_brace_is_neither_a_pair_nor_doubled();
void compose_brace_inside_a_quoted_string();
void compose_brace_inside_a_quoted_identifier();
void compose_brace_inside_a_dollar_quote();
void compose_brace_inside_a_comment();

/// Names the place of a brace where nothing can be put in.
consteval void fail_for_brace_in(sql_token_kind kind) {
  switch (kind) {
    case sql_token_kind::string:
      compose_brace_inside_a_quoted_string();
      break;
    case sql_token_kind::quoted_identifier:
      compose_brace_inside_a_quoted_identifier();
      break;
    case sql_token_kind::dollar_quote:
      compose_brace_inside_a_dollar_quote();
      break;
    case sql_token_kind::comment:
    case sql_token_kind::line_comment:
      compose_brace_inside_a_comment();
      break;
    default:
      break;
  }
}

/// Fails to compile unless `format` has `arguments` times `{}`, all braces are in place and nothing
/// is left unterminated.
consteval void check_braces(std::string_view format, std::size_t arguments) {
  check_fault(scan_sql(format).fault);
  std::size_t pairs = 0;
  char const* p = format.data();
  sql_lexer lexer{format};
  for (auto token = lexer.next(); !token.ends_input(); token = lexer.next()) {
    bool const outside = token.kind == sql_token_kind::symbol;
    // Outside of quotes the second brace is a token of its own, and skipped with the first.
    char const* const end = outside ? format.data() + format.size() : token.end;
    for (p = p < token.begin ? token.begin : p; p < token.end; ++p) {
      if (*p != '{' && *p != '}') {
        continue;
      }
      bool const is_doubled = p + 1 != end && p[1] == *p;
      bool const is_pair = p + 1 != end && *p == '{' && p[1] == '}';
      if (!is_doubled && !outside) {
        fail_for_brace_in(token.kind);
      } else if (!is_doubled && !is_pair) {
        compose_brace_is_neither_a_pair_nor_doubled();
      }
      pairs += is_pair ? 1 : 0;
      ++p;
    }
  }
  if (pairs > arguments) {
    compose_has_more_braces_than_arguments();
  }
  if (pairs < arguments) {
    compose_has_more_arguments_than_braces();
  }
}

}  // namespace pqscope::detail

#endif
