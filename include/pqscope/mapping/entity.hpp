#ifndef PQSCOPE_MAPPING_ENTITY_HPP
#define PQSCOPE_MAPPING_ENTITY_HPP

#include <pqscope/connection/row_shape.hpp>
#include <pqscope/mapping/reflect.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

/// How a struct is read from the columns of its table, which begin at one of a row's columns.
template <class T, class Columns = columns_of<T>>
struct entity_part;

template <class T, class... Columns>
struct entity_part<T, column_list<Columns...>> {
  using row = T;
  static constexpr std::size_t size = sizeof...(Columns);

  static void describe(field_shape* fields) noexcept {
    std::size_t at = 0;
    ((fields[at++] = shape_of<typename Columns::value>()), ...);
  }
  template <class Read>
  static T make(Read const& read, std::size_t first) {
    if constexpr (mapped<T>) {
      return fill(read, first);
    } else {
      std::size_t at = first;
      return T{read.template get<typename Columns::value>(at++)...};
    }
  }

 private:
  // by itself: GCC returns an object without a move only where it is that of the outermost block
  template <class Read>
  static T fill(Read const& read, std::size_t at) {
    static_assert(std::is_default_constructible_v<T>,
                  "pqscope: a mapped struct that is read has a default constructor");
    T made{};
    ((Columns::get(made) = read.template get<typename Columns::value>(at++)), ...);
    return made;
  }
};

/// The same behind a LEFT JOIN: nothing where the column `Key` of the struct is NULL.
template <class T, std::size_t Key>
struct optional_part : entity_part<T> {
  using row = std::optional<T>;
  template <class Read>
  static row make(Read const& read, std::size_t first) {
    using key = non_null_t<decltype(key_type(columns_of<T>{}))>;
    if (!read.template get<std::optional<key>>(first + Key)) {
      return std::nullopt;
    }
    return entity_part<T>::make(read, first);
  }

 private:
  template <class... Columns>
  static auto key_type(column_list<Columns...>) ->
      typename std::tuple_element_t<Key, std::tuple<Columns...>>::value;
};

/// One value of a row.
template <class T>
struct value_part {
  using row = T;
  static constexpr std::size_t size = 1;
  static void describe(field_shape* fields) noexcept { *fields = shape_of<T>(); }
  template <class Read>
  static T make(Read const& read, std::size_t first) {
    return read.template get<T>(first);
  }
};

/// What a typed query makes of a row: what its only part is, or a tuple of what its parts are.
/// Columns are matched by position.
template <class... Parts>
struct mapped_shape {
  using row = row_of_t<typename Parts::row...>;
  static constexpr std::size_t size = (Parts::size + ...);
  static constexpr bool by_name = false;

  static std::array<field_shape, size> fields() noexcept {
    std::array<field_shape, size> all{};
    std::size_t at = 0;
    ((Parts::describe(all.data() + at), at += Parts::size), ...);
    return all;
  }
  template <class Read>
  static row make(Read const& read) {
    std::size_t at = 0;
    // the initialisers in braces are evaluated from the first to the last
    return row{Parts::make(read, std::exchange(at, at + Parts::size))...};
  }
};
template <class Part>
struct mapped_shape<Part> {
  using row = typename Part::row;
  static constexpr std::size_t size = Part::size;
  static constexpr bool by_name = false;

  static std::array<field_shape, size> fields() noexcept {
    std::array<field_shape, size> all{};
    Part::describe(all.data());
    return all;
  }
  template <class Read>
  static row make(Read const& read) {
    return Part::make(read, 0);
  }
};

// Mapped structs hold their values, and expressions have types that do.
template <class Row, class... Parts>
inline constexpr bool shape_refers<Row, mapped_shape<Parts...>> = false;

template <class T>
using entity_shape = mapped_shape<entity_part<T>>;

/// Writes the columns of a table as they are read.
constexpr void put_columns(text_writer& out, table_view const& table, int alias) {
  bool first = true;
  for (column_facts const& column : table.columns) {
    out << (first ? "" : ", ");
    first = false;
    out.column(alias, column.name);
    if (!column.read_as.empty()) {
      out << "::" << column.read_as;
    }
  }
}

}  // namespace pqscope::detail

#endif
