#ifndef PQSCOPE_LIBPQ_APPEND_HPP
#define PQSCOPE_LIBPQ_APPEND_HPP

#include <libpq-fe.h>

#include <new>

#include <pqscope/libpq/handles.hpp>

namespace pqscope::libpq {

/// Adds a copy of a row to a result that is made of such; an empty handle becomes one with the
/// columns of `rows`.
///
/// \throws std::bad_alloc without memory for it
inline void append_row(result_handle& to, result_handle const& rows, int row) {
  PGresult const* const from = rows.get();
  if (!to) {
    to.reset(PQcopyResult(from, PG_COPYRES_ATTRS));
  }
  int const at = PQntuples(to.get());
  for (int column = 0, columns = PQnfields(from); column < columns; ++column) {
    bool const is_null = PQgetisnull(from, row, column) != 0;
    if (!to || PQsetvalue(to.get(), at, column, PQgetvalue(from, row, column),
                          is_null ? -1 : PQgetlength(from, row, column)) == 0) {
      throw std::bad_alloc{};
    }
  }
}

}  // namespace pqscope::libpq

#endif
