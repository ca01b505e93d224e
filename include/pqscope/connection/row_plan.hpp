#ifndef PQSCOPE_CONNECTION_ROW_PLAN_HPP
#define PQSCOPE_CONNECTION_ROW_PLAN_HPP

#include <pqscope/connection/row_shape.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/types/money.hpp>
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
/// False where fields and columns have nothing to do with each other.
inline bool match_columns(libpq::result_view view, std::span<field_shape const> fields,
                          bool by_name, std::span<column_plan> plan, std::string& faults) {
  int const columns = view.columns();
  if (!view.has_rows() && !fields.empty()) {
    faults += "\n  the statement returns no rows";
    return false;
  }
  if (!by_name) {
    if (static_cast<std::size_t>(columns) != fields.size()) {
      faults += "\n  the statement returns " + std::to_string(columns) + " columns, the row has " +
                std::to_string(fields.size());
      return false;
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
  return true;
}

/// How a message calls a column: by its name, and by its number too where others have that name.
inline std::string told_apart(libpq::result_view view, int column) {
  std::string const name = quoted(view.column_name(column));
  for (int other = 0; other < view.columns(); ++other) {
    if (other != column && view.column_name(other) == view.column_name(column)) {
      return "column " + std::to_string(column + 1) + ", " + name + ',';
    }
  }
  return "column " + name;
}

/// Says that a column's type does not fit, and what helps where the type has no codec of its own.
inline std::string type_fault(libpq::result_view view, column_plan from, field_shape const& field) {
  std::string const wanted(field.type_name);
  std::string fault = "\n  " + told_apart(view, from.column) + " is " + type_name(from.type) +
                      ", which cannot be read as " + wanted;
  if (from.type >= oid::first_user) {
    fault +=
        "; cast it in the SQL text, as in " + quoted(view.column_name(from.column)) + "::" + wanted;
  }
  fault += money_advice(from.type, quoted(view.column_name(from.column)));
  return fault;
}

/// Matches a result's columns with the fields of a row and checks every type.
/// \throws type_mismatch that lists all that is wrong
inline void plan_row(libpq::result_view view, std::span<field_shape const> fields, bool by_name,
                     std::span<column_plan> plan, std::source_location const& where) {
  std::string faults;
  bool const matched = match_columns(view, fields, by_name, plan, faults);
  for (std::size_t i = 0; matched && i < fields.size(); ++i) {
    int const column = plan[i].column;
    if (column < 0) {
      continue;
    }
    plan[i].type = view.column_type(column);
    if (!fields[i].accepts(plan[i].type)) {
      faults += type_fault(view, plan[i], fields[i]);
    }
  }
  if (!faults.empty()) {
    throw type_mismatch("the columns do not fit the row type:" + faults, where);
  }
}

/// Reads the fields of one row, and knows which one it is at when an error occurs.
template <std::size_t Size>
class row_reader {
 public:
  row_reader(libpq::result_view view, std::array<column_plan, Size> const& plan, int row) noexcept
      : view_{view}, plan_{plan}, row_{row} {}

  template <class T>
  T get(std::size_t field) const {
    column_plan const from = plan_[field];
    column_ = from.column;
    int const size = view_.size(row_, from.column);
    // libpq reports NULL as empty, which most values are not: a call less for those
    if (size == 0 && view_.is_null(row_, from.column)) {
      return null_value<T>();
    }
    return decode_value<T>(
        wire_value{view_.data(row_, from.column), static_cast<std::size_t>(size), from.type});
  }

  /// Tells an error the column and the row.
  void locate(decode_error& failure) const {
    failure.locate(view_.column_name(column_), static_cast<std::size_t>(row_));
  }

 private:
  libpq::result_view view_;
  std::array<column_plan, Size> const& plan_;
  int row_;
  mutable int column_ = 0;
};

}  // namespace pqscope::detail

#endif
