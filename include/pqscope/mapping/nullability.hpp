#ifndef PQSCOPE_MAPPING_NULLABILITY_HPP
#define PQSCOPE_MAPPING_NULLABILITY_HPP

#include <pqscope/connection/loops.hpp>
#include <pqscope/mapping/query_plan.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// What a plan says of one expression, NULL in its table aside.
enum class nullness : unsigned char {
  absent,    ///< the node does not make it
  as_table,  ///< NULL if and only if the table's column is
  never,     ///< a condition leaves no row in which it is NULL
  possible,  ///< an outer join, or a grouping set, puts NULL there
};

/// The end of the parenthesis at the front of `text`, as an offset; 0 where there is none.
inline std::size_t end_of_parenthesis(std::string_view text) noexcept {
  std::size_t depth = 0;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (quote != '\0') {
      quote = c == quote ? '\0' : quote;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && depth > 0 && --depth == 0) {
      return i + 1;
    }
    if (depth == 0 && quote == '\0') {
      break;
    }
  }
  return 0;
}

/// Whether a comparison as plans print it, in its parentheses, is not true for a NULL `expression`.
inline bool comparison_excludes_null(std::string_view comparison, std::string_view expression) {
  constexpr std::string_view operators[] = {"=",   "<",    "<=", ">",  ">=", "<>", "~~", "~~*",
                                            "!~~", "!~~*", "~",  "~*", "@>", "<@", "&&"};
  if (comparison.find(" ALL (") != std::string_view::npos) {
    return false;  // is true of an empty array
  }
  std::string const first(expression);
  auto const is_operator = [&](std::string_view word) { return contains(operators, word); };
  // behind the operator, perhaps compared as another type: `(b.y = a.x)`, `(b.y = (a.x)::text)`
  std::size_t const cast = comparison.rfind(" (" + first + ")::");
  std::size_t const second =
      comparison.ends_with(' ' + first + ')') ? comparison.size() - first.size() - 2
      : comparison.find(')', cast + first.size() + 3) == comparison.size() - 1
          ? cast
          : std::string_view::npos;
  if (comparison.starts_with('(') && second != std::string_view::npos) {
    std::string_view const before = comparison.substr(1, second - 1);
    if (is_operator(before.substr(before.rfind(' ') + 1))) {
      return true;
    }
  }
  std::string_view rest;
  if (comparison.starts_with('(' + first + ' ')) {
    rest = comparison.substr(first.size() + 2);
  } else if (comparison.starts_with("((" + first + ")::")) {
    rest = comparison.substr(first.size() + 5);
    rest.remove_prefix(least(rest.find(' '), rest.size() - 1) + 1);
  }
  return rest == "IS NOT NULL)" || is_operator(rest.substr(0, rest.find(' ')));
}

/// Whether a condition as plans print it lets no row pass in which `expression` is NULL.
inline bool excludes_null(std::string_view condition, std::string_view expression) {
  if (!condition.starts_with("((")) {
    return comparison_excludes_null(condition, expression);
  }
  bool found = comparison_excludes_null(condition, expression);
  std::string_view rest = condition.substr(1);
  bool part_found = false;
  while (rest.starts_with('(')) {
    std::size_t const end = end_of_parenthesis(rest);
    if (end == 0) {
      return found;
    }
    part_found = part_found || comparison_excludes_null(rest.substr(0, end), expression);
    rest.remove_prefix(end);
    if (rest == ")") {
      return found || part_found;
    }
    if (!rest.starts_with(" AND (")) {
      return found;
    }
    rest.remove_prefix(5);
  }
  return found;
}

/// Whether a join fills a child's columns with NULL where it finds no partner.
///
/// What looks at plans is a template over their nodes, `plan_node`, so that only programs that
/// check statements compile it.
template <class Node>
bool is_filled_with_null(Node const& join, Node const& child) {
  if (join.join == "Full") {
    return true;
  }
  bool const inner = child.relationship == "Inner";
  return inner ? join.join == "Left" || join.join == "Anti"
               : join.join == "Right" || join.join == "Right Anti";
}

/// Where the name of the table ends in front of a column's, as an offset; npos where there is none.
inline std::size_t end_of_qualifier(std::string_view expression) noexcept {
  std::size_t const from = expression.starts_with('"') ? expression.find('"', 1) : 0;
  std::size_t const dot = from == std::string_view::npos ? from : expression.find('.', from);
  return dot != std::string_view::npos && expression.find_first_of("(' ", from) > dot
             ? dot
             : std::string_view::npos;
}

/// A column without its table.
inline std::string_view unqualified(std::string_view expression) noexcept {
  std::size_t const dot = end_of_qualifier(expression);
  return dot == std::string_view::npos ? expression : expression.substr(dot + 1);
}

/// Whether an expression is a column, or with its table in front, of what is called `alias`. Where
/// a statement reads one table alone, plans print columns without it in some places.
inline bool is_column_of(std::string_view expression, std::string const& alias) {
  std::size_t const dot = end_of_qualifier(expression);
  std::string_view const table = expression.substr(0, dot);
  return dot == std::string_view::npos || table == alias || table == '"' + alias + '"';
}

/// Whether the same is meant, one of them perhaps without its table.
inline bool means_the_same(std::string_view name, std::string_view expression) {
  return name == expression || (end_of_qualifier(expression) == std::string_view::npos &&
                                unqualified(name) == expression);
}

/// Whether a node's conditions leave no row in which an expression is NULL. An inner join has those
/// of what it scans again and again for each row of the other side, too.
template <class Node>
bool conditions_exclude_null(Node const& node, std::string_view expression) {
  std::vector<std::string> names{std::string(expression)};
  if (!node.alias.empty() && end_of_qualifier(expression) == std::string_view::npos) {
    names.push_back(node.alias + '.' + names[0]);
    names.push_back('"' + node.alias + "\"." + names[0]);
  }
  bool const excluded = any_of(names, [&](std::string const& name) {
    return any_of(node.conditions,
                  [&](std::string const& condition) { return excludes_null(condition, name); });
  });
  bool const passes_on =
      node.join == "Inner" || node.type == "Memoize" || node.type == "Materialize";
  return excluded || (passes_on && any_of(node.plans, [&](Node const& child) {
                        return (child.relationship == "Inner" || node.join.empty()) &&
                               conditions_exclude_null(child, expression);
                      }));
}

/// What a node makes; of an Append, which says nothing itself, what the first of its parts makes.
template <class Node>
std::vector<std::string> const& output_of(Node const& node) {
  Node const* from = &node;
  while (from->output.empty() && !from->plans.empty() &&
         from->plans.front().relationship == "Member") {
    from = &from->plans.front();
  }
  return from->output;
}

/// What an expression of an Append is called in one of its parts; empty where that is not known.
template <class Node>
std::string_view name_in_part(Node const& append, Node const& part, std::string_view expression) {
  auto const& all = output_of(append);
  auto const& own = output_of(part);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == expression) {
      return i < own.size() ? std::string_view(own[i]) : std::string_view();
    }
  }
  std::string_view found;
  for (std::string const& each : own) {
    if (unqualified(each) == unqualified(expression)) {
      if (!found.empty()) {
        return {};
      }
      found = each;
    }
  }
  return found;
}

template <class Node>
nullness nullness_of(Node const& node, std::string_view expression);

/// The same for what all parts of an Append make together.
template <class Node>
nullness nullness_of_parts(Node const& append, std::string_view expression) {
  nullness found = nullness::absent;
  for (Node const& part : append.plans) {
    if (part.relationship != "Member") {
      continue;
    }
    std::string_view const name = name_in_part(append, part, expression);
    nullness const here = name.empty() ? nullness::absent : nullness_of(part, name);
    if (here == nullness::absent || here == nullness::possible) {
      return here;
    }
    found = found == nullness::absent || found == here ? here : nullness::as_table;
  }
  return found;
}

/// What is known of a column that a statement returns of a table it writes to.
template <class Node>
nullness nullness_of_written(Node const& writer, std::string_view expression) {
  bool const excluded =
      writer.operation == "Delete" && any_of(writer.plans, [&](Node const& read) {
        return read.alias == writer.alias && conditions_exclude_null(read, expression);
      });
  return excluded ? nullness::never : nullness::as_table;
}

/// What a plan says of an expression that `node` makes.
template <class Node>
nullness nullness_of(Node const& node, std::string_view expression) {
  bool const is_made = contains(node.output, expression);
  if (is_made && expression.starts_with("NULL::")) {
    return nullness::possible;
  }
  if (is_made && !node.operation.empty() && is_column_of(expression, node.alias)) {
    return nullness_of_written(node, expression);
  }
  nullness found = is_made ? nullness::as_table : nullness::absent;
  if (nullness const parts = nullness_of_parts(node, expression); parts != nullness::absent) {
    found = parts;
  }
  for (Node const& child : node.plans) {
    if (child.relationship != "Outer" && child.relationship != "Inner" &&
        child.relationship != "Subquery") {
      continue;
    }
    if (nullness const below = nullness_of(child, expression); below != nullness::absent) {
      found = is_filled_with_null(node, child) ? nullness::possible : below;
    }
  }
  if (found == nullness::absent) {
    return found;
  }
  auto const is_key = [&](std::vector<std::string> const& keys) {
    return any_of(keys, [&](std::string const& key) { return means_the_same(key, expression); });
  };
  auto const is_no_key = [&](std::vector<std::string> const& keys) { return !is_key(keys); };
  if (any_of(node.grouping, is_key) && any_of(node.grouping, is_no_key)) {
    found = nullness::possible;
  }
  return conditions_exclude_null(node, expression) ? nullness::never : found;
}

/// The column of a relation that an expression of a plan is.
struct plan_column {
  std::string schema{};    ///< not quoted
  std::string relation{};  ///< not quoted; empty where the expression is no column of a relation
  std::string column{};    ///< as SQL has it: quoted if need be
};

/// Calls `use` for each node.
template <class Node, class Use>
void for_each_node(Node const& root, Use const& use) {
  use(root);
  for (Node const& each : root.plans) {
    for_each_node(each, use);
  }
}

/// The column that an expression is; it has no relation where it is none.
template <class Node>
plan_column plan_column_of(Node const& root, std::string_view expression) {
  std::string_view const name = unqualified(expression);
  bool const is_name = name.find_first_of("( :'") == std::string_view::npos ||
                       (name.starts_with('"') && name.find('"', 1) == name.size() - 1);
  plan_column found;
  std::size_t matches = 0;
  for_each_node(root, [&](Node const& node) {
    bool const is_it = !node.relation.empty() && is_column_of(expression, node.alias);
    if (is_it && (matches == 0 || found.relation != node.relation)) {
      ++matches;
      found = {node.schema, node.relation, std::string(name)};
    }
  });
  return matches == 1 && is_name ? found : plan_column{};
}

/// What a plan says of column `column` of a statement's result, which comes from the column
/// `name`, quoted if need be, of a table or view called `relation`.
template <class Node>
nullness nullness_of_column(Node const& root, std::size_t column, std::string_view relation,
                            std::string_view name) {
  std::vector<std::string> const& output = output_of(root);
  if (column >= output.size()) {
    return nullness::as_table;
  }
  std::string const& expression = output[column];
  nullness const found = nullness_of(root, expression);
  if (found == nullness::possible || found == nullness::never ||
      !plan_column_of(root, expression).relation.empty()) {
    return found == nullness::absent ? nullness::as_table : found;
  }
  // It comes from within a subquery or CTE, where it has another name. There may be only one scan
  // of its relation.
  std::vector<std::string> aliases;
  for_each_node(root, [&](Node const& node) {
    if (node.relation == relation && !contains(aliases, node.alias)) {
      aliases.push_back(node.alias);
    }
  });
  nullness below = nullness::as_table;
  if (aliases.size() == 1) {
    for_each_node(root, [&](Node const& node) {
      for (Node const& child : node.plans) {
        if (node.type == "Subquery Scan" || child.subplan.starts_with("CTE ")) {
          for (std::string const& each :
               {aliases[0] + '.' + std::string(name), std::string(name)}) {
            nullness const inside = nullness_of(child, each);
            below = inside == nullness::absent || inside == nullness::as_table ? below : inside;
          }
        }
      }
    });
  }
  return below;
}

}  // namespace pqscope::detail

#endif
