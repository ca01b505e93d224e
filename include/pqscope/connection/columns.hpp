#ifndef PQSCOPE_CONNECTION_COLUMNS_HPP
#define PQSCOPE_CONNECTION_COLUMNS_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope {

/// A column of a result. Refers to the result.
struct column_info {
  std::string_view name;  ///< as the server gave it; need not be unique
  oid_t type = 0;         ///< OID of its type; domains show as their base type
  oid_t table = 0;        ///< OID of the table it comes from, 0 where it is computed
};

/// The columns of a result. Refers to the result, which has to outlive it.
class columns {
 public:
  /// Used by `result`.
  explicit columns(libpq::result_view view) noexcept : view_{view} {}

  /// How many there are.
  std::size_t size() const noexcept { return static_cast<std::size_t>(view_.columns()); }
  /// The same, where a number is wanted.
  operator std::size_t() const noexcept { return size(); }
  /// A column, counted from 0. \throws usage_error if there is no such column
  column_info operator[](std::size_t index) const {
    if (index >= size()) {
      throw usage_error("column " + std::to_string(index) + " is out of range: there are " +
                        std::to_string(size()));
    }
    return at(static_cast<int>(index));
  }
  /// The number of the column of this name, as the server writes it. \throws usage_error if no
  /// column, or more than one, has that name
  int index_of(std::string_view name) const {
    int found = -1;
    for (int i = 0; i < view_.columns(); ++i) {
      if (view_.column_name(i) == name) {
        if (found >= 0) {
          throw usage_error("more than one column is named \"" + std::string(name) + "\"");
        }
        found = i;
      }
    }
    if (found < 0) {
      throw usage_error("no column is named \"" + std::string(name) + "\"");
    }
    return found;
  }

  /// Goes through the columns.
  class iterator {
   public:
    using value_type = column_info;          ///< made as it is looked at
    using difference_type = std::ptrdiff_t;  ///< distance of columns
    /// Points nowhere.
    iterator() noexcept = default;
    /// Used by `columns`.
    iterator(libpq::result_view view, int index) noexcept : view_{view}, index_{index} {}
    /// The column.
    column_info operator*() const noexcept { return columns{view_}.at(index_); }
    /// The next column.
    iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    /// The next column; returns where it stood.
    iterator operator++(int) noexcept {
      iterator const before = *this;
      ++index_;
      return before;
    }
    /// Whether both stand at the same column of one result.
    friend bool operator==(iterator const& a, iterator const& b) noexcept {
      return a.index_ == b.index_;
    }

   private:
    libpq::result_view view_;
    int index_ = 0;
  };
  /// The first column.
  iterator begin() const noexcept { return {view_, 0}; }
  /// Behind the last column.
  iterator end() const noexcept { return {view_, view_.columns()}; }

 private:
  column_info at(int index) const noexcept {
    return {view_.column_name(index), view_.column_type(index), view_.column_table(index)};
  }

  libpq::result_view view_;
};

}  // namespace pqscope

#endif
