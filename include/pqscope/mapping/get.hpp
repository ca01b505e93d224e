#ifndef PQSCOPE_MAPPING_GET_HPP
#define PQSCOPE_MAPPING_GET_HPP

#include <pqscope/mapping/entity.hpp>
#include <pqscope/mapping/executor.hpp>
#include <pqscope/mapping/expression.hpp>

#include <cstddef>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

/// Writes the condition that a row has a key: `"a" = $1 AND "b" = $2`.
constexpr void put_key_condition(text_writer& out, table_view const& table,
                                 std::span<std::size_t const> key) {
  bool first = true;
  for (std::size_t const each : key) {
    out << (first ? "" : " AND ");
    first = false;
    out.name(table.columns[each].name) << " = ";
    out.placeholder();
    if (table.columns[each].needs_cast()) {
      out << "::";
      put_type(out, without_length(table.columns[each].type));
    }
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

template <class T, std::size_t I, class... Columns>
auto pick_key(column_list<Columns...>) ->
    typename std::tuple_element_t<key_of<T>[I], std::tuple<Columns...>>::value;

/// The type of a column of the key.
template <class T, std::size_t I>
using key_type = non_null_t<decltype(pick_key<T, I>(columns_of<T>{}))>;

/// A value for a column of the key.
template <class T, std::size_t I, class Key>
auto key_value(Key const& key) {
  using kept = kept_type<key_type<T, I>, Key>;
  static_assert(!std::is_void_v<kept>,
                "pqscope: this key does not compare with the column of the primary key: its type "
                "is another one, and does not convert");
  return value_expression<kept>(keep<kept>(key));
}

/// The row with a key.
template <class T, class... Key>
[[nodiscard]] std::optional<T> get_row(executor const& on, std::source_location const& at,
                                       Key const&... key) {
  static_assert(key_size<T> != 0, "pqscope: the table of this struct has no primary key");
  static_assert(sizeof...(Key) == key_size<T>,
                "pqscope: get() takes as many values as the primary key has columns, in its order");
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    expression_list<decltype(key_value<T, I>(key))...> const values{{key_value<T, I>(key)...}};
    return read_query<get_text<T>, T, entity_shape<T>>(
               on, at, [&](argument_binder& binder) { values.bind(binder); })
        .one_or_none();
  }(std::index_sequence_for<Key...>{});
}

}  // namespace pqscope::detail

#endif
