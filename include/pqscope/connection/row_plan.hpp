#ifndef PQSCOPE_CONNECTION_ROW_PLAN_HPP
#define PQSCOPE_CONNECTION_ROW_PLAN_HPP

#include <pqscope/connection/record_scan.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/type_source.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/types/money.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/user_type.hpp>

#include <array>
#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// Where a field's value is found: made once per result.
struct column_plan {
  int column = 0;
  oid_t type = 0;
};

inline std::string quoted(std::string_view name) {
  return '"' + std::string(name) + '"';
}

/// As `match_columns` by name, for columns in the order of the fields, as they mostly are; false
/// where they are not.
inline bool match_in_order(libpq::result_view view, std::span<field_shape const> fields,
                           std::span<column_plan> plan) {
  if (static_cast<std::size_t>(view.columns()) != fields.size()) {
    return false;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    plan[i].column = static_cast<int>(i);
    if (view.column_name(plan[i].column) != fields[i].name) {
      return false;
    }
  }
  return true;
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
  } else if (!match_in_order(view, fields, plan)) {
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

/// Whether what a codec is called in messages is a type in SQL, too.
inline bool names_a_type(std::string_view name) noexcept {
  for (std::string_view const other : {"composite", "enum", "range of ", "multirange of "}) {
    if (name.starts_with(other)) {
      return false;
    }
  }
  return name.find(" or ") == std::string_view::npos;  // of a variant
}

/// Says that a column's type does not fit, and what helps where the type has no codec of its own.
inline std::string type_fault(libpq::result_view view, column_plan from, field_shape const& field,
                              type_table const* types = nullptr, std::string const& why = {}) {
  std::string const wanted(field.type_name);
  std::string const name = quoted(view.column_name(from.column));
  std::string fault = "\n  " + told_apart(view, from.column) + " is " + name_of(from.type, types) +
                      ", which cannot be read as " + wanted;
  if (!why.empty()) {
    fault += ": " + why;
  } else if (from.type >= oid::first_unfixed && names_a_type(wanted)) {
    fault += "; cast it in the SQL text, as in " + name + "::" + wanted;
  }
  if (from.type >= oid::first_unfixed && (types == nullptr || types->find(from.type) == nullptr)) {
    fault += "; the connection has not learnt what that type is: see learn_types";
  }
  fault += money_advice(from.type, name);
  return fault;
}

/// The types made by users among the columns that are read, and within their anonymous rows.
inline std::vector<oid_t> user_types_of(libpq::result_view view,
                                        std::span<column_plan const> plan) {
  std::vector<oid_t> found;
  for (column_plan const& from : plan) {
    if (from.type >= oid::first_unfixed) {
      add_type(from.type, found);
    } else if (is_record(from.type)) {
      for (int row = 0; row < view.rows(); ++row) {
        find_user_types({view.data(row, from.column),
                         static_cast<std::size_t>(view.size(row, from.column)), from.type},
                        found);
      }
    }
  }
  return found;
}

/// What does not fit, of all columns.
inline std::string type_faults(libpq::result_view view, std::span<field_shape const> fields,
                               std::span<column_plan const> plan, type_table const* types) {
  std::string faults;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::string why;
    if (plan[i].column >= 0 && !fields[i].accepts_known(plan[i].type, types, &why)) {
      faults += type_fault(view, plan[i], fields[i], types, why);
    }
  }
  return faults;
}

/// Checks the types of columns some of which may be made by users; answers what is known of those,
/// null where there are none. What does not fit goes to `faults`.
///
/// The server is asked for types that are not known, and for all of them where something does not
/// fit that was known before: types change.
[[gnu::noinline]] inline shared_types check_user_types(
    libpq::result_view view, std::span<field_shape const> fields, std::span<column_plan const> plan,
    type_source const& source, std::string& faults, std::source_location const& where) {
  std::vector<oid_t> const wanted = user_types_of(view, plan);
  shared_types types = wanted.empty() ? nullptr : source.table();
  bool knows_all = true;
  for (oid_t const type : wanted) {
    knows_all = knows_all && types != nullptr && types->find(type) != nullptr;
  }
  bool const may_ask = source.learn != nullptr && !wanted.empty();
  if (may_ask && !knows_all) {
    types = source.learn(*source.core, wanted, where);
  }
  std::string found = type_faults(view, fields, plan, types.get());
  if (may_ask && knows_all && !found.empty()) {
    types = source.learn(*source.core, wanted, where);
    found = type_faults(view, fields, plan, types.get());
  }
  faults += found;
  return types;
}

/// Matches a result's columns with the fields of a row and checks every type. Answers what is known
/// of the types made by users among them, null where there are none.
///
/// At most one round trip, and none where all types are built-in or known to `source` and fit.
/// \throws type_mismatch that lists all that is wrong; what asking the server throws
inline shared_types plan_row(libpq::result_view view, std::span<field_shape const> fields,
                             bool by_name, std::span<column_plan> plan,
                             std::source_location const& where, type_source const& source = {}) {
  std::string faults;
  shared_types types;
  if (match_columns(view, fields, by_name, plan, faults)) {
    bool plain = true;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      int const column = plan[i].column;
      if (column >= 0) {
        plan[i].type = view.column_type(column);
        plain = plain && fields[i].accepts(plan[i].type) && plan[i].type < oid::first_unfixed &&
                !is_record(plan[i].type);
      }
    }
    if (!plain) {
      types = check_user_types(view, fields, plan, source, faults, where);
    }
  }
  if (!faults.empty()) {
    throw type_mismatch("the columns do not fit the row type:" + faults, where);
  }
  return types;
}

/// Reads the fields of one row, and knows which one it is at when an error occurs.
template <std::size_t Size>
class row_reader {
 public:
  row_reader(libpq::result_view view, std::array<column_plan, Size> const& plan, int row,
             type_table const* types) noexcept
      : view_{view}, plan_{plan}, types_{types}, row_{row} {}

  template <class T>
  T get(std::size_t field) const {
    column_plan const from = plan_[field];
    column_ = from.column;
    int const size = view_.size(row_, from.column);
    // libpq reports NULL as empty, which most values are not: a call less for those
    if (size == 0 && view_.is_null(row_, from.column)) {
      return null_value<T>();
    }
    return decode_value<T>(wire_value{view_.data(row_, from.column), static_cast<std::size_t>(size),
                                      from.type, types_});
  }

  /// Tells an error the column, the row and the statement's place; `before` is how many rows were
  /// not in this result.
  void locate(decode_error& failure, std::source_location const& where,
              std::size_t before = 0) const {
    failure.locate(view_.column_name(column_), before + static_cast<std::size_t>(row_), where);
  }

 private:
  libpq::result_view view_;
  std::array<column_plan, Size> const& plan_;
  type_table const* types_;
  int row_;
  mutable int column_ = 0;
};

}  // namespace pqscope::detail

#endif
