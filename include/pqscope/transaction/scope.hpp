#ifndef PQSCOPE_TRANSACTION_SCOPE_HPP
#define PQSCOPE_TRANSACTION_SCOPE_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/most_derived.hpp>
#include <pqscope/error/transaction_rolled_back.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/transaction/hooks.hpp>
#include <pqscope/transaction/options.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope::detail {

/// How long a destructor may take to roll back before it gives the connection up.
inline constexpr std::chrono::seconds cleanup_limit{5};

/// What a scope is made of. It stays where it is while the scope object may move.
struct scope_state : scope_link {
  connection_core* core = nullptr;
  scope_state* outer = nullptr;  // the same as parent, with its type
  std::string savepoint;         // quoted name; empty for a transaction
  detail::hooks hooks;
  std::source_location where;
  std::string label;
  libpq::clock::time_point started{};
  bool has_child = false;
  bool disordered = false;  // an enclosing scope was to be ended before it
};

/// The one implementation of a transaction and of the savepoints in it.
///
/// BEGIN and SAVEPOINT are queued and ride with the first statement; a scope without statements
/// sends nothing. RELEASE rides with whatever comes next. A failed state is read from the server's
/// last ReadyForQuery. Movable; a moved-from or ended scope refuses every use.
class scope {
 public:
  scope() noexcept = default;

  /// A transaction.
  static scope begin(connection_core& core, transaction_options const& options,
                     std::source_location const& where, std::string_view label = {});
  /// A savepoint in `outer`; `name` empty for one of our own.
  static scope nest(scope& outer, std::string_view name, std::source_location const& where);
  /// Lets transactions that begin inside this one become savepoints of it.
  void make_sandbox() noexcept { state_->sandbox = true; }

  scope(scope&&) noexcept = default;
  scope& operator=(scope&& other) noexcept {
    if (this != &other) {
      abandon();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~scope() { abandon(); }

  /// The connection to send a statement of this scope's on.
  connection_core& use(std::source_location const& where);
  /// Ends it for good; see `transaction::commit` and `savepoint::commit`.
  void commit(std::source_location const& where);
  /// Ends it without effect.
  void rollback(std::source_location const& where);
  /// Ends it without effect if it has not ended, as a destructor does. Tells problems the observer.
  void abandon() noexcept;
  /// Ends the transaction with PREPARE TRANSACTION.
  void prepare(std::string_view gid, std::source_location const& where);

  bool active() const noexcept { return state_ != nullptr && !state_->gone; }
  /// Whether it ended with a commit that the server confirmed; also while its hooks run.
  bool committed() const noexcept { return committed_; }
  /// For a commit that was in doubt, once it is known to have happened.
  void mark_committed() noexcept { committed_ = true; }
  bool is_nested() const noexcept { return state_ != nullptr && state_->outer != nullptr; }
  hooks& hooks_for(std::source_location const& where) {
    use(where);
    return state_->hooks;
  }
  std::optional<std::uint64_t> transaction_id() const noexcept {
    return active() ? state_->core->transaction_id : std::nullopt;
  }
  /// The hooks of a transaction whose outcome was not known when it ended.
  hooks take_hooks() noexcept { return std::move(undecided_); }

 private:
  explicit scope(std::unique_ptr<scope_state> state) noexcept : state_{std::move(state)} {}

  static scope nest_in(scope_state& outer, std::string_view name,
                       std::source_location const& where);
  void require_usable(std::source_location const& where) const;
  void require_last(std::source_location const& where);
  void commit_transaction(std::source_location const& where);
  void commit_savepoint(std::source_location const& where);
  void send_rollback(std::source_location const& where);
  [[noreturn]] void throw_rolled_back(std::source_location const& where);
  void settle_failed_commit(std::source_location const& where);
  std::unique_ptr<scope_state> detach() noexcept;
  static void hand_over_hooks(scope_state& ended);
  void tell_end(scope_state const& ended, transaction_end how) noexcept;

  std::unique_ptr<scope_state> state_;
  hooks undecided_;
  bool committed_ = false;
};

inline scope scope::begin(connection_core& core, transaction_options const& options,
                          std::source_location const& where, std::string_view label) {
  if (core.innermost != nullptr && core.innermost->sandbox) {
    return nest_in(*static_cast<scope_state*>(core.innermost), {}, where);
  }
  switch (core.status()) {
    case connection_status::idle:
      break;
    case connection_status::in_transaction:
    case connection_status::in_failed_transaction:
      throw usage_error(
          "a transaction is open on the connection already: nest with a savepoint, "
          "or pass the transaction to with_session",
          where);
    case connection_status::busy:
    case connection_status::broken:
    case connection_status::closed:
      core_use const refused{core, where};
      throw connection_busy("the connection is busy with another operation", where);
  }
  if (core.innermost != nullptr) {
    throw usage_error(
        "a transaction is alive on the connection already: nest with a savepoint, or "
        "pass the transaction to with_session",
        where);
  }
  auto state = std::make_unique<scope_state>();
  state->core = &core;
  state->where = where;
  state->label = label;
  core.first_error.reset();
  core.transaction_id.reset();
  core.identify = options.identify && options.access != access::read_only;
  core.queue(begin_text(options), state.get(), where);
  core.innermost = state.get();
  if (core.watcher() != nullptr) {
    state->started = libpq::clock::now();
    core.notices().tell(
        [&](observer& each) { each.transaction_started({.where = where, .label = label}); });
  }
  return scope{std::move(state)};
}

inline scope scope::nest(scope& outer, std::string_view name, std::source_location const& where) {
  outer.use(where);
  return nest_in(*outer.state_, name, where);
}

inline scope scope::nest_in(scope_state& outer, std::string_view name,
                            std::source_location const& where) {
  connection_core& core = *outer.core;
  if (core.status() == connection_status::in_failed_transaction) {
    throw usage_error("a savepoint cannot begin in a transaction that has failed", where);
  }
  auto state = std::make_unique<scope_state>();
  state->core = &core;
  state->where = where;
  state->outer = &outer;
  state->parent = &outer;
  state->depth = outer.depth + 1;
  state->touched = outer.touched;
  state->savepoint =
      name.empty() ? "p" + std::to_string(state->depth) : identifier{name, where}.text();
  core.queue("SAVEPOINT " + state->savepoint, state.get(), where);
  core.innermost = state.get();
  outer.has_child = true;
  return scope{std::move(state)};
}

inline void scope::require_usable(std::source_location const& where) const {
  if (state_ == nullptr) {
    throw usage_error("the transaction or savepoint has ended, or was moved from", where);
  }
  if (state_->gone) {
    throw usage_error("the transaction has ended without this object's doing", where);
  }
  if (state_->disordered) {
    throw usage_error("an enclosing transaction or savepoint was to be ended before this one",
                      where);
  }
}

inline connection_core& scope::use(std::source_location const& where) {
  require_usable(where);
  if (state_->has_child) {
    throw usage_error("a nested savepoint or session is alive: use that one, or end it first",
                      where);
  }
  return *state_->core;
}

/// Refuses to end a scope before those nested in it, and holds it against them.
inline void scope::require_last(std::source_location const& where) {
  require_usable(where);
  if (!state_->has_child) {
    return;
  }
  for (scope_link* link = state_->core->innermost; link != state_.get(); link = link->parent) {
    static_cast<scope_state*>(link)->disordered = true;
  }
  throw usage_error("a nested savepoint or session is alive: it has to be ended first", where);
}

/// Takes the scope off its connection; it has ended.
inline std::unique_ptr<scope_state> scope::detach() noexcept {
  std::unique_ptr<scope_state> ended = std::move(state_);
  if (!ended->gone) {
    ended->core->innermost = ended->outer;
    if (ended->outer != nullptr) {
      ended->outer->has_child = false;
      ended->outer->touched = ended->outer->touched || ended->touched;
    }
  }
  return ended;
}

inline void scope::tell_end(scope_state const& ended, transaction_end how) noexcept {
  if (ended.outer == nullptr && ended.core->watcher() != nullptr) {
    transaction_event const event{.where = ended.where,
                                  .label = ended.label,
                                  .duration = libpq::clock::now() - ended.started,
                                  .end = how};
    ended.core->notices().tell([&](observer& each) { each.transaction_ended(event); });
  }
}

inline void scope::commit(std::source_location const& where) {
  require_last(where);
  if (state_->outer != nullptr) {
    commit_savepoint(where);
  } else {
    commit_transaction(where);
  }
}

inline void scope::commit_transaction(std::source_location const& where) {
  connection_core& core = *state_->core;
  if (!state_->begun && core.unqueue(state_.get())) {
    auto const ended = detach();
    tell_end(*ended, transaction_end::committed);
    committed_ = true;
    hooks::run(std::move(ended->hooks.after_commit));
    return;
  }
  if (core.status() == connection_status::broken || core.status() == connection_status::closed) {
    core_use const refused{core, where};
  }
  if (core.status() == connection_status::in_failed_transaction || !state_->begun) {
    throw_rolled_back(where);
  }
  // what arrived before COMMIT is sent is no answer to it: a server that is gone did not commit
  if (core.status() == connection_status::in_transaction && !libpq::look_alive(core.handle())) {
    core.poison();
    tell_end(*detach(), transaction_end::rolled_back);
    throw connection_lost("the connection was lost before COMMIT was sent", where);
  }
  std::string tag;
  try {
    tag = libpq::result_view{core.control("COMMIT", where)}.command_tag();
  } catch (error const& failure) {
    if (core.last_end() == exchange_end::unknown) {
      std::optional<std::uint64_t> const id = core.transaction_id;
      auto const ended = detach();
      undecided_ = std::move(ended->hooks);
      tell_end(*ended, transaction_end::in_doubt);
      throw commit_in_doubt(id, failure.what(), where);
    }
    if (core.last_end() == exchange_end::answered) {
      settle_failed_commit(where);
    }
    throw;
  }
  if (tag != "COMMIT" || core.status() != connection_status::idle) {
    throw_rolled_back(where);
  }
  auto const ended = detach();
  tell_end(*ended, transaction_end::committed);
  committed_ = true;
  hooks::run(std::move(ended->hooks.after_commit));
}

/// COMMIT was answered with an error: a deferred constraint, a serialization failure, or a RELEASE
/// before it. Nothing is persisted.
inline void scope::settle_failed_commit(std::source_location const& where) {
  connection_core& core = *state_->core;
  if (core.status() != connection_status::idle) {
    core.drop_queue();
    try {
      core.control("ROLLBACK", where);
    } catch (...) {
      core.notices().problem_in_flight("rolling back after a failed COMMIT");
      core.poison();
    }
  }
  auto const ended = detach();
  tell_end(*ended, transaction_end::rolled_back);
  try {
    hooks::run(std::move(ended->hooks.after_rollback));
  } catch (...) {
    core.notices().problem_in_flight("an after_rollback hook failed");
  }
}

/// Ends a transaction or savepoint in which a statement failed, and says so.
inline void scope::throw_rolled_back(std::source_location const& where) {
  connection_core& core = *state_->core;
  std::optional<server_error> const first = core.first_error;
  try {
    rollback(where);
  } catch (connection_error const&) {
    core.notices().problem_in_flight("rolling back a failed transaction");
  }
  if (first) {
    throw transaction_rolled_back(most_derived(*first), where);
  }
  throw transaction_rolled_back(std::shared_ptr<server_error const>{}, where);
}

/// What is to happen after the outcome waits for the outermost scope; in a sandbox each transaction
/// counts as outermost.
inline void scope::hand_over_hooks(scope_state& ended) {
  if (ended.outer->sandbox) {
    hooks::run(std::move(ended.hooks.after_commit));
  } else {
    ended.outer->hooks.adopt(std::move(ended.hooks));
  }
}

inline void scope::commit_savepoint(std::source_location const& where) {
  connection_core& core = *state_->core;
  if (!state_->begun && core.unqueue(state_.get())) {
    auto const ended = detach();
    hand_over_hooks(*ended);
    return;
  }
  if (core.status() == connection_status::broken || core.status() == connection_status::closed) {
    core_use const refused{core, where};
  }
  if (core.status() == connection_status::in_failed_transaction || !state_->begun) {
    throw_rolled_back(where);
  }
  std::string const release = "RELEASE SAVEPOINT " + state_->savepoint;
  if (state_->touched) {
    auto const ended = detach();  // also when it fails: then only the outer scope can end
    core.control(release.c_str(), where);
    hand_over_hooks(*ended);
    return;
  }
  core.queue(release, nullptr, where);
  auto const ended = detach();
  hand_over_hooks(*ended);
}

/// Sends what undoes the scope; it stays attached.
inline void scope::send_rollback(std::source_location const& where) {
  connection_core& core = *state_->core;
  if (state_->outer == nullptr) {
    if (state_->begun) {
      core.drop_queue();
      core.control("ROLLBACK", where);
    } else {
      core.unqueue(state_.get());
    }
    return;
  }
  if (!state_->begun) {
    core.unqueue(state_.get());
    return;
  }
  core.drop_queue();
  core.queue("ROLLBACK TO SAVEPOINT " + state_->savepoint, nullptr, where);
  core.control(("RELEASE SAVEPOINT " + state_->savepoint).c_str(), where);
  core.first_error.reset();
}

inline void scope::rollback(std::source_location const& where) {
  require_last(where);
  connection_core& core = *state_->core;
  try {
    send_rollback(where);
  } catch (...) {
    if (core.last_end() != exchange_end::unsent || core.status() == connection_status::broken) {
      auto const ended = detach();
      tell_end(*ended, transaction_end::rolled_back);
    }
    throw;
  }
  auto const ended = detach();
  tell_end(*ended, transaction_end::rolled_back);
  if (ended->outer == nullptr || ended->outer->sandbox) {
    hooks::run(std::move(ended->hooks.after_rollback));
  }
}

inline void scope::abandon() noexcept {
  if (state_ == nullptr) {
    return;
  }
  if (state_->gone) {
    state_.reset();
    return;
  }
  connection_core& core = *state_->core;
  for (scope_link* link = core.innermost; link != nullptr && link != state_.get();
       link = link->parent) {
    link->gone = true;
  }
  state_->has_child = false;
  operation_limits const before =
      std::exchange(core.limits, operation_limits{.until = libpq::clock::now() + cleanup_limit});
  if (core.status() != connection_status::closed && core.status() != connection_status::broken &&
      !core.inherited()) {
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
  core.limits = before;
  auto const ended = detach();
  tell_end(*ended, transaction_end::rolled_back);
  if (ended->outer == nullptr || ended->outer->sandbox) {
    try {
      hooks::run(std::move(ended->hooks.after_rollback));
    } catch (...) {
      core.notices().problem_in_flight("an after_rollback hook failed");
    }
  }
}

inline void scope::prepare(std::string_view gid, std::source_location const& where) {
  require_last(where);
  connection_core& core = *state_->core;
  if (core.status() == connection_status::in_failed_transaction) {
    throw_rolled_back(where);
  }
  std::string const text = "PREPARE TRANSACTION " + literal{gid, where}.text();
  std::string tag;
  try {
    tag = libpq::result_view{core.control(text.c_str(), where)}.command_tag();
  } catch (error const& failure) {
    if (core.last_end() == exchange_end::unknown) {
      std::optional<std::uint64_t> const id = core.transaction_id;
      tell_end(*detach(), transaction_end::in_doubt);
      throw commit_in_doubt(id, failure.what(), where);
    }
    if (core.last_end() == exchange_end::answered) {
      settle_failed_commit(where);
    }
    throw;
  }
  if (tag != "PREPARE TRANSACTION") {
    throw_rolled_back(where);
  }
  tell_end(*detach(), transaction_end::in_doubt);
}

}  // namespace pqscope::detail

#endif
