#ifndef PQSCOPE_MAPPING_ROW_TEXT_HPP
#define PQSCOPE_MAPPING_ROW_TEXT_HPP

#include <pqscope/mapping/column.hpp>
#include <pqscope/mapping/entity.hpp>
#include <pqscope/mapping/reflect.hpp>
#include <pqscope/mapping/sql_type.hpp>
#include <pqscope/mapping/table.hpp>
#include <pqscope/mapping/text_writer.hpp>
#include <pqscope/types/optional.hpp>

#include <cstddef>
#include <span>
#include <type_traits>

/// \file
/// The statements about one row of a table: how its values, its key and its INSERT are written.

namespace pqscope::detail {

/// Writes the next placeholder for a column's value, with a cast where it needs one.
constexpr void put_value(text_writer& out, column_facts const& column) {
  out.placeholder();
  if (column.needs_cast()) {
    put_cast(out, column.type);
  }
}

/// Whether an INSERT has a column; an identity column only where the struct gives it a value.
constexpr bool is_inserted(column_facts const& column, bool with_identity) {
  return column.generated.empty() && (with_identity || !column.identity);
}

constexpr std::size_t count_inserted(table_view const& table, bool with_identity) {
  std::size_t count = 0;
  for (column_facts const& column : table.columns) {
    count += is_inserted(column, with_identity) ? std::size_t{1} : std::size_t{0};
  }
  return count;
}

template <class T>
inline constexpr bool has_identity =
    count_inserted(table_of<T>, true) != count_inserted(table_of<T>, false);

/// Writes the placeholder of a column's value. An empty optional takes the column's default, beside
/// which the server does not see the column's type: where the value does not declare one, that of
/// the default tells. A cast of the value itself could cut it off, to a domain's length.
constexpr void put_inserted(text_writer& out, column_facts const& column) {
  bool const has_default = column.optional && !column.default_value.empty();
  out << (has_default ? "coalesce(" : "");
  put_value(out, column);
  if (has_default && !column.is_declared && !column.type.name.empty()) {
    out << ", (" << column.default_value << ")";
    put_cast(out, column.type);
    out << ")";
  } else if (has_default) {
    out << ", " << column.default_value << ")";
  }
}

/// Writes `INSERT INTO … VALUES (…)` for one row; the table has the alias t0.
constexpr void put_insert(text_writer& out, table_view const& table, bool with_identity) {
  out << "INSERT INTO ";
  put_table(out, table) << " AS t0 ";
  if (count_inserted(table, with_identity) == 0) {
    out << "DEFAULT VALUES";
    return;
  }
  for (bool const values : {false, true}) {
    out << (values ? ") VALUES (" : "(");
    bool first = true;
    for (column_facts const& column : table.columns) {
      if (is_inserted(column, with_identity)) {
        out << (first ? "" : ", ");
        first = false;
        if (values) {
          put_inserted(out, column);
        } else {
          out.name(column.name);
        }
      }
    }
  }
  out << ")";
}

/// The value of an identity column in a new struct.
template <class T, class Binding>
typename Binding::value new_identity() {
  if constexpr (std::is_default_constructible_v<T>) {
    static auto const value = Binding::get(T{});
    return value;
  } else {
    return {};
  }
}

/// Whether a struct gives its identity column a value: another one than a new struct has.
template <class T>
bool gives_identity(T const& row) {
  bool given = true;
  for_each_column<T>([&]<class Binding>(column_facts const& facts, Binding) {
    if constexpr (std::is_integral_v<non_null_t<typename Binding::value>>) {
      given = given && (!facts.identity || Binding::get(row) != new_identity<T, Binding>());
    }
  });
  return given;
}

/// Writes the condition that a row has a key: `"a" = $1 AND "b" = $2`.
constexpr void put_key_condition(text_writer& out, table_view const& table,
                                 std::span<std::size_t const> key) {
  bool first = true;
  for (std::size_t const each : key) {
    out << (first ? "" : " AND ");
    first = false;
    out.name(table.columns[each].name) << " = ";
    put_value(out, table.columns[each]);
  }
}

/// A SELECT of the row with a key.
template <class T>
struct get_text {
  static constexpr std::size_t parameters = key_size<T>;
  static constexpr void write(text_writer& out) {
    out << "SELECT ";
    put_columns(out, table_of<T>, 0);
    out << " FROM ";
    put_table(out, table_of<T>) << " WHERE ";
    put_key_condition(out, table_of<T>, key_of<T>);
  }
};

}  // namespace pqscope::detail

#endif
