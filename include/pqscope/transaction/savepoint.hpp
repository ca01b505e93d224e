#ifndef PQSCOPE_TRANSACTION_SAVEPOINT_HPP
#define PQSCOPE_TRANSACTION_SAVEPOINT_HPP

#include <pqscope/connection/statements.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/transaction/scope.hpp>

#include <concepts>
#include <source_location>
#include <string_view>
#include <utility>

namespace pqscope {

/// What a savepoint can be set in: `transaction`, `savepoint`, `session`.
template <class T>
concept nestable = requires(T& outer) {
  { outer.scope_for_nesting() } -> std::same_as<detail::scope&>;
};

/// A nested scope: its statements can be undone without the rest of the transaction.
///
/// SAVEPOINT rides with its first statement and RELEASE with whatever is sent next, so a nested
/// scope round one statement costs nothing beyond it. Not committed by the time it is destroyed, it
/// is rolled back. The enclosing scope cannot be used while it lives, and has to end after it; an
/// attempt to end that one first is held against both.
///
/// Movable, not copyable; otherwise as `transaction`.
class savepoint : public statements<savepoint> {
 public:
  /// Sets a savepoint with a name of the library's. No round trip.
  /// \throws usage_error if `outer` has ended, has a nested scope alive, or has failed
  template <nestable Outer>
  explicit savepoint(Outer& outer, std::source_location where = std::source_location::current())
      : scope_{detail::scope::nest(outer.scope_for_nesting(), {}, where)} {}
  /// Sets a savepoint of this name, quoted here; names may repeat at other depths. While it lives,
  /// a SAVEPOINT of that name by hand is a `usage_error`.
  /// \throws usage_error as above, and if the name is empty, longer than 63 bytes or holds a NUL
  template <nestable Outer>
  savepoint(Outer& outer, std::string_view name,
            std::source_location where = std::source_location::current())
      : scope_{detail::scope::nest(outer.scope_for_nesting(), identifier{name, where}.text(),
                                   where)} {}

  /// Keeps its effects for the enclosing scope to commit. No round trip of its own, unless
  /// savepoints were moved by hand inside it.
  ///
  /// \throws transaction_rolled_back if a statement in it had failed, with the first such error: it
  ///         is rolled back, the enclosing scope is usable
  /// \throws invalid_savepoint_specification if it was released by hand: it has ended, and the
  ///         transaction has failed
  /// \throws connection_lost, connection_closed if the connection is gone
  void commit(std::source_location where = std::source_location::current()) {
    scope_.commit(where);
  }
  /// Undoes its effects with ROLLBACK TO and RELEASE: one round trip, none if nothing was sent. The
  /// enclosing scope is usable afterwards. Does nothing after a `commit()` or `rollback()` that
  /// threw and ended it.
  void rollback(std::source_location where = std::source_location::current()) {
    scope_.rollback(where);
  }

  /// As `transaction::after_commit`; dropped if this savepoint is rolled back.
  template <std::invocable Function>
  void after_commit(Function function,
                    std::source_location where = std::source_location::current()) {
    scope_.hooks_for(where).after_commit.emplace_back(std::move(function));
  }
  /// As `transaction::after_rollback`; dropped if this savepoint is rolled back.
  template <std::invocable Function>
  void after_rollback(Function function,
                      std::source_location where = std::source_location::current()) {
    scope_.hooks_for(where).after_rollback.emplace_back(std::move(function));
  }

  /// Whether it has not ended.
  bool is_active() const noexcept { return scope_.active(); }

  /// Not for users: what statements and nested scopes work on.
  detail::connection_core& core_for(std::source_location const& where) { return scope_.use(where); }
  /// Not for users.
  detail::scope& scope_for_nesting() noexcept { return scope_; }

 private:
  detail::scope scope_;
};

}  // namespace pqscope

#endif
