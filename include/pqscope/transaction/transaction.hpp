#ifndef PQSCOPE_TRANSACTION_TRANSACTION_HPP
#define PQSCOPE_TRANSACTION_TRANSACTION_HPP

#include <pqscope/connection/connection.hpp>
#include <pqscope/transaction/options.hpp>
#include <pqscope/transaction/scope.hpp>
#include <pqscope/transaction/xid.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string_view>
#include <utility>

namespace pqscope {

/// A transaction on a connection: all of its statements take effect at `commit()`, or none.
///
/// Not committed by the time it is destroyed, it is rolled back. While it is alive, statements of
/// the connection itself belong to it. Its BEGIN rides with its first statement; without a
/// statement nothing is sent at all.
///
/// Movable, not copyable. After its end, moved from, or while a savepoint in it lives, every use is
/// a `usage_error` and sends nothing; so it is after the transaction was ended through the native
/// handle, or could not begin. The destructor does not throw, hides no exception in flight and
/// takes less than five seconds, whatever the network does (about two where the connection's
/// operations are limited to less); what goes wrong in it reaches the observer, and a connection
/// that could not be rolled back is given up. One thread at a time.
class transaction : public statements<transaction> {
 public:
  /// Begins. No round trip.
  /// \throws usage_error if a transaction is open on the connection, be it one begun by hand
  explicit transaction(connection& on, transaction_options const& options = {},
                       std::source_location where = std::source_location::current())
      : scope_{detail::scope::begin(on.core_for(where), options, where)} {}

  /// Commits: one round trip, none if nothing was sent. Returns when the server has said COMMIT;
  /// then the `after_commit` functions run.
  ///
  /// \throws transaction_rolled_back if a statement had failed, with the first such error: the
  ///         server answers COMMIT with ROLLBACK then, and nothing is persisted
  /// \throws server_error    if COMMIT itself fails (a deferred constraint, a serialization
  ///         failure): nothing is persisted, the connection is usable
  /// \throws commit_in_doubt if the answer is lost: see `resolve`
  /// \throws connection_lost, connection_closed if the connection was gone before COMMIT was sent:
  ///         nothing is persisted
  /// \throws deadline_exceeded, operation_cancelled if nothing was sent, and it is still alive; or
  ///         if the server confirmed that COMMIT was cancelled, and it is rolled back
  void commit(std::source_location where = std::source_location::current()) {
    scope_.commit(where);
  }
  /// Undoes everything: one round trip, none if nothing was sent. Then the `after_rollback`
  /// functions run. Does nothing after a `commit()` or `rollback()` that threw and ended it.
  void rollback(std::source_location where = std::source_location::current()) {
    scope_.rollback(where);
  }
  /// Ends it with PREPARE TRANSACTION: it survives under the name `gid`, at most 199 bytes, until
  /// `commit_prepared` or `rollback_prepared`, on any connection. The functions registered for its
  /// outcome do not run. The server has to allow it by `max_prepared_transactions`.
  ///
  /// \throws usage_error if `gid` holds a NUL byte, or inside `testing::rolled_back`; it is still
  ///         alive then
  /// \throws server_error if the server refuses, as it does after a temporary table was touched:
  ///         it is rolled back, the connection is usable
  /// \throws transaction_rolled_back, connection_lost as `commit` does
  /// \throws commit_in_doubt if the answer is lost: `prepared_transactions` tells
  void prepare(std::string_view gid, std::source_location where = std::source_location::current()) {
    scope_.prepare(gid, where);
  }
  /// The same under an XA name.
  void prepare(xid const& id, std::source_location where = std::source_location::current()) {
    scope_.prepare(id.to_string(where), where);
  }

  /// Calls `function()` once the transaction is known to be committed, in order of registration.
  /// Dropped with a savepoint that is rolled back; not called while in doubt. What one throws
  /// leaves `commit()` after all have been called: the transaction is committed nevertheless.
  template <std::invocable Function>
  void after_commit(Function function,
                    std::source_location where = std::source_location::current()) {
    scope_.hooks_for(where).after_commit.emplace_back(std::move(function));
  }
  /// Calls `function()` once the transaction is known to be rolled back, as above. From a
  /// destructor, what one throws goes to the observer.
  template <std::invocable Function>
  void after_rollback(Function function,
                      std::source_location where = std::source_location::current()) {
    scope_.hooks_for(where).after_rollback.emplace_back(std::move(function));
  }

  /// Whether it has not ended.
  bool is_active() const noexcept { return scope_.active(); }
  /// The server's 64-bit id of it, once it has written and if the options ask for it.
  std::optional<std::uint64_t> id() const noexcept { return scope_.transaction_id(); }

  /// Not for users: what statements and nested scopes work on.
  detail::connection_core& core_for(std::source_location const& where) { return scope_.use(where); }
  /// Not for users.
  detail::scope& scope_for_nesting() noexcept { return scope_; }

 private:
  detail::scope scope_;
};

}  // namespace pqscope

#endif
