#ifndef PQSCOPE_MAPPING_ENTITY_STATEMENTS_HPP
#define PQSCOPE_MAPPING_ENTITY_STATEMENTS_HPP

#include <pqscope/mapping/column.hpp>
#include <pqscope/mapping/entity.hpp>
#include <pqscope/mapping/reflect.hpp>
#include <pqscope/mapping/row_text.hpp>
#include <pqscope/mapping/sql_type.hpp>
#include <pqscope/mapping/table.hpp>
#include <pqscope/mapping/text_writer.hpp>
#include <pqscope/types/array.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/oid.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// The statements of a unit of work, made while compiling.

namespace pqscope::detail {

/// Whether a column's value is made by the server for a new row, at least where the struct has
/// none.
constexpr bool comes_back(column_facts const& column) noexcept {
  return column.identity || !column.default_value.empty() || !column.generated.empty();
}

/// The numbers of the columns for which `Want` answers true.
template <class T, bool (*Want)(column_facts const&)>
struct columns_where {
  static constexpr std::size_t count = [] {
    std::size_t found = 0;
    for (column_facts const& each : table_of<T>.columns) {
      found += Want(each) ? 1U : 0U;
    }
    return found;
  }();
  static constexpr std::array<std::size_t, count> all = [] {
    std::array<std::size_t, count> numbers{};
    [[maybe_unused]] std::size_t at = 0;
    for (std::size_t i = 0; i < table_of<T>.columns.size(); ++i) {
      if (Want(table_of<T>.columns[i])) {
        numbers[at++] = i;
      }
    }
    return numbers;
  }();
};

constexpr bool is_generated(column_facts const& column) noexcept {
  return !column.generated.empty();
}
constexpr bool is_written(column_facts const& column) noexcept {
  return column.generated.empty();
}
constexpr bool is_written_but_identity(column_facts const& column) noexcept {
  return column.generated.empty() && !column.identity;
}
constexpr bool has_default(column_facts const& column) noexcept {
  return !column.default_value.empty();
}
constexpr bool is_version(column_facts const& column) noexcept {
  return column.version;
}

/// The columns that an INSERT gives values for.
template <class T, bool WithIdentity>
using inserted_columns = std::conditional_t<WithIdentity, columns_where<T, is_written>,
                                            columns_where<T, is_written_but_identity>>;

template <std::size_t I, class Columns>
struct nth_column;
template <std::size_t I, class First, class... Rest>
struct nth_column<I, column_list<First, Rest...>> : nth_column<I - 1, column_list<Rest...>> {};
template <class First, class... Rest>
struct nth_column<0, column_list<First, Rest...>> {
  using type = First;
};
/// The binding of a column by its number.
template <class T, std::size_t I>
using nth_binding = typename nth_column<I, columns_of<T>>::type;

/// Writes `"key" = $1 AND …`, and the version if the table has one.
constexpr void put_row_condition(text_writer& out, table_view const& table,
                                 std::span<std::size_t const> key) {
  out << " WHERE ";
  put_key_condition(out, table, key);
  for (column_facts const& column : table.columns) {
    if (column.version) {
      out << " AND ";
      out.name(column.name) << " = ";
      put_value(out, column);
    }
  }
}

constexpr void put_returning(text_writer& out, table_view const& table,
                             bool (*want)(column_facts const&)) {
  bool first = true;
  for (column_facts const& column : table.columns) {
    if (want(column)) {
      out << (first ? " RETURNING " : ", ");
      first = false;
      out.name(column.name);
      if (!column.read_as.empty()) {
        out << "::" << column.read_as;
      }
    }
  }
}

/// INSERT of one object; what the server makes is returned.
template <class T, bool WithIdentity>
struct insert_text {
  static constexpr void write(text_writer& out) {
    put_insert(out, table_of<T>, WithIdentity);
    put_returning(out, table_of<T>, comes_back);
  }
};

/// INSERT of many objects: one array for each column, whose rows are inserted in their order.
template <class T, bool WithIdentity>
struct bulk_insert_text {
  static constexpr void write(text_writer& out) {
    table_view const table = table_of<T>;
    using inserted = inserted_columns<T, WithIdentity>;
    out << "INSERT INTO ";
    put_table(out, table);
    for (std::size_t i = 0; i < inserted::count; ++i) {
      out << (i == 0 ? " (" : ", ");
      out.name(table.columns[inserted::all[i]].name);
    }
    out << ") SELECT ";
    for (std::size_t i = 0; i < inserted::count; ++i) {
      column_facts const& column = table.columns[inserted::all[i]];
      out << (i == 0 ? "" : ", ");
      bool const may_default = !column.default_value.empty() && column.optional;
      out << (may_default ? "coalesce(" : "");
      put_value_of(out, i, column);
      if (may_default) {
        out << ", " << column.default_value << ")";
      }
    }
    out << " FROM (SELECT ";  // of unnest() in FROM the server keeps all rows before the first
    for (std::size_t i = 0; i < inserted::count; ++i) {
      out << (i == 0 ? "" : ", ") << "pg_catalog.unnest(";
      out.placeholder();
      out << ") AS ";
      put_alias(out, i);
    }
    out << ") AS u";
    put_returning(out, table, comes_back);
  }

 private:
  /// Writes a value with what makes it one of the column's type. A text is read as a parameter is:
  /// a cast alone could cut it off, to a domain's length.
  static constexpr void put_value_of(text_writer& out, std::size_t i, column_facts const& column) {
    bool const is_read =
        column.type.is_own && !column.is_declared && !column.type.name.ends_with(']');
    if (is_read) {
      sql_type array = column.type;
      array.is_array = true;
      out << "(ARRAY[";
      put_alias(out, i);
      out << "]::pg_catalog.text";
      put_cast(out, array);
      out << ")[1]";
    } else {
      put_alias(out, i);
      if (column.type.is_own) {
        put_cast(out, column.type);
      }
    }
  }
  static constexpr void put_alias(text_writer& out, std::size_t i) {
    out << "c";
    out.number(static_cast<int>(i));
  }
};

/// Whether values of a type can be elements of an array parameter.
template <class V>
consteval bool can_be_unnested() {
  if constexpr (array_shape<non_null_t<V>>::depth != 0) {
    return false;
  } else if constexpr (has_codec<std::vector<V>>) {
    using codec_type = codec_for<std::vector<V>>;
    return codec_type::parameter_type != oid::none && !codec_type::text_parameter;
  } else {
    return false;
  }
}

/// Whether many objects of a type can be inserted by one statement.
template <class T, bool WithIdentity,
          class Index = std::make_index_sequence<inserted_columns<T, WithIdentity>::count>>
inline constexpr bool is_bulk_insertable = false;
template <class T, bool WithIdentity, std::size_t... I>
inline constexpr bool is_bulk_insertable<T, WithIdentity, std::index_sequence<I...>> =
    sizeof...(I) > 0 &&
    (can_be_unnested<typename nth_binding<T, inserted_columns<T, WithIdentity>::all[I]>::value>() &&
     ...);

/// The columns for which `Want` answers true, as they are read from an answer.
template <class T, class Columns, class Index = std::make_index_sequence<Columns::count>>
struct answer_shape;
template <class T, class Columns, std::size_t... I>
struct answer_shape<T, Columns, std::index_sequence<I...>> {
  using type = mapped_shape<value_part<typename nth_binding<T, Columns::all[I]>::value>...>;
  /// Reads them into an object.
  template <class Row>
  static void assign(T& to, Row&& row) {
    if constexpr (sizeof...(I) == 1) {
      (static_cast<void>(nth_binding<T, Columns::all[I]>::get(to) = std::forward<Row>(row)), ...);
    } else {
      ((nth_binding<T, Columns::all[I]>::get(to) = std::get<I>(std::forward<Row>(row))), ...);
    }
  }
};

/// What a checked statement fails with: the server's error for a histogram without buckets, which
/// nothing in a table is likely to raise by itself.
inline constexpr std::string_view check_failed_state = "2201G";

/// Puts a statement into one that fails with that unless it changes exactly one row.
constexpr void put_checked(text_writer& out, table_view const& table, bool returns) {
  if (returns) {
    put_returning(out, table, is_generated);
  } else {
    out << " RETURNING 1";
  }
  out << ") SELECT pg_catalog.width_bucket(1, 0, 2, "
         "(SELECT (pg_catalog.count(*) = 1)::int FROM changed))";
  for (column_facts const& column : table.columns) {
    if (returns && is_generated(column)) {
      out << ", (SELECT ";
      out.name(column.name) << " FROM changed)";
    }
  }
}

/// DELETE of an object; one with a version is deleted only if nobody has changed it.
template <class T>
struct delete_text {
  static constexpr bool is_checked = columns_where<T, is_version>::count != 0;
  static constexpr void write(text_writer& out) {
    table_view const table = table_of<T>;
    out << (is_checked ? "WITH changed AS (" : "") << "DELETE FROM ";
    put_table(out, table);
    put_row_condition(out, table, key_of<T>);
    if (is_checked) {
      put_checked(out, table, false);
    }
  }
};

/// Writes the UPDATE of the columns whose numbers are given; the first placeholders are theirs.
constexpr void put_update(text_writer& out, table_view const& table, std::size_t const* changed,
                          std::size_t count, std::span<std::size_t const> key, bool returns) {
  out << "WITH changed AS (UPDATE ";
  put_table(out, table) << " SET ";
  for (std::size_t i = 0; i < count; ++i) {
    out << (i == 0 ? "" : ", ");
    out.name(table.columns[changed[i]].name) << " = ";
    put_value(out, table.columns[changed[i]]);
  }
  for (column_facts const& column : table.columns) {
    if (column.version) {
      out << ", ";
      out.name(column.name) << " = ";
      out.name(column.name) << " + 1";
    }
  }
  put_row_condition(out, table, key);
  put_checked(out, table, returns);
}

}  // namespace pqscope::detail

#endif
