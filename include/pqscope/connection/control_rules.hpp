#ifndef PQSCOPE_CONNECTION_CONTROL_RULES_HPP
#define PQSCOPE_CONNECTION_CONTROL_RULES_HPP

#include <pqscope/connection/scope_link.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/sql/scanner.hpp>
#include <pqscope/sql/sql_view.hpp>

namespace pqscope::detail {

/// Whether a statement has no place in a pipeline: a script, a COPY.
inline bool goes_alone(libpq::request const& statement, sql_view const& text) noexcept {
  return statement.kind == libpq::request_kind::script || text.verb == control::copy;
}

/// Refuses, before it does harm, a statement that would end the transaction behind the back of the
/// scopes that stand for it; takes note of one that moves their savepoints.
inline void refuse_control(libpq::request const& statement, sql_view const& text,
                           scope_link* innermost) {
  char const* instead = nullptr;
  control verb = text.verb;
  if (statement.kind == libpq::request_kind::script && scan_sql(text.str()).ends_transaction) {
    verb = control::commit;
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
