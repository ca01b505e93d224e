#ifndef PQSCOPE_MAPPING_COMPARE_SCHEMA_HPP
#define PQSCOPE_MAPPING_COMPARE_SCHEMA_HPP

#include <pqscope/connection/loops.hpp>
#include <pqscope/error/server_error.hpp>
#include <pqscope/mapping/schema_catalog.hpp>
#include <pqscope/mapping/schema_comparison.hpp>
#include <pqscope/mapping/schema_difference.hpp>
#include <pqscope/mapping/schema_scope.hpp>
#include <pqscope/mapping/schema_table.hpp>
#include <pqscope/mapping/schema_text.hpp>
#include <pqscope/transaction/scope.hpp>

#include <cstddef>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

namespace detail {

/// Compares tables with the database; see `compare_schema`.
///
/// The server itself reads the declarations: it makes temporary tables of them, in a savepoint
/// that is rolled back, and both are then described by the same query.
///
/// A template over `schema_scope` so that only programs that compare schemas compile it.
template <class Scope>
class schema_check {
 public:
  schema_check(Scope& outer, std::span<schema_table const> tables)
      : outer_{outer},
        tables_{tables},
        enums_{enums_in(tables)},
        texts_{describe_tables(tables, outer.where())} {}

  std::vector<schema_difference> differences() {
    existing_schema const existing = find_existing(outer_, tables_, enums_);
    compare_enums(existing);
    scope inner = scope::nest(outer_.scope_for_nesting(), {}, outer_.where());
    Scope in{inner, outer_.where()};
    for (std::size_t i = 0; i < enums_.size(); ++i) {
      if (!existing.enums[i].is_there) {
        in.defer(in.text(create_enum(enums_[i], "pg_temp.")));
      }
    }
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      if (is_comparable(existing.tables[i], tables_[i].table) && make_shadow(in, i)) {
        add_pair(i, existing.tables[i].oid);
      }
    }
    if (!pairs_.empty()) {
      auto found = describe_found(in, names_, keys_);
      for (std::size_t i = 0; i < pairs_.size(); ++i) {
        table_comparison{tables_[pairs_[i]].table, std::move(found[2 * i]),
                         named(pairs_[i], std::move(found[2 * i + 1])), all_}
            .compare();
      }
    }
    inner.rollback(outer_.where());
    return std::move(all_);
  }

 private:
  static std::string shadow_name(std::size_t table) {
    return "pqscope_declared_" + std::to_string(table);
  }
  static std::string shadow_of(std::size_t table) { return "pg_temp." + shadow_name(table); }
  /// The name of a constraint or an index of a temporary table: all of them are in one schema.
  static std::string shadow_part(std::size_t table, std::size_t part) {
    return shadow_name(table) + '_' + std::to_string(part);
  }
  template <class Text, class Use>
  static void for_each_part(Text& table, Use const& use) {
    for (auto* const parts : {&table.constraints, &table.indexes}) {
      for (auto& part : *parts) {
        use(part);
      }
    }
  }
  /// Gives the parts of a described temporary table their declared names.
  found_table named(std::size_t at, found_table shadow) const {
    std::size_t number = 0;
    for_each_part(texts_[at], [&](schema_part const& declared) {
      std::string const name = shadow_part(at, number++);
      for (found_part& each : shadow.parts) {
        if (each.kind != 'f' && each.name == name) {
          each.name = declared.name;
        }
      }
    });
    return shadow;
  }
  void add(schema_difference_kind kind, table_view const& table, std::string message) {
    std::string name{table.schema};
    name.append(name.empty() ? "" : ".").append(table.name);
    all_.push_back({kind, std::move(name), {}, std::move(message)});
  }

  template <class Labels>
  static std::string listed(Labels const& labels) {
    std::string text;
    for (auto const& label : labels) {
      text.append(text.empty() ? "" : ", ").append(literal{label}.text());
    }
    return text.empty() ? "none" : text;
  }

  static bool same_labels(existing_enum const& there, schema_enum const& wanted) {
    bool same = there.labels.size() == wanted.labels.size();
    for (std::size_t i = 0; same && i < wanted.labels.size(); ++i) {
      same = there.labels[i] == wanted.labels[i];
    }
    return same;
  }

  void compare_enums(existing_schema const& existing) {
    for (std::size_t i = 0; i < enums_.size(); ++i) {
      existing_enum const& there = existing.enums[i];
      std::string const type = "enum type " + quoted_name(enums_[i].name);
      if (!there.is_there) {
        add(schema_difference_kind::missing_enum, {}, type + " is not in the database");
      } else if (there.kind != 'e') {
        add(schema_difference_kind::missing_enum, {},
            type + " is another type in the database, no enum");
      } else if (!same_labels(there, enums_[i])) {
        other_labels_.push_back(enums_[i].name);
        add(schema_difference_kind::enum_labels, {},
            type + " has the labels " + listed(there.labels) + " in the database, declared are " +
                listed(enums_[i].labels));
      }
    }
  }

  bool is_comparable(existing_table const& there, table_view const& table) {
    if (!there.is_there) {
      add(schema_difference_kind::missing_table, table,
          "table " + quoted_name(table) + " is not in the database");
    } else if (there.kind != 'r' && there.kind != 'p') {
      add(schema_difference_kind::not_a_table, table,
          quoted_name(table) + " is no table in the database, but " +
              std::string{relation_kind(there.kind)});
    }
    return there.is_there && (there.kind == 'r' || there.kind == 'p');
  }
  static std::string_view relation_kind(char kind) noexcept {
    return kind == 'v'   ? "a view"
           : kind == 'm' ? "a materialized view"
           : kind == 'f' ? "a foreign table"
           : kind == 'S' ? "a sequence"
           : kind == 'c' ? "a composite type"
                         : "an index";
  }

  /// Makes the temporary table, in one round trip; false where its declaration is refused.
  bool make_shadow(Scope& in, std::size_t at) {
    std::optional<server_error> refused = try_shadow(in, at, shadow_of(at));
    if (refused && refused->sqlstate() == "42P01") {
      // An expression may name the table: `items.price > 0`.
      refused = try_shadow(in, at, "pg_temp." + quoted_name(tables_[at].table.name));
    }
    bool const is_consequence = refused && any_of(tables_[at].enums, [&](schema_enum const& each) {
                                  return contains(other_labels_, each.name);
                                });
    if (refused && !is_consequence) {
      add(schema_difference_kind::refused, tables_[at].table,
          "table " + texts_[at].name +
              ": the server refuses what is declared: " + refused->message());
    }
    return !refused;
  }

  /// Makes it under a name, and names it `shadow_of` in the end; answers why it was refused.
  std::optional<server_error> try_shadow(Scope& in, std::size_t at, std::string const& name) {
    scope inner = scope::nest(in.scope_for_nesting(), {}, in.where());
    Scope inside{inner, in.where()};
    table_text table = texts_[at];
    std::size_t number = 0;
    for_each_part(table, [&](schema_part& part) { part.name = shadow_part(at, number++); });
    std::vector<std::string> last;
    if (name != shadow_of(at)) {
      last.push_back("ALTER TABLE " + name + " RENAME TO " + shadow_name(at));
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        column_facts column = tables_[at].table.columns[i];
        if (std::exchange(column.identity, false)) {  // its sequence is named after the table
          table.columns[i] = column_text(column, true);
          last.push_back("ALTER TABLE " + shadow_of(at) + " ALTER " + quoted_name(column.name) +
                         " ADD GENERATED BY DEFAULT AS IDENTITY");
        }
      }
    }
    std::vector<std::string> all{begin_table("TEMPORARY TABLE ", name, table) + "\n)"};
    for (schema_part const& each : table.indexes) {
      all.push_back(create_index(each, name));
    }
    all.insert(all.end(), last.begin(), last.end());
    try {
      inside.run(all);
      inner.commit(in.where());
      return std::nullopt;
    } catch (server_error const& failure) {
      std::string_view const kind = failure.sqlstate().substr(0, 2);
      bool const is_about_the_table =
          (kind == "42" || kind == "22" || kind == "0A") && failure.sqlstate() != "42501";
      if (!is_about_the_table) {
        throw;
      }
      inner.rollback(in.where());
      return failure;
    }
  }

  void add_pair(std::size_t at, std::string const& oid) {
    std::string const place = std::to_string(names_.size() + 1);
    names_.push_back(oid);
    names_.push_back(shadow_of(at));
    pairs_.push_back(at);
    schema_table const& of = tables_[at];
    for (std::size_t i = 0; i < of.references.size(); ++i) {
      reference_facts const& each = of.references[i];
      keys_.places.push_back(place);
      keys_.names.push_back(texts_[at].foreign_keys[i].name);
      keys_.columns.emplace_back(of.table.columns[each.column].name);
      keys_.targets.push_back(quoted_name(each.target));
      keys_.target_columns.emplace_back(each.target.columns[each.target_column].name);
      keys_.actions.push_back(actions_text(each));
    }
  }

  Scope& outer_;
  std::span<schema_table const> tables_;
  std::vector<schema_enum> enums_;
  std::vector<table_text> texts_;
  std::vector<std::string_view> other_labels_;  // enum types whose labels differ
  std::vector<std::size_t> pairs_;              // the tables that are described
  std::vector<std::string> names_;              // each as it is, and as it is declared
  declared_keys keys_;
  std::vector<schema_difference> all_;
};

}  // namespace detail

/// Compares the tables of these structs with those of the database: empty where `create_all` would
/// have made them so. Each difference says in words what there is and what is declared.
///
///     for (auto const& each : pqscope::compare_schema<user, order>(db)) {
///       std::cerr << each.message << '\n';
///     }
///
/// Told are tables, columns (type, nullability, default, identity, generated), keys, constraints
/// and indexes that are missing, different or there in the database only; and enum types. Not
/// compared are the order of columns, the names of constraints and indexes, storage, rights and
/// other tables. What only follows from a difference is not told: the index of a missing column.
///
/// The server reads the declarations, so that `age > 0` and `(age > 0)` are equal: temporary tables
/// are made of them and undone again. So the role has to have the right to make such
/// (`TEMPORARY` on the database), the transaction has to be one that may write, on no standby, and
/// cannot be prepared for two-phase commit afterwards. Takes the sorts of `db` that `create_all`
/// does. Three round trips and one for each table that is there, two where its expressions name it.
///
/// \throws insufficient_privilege, read_only_sql_transaction if it may not make temporary tables
/// \throws usage_error if a constraint or an index was given a name of more than 63 bytes
template <class... Ts, class Db>
  requires(sizeof...(Ts) > 0)
[[nodiscard]] std::vector<schema_difference> compare_schema(
    Db&& db, std::source_location where = std::source_location::current()) {
  std::vector<schema_difference> found;
  detail::in_schema_scope(db, where, [&](detail::schema_scope& in) {
    found = detail::schema_check{in, detail::schema_of<Ts...>}.differences();
  });
  return found;
}

}  // namespace pqscope

#endif
