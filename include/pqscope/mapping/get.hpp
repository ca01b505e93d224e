#ifndef PQSCOPE_MAPPING_GET_HPP
#define PQSCOPE_MAPPING_GET_HPP

#include <pqscope/mapping/entity.hpp>
#include <pqscope/mapping/executor.hpp>
#include <pqscope/mapping/expression.hpp>
#include <pqscope/mapping/row_text.hpp>

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
