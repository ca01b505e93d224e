#ifndef PQSCOPE_TRANSACTION_TWO_PHASE_HPP
#define PQSCOPE_TRANSACTION_TWO_PHASE_HPP

#include <pqscope/connection/connection.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/transaction/xid.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/text.hpp>
#include <pqscope/types/timestamp.hpp>

#include <chrono>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope {

/// A transaction that was prepared and waits for its second phase.
struct prepared_transaction {
  std::string gid;       ///< the name it was prepared under; see `xid::parse`
  std::string owner;     ///< the role that prepared it
  std::string database;  ///< where it was prepared, and has to be ended
  std::chrono::sys_time<std::chrono::microseconds> prepared;  ///< when
};

namespace detail {

/// Carries out the second phase; inside a transaction the server would fail that.
inline void end_prepared(connection& on, std::string_view verb, std::string_view gid,
                         std::source_location const& where) {
  if (on.core_for(where).innermost != nullptr) {
    throw usage_error("a prepared transaction cannot be ended inside another transaction", where);
  }
  on.execute(dynamic_sql{std::string{verb} + literal{gid, where}.text(), where});
}

/// A value of an answer in binary format.
template <class T>
T value_in(libpq::result_view const& told, int row, int column) {
  bool const is_null = told.is_null(row, column);
  return decode_value<T>(is_null ? nullptr : told.data(row, column), told.size(row, column),
                         told.column_type(column));
}

}  // namespace detail

/// Commits what `transaction::prepare` left under this name, from any connection to the same
/// database. One round trip. Where the connection is lost on the way, `prepared_transactions` tells
/// whether it is still to be done.
///
/// \throws undefined_object if there is none of that name
/// \throws usage_error      while a transaction is alive on the connection
inline void commit_prepared(connection& on, std::string_view gid,
                            std::source_location where = std::source_location::current()) {
  detail::end_prepared(on, "COMMIT PREPARED ", gid, where);
}
/// The same by an XA name.
inline void commit_prepared(connection& on, xid const& id,
                            std::source_location where = std::source_location::current()) {
  detail::end_prepared(on, "COMMIT PREPARED ", id.to_string(where), where);
}

/// Undoes what `transaction::prepare` left under this name; otherwise as `commit_prepared`.
inline void rollback_prepared(connection& on, std::string_view gid,
                              std::source_location where = std::source_location::current()) {
  detail::end_prepared(on, "ROLLBACK PREPARED ", gid, where);
}
/// The same by an XA name.
inline void rollback_prepared(connection& on, xid const& id,
                              std::source_location where = std::source_location::current()) {
  detail::end_prepared(on, "ROLLBACK PREPARED ", id.to_string(where), where);
}

/// The prepared transactions of the connection's database, oldest first. One round trip.
inline std::vector<prepared_transaction> prepared_transactions(connection& on) {
  sql<> const text =
      "SELECT gid, owner::text, database::text, prepared FROM pg_catalog.pg_prepared_xacts "
      "WHERE database = current_database() ORDER BY prepared, gid";
  libpq::result_handle const answer =
      on.core_for(text.where())
          .run({.text = text.view().text, .format = libpq::value_format::binary}, text.view());
  libpq::result_view const told{answer};
  std::vector<prepared_transaction> found;
  for (int row = 0; row < told.rows(); ++row) {
    found.push_back(
        {.gid = detail::value_in<std::string>(told, row, 0),
         .owner = detail::value_in<std::string>(told, row, 1),
         .database = detail::value_in<std::string>(told, row, 2),
         .prepared = detail::value_in<decltype(prepared_transaction::prepared)>(told, row, 3)});
  }
  return found;
}

}  // namespace pqscope

#endif
