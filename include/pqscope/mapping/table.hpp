#ifndef PQSCOPE_MAPPING_TABLE_HPP
#define PQSCOPE_MAPPING_TABLE_HPP

#include <pqscope/mapping/column.hpp>
#include <pqscope/mapping/constraint.hpp>
#include <pqscope/mapping/member_name.hpp>
#include <pqscope/sql/identifier.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

namespace pqscope {

namespace detail {

// Reached only while compiling, by a table that is wrong: their names are the message.
void a_name_is_empty();
void a_name_has_more_than_63_bytes();
void a_table_has_two_columns_of_the_same_name();
void a_table_has_two_identity_columns();
void a_table_has_two_version_columns();
void a_table_has_two_primary_keys();
void a_primary_key_that_is_no_identity_cannot_be_optional();
void a_column_cannot_be_both_identity_and_default_or_generated();
void a_column_cannot_be_both_default_and_generated();
void a_column_of_a_composite_or_variant_needs_its_type_by_name();
void a_key_or_index_has_a_member_that_is_no_column_of_the_table();
void an_index_over_an_expression_needs_a_name();

constexpr void require_name(std::string_view name) {
  if (name.empty()) {
    a_name_is_empty();
  }
  if (name.size() > identifier::max_size) {
    a_name_has_more_than_63_bytes();
  }
}

/// A table, for code that is no template. What it refers to is there for ever.
struct table_view {
  std::string_view schema;  ///< empty where it is found by the search path
  std::string_view name;
  std::span<column_facts const> columns;
  std::span<std::string_view const> members;  ///< the names of the columns' members
  std::span<constraint_facts const> constraints;

  /// The column of a member by its name; the number of columns where there is none.
  constexpr std::size_t find_member(std::string_view member) const {
    std::size_t at = 0;
    while (at < members.size() && members[at] != member) {
      ++at;
    }
    return at;
  }
};

/// Refuses a column that is impossible by itself.
constexpr void require_column(column_facts const& column) {
  require_name(column.name);
  if (column.type.name.empty()) {
    a_column_of_a_composite_or_variant_needs_its_type_by_name();
  }
  if (column.identity && (!column.default_value.empty() || !column.generated.empty())) {
    a_column_cannot_be_both_identity_and_default_or_generated();
  }
  if (!column.default_value.empty() && !column.generated.empty()) {
    a_column_cannot_be_both_default_and_generated();
  }
}

/// Refuses a table that is impossible, as far as it can be told without others.
constexpr void require_table(table_view const& table) {
  require_name(table.name);
  if (!table.schema.empty()) {
    require_name(table.schema);
  }
  int identities = 0;
  int versions = 0;
  bool has_key = false;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    column_facts const& column = table.columns[i];
    require_column(column);
    identities += column.identity ? 1 : 0;
    versions += column.version ? 1 : 0;
    has_key = has_key || column.primary_key;
    if (column.primary_key && column.optional && !column.identity) {
      a_primary_key_that_is_no_identity_cannot_be_optional();
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (table.columns[j].name == column.name) {
        a_table_has_two_columns_of_the_same_name();
      }
    }
  }
  if (identities > 1) {
    a_table_has_two_identity_columns();
  }
  if (versions > 1) {
    a_table_has_two_version_columns();
  }
  for (constraint_facts const& each : table.constraints) {
    bool const is_key = each.kind == constraint_kind::primary_key;
    if (is_key && has_key) {
      a_table_has_two_primary_keys();
    }
    has_key = has_key || is_key;
    for (std::size_t i = 0; i < each.size; ++i) {
      std::size_t const at = table.find_member(each.members[i]);
      if (at == table.columns.size()) {
        a_key_or_index_has_a_member_that_is_no_column_of_the_table();
      } else if (is_key && table.columns[at].optional && !table.columns[at].identity) {
        a_primary_key_that_is_no_identity_cannot_be_optional();
      }
    }
    if (each.kind == constraint_kind::check || (each.size == 0 && !is_key)) {
      std::string_view const name =
          each.kind == constraint_kind::index ? each.index.name : each.name;
      if (name.empty()) {
        an_index_over_an_expression_needs_a_name();
      }
    }
  }
}

/// A column's member and what it references, as a type.
template <auto Member, auto Target>
struct member_binding {
  using owner = owner_of<Member>;
  using value = value_of<Member>;
  static constexpr auto pointer = Member;
  static constexpr auto target = Target;  ///< a member pointer, or nullptr
  static constexpr bool references = member_pointer<std::remove_cv_t<decltype(Target)>>::is_member;

  static constexpr value const& get(owner const& row) noexcept { return row.*Member; }
  static constexpr value& get(owner& row) noexcept { return row.*Member; }
  template <auto Other>
  static constexpr bool is() {
    return std::is_same_v<member<Member>, member<Other>>;
  }
};

template <class... Columns>
struct column_list {
  static constexpr std::size_t size = sizeof...(Columns);
};
template <class... A, class... B>
consteval column_list<A..., B...> operator+(column_list<A...>, column_list<B...>) {
  return {};
}

/// What an argument of `table` adds to it.
template <class Part>
struct table_part {
  static constexpr bool valid = false;
};
template <auto Member, auto Target>
struct table_part<column_definition<Member, Target>> {
  static constexpr bool valid = true;
  static constexpr bool is_column = true;
  using columns = column_list<member_binding<Member, Target>>;
  using owner = owner_of<Member>;
  static constexpr std::string_view member = member_name<Member>;
};
template <class Owner>
struct table_part<table_constraint<Owner>> {
  static constexpr bool valid = true;
  static constexpr bool is_column = false;
  using columns = column_list<>;
  using owner = Owner;
};

template <class First, class...>
struct first_owner {
  using type = typename First::owner;
};

/// The table of the struct `Row`, made by `pqscope::table`.
template <class Row, class Columns, std::size_t Constraints>
struct table_definition {
  using row = Row;
  using columns = Columns;

  std::string_view schema;
  std::string_view name;
  std::array<column_facts, Columns::size> facts{};
  std::array<std::string_view, Columns::size> members{};
  std::array<constraint_facts, Constraints> constraints{};

  constexpr table_view view() const noexcept { return {schema, name, facts, members, constraints}; }
};

template <class Table, class Part>
constexpr void put_part(Table& made, std::size_t& column, std::size_t& constraint,
                        Part const& part) {
  if constexpr (table_part<Part>::is_column) {
    made.members[column] = table_part<Part>::member;
    made.facts[column++] = part.facts;
  } else {
    made.constraints[constraint++] = part.facts;
  }
}

template <class... Parts>
consteval auto make_table(std::string_view schema, std::string_view name, Parts const&... parts) {
  using columns = decltype((typename table_part<Parts>::columns{} + ... + column_list<>{}));
  using row = typename first_owner<table_part<Parts>...>::type;
  static_assert(((std::is_same_v<typename table_part<Parts>::owner, row> ||
                  std::is_void_v<typename table_part<Parts>::owner>) &&
                 ...),
                "pqscope: the columns of a table are members of one struct, a column the first "
                "of its parts");
  table_definition<row, columns, sizeof...(Parts) - columns::size> made{schema, name};
  std::size_t column = 0;
  std::size_t constraint = 0;
  (put_part(made, column, constraint, parts), ...);
  require_table(made.view());
  return made;
}

struct unmapped {};

}  // namespace detail

/// The table of a struct; specialise it to map the struct `T`:
///
///     template <>
///     inline constexpr auto pqscope::mapping<user> =
///         pqscope::table("users", pqscope::column<&user::id>().primary_key().identity(),
///                        pqscope::column<&user::name>().varchar(50));
///
/// It must be specialised before the first use of `T` with pqscope. A struct without it has a
/// table of its own name, with its fields by name; a field `id` is its primary key.
template <class T>
inline constexpr detail::unmapped mapping{};

/// Whether `mapping` is specialised for `T`.
template <class T>
concept mapped =
    !std::is_same_v<std::remove_const_t<decltype(mapping<std::remove_cv_t<T>>)>, detail::unmapped>;

/// Makes the table for `mapping<T>`: its name and its columns, and whatever else belongs to it
/// (`primary_key`, `unique`, `index`, `check`).
///
/// Names are taken as they are and quoted where they are used. A member without a column is not in
/// the table; reading a row leaves it as in a new struct. What is impossible does not compile: the
/// error has the reason as the name of a function, such as `a_table_has_two_identity_columns`.
template <class... Parts>
  requires(sizeof...(Parts) > 0 && (detail::table_part<Parts>::valid && ...))
consteval auto table(std::string_view name, Parts... parts) {
  return detail::make_table({}, name, parts...);
}

/// The same for a table in a schema.
template <class... Parts>
  requires(sizeof...(Parts) > 0 && (detail::table_part<Parts>::valid && ...))
consteval auto table(std::string_view schema, std::string_view name, Parts... parts) {
  detail::require_name(schema);
  return detail::make_table(schema, name, parts...);
}

}  // namespace pqscope

#endif
