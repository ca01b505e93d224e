#ifndef PQSCOPE_CONNECTION_RESULT_HPP
#define PQSCOPE_CONNECTION_RESULT_HPP

#include <pqscope/connection/columns.hpp>
#include <pqscope/connection/field.hpp>
#include <pqscope/connection/index_iterator.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/result.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

/// One row of a `result`. Cheap to copy; refers to the result, which has to outlive it.
class row {
 public:
  /// Used by `result`.
  row(libpq::result_view view, int index) noexcept : view_{view}, index_{index} {}

  /// Number of columns.
  std::size_t size() const noexcept { return static_cast<std::size_t>(view_.columns()); }
  /// The value in a column, counted from 0. \throws usage_error if there is no such column
  field operator[](std::size_t column) const {
    if (column >= size()) {
      throw usage_error("column " + std::to_string(column) + " is out of range: the row has " +
                        std::to_string(size()));
    }
    return {view_, index_, static_cast<int>(column)};
  }
  /// The value in the column of this name, as the server writes it. \throws usage_error if no
  /// column, or more than one, has that name
  field operator[](detail::wanted_column name) const {
    return {view_, index_, columns(view_).index_of(name)};
  }
  /// The row's number, from 0.
  std::size_t index() const noexcept { return static_cast<std::size_t>(index_); }

 private:
  libpq::result_view view_;
  int index_;
};

/// What a statement came to: its rows, in text format, and its command tag. All of it is in memory.
///
/// Move-only; independent of its connection. Any number of threads may read it.
class result {
  struct look {
    row operator()(libpq::result_view view, int index) const noexcept { return {view, index}; }
  };

 public:
  /// No rows, no columns, no command.
  result() noexcept = default;
  /// Takes over what libpq returned; used by `connection`.
  explicit result(libpq::result_handle handle) noexcept : handle_{std::move(handle)} {}

  /// Number of rows returned; 0 for a statement that returns none.
  std::size_t size() const noexcept { return static_cast<std::size_t>(view().rows()); }
  /// Whether there are no rows.
  bool empty() const noexcept { return size() == 0; }
  /// Whether the statement is one that returns rows, be it none or ones without columns.
  bool has_rows() const noexcept { return view().has_rows(); }
  /// A row, counted from 0. \throws usage_error if there is no such row
  row operator[](std::size_t index) const {
    if (index >= size()) {
      throw usage_error("row " + std::to_string(index) + " is out of range: the result has " +
                        std::to_string(size()));
    }
    return {view(), static_cast<int>(index)};
  }
  /// Number of rows inserted, updated, deleted, selected or copied, as the command tag says.
  std::uint64_t affected_rows() const noexcept { return view().affected_rows(); }
  /// The server's command tag, such as `INSERT 0 1`.
  std::string_view command_tag() const noexcept { return view().command_tag(); }
  /// The columns' names and types.
  pqscope::columns columns() const noexcept { return pqscope::columns{view()}; }

  /// Goes through the rows.
  using iterator = detail::index_iterator<row, libpq::result_view, look>;
  /// The first row.
  iterator begin() const noexcept { return {view(), 0}; }
  /// Behind the last row.
  iterator end() const noexcept { return {view(), view().rows()}; }

 private:
  libpq::result_view view() const noexcept { return libpq::result_view{handle_}; }

  libpq::result_handle handle_;
};

/// Prints a table as psql does: header, rule, rows, number of rows; no empty line after it. Wide
/// characters, control characters and line breaks in values, which are taken for UTF-8, are shown
/// as psql shows them, NULL as nothing. A statement that returns no rows prints its command tag.
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                             result const& shown);

}  // namespace pqscope

#include <pqscope/connection/result_table.hpp>

#endif
