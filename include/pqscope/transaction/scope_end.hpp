#ifndef PQSCOPE_TRANSACTION_SCOPE_END_HPP
#define PQSCOPE_TRANSACTION_SCOPE_END_HPP

#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/most_derived.hpp>
#include <pqscope/error/transaction_rolled_back.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/transaction/scope.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

/// \file
/// How a scope ends, and what is thrown and told where it ends otherwise than it should.

namespace pqscope::detail {

/// Takes the scope off its connection and tells the observer; it has ended.
inline std::unique_ptr<scope_state> scope::end(transaction_end how) noexcept {
  std::unique_ptr<scope_state> ended = std::move(state_);
  connection_core& core = *ended->core;
  core.innermost = ended->outer;
  if (ended->outer != nullptr) {
    ended->outer->has_child = false;
    ended->outer->touched = ended->outer->touched || ended->touched;
  } else if (core.watcher() != nullptr) {
    transaction_event const event{.where = ended->where,
                                  .label = ended->label,
                                  .duration = libpq::clock::now() - ended->started,
                                  .end = how};
    core.notices().tell([&](observer& each) { each.transaction_ended(event); });
  }
  return ended;
}

/// It has ended without effect on the way of an exception: what a hook throws goes no further.
inline void scope::end_undone() noexcept {
  hook_watcher_ = state_->core->watcher();  // a hook may close the connection
  auto const ended = end(transaction_end::rolled_back);
  undone_ = true;
  if (ended->is_outermost()) {
    held_hooks_ = std::move(ended->hooks.after_rollback);
    if (!holds_hooks_) {
      run_held_hooks_quietly();
    }
  }
}

inline void scope::run_held_hooks_quietly() noexcept {
  notice_board board{hook_watcher_};
  try {
    run_held_hooks();
  } catch (...) {
    board.problem_in_flight("an after_rollback hook failed");
  }
}

/// The outcome is known: calls what waited for it, or keeps that back.
inline void scope::settle_hooks(hooks::list due) {
  held_hooks_ = std::move(due);
  if (!holds_hooks_) {
    run_held_hooks();
  }
}

/// Ends a scope whose connection is gone: what the server has not been told to commit is undone.
inline void scope::require_connected(std::source_location const& where) {
  connection_core& core = *state_->core;
  connection_status const status = core.status();
  if (status != connection_status::broken && status != connection_status::closed) {
    return;
  }
  if (!core.inherited()) {
    end_undone();
  }
  if (status == connection_status::closed || core.inherited()) {
    core_use const refused{core, where};
  }
  std::string message = "the connection was lost before the transaction could be committed";
  std::string code;
  if (auto const& words = core.notices().last_words) {
    message += ": " + words->message;
    code = words->sqlstate;
  }
  throw connection_lost(message, where, code);
}

inline void scope::commit(std::source_location const& where) {
  require_last(where);
  bool const deferred = state_->core->has_deferred(state_.get());
  bool const nothing_sent = !state_->begun && !deferred && state_->core->unqueue(state_.get());
  if (!nothing_sent) {
    require_connected(where);
    if (state_->core->status() == connection_status::in_failed_transaction ||
        (!state_->begun && !deferred)) {
      throw_rolled_back(where);
    }
    if (state_->outer == nullptr) {
      require_alive(where);
      conclude("COMMIT", "COMMIT", where);
    } else {
      commit_savepoint(where);
    }
  }
  committed_ = state_->is_outermost();
  auto const ended = end(transaction_end::committed);
  if (ended->is_outermost()) {
    settle_hooks(std::move(ended->hooks.after_commit));
  } else {
    ended->outer->hooks.adopt(std::move(ended->hooks));
  }
}

/// Ends a transaction whose server is gone before it was told to commit.
inline void scope::require_alive(std::source_location const& where) {
  connection_core& core = *state_->core;
  // What has arrived before COMMIT is sent is no answer to it: a server that is gone did not
  // commit. The first look finds its last words, the second the end of the connection.
  bool const quiet = core.status() == connection_status::in_transaction ||
                     core.status() == connection_status::idle;
  if (quiet && !libpq::look_alive(core.handle())) {
    core.poison();
    require_connected(where);
  }
}

inline void scope::commit_savepoint(std::source_location const& where) {
  connection_core& core = *state_->core;
  if (core.has_deferred(state_.get())) {
    core.send_deferred(where);  // what fails in it is undone with it
  }
  std::string release = "RELEASE SAVEPOINT " + state_->savepoint;
  if (!state_->touched) {
    core.queue(std::move(release), nullptr);
    return;
  }
  try {
    core.control(release.c_str(), where);
  } catch (connection_busy const&) {
    throw;  // nothing was sent
  } catch (...) {
    if (core.last_end() != exchange_end::unsent || core.status() == connection_status::broken) {
      end_undone();  // now only the enclosing scope can be ended
    }
    throw;
  }
}

/// Sends what ends the transaction, and returns when the server has said that it did so.
inline void scope::conclude(char const* command, std::string_view tag,
                            std::source_location const& where) {
  connection_core& core = *state_->core;
  bool const prepares = tag != "COMMIT";
  std::string told;
  try {
    told = libpq::result_view{core.control(command, where)}.command_tag();
  } catch (connection_busy const&) {
    throw;  // nothing was sent
  } catch (error const& failure) {
    switch (core.last_end()) {
      case exchange_end::unknown:
        throw_in_doubt(std::string{failure.bare_message()}, prepares, where);
      case exchange_end::answered:
        settle_failed_commit(where);
        break;
      case exchange_end::unsent:
        if (core.status() == connection_status::broken) {
          end_undone();
        }
        break;
    }
    throw;
  }
  bool const idle = core.status() == connection_status::idle;
  if (told == tag && idle) {
    return;
  }
  if (told == "ROLLBACK" && idle) {
    throw_rolled_back(where);
  }
  core.poison();
  throw_in_doubt("the server answered \"" + told + "\" to " + std::string{tag}, prepares, where);
}

inline void scope::throw_in_doubt(std::string const& reason, bool prepares,
                                  std::source_location const& where) {
  std::optional<transaction_mark> const mark = state_->core->mark;
  auto const ended = end(transaction_end::in_doubt);
  undone_ = true;
  undecided_ = std::move(ended->hooks);
  if (!mark) {
    throw commit_in_doubt({}, reason, where, {}, prepares);
  }
  throw commit_in_doubt(mark->id, reason, where, mark->identified, prepares);
}

/// COMMIT was answered with an error: a deferred constraint, a serialization failure, or something
/// that went ahead of it. Nothing is persisted.
inline void scope::settle_failed_commit(std::source_location const& where) noexcept {
  connection_core& core = *state_->core;
  cleanup_limits const limits{core};
  try {
    send_rollback(where);
  } catch (...) {
    core.notices().problem_in_flight("rolling back after a failed COMMIT");
    core.poison();
  }
  end_undone();
}

/// Ends a transaction or savepoint in which a statement failed, and says so.
inline void scope::throw_rolled_back(std::source_location const& where) {
  connection_core& core = *state_->core;
  std::optional<server_error> const first = core.first_error;
  try {
    send_rollback(where);
  } catch (connection_busy const&) {
    throw;  // nothing was sent
  } catch (...) {
    if (core.last_end() == exchange_end::unsent && core.status() != connection_status::broken) {
      throw;
    }
    core.notices().problem_in_flight("rolling back after a failed statement");
  }
  end_undone();
  throw transaction_rolled_back(first ? most_derived(*first) : nullptr, where);
}

/// Sends what undoes the scope; it stays attached.
inline void scope::send_rollback(std::source_location const& where) {
  connection_core& core = *state_->core;
  if (!state_->begun) {
    core.unqueue(state_.get());
  } else if (core.status() == connection_status::idle) {
    core.drop_queue();  // the server has done so by itself
  } else if (state_->outer == nullptr) {
    core.drop_queue();
    core.control("ROLLBACK", where);
  } else {
    core.drop_deferred();
    send_rollback_to_savepoint(where);
  }
}

inline void scope::send_rollback_to_savepoint(std::source_location const& where) {
  connection_core& core = *state_->core;
  std::string const name = "SAVEPOINT " + state_->savepoint;
  if (core.status() == connection_status::in_failed_transaction) {
    core.drop_queue();  // nothing but the following is carried out in it
  }
  auto const queue_rollback = [&] { core.queue("ROLLBACK TO " + name, state_.get()); };
  for (scope_link* link = core.innermost; link != state_.get(); link = link->parent) {
    core.unqueue(link);
    if (link->begun && static_cast<scope_state*>(link)->savepoint == state_->savepoint) {
      queue_rollback();  // it is in the way of the one that is meant
      core.queue("RELEASE " + name, nullptr);
    }
  }
  queue_rollback();
  try {
    core.control(("RELEASE " + name).c_str(), where);
  } catch (...) {
    core.unqueue(state_.get());  // where nothing was sent it must not go with the next statement
    throw;
  }
  core.first_error.reset();
}

inline void scope::rollback(std::source_location const& where) {
  if (state_ == nullptr && undone_) {
    return;
  }
  require_last(where);
  connection_core& core = *state_->core;
  try {
    send_rollback(where);
  } catch (connection_busy const&) {
    throw;  // nothing was sent
  } catch (...) {
    bool const lost =
        core.status() == connection_status::broken || core.status() == connection_status::closed;
    if (!core.inherited() && (lost || core.last_end() != exchange_end::unsent)) {
      end_undone();
    }
    throw;
  }
  auto const ended = end(transaction_end::rolled_back);
  if (ended->is_outermost()) {
    settle_hooks(std::move(ended->hooks.after_rollback));
  }
}

inline void scope::abandon() noexcept {
  if (state_ == nullptr) {
    return;
  }
  if (state_->gone || leave_if_ended()) {
    state_.reset();
    return;
  }
  connection_core& core = *state_->core;
  for (scope_link* link = core.innermost; link != nullptr && link != state_.get();
       link = link->parent) {
    link->gone = true;
  }
  state_->has_child = false;
  if (core.inherited()) {
    core.innermost = state_->outer;  // its end is the parent process's business
    state_.reset();
    return;
  }
  abandon_on(core);
  end_undone();
  undone_ = false;
}

/// Rolls back for a destructor; gives up a connection that is left in a state nobody can mend.
inline void scope::abandon_on(connection_core& core) noexcept {
  connection_status const status = core.status();
  if (status == connection_status::closed || status == connection_status::broken) {
    return;
  }
  cleanup_limits const limits{core};
  try {
    send_rollback(state_->where);
  } catch (...) {
    core.notices().problem_in_flight("rolling back when a scope was left");
    bool const outer_can_end =
        state_->outer != nullptr && core.last_end() == exchange_end::answered;
    if (!outer_can_end) {
      core.poison();
    }
  }
}

inline void scope::prepare(std::string_view gid, std::source_location const& where) {
  require_last(where);
  if (state_->outer != nullptr) {
    throw usage_error("a transaction inside another one cannot be prepared", where);
  }
  std::string const command = "PREPARE TRANSACTION " + literal{gid, where}.text();
  require_connected(where);
  connection_status const status = state_->core->status();
  if (status == connection_status::in_failed_transaction || begin_failed()) {
    throw_rolled_back(where);
  }
  require_alive(where);
  conclude(command.c_str(), "PREPARE TRANSACTION", where);
  end(transaction_end::prepared);
}

}  // namespace pqscope::detail

#endif
