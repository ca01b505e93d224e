#ifndef PQSCOPE_LIBPQ_RESULT_HPP
#define PQSCOPE_LIBPQ_RESULT_HPP

#include <libpq-fe.h>

#include <cstdint>
#include <string_view>

#include <pqscope/libpq/handles.hpp>

namespace pqscope::libpq {

/// A look at a result without owning it: libpq's accessors under one roof.
///
/// Rows and columns count from 0 and are not checked here beyond what libpq does. Texts live as
/// long as the result. Any number of threads may read one result.
class result_view {
 public:
  /// Looks at no result: no rows, no columns.
  constexpr result_view() noexcept = default;
  /// Looks at `result`, which may be null.
  constexpr explicit result_view(PGresult const* result) noexcept : result_{result} {}
  /// Looks at the result that `owner` holds.
  explicit result_view(result_handle const& owner) noexcept : result_{owner.get()} {}

  /// Number of rows.
  int rows() const noexcept { return PQntuples(result_); }
  /// Number of columns.
  int columns() const noexcept { return PQnfields(result_); }
  /// Name of a column.
  std::string_view column_name(int column) const noexcept {
    char const* name = PQfname(result_, column);
    return name ? name : "";
  }
  /// OID of a column's type; domains show as their base type.
  unsigned column_type(int column) const noexcept { return PQftype(result_, column); }
  /// OID of the table a column comes from, 0 where it is computed.
  unsigned column_table(int column) const noexcept { return PQftable(result_, column); }
  /// Number of such a column in its table, counted from 1, negative for system columns; else 0.
  int column_number(int column) const noexcept { return PQftablecol(result_, column); }
  /// Whether a column arrived in binary format.
  bool is_binary(int column) const noexcept { return PQfformat(result_, column) == 1; }
  /// Whether a value is NULL.
  bool is_null(int row, int column) const noexcept {
    return PQgetisnull(result_, row, column) != 0;
  }
  /// First byte of a value; the value is followed by a NUL byte that is not part of it.
  char const* data(int row, int column) const noexcept { return PQgetvalue(result_, row, column); }
  /// Length of a value in bytes.
  int size(int row, int column) const noexcept { return PQgetlength(result_, row, column); }
  /// A value's bytes as text; empty for NULL.
  std::string_view text(int row, int column) const noexcept {
    return {data(row, column), static_cast<std::size_t>(size(row, column))};
  }
  /// The command tag, such as `INSERT 0 1` or `ROLLBACK`.
  std::string_view command_tag() const noexcept {
    // libpq's declaration lacks the const that its implementation honours
    char const* tag = result_ ? PQcmdStatus(const_cast<PGresult*>(result_)) : nullptr;
    return tag ? tag : "";
  }
  /// Number of rows the command tag reports, 0 for commands that report none.
  std::uint64_t affected_rows() const noexcept {
    std::uint64_t rows = 0;
    char const* digits = result_ ? PQcmdTuples(const_cast<PGresult*>(result_)) : "";
    for (; *digits >= '0' && *digits <= '9'; ++digits) {
      rows = rows * 10 + static_cast<std::uint64_t>(*digits - '0');
    }
    return rows;
  }
  /// Whether the statement described rows, be it none of them.
  bool has_rows() const noexcept {
    ExecStatusType const status = PQresultStatus(result_);
#ifdef LIBPQ_HAS_CHUNK_MODE
    if (status == PGRES_TUPLES_CHUNK) {
      return true;
    }
#endif
    return status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE;
  }
  /// Number of parameters of a described statement.
  int parameters() const noexcept { return PQnparams(result_); }
  /// OID of a parameter's type of a described statement.
  unsigned parameter_type(int index) const noexcept { return PQparamtype(result_, index); }

 private:
  PGresult const* result_ = nullptr;
};

}  // namespace pqscope::libpq

#endif
