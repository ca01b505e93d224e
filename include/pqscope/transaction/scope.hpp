#ifndef PQSCOPE_TRANSACTION_SCOPE_HPP
#define PQSCOPE_TRANSACTION_SCOPE_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/transaction/hooks.hpp>
#include <pqscope/transaction/options.hpp>
#include <pqscope/transaction/scope_state.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope::detail {

/// The one implementation of a transaction and of the savepoints in it.
///
/// BEGIN and SAVEPOINT are queued and ride with the first statement; a scope without statements
/// sends nothing. RELEASE rides with whatever comes next. Whether the transaction has failed, or is
/// there at all, is read from the server's last ReadyForQuery. Movable; a moved-from or ended scope
/// refuses every use.
class scope {
 public:
  scope() noexcept = default;

  /// A transaction.
  static scope begin(connection_core& core, transaction_options const& options,
                     std::source_location const& where, std::string_view label = {});
  /// A savepoint in `outer`; `quoted` is its name as it stands in SQL, empty for one of our own.
  static scope nest(scope& outer, std::string quoted, std::source_location const& where);
  /// Lets transactions that begin inside this one become savepoints of it.
  void make_sandbox() noexcept { state_->sandbox = true; }

  scope(scope&&) noexcept = default;
  scope& operator=(scope&& other) noexcept;
  ~scope() { abandon(); }

  /// The connection to send a statement of this scope's on.
  connection_core& use(std::source_location const& where);
  /// Sends what has been deferred, so that the transaction's id is known before it ends.
  void send_deferred(std::source_location const& where) {
    require_last(where);
    state_->core->send_deferred(where);
  }
  /// Ends it for good; see `transaction::commit` and `savepoint::commit`.
  void commit(std::source_location const& where);
  /// Ends it without effect; does nothing where `commit` or `rollback` has failed to.
  void rollback(std::source_location const& where);
  /// Ends it without effect if it has not ended, as a destructor does. Tells problems the observer.
  void abandon() noexcept;
  /// Ends the transaction with PREPARE TRANSACTION.
  void prepare(std::string_view gid, std::source_location const& where);

  /// What its transaction was asked for.
  transaction_options const& options(std::source_location const& where) {
    use(where);
    scope_state const* root = state_.get();
    while (!root->is_outermost()) {
      root = root->outer;
    }
    return root->options;
  }

  bool active() const noexcept { return state_ != nullptr && !state_->gone; }
  /// Whether it ended with a commit that the server confirmed; also while its hooks run.
  bool committed() const noexcept { return committed_; }
  /// For a commit that was in doubt, once it is known to have happened.
  void mark_committed() noexcept { committed_ = true; }
  hooks& hooks_for(std::source_location const& where) {
    use(where);
    return state_->hooks;
  }
  std::optional<std::uint64_t> transaction_id() const noexcept {
    std::optional<transaction_mark> const mark = active() ? state_->core->mark : std::nullopt;
    return mark ? std::optional{mark->id} : std::nullopt;
  }
  /// The hooks of a transaction whose outcome was not known when it ended.
  hooks take_hooks() noexcept { return std::move(undecided_); }
  /// Keeps the hooks of its outcome back for whoever holds it, who lets go of the connection first.
  void hold_hooks() noexcept { holds_hooks_ = true; }
  /// Calls those that were kept back. What the first to throw threw leaves when all were called.
  void run_held_hooks() { hooks::run(std::exchange(held_hooks_, {})); }
  /// The same on the way of an exception: what one throws goes to the observer.
  void run_held_hooks_quietly() noexcept;

 private:
  explicit scope(std::unique_ptr<scope_state> state) noexcept : state_{std::move(state)} {}

  static scope nest_in(scope_state& outer, std::string quoted, std::source_location const& where);
  static void refuse_second(connection_core& core, std::source_location const& where);
  void require_usable(std::source_location const& where);
  void require_last(std::source_location const& where);
  void require_connected(std::source_location const& where);
  void require_alive(std::source_location const& where);
  bool begin_failed() const noexcept;
  bool leave_if_ended() noexcept;

  void commit_savepoint(std::source_location const& where);
  void conclude(char const* command, std::string_view tag, std::source_location const& where);
  void send_rollback(std::source_location const& where);
  void send_rollback_to_savepoint(std::source_location const& where);
  void abandon_on(connection_core& core) noexcept;
  [[noreturn]] void throw_rolled_back(std::source_location const& where);
  [[noreturn]] void throw_in_doubt(std::string const& reason, bool prepares,
                                   std::source_location const& where);
  void settle_failed_commit(std::source_location const& where) noexcept;
  std::unique_ptr<scope_state> end(transaction_end how) noexcept;
  void end_undone() noexcept;
  void settle_hooks(hooks::list due);

  std::unique_ptr<scope_state> state_;
  hooks undecided_;
  hooks::list held_hooks_;
  observer* hook_watcher_ = nullptr;  // of the connection it ended on
  bool holds_hooks_ = false;
  bool committed_ = false;
  bool undone_ = false;  // by a commit or rollback that threw: there is nothing left to roll back
};

inline scope scope::begin(connection_core& core, transaction_options const& options,
                          std::source_location const& where, std::string_view label) {
  if (core.innermost != nullptr && core.innermost->sandbox) {
    scope nested = nest_in(*static_cast<scope_state*>(core.innermost), {}, where);
    nested.state_->options = options;
    return nested;
  }
  refuse_second(core, where);
  auto state = std::make_unique<scope_state>();
  state->core = &core;
  state->options = options;
  state->where = where;
  state->label = label;
  core.first_error.reset();
  core.mark.reset();
  core.asked_read_only = options.access == access::read_only;
  core.identify = options.identify && !core.asked_read_only;
  core.queue(begin_text(options), state.get());
  core.innermost = state.get();
  if (core.watcher() != nullptr) {
    state->started = libpq::clock::now();
    core.notices().tell(
        [&](observer& each) { each.transaction_started({.where = where, .label = label}); });
  }
  return scope{std::move(state)};
}

/// Refuses a transaction where there is one already, and on a connection that cannot have one.
inline void scope::refuse_second(connection_core& core, std::source_location const& where) {
  connection_status const status = core.status();
  if (core.innermost != nullptr || status == connection_status::in_transaction ||
      status == connection_status::in_failed_transaction) {
    throw usage_error(
        "a transaction is open on the connection already: nest with a savepoint, or pass the "
        "transaction to with_session",
        where);
  }
  if (status != connection_status::idle) {
    core_use const refused{core, where};
    throw connection_busy("the connection is busy with another operation", where);
  }
}

inline scope scope::nest(scope& outer, std::string quoted, std::source_location const& where) {
  outer.use(where);
  return nest_in(*outer.state_, std::move(quoted), where);
}

inline scope scope::nest_in(scope_state& outer, std::string quoted,
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
      quoted.empty() ? "\"pqscope_" + std::to_string(state->depth) + '"' : std::move(quoted);
  state->name = state->savepoint.c_str();
  core.queue("SAVEPOINT " + state->savepoint, state.get());
  core.innermost = state.get();
  outer.has_child = true;
  return scope{std::move(state)};
}

inline scope& scope::operator=(scope&& other) noexcept {
  if (this != &other) {
    abandon();
    state_ = std::move(other.state_);
    undecided_ = std::move(other.undecided_);
    held_hooks_ = std::move(other.held_hooks_);
    hook_watcher_ = other.hook_watcher_;
    holds_hooks_ = other.holds_hooks_;
    committed_ = other.committed_;
    undone_ = other.undone_;
  }
  return *this;
}

inline void scope::require_usable(std::source_location const& where) {
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
  if (leave_if_ended()) {
    throw usage_error(
        "the transaction was ended behind the back of its scope, through the connection's native "
        "handle",
        where);
  }
}

/// Whether the server is in no transaction although BEGIN was carried out. If so, no scope of it
/// belongs to the connection any more.
inline bool scope::leave_if_ended() noexcept {
  connection_core& core = *state_->core;
  if (core.status() != connection_status::idle || !has_begun(core.innermost)) {
    return false;
  }
  mark_gone(core.innermost);
  core.innermost = nullptr;
  core.drop_queue();
  return true;
}

/// Whether the server has refused BEGIN: then there is no transaction, and never will be.
inline bool scope::begin_failed() const noexcept {
  connection_core const& core = *state_->core;
  return core.status() == connection_status::idle && !has_begun(core.innermost) &&
         !core.has_queue();
}

inline connection_core& scope::use(std::source_location const& where) {
  require_usable(where);
  if (state_->has_child) {
    throw usage_error("a nested savepoint or session is alive: use that one, or end it first",
                      where);
  }
  if (begin_failed()) {
    throw usage_error("the transaction could not begin: it can only be left", where);
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

}  // namespace pqscope::detail

#include <pqscope/transaction/scope_end.hpp>

#endif
