#ifndef PQSCOPE_SESSION_HPP
#define PQSCOPE_SESSION_HPP

#include <pqscope/connection/statements.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/session_options.hpp>
#include <pqscope/session_source.hpp>
#include <pqscope/transaction/resolve.hpp>
#include <pqscope/transaction/scope.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

namespace pqscope {

/// One unit of work: what `with_session` hands to the work it runs.
///
/// Takes its connection and begins its transaction with its first statement; without one it costs
/// nothing. Neither copyable nor movable, so that it does not outlive its scope. After its end, or
/// while a session or savepoint nested in it lives, every use is a `usage_error` and sends nothing.
/// One thread at a time.
class session : public statements<session> {
 public:
  session(session const&) = delete;
  session& operator=(session const&) = delete;
  /// Rolls back what has not ended, within five seconds, and gives the connection back. Does not
  /// throw; problems reach the observer.
  ~session() { leave(); }

  /// Which run of the work this is, from 1; see `session_options::retry`.
  int attempt() const noexcept { return attempt_; }
  /// The label of its options.
  std::string const& label() const noexcept { return options_.label; }
  /// Whether it has not ended.
  bool is_active() const noexcept { return !ended_; }
  /// The server's 64-bit id of its transaction, once that has written.
  std::optional<std::uint64_t> transaction_id() const noexcept { return scope_.transaction_id(); }

  /// Commits now, instead of when the work returns; the session has ended then. Errors as
  /// `transaction::commit`; a nested session's as `savepoint::commit`.
  void commit(std::source_location where = std::source_location::current()) {
    require_active(where);
    finish(where);
  }
  /// Leaves without effect and without an error; the session has ended then.
  void rollback(std::source_location where = std::source_location::current()) {
    require_active(where);
    if (started_) {
      scope_.rollback(where);
      release();
    } else {
      ended_ = true;
      detail::hooks::run(std::move(early_.after_rollback));
    }
  }

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

  /// Not for users: what statements and nested scopes work on.
  detail::connection_core& core_for(std::source_location const& where) {
    require_active(where);
    start(where);
    return scope_.use(where);
  }
  /// Not for users.
  detail::scope& scope_for_nesting() {
    require_active(where_);
    start(where_);
    return scope_;
  }

  /// Not for users: `with_session` makes sessions.
  session(detail::session_source& source, session_options const& options,
          std::optional<libpq::clock::time_point> deadline, int attempt,
          std::source_location const& where)
      : source_{&source},
        options_{options},
        deadline_{deadline},
        attempt_{attempt},
        where_{where} {}
  /// Not for users: a session nested in `outer`.
  session(detail::scope& outer, session_options const& options,
          std::optional<libpq::clock::time_point> deadline, int attempt,
          std::source_location const& where)
      : options_{options}, deadline_{deadline}, attempt_{attempt}, where_{where} {
    refuse_when_nested(where);
    scope_ = detail::scope::nest(outer, {}, where);
    begin_limits(scope_.use(where));
    started_ = true;
  }

  /// Not for users: commits what has not ended, as the end of the work does.
  void finish(std::source_location const& where);
  /// Not for users: whether the server has confirmed its commit.
  bool committed() const noexcept { return scope_.committed(); }

 private:
  void require_active(std::source_location const& where) const {
    if (ended_) {
      throw usage_error("the session has ended", where);
    }
  }
  detail::hooks& hooks_for(std::source_location const& where) {
    require_active(where);
    return started_ ? scope_.hooks_for(where) : early_;
  }
  void refuse_when_nested(std::source_location const& where) const;
  void start(std::source_location const& where);
  void begin_limits(detail::connection_core& core);
  void settle_doubt(commit_in_doubt const& doubt, std::source_location const& where);
  void release() noexcept;
  void leave() noexcept;

  detail::session_source* source_ = nullptr;  // null for a nested session
  session_options const& options_;
  std::optional<libpq::clock::time_point> deadline_;
  detail::operation_limits limits_before_;
  detail::connection_core* core_ = nullptr;
  detail::scope scope_;
  detail::hooks early_;
  int attempt_;
  bool started_ = false;
  bool ended_ = false;
  std::source_location where_;
};

inline void session::refuse_when_nested(std::source_location const& where) const {
  if (options_.isolation || options_.access || options_.deferrable || options_.statement_timeout) {
    throw usage_error(
        "a nested session cannot have its own isolation, access mode, deferrability or "
        "statement timeout: they belong to the transaction",
        where);
  }
}

/// Takes the connection and queues BEGIN.
inline void session::start(std::source_location const& where) {
  if (started_) {
    return;
  }
  connection_options open{.stop = options_.stop};
  if (deadline_) {
    auto const left = *deadline_ - libpq::clock::now();
    open.deadline = std::chrono::ceil<std::chrono::milliseconds>(
        left.count() > 0 ? left : libpq::clock::duration::zero());
  }
  connection& taken = source_->take(open, where);
  try {
    detail::connection_core& core = taken.core_for(where);
    scope_ = detail::scope::begin(core,
                                  {.isolation = options_.isolation,
                                   .access = options_.access,
                                   .deferrable = options_.deferrable,
                                   .identify = options_.identify},
                                  where_, options_.label);
    begin_limits(core);
    if (options_.statement_timeout) {
      core.queue(
          "SET LOCAL statement_timeout = " + std::to_string(options_.statement_timeout->count()),
          nullptr, where);
    }
    scope_.hooks_for(where).adopt(std::move(early_));
    started_ = true;
  } catch (...) {
    scope_.abandon();
    source_->give_back();
    throw;
  }
}

inline void session::begin_limits(detail::connection_core& core) {
  core_ = &core;
  limits_before_ = core.limits;
  if (source_ != nullptr && source_->can_reconnect()) {
    core.limits.each.reset();  // it bounded the way to the connection
  }
  if (deadline_ && *deadline_ < core.limits.until) {
    core.limits.until = *deadline_;
  }
  if (options_.stop.stop_possible()) {
    core.limits.stop = options_.stop;
  }
}

inline void session::finish(std::source_location const& where) {
  if (ended_) {
    return;
  }
  if (!started_) {
    ended_ = true;
    detail::hooks::run(std::move(early_.after_commit));
    return;
  }
  try {
    scope_.commit(where);
  } catch (commit_in_doubt const& doubt) {
    if (options_.on_in_doubt != on_in_doubt::resolve || source_ == nullptr ||
        source_->target() == nullptr) {
      throw;
    }
    settle_doubt(doubt, where);
    return;
  } catch (...) {
    if (!scope_.active()) {
      release();
    }
    throw;
  }
  release();
}

/// Finds out what became of a commit whose answer was lost.
inline void session::settle_doubt(commit_in_doubt const& doubt, std::source_location const& where) {
  detail::hooks undecided = scope_.take_hooks();
  config const target = *source_->target();
  release();
  std::chrono::milliseconds patience = std::chrono::seconds{10};
  if (deadline_) {
    patience = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - libpq::clock::now());
  }
  switch (resolve(target, doubt, patience, where)) {
    case resolution::committed:
      scope_.mark_committed();
      detail::hooks::run(std::move(undecided.after_commit));
      return;
    case resolution::aborted:
      detail::hooks::run(std::move(undecided.after_rollback));
      throw connection_lost(
          "the connection was lost while COMMIT was on its way; the server says "
          "that the transaction was rolled back",
          where);
    case resolution::unknown:
      throw;  // the doubt
  }
}

/// Gives the connection back; the session has ended.
inline void session::release() noexcept {
  if (ended_) {
    return;
  }
  ended_ = true;
  if (core_ != nullptr) {
    core_->limits = limits_before_;
  }
  if (source_ != nullptr) {
    source_->give_back();
  }
}

inline void session::leave() noexcept {
  if (ended_) {
    return;
  }
  if (started_) {
    scope_.abandon();
    release();
    return;
  }
  ended_ = true;
  try {
    detail::hooks::run(std::move(early_.after_rollback));
  } catch (...) {  // nobody is there to be told: the session never had a connection
  }
}

}  // namespace pqscope

#endif
