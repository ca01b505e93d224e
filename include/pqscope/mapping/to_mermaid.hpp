#ifndef PQSCOPE_MAPPING_TO_MERMAID_HPP
#define PQSCOPE_MAPPING_TO_MERMAID_HPP

#include <pqscope/mapping/reflect.hpp>
#include <pqscope/mapping/schema_table.hpp>
#include <pqscope/mapping/schema_text.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pqscope {

namespace detail {

/// The name of a table, or a label, in quotes, without the characters that may not be there.
inline std::string mermaid_text(std::string_view text) {
  std::string made = "\"";
  for (char const c : text) {
    bool const is_refused =
        c == '"' || c == '%' || c == '\\' || (static_cast<unsigned char>(c) < ' ');
    made += is_refused ? '_' : c;
  }
  return made + '"';
}
inline std::string mermaid_table(table_view const& table) {
  std::string const schema{table.schema};
  return mermaid_text((schema.empty() ? schema : schema + '.') + std::string{table.name});
}

/// The name or type of a column: one word that begins with a letter and is no key.
inline std::string mermaid_word(std::string_view text) {
  std::string made;
  for (char const c : text) {
    bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80U;
    bool const is_bracket = c == '(' || c == ')' || c == '[' || c == ']';
    if (is_letter || (is_bracket && !made.empty())) {
      made += c;
    } else if (c != '"') {
      made += '_';
    }
  }
  bool const is_key = made.size() == 2 && (made[1] == 'k' || made[1] == 'K');
  bool const is_number = !made.empty() && made[0] >= '0' && made[0] <= '9';
  return is_key || is_number || made.empty() ? '_' + made : made;
}

inline std::string mermaid_column(schema_table const& of, std::size_t at) {
  column_facts const& column = of.table.columns[at];
  bool const in_key = is_key(of.table, at);
  std::string text =
      "    " + mermaid_word(type_text(column.type)) + ' ' + mermaid_word(column.name);
  char const* separator = " ";
  auto const add = [&](bool is_so, char const* key) {
    text += is_so ? std::string{separator} + key : "";
    separator = is_so ? ", " : separator;
  };
  add(in_key, "PK");
  add(column.references, "FK");
  add(!in_key && is_unique(of.table, at), "UK");
  return text + (column.nullable && !in_key ? " \"NULL\"\n" : "\n");
}

/// See `to_mermaid`. A template so that only programs that call it compile it.
template <class = void>
std::string mermaid_of(std::span<schema_table const> tables) {
  std::string text = "erDiagram\n";
  for (schema_table const& each : tables) {
    text += "  " + mermaid_table(each.table) + " {\n";
    for (std::size_t i = 0; i < each.table.columns.size(); ++i) {
      text += mermaid_column(each, i);
    }
    text += "  }\n";
  }
  for (schema_table const& each : tables) {
    for (reference_facts const& reference : each.references) {
      column_facts const& column = each.table.columns[reference.column];
      bool const is_optional = column.nullable && !is_key(each.table, reference.column);
      text += "  " + mermaid_table(reference.target) + (is_optional ? " |o--o" : " ||--o") +
              (is_unique(each.table, reference.column) ? "| " : "{ ") + mermaid_table(each.table) +
              " : " + mermaid_text(column.name) + '\n';
    }
  }
  return text;
}

}  // namespace detail

/// The tables of these structs as an entity relationship diagram in Mermaid's language, for
/// documentation: columns with their types, keys (`PK`, `FK`, `UK`) and `NULL` where they take it;
/// references with how many rows there may be on each side. Characters that Mermaid does not take
/// in names and types become `_`. Sends nothing.
template <class... Ts>
  requires(sizeof...(Ts) > 0)
std::string to_mermaid() {
  return detail::mermaid_of(detail::schema_of<Ts...>);
}

}  // namespace pqscope

#endif
