#ifndef PQSCOPE_MAPPING_CATALOG_COLUMNS_HPP
#define PQSCOPE_MAPPING_CATALOG_COLUMNS_HPP

#include <pqscope/connection/core_questions.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/mapping/nullability.hpp>
#include <pqscope/types/array.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/parameter_list.hpp>
#include <pqscope/types/text.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// What the catalog says of a column of a relation.
struct catalog_column {
  bool is_known = false;   ///< whether it is there
  bool is_stored = false;  ///< in a table, whose word on NULL counts; not in a view
  bool not_null = false;   ///< in the table and all that inherit from it
  std::string shown{};     ///< for messages: `table.column`
  std::string relation{};  ///< its relation's name, not quoted
  std::string name{};      ///< its own, quoted if need be
};

/// Columns that the catalog is to be asked about, and what it says.
///
/// A column is not NULL where it is declared so, or its type is a domain that is; a constraint that
/// was not validated does not count, and a table says nothing for those that inherit from it.
///
/// A template so that only programs that check statements compile it.
template <class = void>
class catalog_columns {
 public:
  /// Remembers a column by its relation's OID and its number; answers where it will be.
  std::size_t add(oid_t relation, int number) {
    std::size_t at = 0;
    while (at < relations_.size() && !(relations_[at] == relation && numbers_[at] == number)) {
      ++at;
    }
    if (at == relations_.size()) {
      relations_.push_back(relation);
      numbers_.push_back(static_cast<short>(number));
    }
    return at;
  }
  /// The same by names.
  std::size_t add(plan_column const& column) {
    schemas_.push_back(column.schema);
    names_.push_back(column.relation);
    columns_.push_back(column.column);
    return schemas_.size() - 1;
  }
  bool empty() const noexcept { return relations_.empty(); }

  /// The questions; they live as long as this object.
  std::vector<question> questions() {
    by_number_.add(relations_).add(numbers_);
    by_name_.add(schemas_).add(names_).add(columns_);
    std::vector<question> made(2);
    made[0].parts.push_back({.text = by_number_text_.c_str(), .parameters = by_number_.view()});
    made[1].parts.push_back({.text = by_name_text_.c_str(), .parameters = by_name_.view()});
    return made;
  }
  /// Takes the answers.
  void read(question const& by_number, question const& by_name) {
    read(libpq::result_view{by_number.parts.front().answer}, relations_.size(), facts_);
    read(libpq::result_view{by_name.parts.front().answer}, schemas_.size(), named_facts_);
  }

  /// What is known of a column that was added by its number.
  catalog_column const& by_number(std::size_t index) const { return facts_[index]; }
  /// What is known of a column that was added by names.
  catalog_column const& by_name(std::size_t index) const { return named_facts_[index]; }

 private:
  /// The query about columns that are found by `wanted`: their order, relation and number.
  static std::string text_for(std::string_view wanted) {
    return "WITH RECURSIVE wanted(n, relation, number) AS (" + std::string(wanted) +
           "), family(n, relation) AS (SELECT n, relation FROM wanted UNION "
           "SELECT f.n, i.inhrelid FROM family f "
           "JOIN pg_catalog.pg_inherits i ON i.inhparent = f.relation) "
           "SELECT w.n, r.relkind IN ('r', 'p', 'f', 't', 'S'), "
           "(SELECT pg_catalog.bool_and(h.attnotnull AND NOT EXISTS ("
           "SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = h.attrelid "
           "AND k.contype = 'n' AND NOT k.convalidated AND h.attnum = ANY (k.conkey)) OR EXISTS ("
           "WITH RECURSIVE domains(base, not_null) AS ("
           "SELECT t.typbasetype, t.typnotnull FROM pg_catalog.pg_type t WHERE t.oid = h.atttypid "
           "UNION ALL SELECT t.typbasetype, t.typnotnull FROM domains d "
           "JOIN pg_catalog.pg_type t ON t.oid = d.base) SELECT FROM domains WHERE not_null)) "
           "FROM family f JOIN pg_catalog.pg_attribute h ON h.attrelid = f.relation "
           "AND h.attname = a.attname AND NOT h.attisdropped WHERE f.n = w.n), "
           "r.oid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname), "
           "r.relname, pg_catalog.quote_ident(a.attname) FROM wanted w "
           "JOIN pg_catalog.pg_class r ON r.oid = w.relation "
           "JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = w.number";
  }

  static void read(libpq::result_view answer, std::size_t count,
                   std::vector<catalog_column>& into) {
    into.resize(count);
    for (int row = 0; row < answer.rows(); ++row) {
      std::size_t index = 0;
      for (char const digit : answer.text(row, 0)) {
        index = index * 10 + static_cast<std::size_t>(digit - '0');
      }
      if (index - 1 < count) {
        into[index - 1] = {.is_known = true,
                           .is_stored = answer.text(row, 1) == "t",
                           .not_null = answer.text(row, 2) == "t",
                           .shown = std::string(answer.text(row, 3)),
                           .relation = std::string(answer.text(row, 4)),
                           .name = std::string(answer.text(row, 5))};
      }
    }
  }

  std::vector<oid_t> relations_;
  std::vector<short> numbers_;
  std::vector<std::string> schemas_;
  std::vector<std::string> names_;
  std::vector<std::string> columns_;
  std::string by_number_text_ = text_for(
      "SELECT w.n, w.relation, w.number FROM ROWS FROM (pg_catalog.unnest($1::oid[]), "
      "pg_catalog.unnest($2::int2[])) WITH ORDINALITY AS w(relation, number, n)");
  std::string by_name_text_ = text_for(
      "SELECT w.n, a.attrelid, a.attnum FROM ROWS FROM (pg_catalog.unnest($1::text[]), "
      "pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) "
      "WITH ORDINALITY AS w(schema, relation, name, n) "
      "JOIN pg_catalog.pg_namespace s ON s.nspname = w.schema "
      "OR w.schema = 'pg_temp' AND s.oid = pg_catalog.pg_my_temp_schema() "
      "JOIN pg_catalog.pg_class r ON r.relnamespace = s.oid AND r.relname = w.relation "
      "JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND NOT a.attisdropped "
      "AND pg_catalog.quote_ident(a.attname) = w.name");
  parameter_list by_number_;
  parameter_list by_name_;
  std::vector<catalog_column> facts_;
  std::vector<catalog_column> named_facts_;
};

}  // namespace pqscope::detail

#endif
