#ifndef PQSCOPE_TRANSACTION_TWO_PHASE_HPP
#define PQSCOPE_TRANSACTION_TWO_PHASE_HPP

#include <pqscope/connection/connection.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/literal.hpp>

#include <chrono>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope {

/// A transaction that was prepared and waits for its second phase.
struct prepared_transaction {
  std::string gid;       ///< the name it was prepared under
  std::string owner;     ///< the role that prepared it
  std::string database;  ///< where it was prepared, and has to be ended
  std::chrono::sys_time<std::chrono::microseconds> prepared;  ///< when
};

/// Commits what `transaction::prepare` left under this name, from any connection to the same
/// database. One round trip; not inside a transaction.
/// \throws undefined_object if there is none of that name
inline void commit_prepared(connection& on, std::string_view gid,
                            std::source_location where = std::source_location::current()) {
  on.execute(dynamic_sql{"COMMIT PREPARED " + literal{gid, where}.text(), where});
}

/// Undoes what `transaction::prepare` left under this name; otherwise as `commit_prepared`.
inline void rollback_prepared(connection& on, std::string_view gid,
                              std::source_location where = std::source_location::current()) {
  on.execute(dynamic_sql{"ROLLBACK PREPARED " + literal{gid, where}.text(), where});
}

/// The prepared transactions of the connection's database, oldest first. One round trip.
inline std::vector<prepared_transaction> prepared_transactions(connection& on) {
  return on
      .query<prepared_transaction>(
          "SELECT gid, owner::text, database::text, prepared FROM pg_catalog.pg_prepared_xacts "
          "WHERE database = current_database() ORDER BY prepared, gid")
      .all();
}

}  // namespace pqscope

#endif
