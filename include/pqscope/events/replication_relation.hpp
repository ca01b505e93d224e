#ifndef PQSCOPE_EVENTS_REPLICATION_RELATION_HPP
#define PQSCOPE_EVENTS_REPLICATION_RELATION_HPP

#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope {

/// What of an old row a table tells with UPDATE and DELETE. Source: PostgreSQL, "ALTER TABLE",
/// REPLICA IDENTITY.
enum class replica_identity : char {
  primary_key = 'd',  ///< DEFAULT: the columns of the primary key
  nothing = 'n',      ///< NOTHING: UPDATE and DELETE are refused while it is published
  full = 'f',         ///< FULL: all columns
  index = 'i',        ///< USING INDEX: the columns of that index
};

/// A column of a replicated table.
struct replication_column {
  std::string name;           ///< as the database has it, not quoted
  oid_t type = 0;             ///< OID of its type; a domain's own
  oid_t reads_as = 0;         ///< the built-in type below a domain, else the same
  std::int32_t modifier = 0;  ///< its type modifier, -1 for none
  bool is_key = false;        ///< whether it is part of the replica identity; all are with FULL
};

/// A replicated table, as the server described it ahead of a change; it does so again when that has
/// altered. Generated columns, and those that a publication leaves out, are not part of it.
struct replication_relation {
  oid_t id = 0;        ///< its OID
  std::string schema;  ///< as the database has it, not quoted
  std::string name;    ///< the same
  replica_identity identity = replica_identity::primary_key;  ///< what is told of old rows
  std::vector<replication_column> columns;                    ///< in the order of the table

  /// The place of a column among `columns`; nothing where there is none of that name.
  std::optional<std::size_t> find(std::string_view column) const noexcept {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].name == column) {
        return i;
      }
    }
    return std::nullopt;
  }
};

}  // namespace pqscope

#endif
