#ifndef PQSCOPE_MAPPING_SCHEMA_SCOPE_HPP
#define PQSCOPE_MAPPING_SCHEMA_SCOPE_HPP

#include <pqscope/connection/connection.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/mapping/schema_table.hpp>
#include <pqscope/mapping/schema_text.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/scope.hpp>
#include <pqscope/transaction/transaction.hpp>

#include <concepts>
#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// The transaction or savepoint in which a schema is read or changed, for one call of the user's.
class schema_scope : public statements<schema_scope> {
 public:
  schema_scope(scope& inside, std::source_location const& where) noexcept
      : inside_{inside}, where_{where} {}

  /// Text of the library's own, sent on behalf of the caller.
  dynamic_sql text(std::string sql) const { return dynamic_sql{std::move(sql), where_}; }

  /// Makes the transaction wait for all others that change a schema by pqscope, until its end.
  /// Rides with the next statement.
  void lock() { defer(text("SELECT pg_catalog.pg_advisory_xact_lock(31649937795018853)")); }

  /// Carries out statements, in one round trip.
  void run(std::vector<std::string> const& all) {
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      defer(text(all[i]));
    }
    if (!all.empty()) {
      execute(text(all.back()));
    }
  }

  std::source_location const& where() const noexcept { return where_; }
  connection_core& core_for(std::source_location const& at) { return inside_.use(at); }
  scope& scope_for_nesting() noexcept { return inside_; }

 private:
  scope& inside_;
  std::source_location where_;
};

/// Calls `work(schema_scope&)` in a transaction: the one that `db` is, or one of its own on a
/// connection; whatever else `db` is, in one of `with_session`, which the caller has included.
template <class Db, class Work>
void in_schema_scope(Db& db, std::source_location const& where, Work const& work) {
  if constexpr (nestable<Db>) {
    schema_scope inside{db.scope_for_nesting(), where};
    work(inside);
  } else if constexpr (std::same_as<Db, connection>) {
    transaction own{db, {}, where};
    in_schema_scope(own, where, work);
    own.commit(where);
  } else {
    with_session(db, [&](auto& s) { in_schema_scope(s, where, work); }, where);
  }
}

/// What the database has under the name of a table.
struct existing_table {
  bool is_there = false;
  char kind = ' ';  ///< as in `pg_class.relkind`
  std::string oid;
};

/// What the database has under the name of an enum type.
struct existing_enum {
  bool is_there = false;
  char kind = ' ';  ///< as in `pg_type.typtype`
  std::vector<std::string> labels;
};

struct existing_schema {
  std::vector<existing_table> tables;
  std::vector<existing_enum> enums;
};

/// What there is of tables and enum types. Whether they are there is true of this moment even if
/// the transaction sees the database as it was earlier. One round trip.
///
/// A template over `schema_scope` so that only programs that work with schemas compile it.
template <class Scope>
existing_schema find_existing(Scope& in, std::span<schema_table const> tables,
                              std::vector<schema_enum> const& enums) {
  std::vector<std::string> table_names;
  for (schema_table const& each : tables) {
    table_names.push_back(quoted_name(each.table));
  }
  std::vector<std::string> enum_names;
  for (schema_enum const& each : enums) {
    enum_names.push_back(quoted_name(each.name));
  }
  result const rows = in.execute(
      in.text("SELECT 1 AS part, place, found IS NOT NULL AS there, c.relkind::text AS kind, "
              "found::pg_catalog.oid::text AS oid, '{}'::text[] AS labels "
              "FROM ROWS FROM (pg_catalog.unnest($1::text[])) WITH ORDINALITY AS t(name, place), "
              "LATERAL pg_catalog.to_regclass(name) AS found "
              "LEFT JOIN pg_catalog.pg_class c ON c.oid = found "
              "UNION ALL "
              "SELECT 2, place, found IS NOT NULL, y.typtype::text, found::pg_catalog.oid::text, "
              "ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e "
              "WHERE e.enumtypid = found ORDER BY e.enumsortorder) "
              "FROM ROWS FROM (pg_catalog.unnest($2::text[])) WITH ORDINALITY AS t(name, place), "
              "LATERAL pg_catalog.to_regtype(name) AS found "
              "LEFT JOIN pg_catalog.pg_type y ON y.oid = found ORDER BY 1, 2"),
      table_names, enum_names);
  existing_schema all;
  for (row const each : rows) {
    bool const is_there = each[2].text() == "t";
    char const kind = each[3].is_null() ? ' ' : each[3].text().front();
    if (each[0].text() == "1") {
      all.tables.push_back(
          {is_there, kind, each[4].is_null() ? std::string() : each[4].as<std::string>()});
    } else {
      all.enums.push_back({is_there, kind, each[5].as<std::vector<std::string>>()});
    }
  }
  return all;
}

}  // namespace pqscope::detail

#endif
