#ifndef PQSCOPE_CONNECTION_COLUMNS_HPP
#define PQSCOPE_CONNECTION_COLUMNS_HPP

#include <pqscope/connection/index_iterator.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/types/oid.hpp>

#include <concepts>
#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

namespace detail {

/// The name of a column, and where it is asked for: converts implicitly from any text.
struct wanted_column {
  template <std::convertible_to<std::string_view> Text>
  wanted_column(Text const& name, std::source_location at = std::source_location::current())
      : text{name}, where{at} {}

  std::string_view text;       ///< as the server writes it
  std::source_location where;  ///< for errors
};

}  // namespace detail

/// A column of a result. Refers to the result.
struct column_info {
  std::string_view name;  ///< as the server gave it; need not be unique
  oid_t type = 0;         ///< OID of its type; domains show as their base type
  oid_t table = 0;        ///< OID of the table it comes from, 0 where it is computed
};

/// The columns of a result. Refers to the result, which has to outlive it.
class columns {
  struct look {
    column_info operator()(libpq::result_view view, int index) const noexcept {
      return columns{view}.at(index);
    }
  };

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
  int index_of(detail::wanted_column wanted) const {
    std::string_view const name = wanted.text;
    int found = -1;
    for (int i = 0; i < view_.columns(); ++i) {
      if (view_.column_name(i) == name) {
        if (found >= 0) {
          throw usage_error("more than one column is named \"" + std::string(name) + "\"",
                            wanted.where);
        }
        found = i;
      }
    }
    if (found < 0) {
      throw usage_error("no column is named \"" + std::string(name) + "\"", wanted.where);
    }
    return found;
  }

  /// Goes through the columns.
  using iterator = detail::index_iterator<column_info, libpq::result_view, look>;
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
