#ifndef PQSCOPE_CONNECTION_ADD_ROW_HPP
#define PQSCOPE_CONNECTION_ADD_ROW_HPP

#include <type_traits>
#include <vector>

namespace pqscope::detail {

/// Adds the row that `read()` returns to a vector. An aggregate is made where it belongs, without a
/// move; others have constructors, which might take what stands for the row for an argument.
template <class Row, class Read>
void add_row(std::vector<Row>& rows, Read const& read) {
  if constexpr (std::is_aggregate_v<Row>) {
    struct row_to_be {
      Read const& read;
      operator Row() const { return read(); }
    };
    rows.emplace_back(row_to_be{read});
  } else {
    rows.push_back(read());
  }
}

}  // namespace pqscope::detail

#endif
