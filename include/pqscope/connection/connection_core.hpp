#ifndef PQSCOPE_CONNECTION_CONNECTION_CORE_HPP
#define PQSCOPE_CONNECTION_CONNECTION_CORE_HPP

#include <pqscope/connection/cancel_gate.hpp>
#include <pqscope/connection/connection_options.hpp>
#include <pqscope/connection/connection_status.hpp>
#include <pqscope/connection/fitness.hpp>
#include <pqscope/connection/fork_guard.hpp>
#include <pqscope/connection/notices.hpp>
#include <pqscope/connection/operation_limits.hpp>
#include <pqscope/connection/recovery.hpp>
#include <pqscope/connection/scope_link.hpp>
#include <pqscope/connection/statement_cache.hpp>
#include <pqscope/connection/statement_queue.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/connection/transaction_id.hpp>
#include <pqscope/connection/type_catalogue.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/server_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/notifications.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope {
struct config;
}

namespace pqscope::detail {

/// What became of the last exchange.
enum class exchange_end : unsigned char {
  answered,  ///< the server answered: it is known what was carried out
  unsent,    ///< nothing reached the server
  unknown,   ///< it was sent, and the answer was lost
};

class connection_core;
class row_sink;

/// Where objects that may outlive their connection find it; null once it is gone, or somebody
/// else's.
struct core_anchor {
  connection_core* core;
};

/// What the server keeps; see `core_leftovers`.
struct leftover {
  std::string asks;            ///< a query that returns a row if it is there
  std::string frees;           ///< a statement
  std::source_location where;  ///< for observers
};

/// One connection's state, at an address that does not change: the handle, what rides with the next
/// exchange, the scopes alive on it. Everything that is sent goes through `perform`.
///
/// Not for users. One thread at a time, which is checked; see `connection` for the rules.
class connection_core {
 public:
  /// Takes over an open connection.
  connection_core(libpq::connection_handle handle, connection_options const& options)
      : handle_{std::move(handle)}, notices_{options.observer}, cache_{options.statement_cache} {
    limits.stop = options.stop;
    limits.each = saturated(options.deadline);
    limits.spin = bounded_spin(options.spin);
  }
  connection_core(connection_core const&) = delete;
  connection_core& operator=(connection_core const&) = delete;
  ~connection_core() {
    mark_gone(innermost);
    cast_off();
    close();
  }

  operation_limits limits{};                  ///< what operations are bound by
  detail::patience patience{};                ///< what is done for it beyond them
  scope_link* innermost = nullptr;            ///< the scope that statements belong to
  std::optional<server_error> first_error{};  ///< what made the open transaction fail
  std::optional<transaction_mark> mark{};     ///< the open transaction's, once it is known
  bool identify = false;                      ///< whether to ask for that
  bool asked_read_only = false;               ///< the scopes' transaction was to be read-only
  bool keeps_notifications = false;           ///< somebody takes them; else they are dropped
  bool listens = false;                       ///< LISTEN was carried out on it
  std::shared_ptr<config const> target{};     ///< what it was opened with; null if adopted
  std::source_location made_at{};             ///< for messages: where the connection was made
  type_knowledge types{};                     ///< what it knows of types made by users
  pqscope::detail::fitness fitness{};         ///< whether a pool is to keep it
  std::uint64_t endings = 0;  ///< tells transactions apart: times that none was open afterwards
  std::uint64_t undone = 0;   ///< times that something was rolled back to a savepoint

  libpq::connection_handle& handle() noexcept { return handle_; }
  notice_board& notices() noexcept { return notices_; }
  observer* watcher() const noexcept { return notices_.watcher; }
  std::uint64_t round_trips() const noexcept { return round_trips_; }
  exchange_end last_end() const noexcept { return last_end_; }
  bool inherited() const noexcept { return generation_ != fork_generation(); }

  std::shared_ptr<cancel_gate> gate() {
    if (!gate_) {
      gate_ = std::make_shared<cancel_gate>();
    }
    return gate_;
  }

  /// For what may outlive the connection, or its use by whoever has it now.
  std::shared_ptr<core_anchor> const& anchor() {
    if (!anchor_) {
      anchor_ = std::make_shared<core_anchor>(core_anchor{this});
    }
    return anchor_;
  }

  connection_status status() const noexcept {
    if (!handle_) {
      return connection_status::closed;
    }
    if (broken_ || notices_.farewell.load(std::memory_order_relaxed) || inherited() ||
        !libpq::is_alive(handle_)) {
      return connection_status::broken;
    }
    if (in_use_.load(std::memory_order_relaxed)) {
      return connection_status::busy;
    }
    switch (libpq::state_of(handle_)) {
      case libpq::transaction_state::idle:
        return connection_status::idle;
      case libpq::transaction_state::open:
        return connection_status::in_transaction;
      case libpq::transaction_state::failed:
        return connection_status::in_failed_transaction;
      case libpq::transaction_state::active:
        return connection_status::busy;
      case libpq::transaction_state::unknown:
        break;
    }
    return connection_status::broken;
  }

  /// Closes; sends Terminate, but not from a forked child. Does nothing when closed already.
  void close() noexcept {
    if (gate_) {
      gate_->close();
    }
    queue_.clear();
    if (inherited()) {
      libpq::abandon_after_fork(handle_);
    }
    handle_.reset();
  }

  /// Gives the connection up: what it says next is not to be trusted.
  void poison() noexcept {
    broken_ = true;
    libpq::cut(handle_);
  }

  /// Whether it is still there, as far as can be seen without a round trip; gives it up if not.
  bool look_alive() noexcept {
    bool const alive = !broken_ && libpq::look_alive(handle_) &&
                       !notices_.farewell.load(std::memory_order_relaxed);
    if (!alive && handle_ && !inherited()) {
      poison();
    }
    return alive;
  }

  /// Severs it from whoever used it, before somebody else does: the scopes that are alive on it see
  /// their transaction ended.
  void change_hands() noexcept {
    leave_scopes();
    cast_off();
    queue_.clear();
    first_error.reset();
    identify = false;
  }
  /// Another gate, for cancellers of the next user; those of the last cancel nothing any more.
  void renew_gate() {
    auto next = std::make_shared<cancel_gate>();
    gate_->close();
    gate_ = std::move(next);
  }

  /// Lets a control statement go ahead of whatever is sent next; `begins` is told when it worked.
  void queue(std::string text, scope_link* begins) { queue_.add(std::move(text), begins); }
  /// Keeps a statement of the user's until something is sent; what it returns is dropped then.
  void defer(sql_view const& text, libpq::parameters const& bound);
  /// The same for a statement of the library's own, whose answer goes to `sink`, null for nobody;
  /// the text is copied if it `keeps_text`.
  void defer_own(sql_view const& text, libpq::parameters const& bound, answer_sink* sink,
                 bool keeps_text) {
    queue_.add(deferred_statement{text, bound, sink, keeps_text});
  }
  /// Sends what has been deferred, if anything, with the rest of the queue.
  void send_deferred(std::source_location const& where);
  /// Whether anything has been deferred; by a scope or inside it, if one is given.
  bool has_deferred(scope_link const* inside = nullptr) const noexcept {
    return queue_.has_deferred(inside);
  }
  /// Forgets what has been deferred.
  void drop_deferred() noexcept { queue_.drop_deferred(); }
  /// Takes back what was queued for a scope that did nothing; false if it has been sent.
  bool unqueue(scope_link const* begins) noexcept { return queue_.take_back(begins); }
  /// Forgets what was queued.
  void drop_queue() noexcept { queue_.clear(); }
  bool has_queue() const noexcept { return !queue_.empty(); }

  /// Carries out a statement of the user's in one round trip, with whatever was queued before it.
  /// Its rows go to `rows` as they arrive, if that is given; those of a prepared statement that
  /// returned only few the last time are in the result.
  libpq::result_handle run(libpq::request&& statement, sql_view const& text,
                           row_sink* rows = nullptr);

  /// Carries out a control statement of a scope's, with whatever was queued before it; or one of
  /// the library's own.
  libpq::result_handle control(char const* text, std::source_location const& where,
                               statement_origin origin = statement_origin::scope,
                               libpq::request_kind kind = libpq::request_kind::execute);

 private:
  friend class core_use;
  template <class Operation>
  friend class core_copy;
  friend class core_stream;
  template <class>
  friend class core_batch;
  template <class>
  friend class core_leftovers;
  template <class>
  friend class core_pipeline;
  template <class>
  friend class core_questions;
  template <class>
  friend class core_relay;

  libpq::result_handle run_once(libpq::request&& statement, sql_view const& text, row_sink* rows);
  template <class Run>
  std::invoke_result_t<Run&> run_undoable(std::source_location const& where, Run&& run);

  void require_transaction(std::source_location const& where) const;
  void flush_queue(std::source_location const& where);
  void append_queue();
  bool deferred_asks() const;
  libpq::result_handle send(libpq::request&& statement, sql_view const& text,
                            statement_origin origin, row_sink* rows = nullptr);
  bool perform(std::size_t main, sql_view const& text, statement_origin origin,
               cached_statement* known = nullptr, bool repeatable = false,
               row_sink* rows = nullptr);
  libpq::limit require_time(std::source_location const& where);
  bool conclude(libpq::exchange& exchange, libpq::drive_result drove,
                statement_report const& report, libpq::clock::time_point start,
                cached_statement* known, bool repeatable, row_sink* rows = nullptr);
  cached_statement* request_main(libpq::request const& statement, sql_view const& text,
                                 bool cacheable);
  void request_mark();
  void settle_cache(cached_statement* statement, std::size_t main) noexcept;
  bool forget_stale(cached_statement const* statement) noexcept;
  [[noreturn]] void fail(libpq::outcome outcome, libpq::drive_result drove, std::size_t main,
                         sql_view const& text, std::string const& which = {});
  bool transaction_ended(std::size_t main) const noexcept;
  void leave_scopes() noexcept;
  void note_rollback() noexcept;
  void judge_failure() noexcept;
  void cast_off() noexcept {
    if (anchor_) {
      anchor_->core = nullptr;
      anchor_.reset();
    }
  }

  libpq::connection_handle handle_;
  notice_board notices_;
  statement_queue queue_;
  statement_cache cache_;
  std::vector<leftover> leftovers_;
  void (*free_leftovers_)(connection_core&) noexcept = nullptr;  // where there are any
  std::vector<std::string> deallocations_;                       // that ride with what is sent
  unsigned stale_ = 0;        // times the server did not know what was prepared
  bool outdated_ = false;     // what failed was prepared before something changed, perhaps
  bool has_created_ = false;  // in the transaction that is open, what a rollback takes away
  std::size_t mark_at_ = 0;   // where it is asked behind deferred statements
  std::vector<libpq::request> requests_;
  std::shared_ptr<cancel_gate> gate_;
  std::shared_ptr<core_anchor> anchor_;
  std::uint64_t round_trips_ = 0;
  unsigned generation_ = fork_generation();
  std::atomic<bool> in_use_{false};
  std::atomic<bool> broken_{false};
  exchange_end last_end_ = exchange_end::answered;
};

/// One use of a connection: refuses it where another thread is at it, where it came through
/// fork(2), is closed or broken. Whoever is refused for another thread's sake touches nothing: what
/// `last_end()` says then is that thread's.
class core_use {
 public:
  core_use(connection_core& core, std::source_location const& where) : core_{&core} {
    if (core.inherited()) {
      throw usage_error(
          "the connection was opened before fork(2): it belongs to the parent process", where);
    }
    if (core.in_use_.exchange(true, std::memory_order_acquire)) {
      throw connection_busy("the connection is busy with another operation", where);
    }
    // from here on it is this thread's alone
    try {
      core.last_end_ = exchange_end::unsent;
      require_ready(where);
      if (core.gate_ && !core.gate_->enter(core.handle_)) {
        core.poison();
        throw connection_lost(
            "the connection was cut before anything was sent: its pool was closed, or a cancel "
            "request for it did not arrive",
            where);
      }
      if (core.free_leftovers_ != nullptr) {
        core.free_leftovers_(core);
        require_ready(where);
      }
    } catch (...) {
      if (core.gate_) {
        core.gate_->leave();
      }
      core.in_use_.store(false, std::memory_order_release);
      throw;
    }
  }
  core_use(core_use const&) = delete;
  core_use& operator=(core_use const&) = delete;
  ~core_use() {
    if (core_ == nullptr) {
      return;
    }
    core_->requests_.clear();
    core_->queue_.drop_settled();
    if (libpq::state_of(core_->handle_) == libpq::transaction_state::idle) {
      ++core_->endings;
    }
    // libpq drops results that nobody asked for, too, where it looks for notifications
    if (!core_->keeps_notifications && !core_->broken_) {
      libpq::drop_notifications(core_->handle_);
    }
    if (core_->gate_) {
      core_->gate_->leave();
    }
    core_->in_use_.store(false, std::memory_order_release);
  }

  /// The connection is gone: there is nothing to give back.
  void forget() noexcept { core_ = nullptr; }

 private:
  void require_ready(std::source_location const& where) const {
    if (!core_->handle_) {
      throw connection_closed("the connection is closed", where);
    }
    if (core_->broken_) {
      throw connection_lost("the connection is broken: close it and open another one", where);
    }
    if (libpq::state_of(core_->handle_) == libpq::transaction_state::active) {
      throw connection_busy("the connection is busy with what its native handle was used for",
                            where);
    }
  }

  connection_core* core_;
};

}  // namespace pqscope::detail

#include <pqscope/connection/core_exchange.hpp>

#endif
