#ifndef PQSCOPE_CONNECTION_CONNECTION_CORE_HPP
#define PQSCOPE_CONNECTION_CONNECTION_CORE_HPP

#include <pqscope/connection/cancel_gate.hpp>
#include <pqscope/connection/connection_options.hpp>
#include <pqscope/connection/connection_status.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/fork_guard.hpp>
#include <pqscope/connection/notices.hpp>
#include <pqscope/connection/operation_limits.hpp>
#include <pqscope/connection/scope_link.hpp>
#include <pqscope/error/server_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {
struct config;
}

namespace pqscope::detail {

/// How long the wreck of an interrupted exchange is worked on before its connection is given up.
inline constexpr std::chrono::milliseconds recovery_limit{2000};

/// What became of the last exchange.
enum class exchange_end : unsigned char {
  answered,  ///< the server answered: it is known what was carried out
  unsent,    ///< nothing reached the server
  unknown,   ///< it was sent, and the answer was lost
};

/// One connection's state, at an address that does not change: the handle, what rides with the next
/// exchange, the scopes alive on it. Everything that is sent goes through `perform`.
///
/// Not for users. One thread at a time, which is checked; see `connection` for the rules.
class connection_core {
 public:
  /// Takes over an open connection.
  connection_core(libpq::connection_handle handle, connection_options const& options)
      : handle_{std::move(handle)}, notices_{options.observer} {
    limits.stop = options.stop;
    if (options.deadline) {
      limits.each = *options.deadline;
    }
  }
  connection_core(connection_core const&) = delete;
  connection_core& operator=(connection_core const&) = delete;
  ~connection_core() {
    for (scope_link* link = innermost; link != nullptr; link = link->parent) {
      link->gone = true;
    }
    close();
  }

  operation_limits limits{};                      ///< what operations are bound by
  scope_link* innermost = nullptr;                ///< the scope that statements belong to
  std::optional<server_error> first_error{};      ///< what made the open transaction fail
  std::optional<std::uint64_t> transaction_id{};  ///< the open transaction's, once it is known
  bool identify = false;                          ///< whether to ask for that id
  bool joins_outer = false;                ///< transactions become savepoints of an outer one
  std::shared_ptr<config const> target{};  ///< what it was opened with; null if adopted
  std::source_location made_at{};          ///< for messages: where the connection was made

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

  connection_status status() const noexcept {
    if (!handle_) {
      return connection_status::closed;
    }
    if (broken_ || inherited() || !libpq::is_alive(handle_)) {
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
    pending_.clear();
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

  /// Lets a control statement go ahead of whatever is sent next; `begins` is told when it worked.
  void queue(std::string text, scope_link* begins, std::source_location const& where) {
    pending_.push_back({std::move(text), begins, where});
  }

  /// Takes back what was queued for a scope that did nothing; false if it has been sent.
  bool unqueue(scope_link const* begins) noexcept {
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (pending_[i].begins == begins) {
        pending_.resize(i);  // whatever came after it happened inside it
        return true;
      }
    }
    return false;
  }

  /// Forgets what was queued.
  void drop_queue() noexcept { pending_.clear(); }
  bool has_queue() const noexcept { return !pending_.empty(); }

  /// Carries out a statement of the user's in one round trip, with whatever was queued before it.
  libpq::result_handle run(libpq::request&& statement, sql_view const& text);

  /// Carries out a control statement of a scope's, with whatever was queued before it.
  libpq::result_handle control(char const* text, std::source_location const& where);

 private:
  friend class core_use;

  libpq::result_handle run_once(libpq::request&& statement, sql_view const& text);
  libpq::result_handle run_undoable(libpq::request&& statement, sql_view const& text);

  struct pending_control {
    std::string text;
    scope_link* begins;
    std::source_location where;
  };

  void flush_queue(std::source_location const& where);
  /// Neither a script nor a COPY has a place in a pipeline.
  static bool goes_alone(libpq::request const& statement, sql_view const& text) noexcept {
    return statement.kind == libpq::request_kind::script || text.verb == pqscope::control::copy;
  }
  libpq::result_handle send(libpq::request&& statement, sql_view const& text,
                            statement_origin origin);
  void perform(std::size_t main, sql_view const& text, statement_origin origin);
  libpq::drive_result recover(libpq::exchange& exchange);
  [[noreturn]] void fail(libpq::outcome outcome, libpq::drive_result drove, std::size_t main,
                         sql_view const& text);
  [[noreturn]] void fail_interrupted(libpq::drive_result drove, bool usable,
                                     std::source_location const& where);
  void settle_queue() noexcept;
  void learn_transaction_id(std::size_t question);
  void notice_ended_transaction(std::size_t main, sql_view const& text);
  void refuse_control(sql_view const& text) const;
  void tell_started(std::size_t main, sql_view const& text, statement_origin origin) noexcept;
  void tell_ended(std::size_t main, sql_view const& text, statement_origin origin,
                  libpq::clock::duration took) noexcept;
  statement_event event_of(std::size_t index, std::size_t main, sql_view const& text,
                           statement_origin origin) const noexcept;

  libpq::connection_handle handle_;
  notice_board notices_;
  std::vector<pending_control> pending_;
  std::vector<libpq::request> requests_;
  std::shared_ptr<cancel_gate> gate_;
  std::uint64_t round_trips_ = 0;
  unsigned generation_ = fork_generation();
  std::atomic<bool> in_use_{false};
  bool broken_ = false;
  bool settled_ = false;  // what is queued has been answered, and is kept for messages only
  exchange_end last_end_ = exchange_end::answered;
};

/// One use of a connection: refuses it where another thread is at it, where it came through
/// fork(2), is closed or broken.
class core_use {
 public:
  core_use(connection_core& core, std::source_location const& where) : core_{core} {
    if (!core.handle_) {
      throw connection_closed("the connection is closed", where);
    }
    if (core.inherited()) {
      throw usage_error(
          "the connection was opened before fork(2): it belongs to the parent process", where);
    }
    if (core.broken_) {
      throw connection_lost("the connection is broken: close it and open another one", where);
    }
    if (core.in_use_.exchange(true, std::memory_order_acquire)) {
      throw connection_busy("the connection is busy with another operation", where);
    }
    if (core.gate_) {
      core.gate_->enter(core.handle_);
    }
  }
  core_use(core_use const&) = delete;
  core_use& operator=(core_use const&) = delete;
  ~core_use() {
    core_.requests_.clear();
    if (std::exchange(core_.settled_, false)) {
      core_.pending_.clear();
    }
    if (core_.gate_) {
      core_.gate_->leave();
    }
    core_.in_use_.store(false, std::memory_order_release);
  }

 private:
  connection_core& core_;
};

inline libpq::result_handle connection_core::run(libpq::request&& statement, sql_view const& text) {
  if (innermost != nullptr && innermost->sandbox) {
    return run_undoable(std::move(statement), text);
  }
  return run_once(std::move(statement), text);
}

inline libpq::result_handle connection_core::run_once(libpq::request&& statement,
                                                      sql_view const& text) {
  last_end_ = exchange_end::unsent;
  core_use const use{*this, text.where};
  if (innermost != nullptr) {
    refuse_control(text);
  }
  if (goes_alone(statement, text) && !pending_.empty()) {
    flush_queue(text.where);
  }
  return send(std::move(statement), text, statement_origin::caller);
}

/// A statement that would commit by itself, inside a sandbox: its failure is to undo it alone.
inline libpq::result_handle connection_core::run_undoable(libpq::request&& statement,
                                                          sql_view const& text) {
  queue("SAVEPOINT pqscope_statement", nullptr, text.where);
  try {
    libpq::result_handle answer = run_once(std::move(statement), text);
    queue("RELEASE SAVEPOINT pqscope_statement", nullptr, text.where);
    return answer;
  } catch (...) {
    if (status() == connection_status::in_failed_transaction) {
      queue("ROLLBACK TO SAVEPOINT pqscope_statement", nullptr, text.where);
      control("RELEASE SAVEPOINT pqscope_statement", text.where);
      first_error.reset();
    }
    throw;
  }
}

inline libpq::result_handle connection_core::control(char const* text,
                                                     std::source_location const& where) {
  last_end_ = exchange_end::unsent;
  core_use const use{*this, where};
  sql_view const shown{.text = text, .size = std::string_view{text}.size(), .where = where};
  return send({.text = text}, shown, statement_origin::scope);
}

/// Sends what is queued in a round trip of its own.
inline void connection_core::flush_queue(std::source_location const& where) {
  requests_.clear();
  for (pending_control const& each : pending_) {
    requests_.push_back({.text = each.text.c_str()});
  }
  std::string_view const last = pending_.back().text;
  perform(requests_.size() - 1, {.text = last.data(), .size = last.size(), .where = where},
          statement_origin::scope);
  requests_.clear();
  pending_.clear();
  settled_ = false;
}

inline libpq::result_handle connection_core::send(libpq::request&& statement, sql_view const& text,
                                                  statement_origin origin) {
  requests_.clear();
  for (pending_control const& each : pending_) {
    requests_.push_back({.text = each.text.c_str()});
  }
  std::size_t const main = requests_.size();
  bool const asks = identify && !transaction_id && innermost != nullptr &&
                    origin == statement_origin::caller && !goes_alone(statement, text);
  requests_.push_back(std::move(statement));
  if (asks) {
    requests_.push_back({.text = "SELECT pg_catalog.pg_current_xact_id_if_assigned()",
                         .format = libpq::value_format::binary});
  }
  perform(main, text, origin);
  if (asks) {
    learn_transaction_id(main + 1);
  }
  if (origin == statement_origin::caller && innermost != nullptr) {
    notice_ended_transaction(main, text);
  }
  if (requests_[main].asked_to_copy) {
    throw usage_error("COPY moves data: use copy_in or copy_out for it", text.where);
  }
  return std::move(requests_[main].answer);
}

inline void connection_core::perform(std::size_t main, sql_view const& text,
                                     statement_origin origin) {
  libpq::limit const bound = limits.now();
  last_end_ = exchange_end::unsent;
  if (bound.stop.stop_requested()) {
    fail_interrupted(libpq::drive_result::stopped, true, text.where);
  }
  if (bound.expired()) {
    fail_interrupted(libpq::drive_result::deadline, true, text.where);
  }
  libpq::clock::time_point const start =
      watcher() != nullptr ? libpq::clock::now() : libpq::clock::time_point{};
  tell_started(main, text, origin);
  ++round_trips_;
  libpq::exchange exchange{handle_, requests_};
  libpq::drive_result const drove = libpq::drive(exchange, bound);
  libpq::drive_result ended = drove;
  if (drove != libpq::drive_result::done) {
    ended = recover(exchange);
  }
  bool const finished = ended == libpq::drive_result::done;
  libpq::outcome const outcome = finished ? exchange.result() : libpq::outcome::lost;
  bool const intact = outcome == libpq::outcome::completed || outcome == libpq::outcome::failed;
  last_end_ = intact                ? exchange_end::answered
              : exchange.was_sent() ? exchange_end::unknown
                                    : exchange_end::unsent;
  if (watcher() != nullptr) {
    tell_ended(main, text, origin, libpq::clock::now() - start);
  }
  if (!intact) {
    poison();
    if (!finished) {
      fail_interrupted(drove, false, text.where);
    }
  }
  settle_queue();
  if (outcome != libpq::outcome::completed) {
    fail(outcome, drove, main, text);
  }
}

/// Cancels on the server and reads on: the connection is worth some patience.
inline libpq::drive_result connection_core::recover(libpq::exchange& exchange) {
  auto const give_up = libpq::clock::now() + recovery_limit;
  auto pause = std::chrono::milliseconds{50};
  while (libpq::clock::now() < give_up) {
    // a cancel that arrives before its statement has begun is lost: ask again
    libpq::cancel_operation cancel{libpq::prepare_cancel(handle_)};
    libpq::drive(cancel, {.deadline = give_up});
    auto const next = libpq::clock::now() + pause;
    if (libpq::drive(exchange, {.deadline = next < give_up ? next : give_up}) ==
        libpq::drive_result::done) {
      return libpq::drive_result::done;
    }
    pause *= 2;
  }
  return libpq::drive_result::deadline;
}

inline void connection_core::fail_interrupted(libpq::drive_result drove, bool usable,
                                              std::source_location const& where) {
  std::string message = drove == libpq::drive_result::stopped ? "the operation was cancelled"
                                                              : "the deadline has passed";
  if (last_end_ == exchange_end::unsent) {
    message += "; nothing was sent";
  } else if (usable) {
    message += "; the statement was cancelled on the server";
  } else {
    message += "; the server did not react to the cancel request, the connection is given up";
  }
  if (drove == libpq::drive_result::stopped) {
    throw operation_cancelled(message, usable, where);
  }
  throw deadline_exceeded(message, usable, where);
}

inline void connection_core::fail(libpq::outcome outcome, libpq::drive_result drove,
                                  std::size_t main, sql_view const& text) {
  if (outcome == libpq::outcome::lost) {
    throw_lost(requests_, libpq::error_text(handle_), text.where);
  }
  if (outcome == libpq::outcome::violated) {
    throw_violated(libpq::error_text(handle_), text.where);
  }
  libpq::request const* const failed = first_failure(requests_);
  diagnostics fields = describe_failure(*failed);
  auto const index = static_cast<std::size_t>(failed - requests_.data());
  std::string sql = index == main ? std::string{text.str()} : std::string{failed->text};
  if (innermost != nullptr && !first_error) {
    first_error.emplace(fields, sql, text.where, true);
  }
  if (failed->asked_to_copy) {
    throw usage_error("COPY moves data: use copy_in or copy_out for it", text.where);
  }
  if (drove != libpq::drive_result::done && fields.sqlstate == "57014") {
    fail_interrupted(drove, true, text.where);
  }
  throw_server_error(std::move(fields), std::move(sql), text.where, true);
}

/// Takes off the queue what the server has carried out; what it refused or skipped is moot, since
/// the transaction has failed.
inline void connection_core::settle_queue() noexcept {
  for (std::size_t i = 0; i < pending_.size() && i < requests_.size(); ++i) {
    if (requests_[i].answer && pending_[i].begins != nullptr) {
      pending_[i].begins->begun = true;
    }
  }
  settled_ = true;
}

inline void connection_core::learn_transaction_id(std::size_t question) {
  libpq::result_view const answer{requests_[question].answer};
  if (answer.rows() == 1 && !answer.is_null(0, 0) && answer.size(0, 0) == 8) {
    std::uint64_t id = 0;
    for (char const byte : answer.text(0, 0)) {
      id = id << 8U | static_cast<unsigned char>(byte);
    }
    transaction_id = id;
  }
}

/// Refuses, before it does harm, a statement that would end the transaction or move its savepoints
/// behind the back of the scopes that stand for them.
inline void connection_core::refuse_control(sql_view const& text) const {
  char const* instead = nullptr;
  switch (text.verb) {
    case control::begin:
      instead = "a transaction is open: use a savepoint, or with_session inside it, to nest";
      break;
    case control::commit:
    case control::rollback:
    case control::prepare_transaction:
      instead =
          "SQL text may not end the transaction of a scope: use the scope's commit, rollback or "
          "prepare";
      break;
    case control::rollback_to:
    case control::savepoint:
    case control::release:
      for (scope_link* link = innermost; link != nullptr; link = link->parent) {
        link->touched = true;
      }
      return;
    case control::none:
    case control::commit_prepared:
    case control::rollback_prepared:
    case control::copy:
      return;
  }
  throw usage_error(instead, text.where);
}

/// Compares what the scopes believe with what the server says.
inline void connection_core::notice_ended_transaction(std::size_t main, sql_view const& text) {
  libpq::transaction_state const state = libpq::state_of(handle_);
  std::string_view const tag = libpq::result_view{requests_[main].answer}.command_tag();
  bool const ended = state == libpq::transaction_state::idle || tag == "COMMIT" ||
                     requests_[main].ended_transaction;
  if (!ended) {
    return;
  }
  for (scope_link* link = innermost; link != nullptr; link = link->parent) {
    link->gone = true;
  }
  innermost = nullptr;
  throw usage_error("the statement ended the transaction behind the back of its scope, with " +
                        std::string{tag.empty() ? "no command tag" : tag},
                    text.where);
}

inline statement_event connection_core::event_of(std::size_t index, std::size_t main,
                                                 sql_view const& text,
                                                 statement_origin origin) const noexcept {
  statement_event event;
  event.text = index == main ? text.str() : std::string_view{requests_[index].text};
  event.where = text.where;
  event.origin = index == main  ? origin
                 : index < main ? statement_origin::scope
                                : statement_origin::internal;
  return event;
}

inline void connection_core::tell_started(std::size_t main, sql_view const& text,
                                          statement_origin origin) noexcept {
  if (watcher() == nullptr) {
    return;
  }
  notices_.tell([](observer& each) { each.round_trip(); });
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    statement_event const event = event_of(i, main, text, origin);
    notices_.tell([&](observer& each) { each.statement_started(event); });
  }
}

inline void connection_core::tell_ended(std::size_t main, sql_view const& text,
                                        statement_origin origin,
                                        libpq::clock::duration took) noexcept {
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    statement_event event = event_of(i, main, text, origin);
    event.duration = took;
    libpq::result_view const answer{requests_[i].answer};
    event.carried_out = static_cast<bool>(requests_[i].answer);
    event.command_tag = answer.command_tag();
    event.rows =
        answer.has_rows() ? static_cast<std::uint64_t>(answer.rows()) : answer.affected_rows();
    event.sqlstate = libpq::sqlstate_of(requests_[i].error);
    notices_.tell([&](observer& each) { each.statement_ended(event); });
  }
}

}  // namespace pqscope::detail

#endif
