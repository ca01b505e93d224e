#ifndef PQSCOPE_CONNECTION_ROW_COLLECTION_HPP
#define PQSCOPE_CONNECTION_ROW_COLLECTION_HPP

#include <pqscope/connection/row_plan.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/type_source.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/result.hpp>

#include <array>
#include <cstddef>
#include <source_location>
#include <vector>

namespace pqscope::detail {

/// The rows that a statement returned: first those that were decoded, then those of a result.
template <class Row, class Shape>
struct row_collection {
  std::vector<Row> decoded{};
  libpq::result_handle result{};
  std::array<column_plan, Shape::size> plan{};
  shared_types types{};

  libpq::result_view view() const noexcept { return libpq::result_view{result}; }
  std::size_t size() const noexcept {
    return decoded.size() + static_cast<std::size_t>(view().rows());
  }

  /// Row of that number.
  Row read(std::size_t row, std::source_location const& where) const {
    if constexpr (is_copyable<Row>) {
      if (row < decoded.size()) {
        return decoded[row];
      }
    }
    return decode(view(), static_cast<int>(row - decoded.size()), where);
  }
  /// Row of that number in a result of those columns; an error tells it behind those decoded.
  Row decode(libpq::result_view of, int row, std::source_location const& where) const {
    row_reader<Shape::size> const reader{of, plan, row, types.get()};
    try {
      return Shape::make(reader);
    } catch (decode_error& failure) {
      reader.locate(failure, where, decoded.size());
      throw;
    }
  }
};

}  // namespace pqscope::detail

#endif
