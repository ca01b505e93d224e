#ifndef PQSCOPE_EVENTS_REPLICATION_SLOT_HPP
#define PQSCOPE_EVENTS_REPLICATION_SLOT_HPP

#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/types/lsn.hpp>

#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

/// What kind of replication slot to create.
struct replication_slot_options {
  bool temporary = false;  ///< ends with the connection that creates it
  bool failover = false;   ///< is kept on standbys as well; PostgreSQL 17
};

/// Creates a logical replication slot for a `replication_stream`, on any connection, session or
/// transaction that has written nothing yet; answers from where on changes are kept.
///
///     pqscope::create_replication_slot(conn, "s");
///
/// Waits for the transactions that are writing just now to end. One round trip. The server keeps
/// its log from then on until it is confirmed: a slot that nobody reads fills its disk. Source:
/// PostgreSQL, "pg_create_logical_replication_slot".
/// \throws duplicate_object if there is one of that name; what statements throw
template <class Scope>
lsn create_replication_slot(Scope& on, std::string_view name,
                            replication_slot_options const& options = {},
                            std::source_location where = std::source_location::current()) {
  std::string text =
      "SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot($1, 'pgoutput', $2";
  text += options.failover ? ", false, true)" : ")";
  return on.template query<lsn>(dynamic_sql{std::move(text), where}, name, options.temporary).one();
}

/// Drops a replication slot: what has not been confirmed is lost. One round trip.
/// \throws undefined_object if there is none of that name, object_in_use while it is read; what
///         statements throw
template <class Scope>
void drop_replication_slot(Scope& on, std::string_view name,
                           std::source_location where = std::source_location::current()) {
  on.execute(dynamic_sql{"SELECT pg_catalog.pg_drop_replication_slot($1)", where}, name);
}

}  // namespace pqscope

#endif
