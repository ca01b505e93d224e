#ifndef PQSCOPE_CONNECTION_ROWS_HPP
#define PQSCOPE_CONNECTION_ROWS_HPP

#include <pqscope/connection/index_iterator.hpp>
#include <pqscope/connection/row_plan.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/type_source.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/result.hpp>

#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// The rows of a `query<Row>`: binary values in memory, decoded as they are looked at.
///
/// `Row` is a type with a `codec`, a `std::tuple` of such by position, or an aggregate struct of
/// such by the names of its fields. Columns and types were matched when the query returned, those
/// made by users as the server tells of them.
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
    Row operator()(rows const* of, int index) const { return of->read(index); }
  };

 public:
  /// Matches columns and types; used by `connection`.
  /// \throws type_mismatch that lists every column that does not fit
  rows(libpq::result_handle handle, std::source_location where,
       detail::type_source const& source = {})
      : handle_{std::move(handle)}, where_{where} {
    auto const fields = shape::fields();
    types_ = detail::plan_row(view(), fields, shape::by_name, plan_, where_, source);
  }

  /// Number of rows.
  std::size_t size() const noexcept { return static_cast<std::size_t>(view().rows()); }
  /// Whether there are none.
  bool empty() const noexcept { return size() == 0; }
  /// Decodes a row, counted from 0. \throws usage_error if there is no such row
  Row operator[](std::size_t index) const {
    if (index >= size()) {
      throw usage_error("row " + std::to_string(index) + " is out of range: there are " +
                        std::to_string(size()));
    }
    return read(static_cast<int>(index));
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
    std::vector<Row> decoded;
    decoded.reserve(size());
    for (int row = 0, end = view().rows(); row < end; ++row) {
      decoded.push_back(read(row));
    }
    return decoded;
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
  /// As above.
  std::vector<Row> all() const&& {
    check_not_dangling();
    return all();
  }

  /// Goes through the rows, decoding each as it is looked at.
  using iterator = detail::index_iterator<Row, rows const*, look>;
  /// The first row.
  iterator begin() const noexcept { return {this, 0}; }
  /// Behind the last row.
  iterator end() const noexcept { return {this, view().rows()}; }

 private:
  libpq::result_view view() const noexcept { return libpq::result_view{handle_}; }

  Row read(int row) const {
    detail::row_reader<shape::size> const reader{view(), plan_, row, types_.get()};
    try {
      return shape::make(reader);
    } catch (decode_error& failure) {
      reader.locate(failure);
      throw;
    }
  }

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

  libpq::result_handle handle_;
  std::array<detail::column_plan, shape::size> plan_{};
  detail::shared_types types_;
  std::source_location where_;
};

}  // namespace pqscope

#endif
