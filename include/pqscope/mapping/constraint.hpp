#ifndef PQSCOPE_MAPPING_CONSTRAINT_HPP
#define PQSCOPE_MAPPING_CONSTRAINT_HPP

#include <pqscope/mapping/member_name.hpp>
#include <pqscope/sql/scanner.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace pqscope {

/// How an index is made. Texts go into the SQL as they are.
struct index_options {
  std::string_view name{};     ///< empty: made from the names of table and columns
  std::string_view method{};   ///< `btree` where empty; `gin`, `gist`, `hnsw`…
  std::string_view columns{};  ///< what follows each column: `DESC`, `vector_cosine_ops`
  std::string_view where{};    ///< a condition: only rows that fulfil it are in the index
  std::string_view with{};     ///< storage parameters, such as `m = 16, ef_construction = 64`
  bool unique = false;         ///< whether no two rows may be equal in it
};

namespace detail {

// Reached only while compiling, by a declaration that is wrong: their names are the message.
void an_sql_expression_is_empty();
void an_sql_expression_has_an_unterminated_part();
void an_sql_expression_has_a_placeholder();
void an_sql_expression_holds_a_semicolon();

/// Refuses a text that cannot be one expression in the middle of a statement.
consteval void require_expression(std::string_view text) {
  scan_result const found = scan_sql(text);
  if (found.fault != sql_fault::none || found.ends_in_line_comment) {
    an_sql_expression_has_an_unterminated_part();
  }
  if (found.statements == 0) {
    an_sql_expression_is_empty();
  }
  if (found.highest_placeholder != 0) {
    an_sql_expression_has_a_placeholder();
  }
  if (found.statements > 1 || (!text.empty() && text.back() == ';')) {
    an_sql_expression_holds_a_semicolon();
  }
}

consteval void require_index(index_options const& options) {
  for (std::string_view const text :
       {options.method, options.columns, options.where, options.with}) {
    if (!text.empty()) {
      require_expression(text);
    }
  }
}

enum class constraint_kind { primary_key, unique, check, index };

/// What belongs to a table as a whole, for code that is no template.
struct constraint_facts {
  static constexpr std::size_t max_columns = 16;

  constraint_kind kind = constraint_kind::check;
  std::string_view name{};        ///< of a constraint; empty: made from table and columns
  std::string_view expression{};  ///< of a check, or of an index that has no columns
  std::array<std::string_view, max_columns> members{};  ///< the names of the members
  std::size_t size = 0;                                 ///< how many columns
  index_options index{};
};

/// A part of a table that is no column. `Owner` is the struct; void where it does not say.
template <class Owner>
struct table_constraint {
  constraint_facts facts;
};

template <auto First, auto... Rest>
consteval auto constraint_over(constraint_kind kind) {
  static_assert((std::is_same_v<owner_of<First>, owner_of<Rest>> && ...),
                "pqscope: the columns of a key or index are members of one struct");
  static_assert(1 + sizeof...(Rest) <= constraint_facts::max_columns,
                "pqscope: a key or index has at most 16 columns");
  table_constraint<owner_of<First>> made;
  made.facts.kind = kind;
  made.facts.members = {member_name<First>, member_name<Rest>...};
  made.facts.size = 1 + sizeof...(Rest);
  return made;
}

}  // namespace detail

/// The primary key of a table, of the columns in this order.
template <auto First, auto... Rest>
consteval auto primary_key() {
  return detail::constraint_over<First, Rest...>(detail::constraint_kind::primary_key);
}

/// No two rows of the table are equal in all of these columns.
template <auto First, auto... Rest>
consteval auto unique(std::string_view name = {}) {
  auto made = detail::constraint_over<First, Rest...>(detail::constraint_kind::unique);
  made.facts.name = name;
  return made;
}

/// An index over several columns.
template <auto First, auto... Rest>
consteval auto index(index_options const& options = {}) {
  detail::require_index(options);
  auto made = detail::constraint_over<First, Rest...>(detail::constraint_kind::index);
  made.facts.index = options;
  return made;
}

/// An index over an SQL expression, such as `lower(email)`. It needs a name.
consteval auto index(std::string_view expression, index_options const& options) {
  detail::require_expression(expression);
  detail::require_index(options);
  detail::table_constraint<void> made;
  made.facts.kind = detail::constraint_kind::index;
  made.facts.expression = expression;
  made.facts.index = options;
  return made;
}

/// The server refuses rows for which the SQL expression is false. It needs a name.
consteval auto check(std::string_view name, std::string_view expression) {
  detail::require_expression(expression);
  detail::table_constraint<void> made;
  made.facts.kind = detail::constraint_kind::check;
  made.facts.name = name;
  made.facts.expression = expression;
  return made;
}

}  // namespace pqscope

#endif
