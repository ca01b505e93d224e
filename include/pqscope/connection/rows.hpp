#ifndef PQSCOPE_CONNECTION_ROWS_HPP
#define PQSCOPE_CONNECTION_ROWS_HPP

#include <pqscope/connection/index_iterator.hpp>
#include <pqscope/connection/row_collection.hpp>
#include <pqscope/connection/row_plan.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/type_source.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/result.hpp>

#include <cstddef>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// The rows of a `query<Row>`.
///
/// They were decoded as they arrived, so that no whole result is held beside them, and are copied
/// as they are looked at; `query(…).all()` hands them over. Binary values in memory, decoded as
/// they are looked at, are: the rows of a prepared statement that returned at most 4096 the last
/// time; rows that refer to the result, or cannot be copied; anonymous records; values of a type
/// made by users that the connection had not met. `stream` holds no rows at all.
///
/// `Row` is a type with a `codec`, a `std::tuple` or `std::pair` of such by position, or an
/// aggregate struct of such by the names of its fields. Columns and types were matched when the
/// query returned, those made by users as the server tells of them.
///
/// Move-only; independent of its connection. A `std::string_view` or `std::span` in a row refers to
/// this object. Any number of threads may read it. Reading a row throws `unexpected_null` for NULL
/// in a field that is no `std::optional`, and `decode_error` for a value the C++ type does not
/// hold.
///
/// `Shape` is how the columns make a `Row`; typed queries of mapped structs have one of their own.
template <class Row, class Shape = detail::row_shape<Row>>
class rows {
  using shape = Shape;
  struct look {
    Row operator()(rows const* of, int index) const {
      return of->read(static_cast<std::size_t>(index));
    }
  };

 public:
  /// No rows.
  rows() = default;
  /// Matches columns and types; used by `connection`.
  /// \throws type_mismatch that lists every column that does not fit
  rows(libpq::result_handle handle, std::source_location where,
       detail::type_source const& source = {})
      : where_{where} {
    rows_.result = std::move(handle);
    auto const fields = shape::fields();
    rows_.types = detail::plan_row(rows_.view(), fields, shape::by_name, rows_.plan, where, source);
  }
  /// Used by `query`.
  rows(detail::row_collection<Row, Shape>&& collected, std::source_location where)
      : rows_{std::move(collected)}, where_{where} {}

  /// Number of rows.
  std::size_t size() const noexcept { return rows_.size(); }
  /// Whether there are none.
  bool empty() const noexcept { return size() == 0; }
  /// Decodes a row, counted from 0. \throws usage_error if there is no such row
  Row operator[](std::size_t index) const {
    if (index >= size()) {
      throw usage_error(
          "row " + std::to_string(index) + " is out of range: there are " + std::to_string(size()),
          where_);
    }
    return read(index);
  }

  /// The only row. \throws no_rows, too_many_rows unless there is exactly one
  Row one() const& {
    require_at_most_one();
    if (empty()) {
      throw no_rows("one row was expected, there is none", where_);
    }
    return read(0);
  }
  /// The first row, nothing if there is none; further rows are not looked at.
  std::optional<Row> first() const& { return empty() ? std::nullopt : std::optional<Row>{read(0)}; }
  /// The only row, nothing if there is none. \throws too_many_rows if there are more
  std::optional<Row> one_or_none() const& {
    require_at_most_one();
    return first();
  }
  /// Every row, decoded.
  std::vector<Row> all() const& {
    std::vector<Row> read_all;
    read_all.reserve(size());
    for (std::size_t row = 0, end = size(); row < end; ++row) {
      read_all.push_back(read(row));
    }
    return read_all;
  }
  /// As above, for rows that are read from the query at once: they may not refer to it.
  Row one() const&& {
    check_not_dangling();
    return one();
  }
  /// As above.
  std::optional<Row> first() const&& {
    check_not_dangling();
    return first();
  }
  /// As above.
  std::optional<Row> one_or_none() const&& {
    check_not_dangling();
    return one_or_none();
  }
  /// As above; those that were decoded are handed over.
  std::vector<Row> all() && {
    check_not_dangling();
    if (size() > rows_.decoded.size()) {
      return static_cast<rows const&>(*this).all();
    }
    return std::move(rows_.decoded);
  }

  /// Goes through the rows, decoding each as it is looked at.
  using iterator = detail::index_iterator<Row, rows const*, look>;
  /// The first row.
  iterator begin() const noexcept { return {this, 0}; }
  /// Behind the last row.
  iterator end() const noexcept { return {this, static_cast<int>(size())}; }

 private:
  Row read(std::size_t row) const { return rows_.read(row, where_); }

  void require_at_most_one() const {
    if (size() > 1) {
      throw too_many_rows("one row was expected, there are " + std::to_string(size()), where_);
    }
  }

  static constexpr void check_not_dangling() {
    static_assert(!detail::shape_refers<Row, Shape>,
                  "pqscope: a std::string_view or span would outlive the rows it refers to: keep "
                  "the query's result in a variable, or read std::string");
  }

  detail::row_collection<Row, Shape> rows_{};
  std::source_location where_;
};

}  // namespace pqscope

#endif
