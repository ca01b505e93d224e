#ifndef PQSCOPE_SQL_CONTROL_HPP
#define PQSCOPE_SQL_CONTROL_HPP

namespace pqscope {

/// What a statement does to the transaction or to the conversation with the server, as told by its
/// first words.
///
/// Only the text is looked at: a function, `CALL` or `DO` that ends the transaction is `none`.
enum class control {
  none,                 ///< an ordinary statement, or no statement at all
  begin,                ///< `BEGIN`, `START TRANSACTION`
  commit,               ///< `COMMIT`, `END`, also with `AND CHAIN`
  rollback,             ///< `ROLLBACK`, `ABORT`, also with `AND CHAIN`
  rollback_to,          ///< `ROLLBACK TO` a savepoint
  savepoint,            ///< `SAVEPOINT`
  release,              ///< `RELEASE` of a savepoint
  prepare_transaction,  ///< `PREPARE TRANSACTION`, the first phase of a two-phase commit
  commit_prepared,      ///< `COMMIT PREPARED`
  rollback_prepared,    ///< `ROLLBACK PREPARED`
  copy,                 ///< `COPY`, in either direction
};

}  // namespace pqscope

#endif
