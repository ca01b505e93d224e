#ifndef PQSCOPE_SESSION_HPP
#define PQSCOPE_SESSION_HPP

#include <pqscope/connection/canceller.hpp>
#include <pqscope/connection/connection_status.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/session_limits.hpp>
#include <pqscope/session_options.hpp>
#include <pqscope/session_source.hpp>
#include <pqscope/transaction/scope.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

/// One unit of work: what `with_session` hands to the work it runs, and `unique_session` holds.
///
/// Takes its connection and begins its transaction with its first statement; without one it costs
/// nothing, nested ones included. Neither copyable nor movable, so that it does not outlive its
/// scope. After its end, or while a session or savepoint nested in it lives, every use is a
/// `usage_error` and sends nothing. One thread at a time.
class session : public statements<session> {
 public:
  session(session const&) = delete;
  session& operator=(session const&) = delete;
  /// Rolls back what has not ended, in the time that `transaction`'s destructor allows itself, and
  /// gives the connection back. Does not throw; problems reach the observer.
  ~session() { leave(); }

  /// Which run of the work this is, from 1; see `session_options::retry`. A nested session's is
  /// that of the session it is nested in.
  int attempt() const noexcept { return attempt_; }
  /// The label of its options.
  std::string const& label() const noexcept { return options_.label; }
  /// Whether it has not ended.
  bool is_active() const noexcept { return !ended_; }
  /// The server's 64-bit id of its transaction, once that has written.
  std::optional<std::uint64_t> transaction_id() const noexcept { return scope_.transaction_id(); }
  /// Where its connection stands: `idle` before the first statement, `closed` after the end.
  connection_status status() const noexcept;

  /// Commits now, instead of when the work returns; the session has ended then. Errors as
  /// `transaction::commit`; a nested session's as `savepoint::commit`.
  void commit(std::source_location where = std::source_location::current()) {
    require_active(where);
    finish(where);
  }
  /// Leaves without effect and without an error; the session has ended then. Where ROLLBACK does
  /// not get through the connection is given up, and the observer is told.
  void rollback(std::source_location where = std::source_location::current());
  /// Ends it with PREPARE TRANSACTION, as `transaction::prepare`. \throws usage_error if nested
  void prepare(std::string_view gid, std::source_location where = std::source_location::current());

  /// Calls `function()` once the outermost transaction is known to be committed, in order of
  /// registration; dropped with a nested session that is rolled back, not called while in doubt.
  /// What one throws leaves `with_session` after all have been called: the work is committed
  /// nevertheless, and not repeated.
  template <std::invocable Function>
  void after_commit(Function function,
                    std::source_location where = std::source_location::current()) {
    hooks_for(where).after_commit.emplace_back(std::move(function));
  }
  /// Calls `function()` once the outermost transaction is known to be rolled back, as above.
  template <std::invocable Function>
  void after_rollback(Function function,
                      std::source_location where = std::source_location::current()) {
    hooks_for(where).after_rollback.emplace_back(std::move(function));
  }

  /// A handle by which other threads cancel what the session does; takes the connection.
  pqscope::canceller canceller(std::source_location where = std::source_location::current()) {
    return pqscope::canceller{core_for(where).gate()};
  }
  /// Number of the server process; takes the connection.
  int backend_pid(std::source_location where = std::source_location::current()) {
    return libpq::backend_pid(core_for(where).handle());
  }
  /// libpq's own handle, as `connection::native_handle`, in the transaction: a BEGIN that is due
  /// is carried out, in a round trip of its own.
  PGconn* native_handle(std::source_location where = std::source_location::current()) {
    detail::connection_core& core = core_for(where);
    if (core.has_queue()) {
      core.control("SELECT", where);
    }
    return core.handle().get();
  }

  /// Not for users: what statements and nested scopes work on.
  detail::connection_core& core_for(std::source_location const& where) {
    require_usable(where);
    start(where);
    return scope_.use(where);
  }
  /// Not for users.
  detail::scope& scope_for_nesting() {
    require_usable(where_);
    start(where_);
    return scope_;
  }
  /// Not for users.
  session& session_for_nesting() noexcept { return *this; }

  /// Not for users: a session that takes a connection of `source`.
  session(detail::session_source& source, session_options const& options,
          std::optional<libpq::clock::time_point> deadline, int attempt,
          std::source_location const& where)
      : source_{&source}, options_{options}, deadline_{deadline}, attempt_{attempt}, where_{where} {
    require_sensible(where);
  }
  /// Not for users: a session nested in a transaction or savepoint.
  session(detail::scope& outer, session_options const& options,
          std::optional<libpq::clock::time_point> deadline, std::source_location const& where)
      : options_{options}, deadline_{deadline}, where_{where} {
    refuse_when_nested(where);
    start_in(outer, where);
  }
  /// Not for users: a session nested in another one; costs nothing as long as both do nothing.
  session(session& outer, session_options const& options,
          std::optional<libpq::clock::time_point> deadline, std::source_location const& where)
      : options_{options}, deadline_{deadline}, attempt_{outer.attempt_}, where_{where} {
    refuse_when_nested(where);
    outer.require_usable(where);
    if (outer.started_) {
      start_in(outer.scope_, where);
    } else {
      outer_ = &outer;
      outer.inner_ = this;
    }
  }

  /// Not for users: commits what has not ended, as the end of the work does.
  void finish(std::source_location const& where);
  /// Not for users: whether its effects are there, or may be, so that it must not be run again.
  bool committed() const noexcept { return kept_ || scope_.committed(); }
  /// Not for users: whether it has had a connection.
  bool started() const noexcept { return started_; }

 private:
  detail::hooks& hooks_for(std::source_location const& where) {
    require_usable(where);
    return started_ ? scope_.hooks_for(where) : early_;
  }
  void require_sensible(std::source_location const& where) const;
  void refuse_when_nested(std::source_location const& where) const;
  void require_active(std::source_location const& where) const;
  void require_usable(std::source_location const& where) const;
  void require_last(std::source_location const& where);
  void start(std::source_location const& where);
  void start_in(detail::scope& outer, std::source_location const& where);
  void take_connection(std::source_location const& where);
  void finish_unstarted();
  void settle_doubt(commit_in_doubt const& doubt, std::source_location const& where);
  connection_status connection_left() noexcept;
  void forget_if_gone() noexcept;
  void release() noexcept;
  void leave() noexcept;
  void unlink() noexcept;

  detail::session_source* source_ = nullptr;  // null for a nested session
  session* outer_ = nullptr;  // the session it is nested in, until they begin together
  session* inner_ = nullptr;  // the one that has this as its outer_
  session_options const& options_;
  std::optional<libpq::clock::time_point> deadline_;
  detail::session_limits limits_;
  detail::scope scope_;
  detail::hooks early_;  // registered before it began
  int attempt_ = 1;
  bool started_ = false;
  bool ended_ = false;
  bool kept_ = false;
  bool disordered_ = false;  // the session it is nested in was to be ended before it
  std::source_location where_;
};

}  // namespace pqscope

#include <pqscope/session_lifetime.hpp>

#endif
