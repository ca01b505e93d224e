#ifndef PQSCOPE_EVENTS_REPLICATION_STREAM_HPP
#define PQSCOPE_EVENTS_REPLICATION_STREAM_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/pause.hpp>
#include <pqscope/events/replication_change.hpp>
#include <pqscope/events/replication_core.hpp>
#include <pqscope/events/replication_options.hpp>
#include <pqscope/events/replication_slot.hpp>
#include <pqscope/types/lsn.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>

namespace pqscope {

/// Receives what transactions change, from a logical replication slot, on a connection of its own;
/// `pqscope::replication_stream` is the name to use.
///
///     pqscope::replication_stream changes{config, {.slot = "s", .publication = "p"}};
///     for (auto const& change : changes) {
///       ...
///       changes.confirm(change.lsn);
///     }
///
/// Transactions come whole, once they have committed, in the order of their commits: `begin`, the
/// changes, `commit`. (With `streaming` large ones come in blocks before that.) Needs `wal_level =
/// logical`, a role with REPLICATION, and a publication; of tables without a primary key UPDATE and
/// DELETE need a REPLICA IDENTITY. Physical replication and two-phase decoding are not offered.
///
/// **What is confirmed** with `confirm` the server forgets; all else it keeps, and sends again:
/// each transaction arrives at least once. It is told when a wait finds that nothing more is there,
/// every `status_interval` while there is, by `keep_alive`, and at the end. Only whole transactions
/// count: to confirm a change within one confirms what ended before it, so that the loop above
/// loses nothing, wherever it ends. Once all is confirmed that was handed out, what happens
/// elsewhere in the server is, too, by itself: its log does not pile up for a publication that
/// rests.
///
/// **A lost connection** is found during a wait, and replaced within it. The server begins again
/// behind what was confirmed: a transaction that was handed out in part or not confirmed comes once
/// more, from its `begin`; the first change after that has `resumed` set. Transactions that were
/// confirmed do not come again. While another connection has the slot, an old one of ours that the
/// server believes alive among them, it is tried again. A server that refuses (a slot that is gone
/// or invalidated) is no lost connection: its answer is thrown, and asked for again by a later
/// wait.
///
/// **An error of the server's** while it streams (a publication that is not there is found at the
/// first change) ends the stream, not the connection: `start` again.
///
/// **Time.** The server ends the connection when it does not hear from it for `wal_sender_timeout`,
/// a minute; waits see to that. Whoever is busy for longer between two waits calls `keep_alive` now
/// and then.
///
/// Move-only; one that was moved from can only be assigned to or destroyed. The destructor tells
/// the server what was confirmed, and takes a second for it at most. Threads: one at a time; a use
/// beside another throws `connection_busy`. A process made by fork(2) gets `usage_error`. Source:
/// PostgreSQL, "Logical Replication", "Streaming Replication Protocol".
///
/// A template so that only programs that replicate compile it.
template <class Core>
class basic_replication_stream {
 public:
  /// Connects, and starts: two round trips, one more where the slot is created. Only connects
  /// where no slot is named: `start` is to follow.
  /// \throws undefined_object if there is no such slot, object_in_use while another connection has
  ///         it; usage_error where no publication is named; other server_errors; what the
  ///         constructor of `connection` does
  explicit basic_replication_stream(config const& to, replication_options options = {},
                                    std::source_location where = std::source_location::current())
      : core_{std::make_unique<Core>(to, std::move(options), where)} {}

  /// Starts it from a slot: at first, after `stop`, or after an error; on the connection that it
  /// has if that can be. What was confirmed of another slot does not count for it.
  /// \throws usage_error while it runs; what the constructor does
  void start(replication_options options,
             std::source_location where = std::source_location::current()) {
    core_->start(std::move(options), where);
  }
  /// Starts it again after `stop` or an error, behind what was confirmed.
  void restart(std::source_location where = std::source_location::current()) {
    core_->restart(where);
  }

  /// Waits for the next change; nothing when the time has passed, a stop is requested, or `stop`
  /// was called. 0 only looks. Does not return before that without one, and not later, but for a
  /// start that is under way on a new connection: that may take up to a second more. No round trip.
  /// \throws server_error     that has ended the stream
  /// \throws connection_lost  where a lost connection is not replaced
  /// \throws connection_error where a server refuses the new connection; connection_closed
  /// \throws decode_error     for what is no message of pgoutput; ends the stream and its
  /// connection
  /// \throws usage_error      where it was not started, or has failed
  template <class Rep, class Period>
  std::optional<replication_change> wait_for(
      std::chrono::duration<Rep, Period> longest,
      std::source_location where = std::source_location::current()) {
    return wait_until(detail::time_after(longest), where);
  }
  /// The same until a time.
  std::optional<replication_change> wait_until(
      std::chrono::steady_clock::time_point until,
      std::source_location where = std::source_location::current()) {
    if (!core_->next(until, where)) {
      return std::nullopt;
    }
    return std::move(core_->current());
  }
  /// The same, for as long as it takes.
  std::optional<replication_change> wait(
      std::source_location where = std::source_location::current()) {
    return wait_until(std::chrono::steady_clock::time_point::max(), where);
  }
  /// The next change if it has arrived; does not wait for one.
  std::optional<replication_change> poll(
      std::source_location where = std::source_location::current()) {
    return wait_for(std::chrono::nanoseconds{0}, where);
  }

  /// Goes through the changes, each increment as `wait`.
  class iterator {
   public:
    using value_type = replication_change;             ///< a change
    using difference_type = std::ptrdiff_t;            ///< for the standard library
    using iterator_concept = std::input_iterator_tag;  ///< to be gone through once

    /// Of no stream.
    iterator() noexcept = default;
    /// Used by `begin()`.
    iterator(Core& of, std::source_location const& where) : of_{&of}, where_{where} { ++*this; }

    /// The change; lives until the next step of the stream. May be moved from.
    replication_change& operator*() const noexcept { return of_->current(); }
    /// The same.
    replication_change* operator->() const noexcept { return &of_->current(); }
    /// Goes to the next change.
    iterator& operator++() {
      is_there_ = of_->next(std::chrono::steady_clock::time_point::max(), where_);
      return *this;
    }
    /// The same.
    void operator++(int) { ++*this; }
    /// Whether it has ended: by `stop`, or by a stop token.
    bool operator==(std::default_sentinel_t) const noexcept { return !is_there_; }

   private:
    Core* of_ = nullptr;
    std::source_location where_{};
    bool is_there_ = false;
  };

  /// Waits for the next change.
  iterator begin(std::source_location where = std::source_location::current()) {
    return {*core_, where};
  }
  /// Where it has ended.
  std::default_sentinel_t end() const noexcept { return {}; }

  /// All that was handed out up to this place has been dealt with: the `lsn` of a change. What lies
  /// behind the last transaction that was handed out whole is not confirmed by it, nor is anything
  /// taken back by an earlier place. Sends nothing; see above for when the server is told.
  void confirm(lsn place, std::source_location where = std::source_location::current()) {
    core_->confirm(place, where);
  }
  /// Tells the server now what was confirmed, and that somebody is there. Does not wait; the change
  /// at hand stays as it is. Does nothing without a connection: the next wait sees to that.
  void keep_alive(std::source_location where = std::source_location::current()) {
    core_->keep_alive(where);
  }

  /// Ends it in order: waits end, loops too, and it can be started again; on another connection,
  /// for PostgreSQL ends the next stream of the same one at once. What is on its way is dropped,
  /// and comes again then. One round trip; in the middle of a large transaction it is cancelled
  /// after five seconds, or `server_timeout` if that is less. True if the server has said that it
  /// has ended it: it knows what was confirmed.
  bool stop(std::source_location where = std::source_location::current()) {
    return core_->stop(where);
  }
  /// Ends it as the destructor does, in a second at most; does nothing when closed.
  /// \throws connection_busy during a wait: end that by its stop token
  void close(std::source_location where = std::source_location::current()) { core_->close(where); }

  /// What the server may forget: what was confirmed, and what came since if that was nothing for
  /// it.
  lsn confirmed() const noexcept { return core_->confirmed(); }
  /// How far the server had got with its last message, since it was started.
  lsn received() const noexcept { return core_->received(); }
  /// Whether it was started, and has neither been stopped nor failed since.
  bool running() const noexcept { return core_->running(); }
  /// Whether it has a connection, as far as the last wait has seen.
  bool connected() const noexcept { return core_->connected(); }
  /// Number of the server process that sends; 0 while there is none.
  int backend_pid() const { return core_->backend_pid(); }
  /// Version of the server as libpq counts it: 150004 is 15.4; 0 while there is no connection.
  int server_version() const { return core_->server_version(); }

 private:
  std::unique_ptr<Core> core_;
};

/// Receives what transactions change, from a logical replication slot; see
/// `basic_replication_stream`.
using replication_stream = basic_replication_stream<detail::replication_core<>>;

}  // namespace pqscope

#endif
