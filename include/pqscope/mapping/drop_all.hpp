#ifndef PQSCOPE_MAPPING_DROP_ALL_HPP
#define PQSCOPE_MAPPING_DROP_ALL_HPP

#include <pqscope/mapping/schema_scope.hpp>
#include <pqscope/mapping/schema_table.hpp>
#include <pqscope/mapping/schema_text.hpp>

#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <vector>

namespace pqscope {

namespace detail {

/// See `drop_all`. A template over `schema_scope` so that only programs that call it compile it.
template <class Scope>
void drop_tables(Scope& in, std::span<schema_table const> tables) {
  std::vector<schema_enum> const enums = enums_in(tables);
  in.lock();
  existing_schema const existing = find_existing(in, tables, enums);
  std::vector<std::string> all;
  std::string text;
  for (std::size_t i = tables.size(); i-- > 0;) {
    if (existing.tables[i].is_there && find_table(tables, tables[i].table) == i) {
      text.append(text.empty() ? "DROP TABLE " : ", ").append(quoted_name(tables[i].table));
    }
  }
  if (!text.empty()) {
    all.push_back(std::move(text));
  }
  text.clear();
  for (std::size_t i = 0; i < enums.size(); ++i) {
    existing_enum const& found = existing.enums[i];
    if (found.is_there && (found.kind == 'e' || found.kind == ' ')) {
      text.append(text.empty() ? "DROP TYPE " : ", ").append(quoted_name(enums[i].name));
    }
  }
  if (!text.empty()) {
    all.push_back(std::move(text));
  }
  in.run(all);
}

}  // namespace detail

/// Drops the tables of these structs, with all their rows, and the enum types of their columns, as
/// far as they are there.
///
/// All or nothing, in one transaction and under the lock of `create_all`, whose sorts of `db` it
/// takes. In what order they refer to each other does not matter. Nothing else is dropped: where
/// another table, a view or a column depends on one of them the server refuses.
///
/// Two round trips, one where nothing is there; with the transaction's own COMMIT, if it has one,
/// one more.
///
/// \throws dependent_objects_still_exist if something else depends on one of them
/// \throws wrong_object_type if there is something else of that name, such as a view
template <class... Ts, class Db>
  requires(sizeof...(Ts) > 0)
void drop_all(Db&& db, std::source_location where = std::source_location::current()) {
  detail::in_schema_scope(db, where, [](detail::schema_scope& in) {
    detail::drop_tables(in, detail::schema_of<Ts...>);
  });
}

}  // namespace pqscope

#endif
