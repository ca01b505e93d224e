#ifndef PQSCOPE_SESSION_LIFETIME_HPP
#define PQSCOPE_SESSION_LIFETIME_HPP

/// \file
/// How a session begins and ends; included by `session.hpp`.

#include <pqscope/connection/pause.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/session.hpp>
#include <pqscope/transaction/resolve.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

inline void session::require_sensible(std::source_location const& where) const {
  if (options_.statement_timeout && options_.statement_timeout->count() < 0) {
    throw usage_error("a statement timeout cannot be negative", where);
  }
}

inline void session::refuse_when_nested(std::source_location const& where) const {
  auto const differs = [](auto const& own, auto const& of_transaction) {
    return own && own != of_transaction;
  };
  if (differs(options_.isolation, mode_.isolation) || differs(options_.access, mode_.access) ||
      differs(options_.deferrable, mode_.deferrable) || options_.statement_timeout) {
    throw usage_error(
        "a nested session cannot have its own isolation, access mode, deferrability or "
        "statement timeout: they belong to the transaction",
        where);
  }
}

inline void session::require_active(std::source_location const& where) const {
  if (ended_) {
    throw usage_error("the session has ended", where);
  }
  if (disordered_) {
    throw usage_error("an enclosing session was to be ended before this one", where);
  }
}

inline void session::require_usable(std::source_location const& where) const {
  require_active(where);
  if (inner_ != nullptr) {
    throw usage_error("a nested session is alive: use that one, or end it first", where);
  }
}

/// Refuses to end it before the session nested in it, and holds it against both.
inline void session::require_last(std::source_location const& where) {
  require_active(where);
  if (inner_ == nullptr) {
    return;
  }
  for (session* nested = inner_; nested != nullptr; nested = nested->inner_) {
    nested->disordered_ = true;
  }
  throw usage_error("a nested session is alive: it has to be ended first", where);
}

/// The limits, on a connection that is still there.
inline detail::session_limits& session::limits(std::source_location const& where) {
  require_usable(where);
  forget_if_gone();
  return limits_;
}

inline connection_status session::status() const noexcept {
  if (ended_ || (started_ && !scope_.active())) {
    return connection_status::closed;
  }
  return started_ ? limits_.core()->status() : connection_status::idle;
}

inline void session::start(std::source_location const& where) {
  if (started_) {
    return;
  }
  if (outer_ == nullptr) {
    take_connection(where);
    return;
  }
  session& outer = *outer_;
  unlink();
  try {
    start_in(outer.scope_for_nesting(), where);
  } catch (...) {
    outer_ = &outer;
    outer.inner_ = this;
    throw;
  }
}

inline void session::start_in(detail::scope& outer, std::source_location const& where) {
  scope_ = detail::scope::nest(outer, {}, where);
  limits_.narrow(scope_.use(where), deadline_, options_.stop);
  scope_.hooks_for(where).adopt(std::move(early_));
  started_ = true;
}

/// Takes the connection and queues BEGIN.
inline void session::take_connection(std::source_location const& where) {
  connection_options open{.stop = options_.stop};
  libpq::clock::time_point const until = limits_.now(deadline_);
  if (until != libpq::never) {
    auto const left = until - libpq::clock::now();
    open.deadline = std::chrono::ceil<std::chrono::milliseconds>(
        left.count() > 0 ? left : libpq::clock::duration::zero());
  }
  connection& taken = source_->take(open, where);
  try {
    detail::connection_core& core = taken.core_for(where);
    scope_ = detail::scope::begin(core, mode_, where_, options_.label);
    scope_.hold_hooks();
    limits_.narrow(core, deadline_, options_.stop);
    if (options_.statement_timeout) {
      core.queue(
          "SET LOCAL statement_timeout = " + std::to_string(options_.statement_timeout->count()),
          nullptr);
    }
    scope_.hooks_for(where).adopt(std::move(early_));
    started_ = true;
  } catch (...) {
    scope_.abandon();
    limits_.restore();
    source_->give_back();
    throw;
  }
}

/// Commits a session that has done nothing.
inline void session::finish_unstarted() {
  ended_ = true;
  kept_ = true;
  if (outer_ != nullptr) {
    outer_->early_.adopt(std::move(early_));
    unlink();
  } else {
    detail::hooks::run(std::move(early_.after_commit));
  }
}

inline void session::finish(std::source_location const& where) {
  if (ended_) {
    return;
  }
  require_last(where);
  queue_changes(where);
  if (!started_) {
    finish_unstarted();
    return;
  }
  forget_if_gone();
  bool const goes_ahead = source_ != nullptr ? options_.on_in_doubt == on_in_doubt::resolve
                                             : has_unit() && shared_->unit->awaits_values();
  if (goes_ahead) {
    send_ahead(where);
  }
  try {
    scope_.commit(where);
  } catch (commit_in_doubt const& doubt) {
    kept_ = objects_kept_ = true;
    if (options_.on_in_doubt != on_in_doubt::resolve || source_ == nullptr ||
        source_->target() == nullptr) {
      release();
      throw;
    }
    settle_doubt(doubt, where);
    return;
  } catch (...) {
    if (!scope_.active()) {
      release_undone();
    }
    throw;
  }
  objects_kept_ = true;
  std::exception_ptr const problem =
      depth_ == 0 && has_unit() ? shared_->unit->take_problem() : nullptr;
  release();
  scope_.run_held_hooks();
  if (problem) {
    std::rethrow_exception(problem);  // found out too late: the server has committed
  }
}

/// Finds out what became of a commit whose answer was lost; called while that error is handled.
inline void session::settle_doubt(commit_in_doubt const& doubt, std::source_location const& where) {
  detail::hooks undecided = scope_.take_hooks();
  auto unit = has_unit() ? std::exchange(shared_->unit, nullptr) : nullptr;
  config const target = *source_->target();
  release();
  libpq::limit const bound{
      .deadline = deadline_.value_or(detail::time_after(std::chrono::seconds{10})),
      .stop = options_.stop};
  resolution fate = resolution::unknown;
  try {
    fate = detail::resolve_within(target, doubt, bound, where);
  } catch (...) {  // no reason to lose sight of the doubt: a password that cannot be had, …
  }
  if (unit != nullptr && fate == resolution::aborted) {
    unit->undo();
  }
  unit.reset();
  switch (fate) {
    case resolution::committed:
      scope_.mark_committed();
      detail::hooks::run(std::move(undecided.after_commit));
      return;
    case resolution::aborted:
      kept_ = false;
      detail::hooks::run(std::move(undecided.after_rollback));
      throw connection_lost(
          "the connection was lost while COMMIT was on its way; the server says "
          "that the transaction was rolled back",
          where);
    case resolution::unknown:
      throw;  // the doubt
  }
}

inline void session::rollback(std::source_location where) {
  require_last(where);
  if (!started_) {
    ended_ = true;
    settle_objects();
    if (outer_ != nullptr) {
      unlink();
    } else {
      detail::hooks::run(std::move(early_.after_rollback));
    }
    return;
  }
  forget_if_gone();
  try {
    scope_.rollback(where);
  } catch (usage_error const&) {
    if (!scope_.active()) {
      release_undone();
    }
    throw;
  } catch (error const&) {
    detail::connection_core& core = *limits_.core();
    bool const lost =
        core.status() == connection_status::broken || core.status() == connection_status::closed;
    if (!scope_.active() && !lost) {
      release_undone();
      throw;  // the server's to a savepoint that was moved by hand
    }
    core.notices().problem_in_flight("rolling a session back");
    scope_.abandon();
    release_undone();
    return;
  }
  release();
  scope_.run_held_hooks();
}

inline void session::prepare(std::string_view gid, std::source_location where) {
  require_last(where);
  if (source_ == nullptr) {
    throw usage_error("a nested session cannot be prepared: only a whole transaction can", where);
  }
  start(where);
  queue_changes(where);
  forget_if_gone();
  if (has_unit() && shared_->unit->awaits_values()) {
    send_ahead(where);
  }
  try {
    scope_.prepare(gid, where);
  } catch (commit_in_doubt const&) {
    kept_ = objects_kept_ = true;
    release();
    throw;
  } catch (...) {
    if (!scope_.active()) {
      release_undone();
    }
    throw;
  }
  kept_ = objects_kept_ = true;
  release();
}

/// Whether there are objects to watch; those of the session it is nested in are this one's, too.
inline bool session::has_unit() noexcept {
  if (shared_ == nullptr || shared_->unit == nullptr) {
    return false;
  }
  shared_->unit->enter(depth_);
  return true;
}

inline std::shared_ptr<detail::shared_objects> const& session::share_objects() {
  if (shared_ == nullptr) {
    shared_ = std::make_shared<detail::shared_objects>();
  }
  return shared_;
}

inline detail::unit_of_work& session::unit() {
  if (share_objects()->unit == nullptr) {
    shared_->unit = std::make_shared<detail::unit_of_work>();
  }
  has_unit();
  return *shared_->unit;
}

/// What was changed so far is not the nested session's, which may be undone alone: where an answer
/// has values for objects, it has to be there before that begins.
inline void session::flush_for_nested(std::source_location const& where) {
  if (has_unit()) {
    shared_->unit->require_intact(where);
    detail::connection_core& core = scope_.use(where);
    shared_->unit->queue_changes(core, where);
    if (shared_->unit->awaits_values()) {
      shared_->unit->send(core, where);
    }
  }
}

/// Queues what has changed, for the commit to take along.
inline void session::queue_changes(std::source_location const& where) {
  if (!has_unit()) {
    return;
  }
  if (scope_.active()) {
    shared_->unit->look_at(*limits_.core());
  }
  shared_->unit->require_intact(where);
  if (shared_->unit->has_changes()) {
    start(where);
    shared_->unit->queue_changes(scope_.use(where), where);
  }
}

/// Sends what was deferred ahead of what ends the session, which is not to be if it went wrong.
inline void session::send_ahead(std::source_location const& where) {
  if (scope_.active() && status() != connection_status::in_failed_transaction) {
    scope_.send_deferred(where);
    if (has_unit()) {
      shared_->unit->require_intact(where);
    }
  }
}

/// The session has ended: its objects are what they are in the database.
inline void session::settle_objects() noexcept {
  if (has_unit()) {
    if (depth_ > 0) {
      shared_->unit->leave(depth_, objects_kept_);
    } else {
      if (!objects_kept_) {
        shared_->unit->undo();
      }
      shared_->unit->detach();  // whoever else may hold it
      shared_->unit.reset();
    }
  }
  shared_.reset();
}

inline void session::flush(std::source_location where) {
  require_usable(where);
  if (!has_unit() && !started_) {
    return;
  }
  queue_changes(where);
  if (started_) {
    detail::connection_core& core = scope_.use(where);
    has_unit() ? shared_->unit->send(core, where) : core.send_deferred(where);
  }
}

/// Takes it out of the session that has not begun either.
inline void session::unlink() noexcept {
  if (outer_ != nullptr) {
    outer_->inner_ = nullptr;
    outer_ = nullptr;
  }
}

/// Lets go of a connection that is no more, before the scope on it ends: the work can replace the
/// caller's. As long as the scope is active it is there, wherever it was moved.
inline void session::forget_if_gone() noexcept {
  if (!scope_.active() && (source_ == nullptr || !source_->has(limits_.core()))) {
    limits_.forget();
  }
}

/// Gives the connection back; the session has ended.
inline void session::release() noexcept {
  if (ended_) {
    return;
  }
  ended_ = true;
  settle_objects();
  limits_.restore();
  if (source_ != nullptr) {
    source_->give_back();
  }
}

/// The same, and calls the hooks of a rollback, now that they may take a connection themselves.
inline void session::release_undone() noexcept {
  release();
  scope_.run_held_hooks_quietly();
}

inline void session::leave() noexcept {
  if (ended_) {
    return;
  }
  if (started_) {
    forget_if_gone();
    scope_.abandon();
    release_undone();
    return;
  }
  ended_ = true;
  settle_objects();
  for (session* nested = inner_; nested != nullptr; nested = nested->inner_) {
    nested->ended_ = true;
  }
  if (inner_ != nullptr) {
    inner_->outer_ = nullptr;
    inner_ = nullptr;
  }
  if (outer_ != nullptr) {
    unlink();
    return;
  }
  try {
    detail::hooks::run(std::move(early_.after_rollback));
  } catch (...) {  // nobody is there to be told: the session never had a connection
  }
}

}  // namespace pqscope

#endif
