#ifndef PQSCOPE_MAPPING_SCHEMA_TABLE_HPP
#define PQSCOPE_MAPPING_SCHEMA_TABLE_HPP

#include <pqscope/connection/loops.hpp>
#include <pqscope/mapping/reflect.hpp>
#include <pqscope/mapping/sql_type.hpp>
#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/enumeration.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/types.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

/// \file
/// Tables with all that a schema needs of them, for code that is no template.

namespace pqscope::detail {

/// An enum type of the database that comes from a C++ enum; without a name, none.
struct schema_enum {
  std::string_view name{};
  std::span<std::string_view const> labels{};
};

/// A table, what its columns refer to, and the enum type of each column.
struct schema_table {
  table_view table;
  std::span<reference_facts const> references;
  std::span<schema_enum const> enums;
};

template <labelled_enum E>
inline constexpr auto label_texts = [] {
  std::array<std::string_view, labels<E>.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = labels<E>.text(i);
  }
  return all;
}();

template <class Value>
constexpr schema_enum enum_of_column([[maybe_unused]] column_facts const& column) {
  using leaf = non_null_t<typename array_shape<non_null_t<Value>>::leaf_type>;
  if constexpr (labelled_enum<leaf>) {
    if (column.type.is_quoted) {
      return {enum_type<leaf>, label_texts<leaf>};
    }
  }
  return {};
}

template <class T>
inline constexpr auto enums_of = [] {
  std::array<schema_enum, columns_of<T>::size> found{};
  std::size_t at = 0;
  for_each_column<T>([&]<class Binding>(column_facts const& column, Binding) {
    found[at++] = enum_of_column<typename Binding::value>(column);
  });
  return found;
}();

/// The tables of several structs, in this order.
template <class... Ts>
inline constexpr std::array<schema_table, sizeof...(Ts)> schema_of{
    schema_table{table_of<Ts>, references_of<Ts>, enums_of<Ts>}...};

inline bool is_same_table(table_view const& a, table_view const& b) noexcept {
  return a.name == b.name && a.schema == b.schema;
}

/// The number of the first table of that name; the number of tables where there is none.
///
/// A template so that only programs that work with schemas compile it.
template <class = void>
std::size_t find_table(std::span<schema_table const> tables, table_view const& wanted) {
  std::size_t at = 0;
  while (at < tables.size() && !is_same_table(tables[at].table, wanted)) {
    ++at;
  }
  return at;
}

/// The enum types of tables, each once.
template <class = void>
std::vector<schema_enum> enums_in(std::span<schema_table const> tables) {
  std::vector<schema_enum> all;
  for (schema_table const& table : tables) {
    for (schema_enum const& each : table.enums) {
      bool const known =
          any_of(all, [&](schema_enum const& other) { return other.name == each.name; });
      if (!each.name.empty() && !known) {
        all.push_back(each);
      }
    }
  }
  return all;
}

}  // namespace pqscope::detail

#endif
