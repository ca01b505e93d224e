#ifndef PQSCOPE_TRANSFER_PLAIN_STATEMENT_HPP
#define PQSCOPE_TRANSFER_PLAIN_STATEMENT_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/scanner.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <string>
#include <string_view>

namespace pqscope::detail {

/// Refuses what cannot share a round trip with other statements.
/// \throws usage_error for a transaction command, a COPY, and several statements in one text
inline void require_plain(sql_view const& text, std::string_view where_used) {
  std::string problem;
  if (text.verb == control::copy) {
    problem = "COPY moves data: use copy_in or copy_out for it, not ";
  } else if (text.verb != control::none) {
    problem = "a transaction command has no place in ";
  } else if (text.is_dynamic && scan_sql(text.str()).statements > 1) {
    problem = "a text of several statements has no place in ";
  } else {
    return;
  }
  throw usage_error(problem.append(where_used), text.where);
}

}  // namespace pqscope::detail

#endif
