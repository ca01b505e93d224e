#ifndef PQSCOPE_TRANSFER_COPY_QUERY_HPP
#define PQSCOPE_TRANSFER_COPY_QUERY_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/control.hpp>
#include <pqscope/sql/lexer.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <string>

namespace pqscope::detail {

/// A query as it stands between the parentheses of COPY: without a semicolon at its end.
/// \throws usage_error for what is no query
inline std::string query_to_copy(sql_view const& text) {
  if (text.verb != control::none) {
    throw usage_error("only statements that return rows can be copied from", text.where);
  }
  std::string query{text.str()};
  sql_lexer lexer{text.str()};
  char const* semicolon = nullptr;
  for (sql_token token = lexer.next(); !token.ends_input(); token = lexer.next()) {
    if (!token.is(';')) {
      semicolon = token.is_comment() ? semicolon : nullptr;
    } else {
      semicolon = token.begin;
    }
  }
  if (lexer.fault() != sql_fault::none) {
    throw usage_error("the statement has " + std::string{describe(lexer.fault())}, text.where);
  }
  if (semicolon != nullptr) {
    query[static_cast<std::size_t>(semicolon - text.text)] = ' ';
  }
  return query + '\n';  // where it ends in a comment to the end of the line
}

}  // namespace pqscope::detail

#endif
