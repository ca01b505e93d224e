#ifndef PQSCOPE_MAPPING_SOURCE_HPP
#define PQSCOPE_MAPPING_SOURCE_HPP

#include <pqscope/mapping/entity.hpp>
#include <pqscope/mapping/expression.hpp>
#include <pqscope/mapping/reflect.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace pqscope::detail {

/// The table that a query begins with.
template <class T>
struct base_table {
  using entity = T;
  using part = entity_part<T>;
  static constexpr bool is_left = false;
  static constexpr void write(text_writer& out, int alias) {
    put_table(out, table_of<T>);
    if (out.is_qualified()) {
      out << " AS t";
      out.number(alias);
    }
  }
};

/// A table that is joined to another one of the query, whose number is `Other`, over a reference:
/// the column `Own` of the one is equal to the column `Others` of the other.
template <class T, auto Own, auto Others, int Other, bool Left>
struct joined_table {
  using entity = T;
  using part = std::conditional_t<Left, optional_part<T, column_of<Own>>, entity_part<T>>;
  static constexpr bool is_left = Left;
  static constexpr void write(text_writer& out, int alias) {
    out << (Left ? " LEFT JOIN " : " JOIN ");
    put_table(out, table_of<T>) << " AS t";
    out.number(alias) << " ON ";
    out.column(alias, facts_of_member<Own>.name) << " = ";
    out.column(Other, facts_of_member<Others>.name);
  }
};

/// The tables of a query.
template <class... Tables>
struct source {
  using shape = mapped_shape<typename Tables::part...>;

  /// Tells the writer which tables there are; comes first.
  static constexpr void enter(text_writer& out) {
    out.qualify(sizeof...(Tables) > 1);
    (out.add_table(code_of_struct<typename Tables::entity>), ...);
  }
  static constexpr void write_columns(text_writer& out) {
    int alias = 0;
    ((out << (alias == 0 ? "" : ", "), put_columns(out, table_of<typename Tables::entity>, alias),
      ++alias),
     ...);
  }
  static constexpr void write(text_writer& out) {
    int alias = 0;
    (Tables::write(out, alias++), ...);
  }
  static constexpr bool is_joined = sizeof...(Tables) > 1;
  /// Whether the table of that number may have no row.
  static consteval bool is_left(int number) {
    bool const left[] = {Tables::is_left...};
    return number >= 0 && left[number];
  }

  /// The number of the `occurrence`th table of a struct; -1 where there is none.
  template <class T>
  static consteval int find(int occurrence) {
    int at = 0;
    int found = -1;
    ((std::is_same_v<T, typename Tables::entity>&& occurrence-- == 0 ? found = at++ : at++), ...);
    return found;
  }

  template <class More>
  using with = source<Tables..., More>;
};

template <std::size_t I, class... Columns>
auto pick_column(column_list<Columns...>) -> std::tuple_element_t<I, std::tuple<Columns...>>;

/// The binding of a member's column.
template <auto Member>
using binding_of = decltype(pick_column<column_of<Member>>(columns_of<owner_of<Member>>{}));

/// `Source` with the table at the other end of the reference that `Member` is.
template <class Source, auto Member, int Occurrence, bool Left>
consteval auto join_over() {
  using owner = owner_of<Member>;
  constexpr auto target = binding_of<Member>::target;
  if constexpr (!binding_of<Member>::references) {
    static_assert(binding_of<Member>::references,
                  "pqscope: a join goes over a column that references<>() another");
    return Source{};
  } else {
    using other = owner_of<target>;
    constexpr int from_owner = Source::template find<owner>(Occurrence);
    constexpr int from_other = Source::template find<other>(Occurrence);
    if constexpr (from_owner >= 0) {
      return
          typename Source::template with<joined_table<other, target, Member, from_owner, Left>>{};
    } else if constexpr (from_other >= 0) {
      return
          typename Source::template with<joined_table<owner, Member, target, from_other, Left>>{};
    } else {
      static_assert(from_owner >= 0, "pqscope: neither end of the reference is in the query yet");
      return Source{};
    }
  }
}

}  // namespace pqscope::detail

#endif
