#ifndef PQSCOPE_CONNECTION_ROW_PLAN_HPP
#define PQSCOPE_CONNECTION_ROW_PLAN_HPP

#include <pqscope/connection/row_shape.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/types/oid.hpp>

#include <array>
#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// Where a field's value is found: made once per result.
struct column_plan {
  int column = 0;
  oid_t type = 0;
};

inline std::string quoted(std::string_view name) {
  return '"' + std::string(name) + '"';
}

/// The column for each field of a row, by name or by position; what does not fit goes to `faults`.
inline void match_columns(libpq::result_view view, std::span<field_shape const> fields,
                          bool by_name, std::span<column_plan> plan, std::string& faults) {
  int const columns = view.columns();
  if (!by_name) {
    if (static_cast<std::size_t>(columns) != fields.size()) {
      faults += "\n  the statement returns " + std::to_string(columns) + " columns, the row has " +
                std::to_string(fields.size());
      return;
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      plan[i].column = static_cast<int>(i);
    }
  } else {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      int found = -1;
      for (int column = 0; column < columns; ++column) {
        if (view.column_name(column) == fields[i].name) {
          if (found >= 0) {
            faults += "\n  more than one column is named " + quoted(fields[i].name);
          }
          found = column;
        }
      }
      if (found < 0) {
        faults += "\n  no column for the field " + quoted(fields[i].name);
      }
      plan[i].column = found;
    }
    for (int column = 0; column < columns; ++column) {
      bool wanted = false;
      for (field_shape const& field : fields) {
        wanted = wanted || field.name == view.column_name(column);
      }
      if (!wanted) {
        faults += "\n  no field for the column " + quoted(view.column_name(column));
      }
    }
  }
}

/// Matches a result's columns with the fields of a row and checks every type.
/// \throws type_mismatch that lists all that is wrong
inline void plan_row(libpq::result_view view, std::span<field_shape const> fields, bool by_name,
                     std::span<column_plan> plan, std::source_location const& where) {
  std::string faults;
  match_columns(view, fields, by_name, plan, faults);
  bool const matched = by_name || faults.empty();
  for (std::size_t i = 0; matched && i < fields.size(); ++i) {
    int const column = plan[i].column;
    if (column < 0) {
      continue;
    }
    plan[i].type = view.column_type(column);
    if (!fields[i].accepts(plan[i].type)) {
      faults += "\n  column " + quoted(view.column_name(column)) + " is " +
                std::string(type_name(plan[i].type)) + ", which cannot be read as " +
                std::string(fields[i].type_name);
    }
  }
  if (!faults.empty()) {
    throw type_mismatch("the columns do not fit the row type:" + faults, where);
  }
}

/// Reads the fields of one row.
template <std::size_t Size>
struct row_reader {
  libpq::result_view view;
  std::array<column_plan, Size> const* plan;
  int row;

  template <class T>
  T get(std::size_t field) const {
    column_plan const from = (*plan)[field];
    int const size = view.size(row, from.column);
    if (size == 0 && view.is_null(row, from.column)) {
      return decode<T>(nullptr, 0, from);
    }
    return decode<T>(view.data(row, from.column), size, from);
  }

 private:
  template <class T>
  T decode(char const* data, int size, column_plan from) const {
    try {
      return decode_value<T>(data, size, from.type);
    } catch (decode_error& failure) {
      failure.locate(view.column_name(from.column), static_cast<std::size_t>(row));
      throw;
    }
  }
};

}  // namespace pqscope::detail

#endif
