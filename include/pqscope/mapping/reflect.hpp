#ifndef PQSCOPE_MAPPING_REFLECT_HPP
#define PQSCOPE_MAPPING_REFLECT_HPP

#include <pqscope/connection/loops.hpp>
#include <pqscope/mapping/table.hpp>
#include <pqscope/types/record.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

/// \file
/// What the rest of the mapping knows about the table of a struct, mapped or not:
///
/// - `table_of<T>`, a `table_view`: names, columns and constraints, for code that is no template;
/// - `columns_of<T>`, a `column_list` of bindings, one for each column in the same order, with the
///   member's type, `get(row)` and `target`;
/// - `key_of<T>`, an array of the numbers of the primary key's columns;
/// - `references_of<T>`, an array of what its columns refer to;
/// - `for_each_column<T>(use)`, which calls `use(facts, binding)`.

namespace pqscope::detail {

// Reached only while compiling, by a table that is wrong: their names are the message.
void a_column_references_a_member_that_is_no_column_of_its_table();
void a_column_references_one_that_is_neither_primary_key_nor_unique();

/// A field of a struct that is not mapped, as a column.
template <class T, std::size_t I>
struct field_binding_of {
  using owner = T;
  using value = field_type<T, I>;
  static constexpr auto target = nullptr;
  static constexpr bool references = false;

  static constexpr value const& get(T const& row) noexcept { return get_field<I>(row); }
  static constexpr value& get(T& row) noexcept { return get_field<I>(row); }
  template <auto Other>
  static constexpr bool is() {
    return std::is_same_v<owner_of<Other>, T> && member_name<Other> == field_name<T, I>;
  }
};

template <class T, std::size_t... I>
consteval auto derive_table(std::index_sequence<I...>) {
  static_assert((readable_value<field_type<T, I>> && ...),
                "pqscope: a field of the struct has no type that a column can have: "
                "pqscope::codec is not specialised for it");
  using columns = column_list<field_binding_of<T, I>...>;
  table_definition<T, columns, 0> made{{}, own_type_name<T>};
  made.facts = {facts_of<field_type<T, I>>(field_name<T, I>)...};
  made.members = {field_name<T, I>...};
  for (column_facts& column : made.facts) {
    column.primary_key = column.name == "id" && !column.optional;
  }
  require_table(made.view());
  return made;
}

template <class T>
consteval auto definition_for() {
  if constexpr (mapped<T>) {
    static_assert(std::is_same_v<typename std::remove_cvref_t<decltype(mapping<T>)>::row, T>,
                  "pqscope: the columns in mapping<T> are not members of T");
    return mapping<T>;
  } else {
    return derive_table<T>(std::make_index_sequence<record_size<T>>{});
  }
}

template <class T>
inline constexpr auto definition_of = definition_for<T>();

template <class T>
using columns_of = typename std::remove_cvref_t<decltype(definition_of<T>)>::columns;

template <class T>
inline constexpr table_view table_of = definition_of<T>.view();

/// The number of a member's column; a compile-time error that says so where it has none.
template <auto Member, class... Columns>
consteval std::size_t find_column(column_list<Columns...>) {
  bool const found[] = {Columns::template is<Member>()...};
  std::size_t at = 0;
  while (at < sizeof...(Columns) && !found[at]) {
    ++at;
  }
  return at;
}

template <auto Member>
consteval std::size_t checked_column() {
  constexpr std::size_t at = find_column<Member>(columns_of<owner_of<Member>>{});
  static_assert(at < columns_of<owner_of<Member>>::size,
                "pqscope: the member is no column of the table of its struct");
  return at;
}

/// The number of a member's column in the table of its struct.
template <auto Member>
inline constexpr std::size_t column_of = checked_column<Member>();

/// The facts of a member's column.
template <auto Member>
inline constexpr column_facts const& facts_of_member =
    definition_of<owner_of<Member>>.facts[column_of<Member>];

constexpr std::size_t count_key(table_view const& table) {
  std::size_t count = 0;
  for (column_facts const& column : table.columns) {
    count += column.primary_key ? 1 : 0;
  }
  for (constraint_facts const& each : table.constraints) {
    count += each.kind == constraint_kind::primary_key ? each.size : 0;
  }
  return count;
}

template <class T>
inline constexpr std::size_t key_size = count_key(table_of<T>);

/// The numbers of the columns of the primary key, in its order; none where there is no key.
template <class T>
inline constexpr std::array<std::size_t, key_size<T>> key_of = [] {
  std::array<std::size_t, key_size<T>> key{};
  [[maybe_unused]] std::size_t at = 0;
  if constexpr (key_size<T> != 0) {
    table_view const table = table_of<T>;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].primary_key) {
        key[at++] = i;
      }
    }
    for (constraint_facts const& each : table.constraints) {
      for (std::size_t i = 0; each.kind == constraint_kind::primary_key && i < each.size; ++i) {
        key[at++] = table.find_member(each.members[i]);
      }
    }
  }
  return key;
}();

/// Whether a column is part of the primary key.
constexpr bool is_key(table_view const& table, std::size_t column) {
  return table.columns[column].primary_key ||
         any_of(table.constraints, [&](constraint_facts const& each) {
           return each.kind == constraint_kind::primary_key &&
                  contains(std::span{each.members}.first(each.size), table.members[column]);
         });
}

/// Whether no two rows have the same value in a column, by its key or its constraints.
constexpr bool is_unique(table_view const& table, std::size_t column) {
  return table.columns[column].unique ||
         (table.columns[column].primary_key && count_key(table) == 1) ||
         any_of(table.constraints, [&](constraint_facts const& each) {
           bool const unique =
               each.kind == constraint_kind::primary_key || each.kind == constraint_kind::unique;
           return unique && each.size == 1 && each.members[0] == table.members[column];
         });
}

/// A column that refers to another table's.
struct reference_facts {
  std::size_t column = 0;         ///< its number in its own table
  table_view target;              ///< the table it refers to
  struct_key target_struct = {};  ///< and the struct of that
  std::size_t target_column = 0;  ///< the number of the column there
  on_delete deleted = on_delete::no_action;
  on_update updated = on_update::no_action;
};

template <class Binding>
constexpr reference_facts reference_of(std::size_t column, column_facts const& facts) {
  using other = owner_of<Binding::target>;
  static_assert(mapped<other>,
                "pqscope: a column references a struct that is not mapped: specialise "
                "pqscope::mapping for it, with the column as its primary key or unique");
  constexpr std::size_t at = find_column<Binding::target>(columns_of<other>{});
  if constexpr (at == columns_of<other>::size) {
    a_column_references_a_member_that_is_no_column_of_its_table();
  } else if (!is_unique(table_of<other>, at)) {
    a_column_references_one_that_is_neither_primary_key_nor_unique();
  }
  return {column, table_of<other>, key_of_struct<other>, at, facts.deleted, facts.updated};
}

template <class T, class... Columns>
consteval auto list_references(column_list<Columns...>) {
  std::array<reference_facts, (std::size_t{Columns::references} + ... + 0)> all{};
  [[maybe_unused]] std::size_t column = 0;
  [[maybe_unused]] std::size_t at = 0;
  [[maybe_unused]] auto const add = [&]<class Binding>(Binding) {
    if constexpr (Binding::references) {
      all[at++] = reference_of<Binding>(column, definition_of<T>.facts[column]);
    }
    ++column;
  };
  (add(Columns{}), ...);
  return all;
}

/// What the columns of a table refer to, in the order of the columns. The other tables have to be
/// mapped by now.
template <class T>
inline constexpr auto references_of = list_references<T>(columns_of<T>{});

/// Calls `use(facts, binding)` for each column of the table of `T`.
template <class T, class Use>
constexpr void for_each_column(Use&& use) {
  [&]<class... Columns>(column_list<Columns...>) {
    [[maybe_unused]] std::size_t at = 0;
    (static_cast<void>(use(definition_of<T>.facts[at++], Columns{})), ...);
  }(columns_of<T>{});
}

/// Writes the quoted name of a table, with its schema if it has one.
constexpr text_writer& put_table(text_writer& out, table_view const& table) {
  if (!table.schema.empty()) {
    out.name(table.schema) << ".";
  }
  return out.name(table.name);
}

}  // namespace pqscope::detail

#endif
