#ifndef PQSCOPE_CONNECTION_CONTROL_RULES_HPP
#define PQSCOPE_CONNECTION_CONTROL_RULES_HPP

#include <pqscope/connection/scope_link.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/sql/keyword.hpp>
#include <pqscope/sql/lexer.hpp>
#include <pqscope/sql/scanner.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <string_view>

namespace pqscope::detail {

/// Whether a statement has no place in a pipeline: a script, a COPY.
inline bool goes_alone(libpq::request const& statement, sql_view const& text) noexcept {
  return statement.kind == libpq::request_kind::script || text.verb == control::copy;
}

/// Whether a word of SQL, which stands for itself in small letters, is that name in quotes.
inline bool is_name(sql_token const& word, std::string_view quoted) noexcept {
  if (word.kind == sql_token_kind::word) {
    return is_spelled(word, quoted.substr(1, quoted.size() - 2));
  }
  return word.kind == sql_token_kind::quoted_identifier &&
         quoted == std::string_view{word.begin, word.size()};
}

/// Refuses a SAVEPOINT of the name that a scope has: it would be in the way of that one, whose
/// ROLLBACK TO would undo but a part.
inline void refuse_namesake(sql_view const& text, scope_link const* innermost) {
  sql_lexer lexer{text.str()};
  bool begins = true;  // a statement
  for (sql_token token = lexer.next(); !token.ends_input(); token = lexer.next()) {
    if (token.is_comment()) {
      continue;
    }
    if (begins && keyword_of(token) == keyword::savepoint) {
      do {
        token = lexer.next();
      } while (token.is_comment());
      for (scope_link const* link = innermost; link != nullptr; link = link->parent) {
        if (link->name != nullptr && is_name(token, link->name)) {
          throw usage_error("an enclosing savepoint has this name: it could not be rolled back",
                            text.where);
        }
      }
    }
    begins = token.is(';');
  }
}

/// Refuses, before it does harm, a statement that would end the transaction behind the back of the
/// scopes that stand for it; takes note of one that moves their savepoints.
inline void refuse_control(libpq::request const& statement, sql_view const& text,
                           scope_link* innermost) {
  char const* instead = nullptr;
  control verb = text.verb;
  bool const is_script = statement.kind == libpq::request_kind::script;
  if (is_script && scan_sql(text.str()).ends_transaction) {
    verb = control::commit;
  }
  if (innermost != nullptr && innermost->parent != nullptr &&
      (is_script || verb == control::savepoint)) {
    refuse_namesake(text, innermost);
  }
  switch (verb) {
    case control::begin:
      instead = "a transaction is open: use a savepoint, or with_session inside it, to nest";
      break;
    case control::commit:
    case control::rollback:
    case control::prepare_transaction:
      instead =
          "SQL text may not end the transaction of a scope: use the scope's commit, rollback or "
          "prepare";
      break;
    case control::rollback_to:
    case control::savepoint:
    case control::release:
      for (scope_link* link = innermost; link != nullptr; link = link->parent) {
        link->touched = true;
      }
      return;
    case control::none:
    case control::commit_prepared:
    case control::rollback_prepared:
    case control::copy:
      return;
  }
  throw usage_error(instead, text.where);
}

}  // namespace pqscope::detail

#endif
