#ifndef PQSCOPE_MAPPING_VERIFY_HPP
#define PQSCOPE_MAPPING_VERIFY_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/mapping/mismatch.hpp>
#include <pqscope/mapping/statement.hpp>
#include <pqscope/mapping/statement_check.hpp>
#include <pqscope/mapping/statement_shape.hpp>

#include <concepts>
#include <cstddef>
#include <source_location>
#include <utility>
#include <vector>

namespace pqscope {

/// Has the server describe statements, and lists everything in which they do not fit what they are
/// declared as; empty if they fit. `on` is a connection, transaction, savepoint or session.
///
/// - *Refused*: the server does not know a table, column or function, or finds a mistake in the
///   text.
/// - *Arguments*: where a type is declared to the server, it says itself whether it takes it, and
///   refuses the statement. Texts, enums and other types that declare none are compared with what
///   it expects in that place. A text does not fit where C++ has a type of its own, such as
///   `date` or `uuid`: use that, or cast in the SQL text (`CAST(CAST($1 AS text) AS date)`). What
///   is `inferred` fits wherever it stands. Nothing fits where the server would have to read an
///   anonymous row (`home = $1`), which it does not.
/// - *Columns*: number, names and types, as `query` compares them.
/// - *NULL* for a field that is no `std::optional`. What is known: a column that comes straight
///   from a table's column, also through views and subqueries, can be NULL unless that is declared
///   NOT NULL, or of a domain that is, and everything can that an outer join or a grouping set
///   leaves empty. It cannot where a condition of the statement leaves no such rows (`WHERE email =
///   $1`, `email IS NOT NULL`). How the server plans the statement tells both. Nothing is known,
///   and so nothing said, of expressions: `coalesce(email, '')` is a way to tell what only a person
///   knows. Of outer joins nothing is known either where the server does not plan the statement:
///   before version 12, without the privilege to carry it out, for some arguments whose types are
///   domains.
///
/// Not compared: whether an argument may be NULL, and the number of rows.
///
/// Nothing is carried out, and nothing left behind: a transaction stays as it is, but for its
/// snapshot, which is taken as by any statement. Locks that the server takes to describe a
/// statement are given back. Only a check that is cancelled on its way may leave statements
/// prepared, under names of the library's.
///
/// One round trip; one more where there are columns of tables, where there are types made by users,
/// for what is due (a BEGIN), and for each statement that is refused.
///
/// \throws server_error for what says nothing about the statements: a failed transaction, a lock
///         that is not to be had, a server that goes down; else errors as for any statement. They
///         name the first statement's declaration.
template <class On, class... Signatures>
[[nodiscard]] std::vector<mismatch> find_mismatches(On& on,
                                                    statement<Signatures> const&... statements) {
  if constexpr (sizeof...(Signatures) == 0) {
    return {};
  } else {
    std::vector<detail::statement_shape> const shapes{detail::shape_of_statement(statements)...};
    return detail::statement_check<>{on.core_for(shapes.front().text.where), shapes}.run();
  }
}

/// The same as `find_mismatches` for a test: returns if all statements fit.
/// \throws statement_mismatch that lists everything that does not, with file and line of each
///         statement; the connection is usable and its transaction alive
template <class On, class... Signatures>
void verify(On& on, statement<Signatures> const&... statements) {
  if (auto found = find_mismatches(on, statements...); !found.empty()) {
    throw statement_mismatch(std::move(found));
  }
}

}  // namespace pqscope

#endif
