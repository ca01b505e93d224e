#ifndef PQSCOPE_CONNECTION_ROW_SHAPE_HPP
#define PQSCOPE_CONNECTION_ROW_SHAPE_HPP

#include <pqscope/types/composite.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/record.hpp>
#include <pqscope/types/user_type.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// How one field of a row looks, for code that is no template.
struct field_shape {
  std::string_view name;            ///< the member's name; empty where position counts
  std::string_view type_name;       ///< what the C++ type is in PostgreSQL
  bool (*accepts)(oid_t) noexcept;  ///< which column types it can be read from
  /// The same, of types that users made and something is known of.
  bool (*accepts_known)(oid_t, type_table const*, std::string*);
};

template <class T>
field_shape shape_of(std::string_view name = {}) noexcept {
  if constexpr (readable_value<T>) {
    return {name, codec_for<non_null_t<T>>::name,
            [](oid_t type) noexcept { return accepts_type<T>(type); },
            &codec_accepts<codec_for<non_null_t<T>>>};
  } else {
    static_assert(readable_value<T>,
                  "pqscope: a row of this type cannot be read: it has to be a type with a codec, a "
                  "std::tuple of such, or an aggregate struct of such");
    return {};
  }
}

/// What a C++ type makes of a row: the fields it has, and how it is put together from them.
/// This one is for a single value.
template <class Row>
struct row_shape {
  static constexpr std::size_t size = 1;
  static constexpr bool by_name = false;
  static std::array<field_shape, 1> fields() noexcept { return {shape_of<Row>()}; }
  template <class Read>
  static Row make(Read const& read) {
    return read.template get<Row>(0);
  }
};

/// A row whose fields count by position.
template <class Row, class... Fields>
struct positional_shape {
  static constexpr std::size_t size = sizeof...(Fields);
  static constexpr bool by_name = false;
  static std::array<field_shape, size> fields() noexcept { return {shape_of<Fields>()...}; }
  template <class Read>
  static Row make(Read const& read) {
    return make(read, std::index_sequence_for<Fields...>{});
  }

 private:
  template <class Read, std::size_t... I>
  static Row make([[maybe_unused]] Read const& read, std::index_sequence<I...>) {
    return Row{read.template get<Fields>(I)...};
  }
};

template <class... Fields>
struct row_shape<std::tuple<Fields...>> : positional_shape<std::tuple<Fields...>, Fields...> {};
template <class A, class B>
struct row_shape<std::pair<A, B>> : positional_shape<std::pair<A, B>, A, B> {};

template <row_struct Row>
struct row_shape<Row> {
  static constexpr std::size_t size = record_size<Row>;
  static constexpr bool by_name = true;
  static std::array<field_shape, size> fields() noexcept {
    return fields(std::make_index_sequence<size>{});
  }
  template <class Read>
  static Row make(Read const& read) {
    return make(read, std::make_index_sequence<size>{});
  }

 private:
  template <std::size_t... I>
  static std::array<field_shape, size> fields(std::index_sequence<I...>) noexcept {
    return {shape_of<field_type<Row, I>>(field_name<Row, I>)...};
  }
  template <class Read, std::size_t... I>
  static Row make(Read const& read, std::index_sequence<I...>) {
    return Row{read.template get<field_type<Row, I>>(I)...};
  }
};

/// `A` for one type, `std::tuple<A, B…>` for several: the row of `query<A, B…>`.
template <class... Row>
struct row_of {
  using type = std::tuple<Row...>;
};
template <class Row>
struct row_of<Row> {
  using type = Row;
};
template <class... Row>
using row_of_t = typename row_of<Row...>::type;

/// The row that a statement is declared with, where it has to have one.
template <class Row>
struct declared_row {
  static_assert(!std::is_void_v<Row>,
                "pqscope: a statement that is declared without rows is carried out by execute");
  using type = std::conditional_t<std::is_void_v<Row>, int, Row>;
};
template <class Row>
using declared_row_t = typename declared_row<Row>::type;

/// Whether a row refers to the memory of its result.
template <class Row>
inline constexpr bool refers_to_result = is_view<non_null_t<Row>>;
template <class... Fields>
inline constexpr bool refers_to_result<std::tuple<Fields...>> = (refers_to_result<Fields> || ...);
template <class A, class B>
inline constexpr bool refers_to_result<std::pair<A, B>> =
    refers_to_result<A> || refers_to_result<B>;
template <class Row>
  requires(row_shape<Row>::by_name)
inline constexpr bool refers_to_result<Row> = refers_to_result<field_types<Row>>;

/// Whether rows can be copied. A `std::vector` says so of itself whatever its elements are.
template <class Row>
inline constexpr bool is_copyable = std::is_copy_constructible_v<Row>;
template <class Element>
inline constexpr bool is_copyable<std::vector<Element>> = is_copyable<Element>;
template <class Value>
inline constexpr bool is_copyable<std::optional<Value>> = is_copyable<Value>;
template <class... Fields>
inline constexpr bool is_copyable<std::tuple<Fields...>> = (is_copyable<Fields> && ...);
template <class A, class B>
inline constexpr bool is_copyable<std::pair<A, B>> = is_copyable<A> && is_copyable<B>;
template <row_struct Row>
  requires record<Row>
inline constexpr bool is_copyable<Row> = is_copyable<field_types<Row>>;

/// Whether a row that a shape makes refers to the memory of its result.
template <class Row, class Shape>
inline constexpr bool shape_refers = refers_to_result<Row>;

}  // namespace pqscope::detail

#endif
