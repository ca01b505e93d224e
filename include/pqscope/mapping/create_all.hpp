#ifndef PQSCOPE_MAPPING_CREATE_ALL_HPP
#define PQSCOPE_MAPPING_CREATE_ALL_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/mapping/schema_plan.hpp>
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

/// See `create_all`. A template over `schema_scope` so that only programs that call it compile it.
template <class Scope>
void create_tables(Scope& in, std::span<schema_table const> tables) {
  std::vector<schema_enum> const enums = enums_in(tables);
  in.lock();
  existing_schema const existing = find_existing(in, tables, enums);
  std::vector<std::string> all;
  for (std::size_t i = 0; i < enums.size(); ++i) {
    existing_enum const& found = existing.enums[i];
    if (found.is_there && found.kind != 'e' && found.kind != ' ') {
      throw usage_error("the enum type " + quoted_name(enums[i].name) +
                            " cannot be made: the database has another type of that name; "
                            "specialise pqscope::enum_type for a name that is free",
                        in.where());
    }
    if (!found.is_there) {
      all.push_back(create_enum(enums[i]));
    }
  }
  std::vector<bool> is_made;
  for (existing_table const& each : existing.tables) {
    is_made.push_back(each.is_there);
  }
  for (std::string& each : creation_plan<>{tables, is_made, in.where()}.statements()) {
    all.push_back(std::move(each));
  }
  in.run(all);
}

}  // namespace detail

/// Makes the tables of these structs that are not there yet, with the enum types of their columns,
/// their constraints and indexes. What is there already is left alone, however it looks:
/// `compare_schema` tells the differences.
///
///     pqscope::create_all<user, order>(db);
///
/// All or nothing, in one transaction: that of `db`, if it is a `session`, `transaction` or
/// `savepoint`; or one of its own on a `connection`, or on whatever else `with_session` takes
/// (`engine`, `pool`, `config`; include `pqscope/with_session.hpp`). Any number of processes may do
/// so at once: an advisory lock (31649937795018853) lets them in one after the other, until their
/// transactions end.
///
/// Tables come after those they refer to; foreign keys that close a circle are added in the end.
/// Constraints and indexes have the names that PostgreSQL would give them (`users_pkey`,
/// `users_name_key`, `orders_user_id_fkey`, `users_age_check`, `users_name_idx`); of those with
/// more than 63 bytes a part is replaced by a hash. All names are quoted. Enum types, and tables
/// without a schema, are looked for in the search path and made in its first schema; schemas and
/// extensions are not made.
///
/// Two round trips, one where nothing is to be made; with the transaction's own COMMIT, if it has
/// one, one more.
///
/// \throws server_error if the server refuses a statement: a type, schema or function that is
///         missing (`undefined_object`, `invalid_schema_name`), a role that may not
///         (`insufficient_privilege`)
/// \throws usage_error if a constraint or an index was given a name of more than 63 bytes, or the
///         name of an enum type belongs to a type that is no enum
template <class... Ts, class Db>
  requires(sizeof...(Ts) > 0)
void create_all(Db&& db, std::source_location where = std::source_location::current()) {
  detail::in_schema_scope(db, where, [](detail::schema_scope& in) {
    detail::create_tables(in, detail::schema_of<Ts...>);
  });
}

}  // namespace pqscope

#endif
