#ifndef PQSCOPE_EVENTS_LISTENER_HPP
#define PQSCOPE_EVENTS_LISTENER_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/pause.hpp>
#include <pqscope/events/listener_core.hpp>
#include <pqscope/events/listener_options.hpp>
#include <pqscope/events/notification.hpp>

#include <chrono>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// Receives what NOTIFY sends, on a connection of its own; `pqscope::listener` is the name to use.
///
///     pqscope::listener in{config};
///     in.listen("jobs");
///     for (auto const& each : in.wait_for(5s)) {
///       use(each.channel, each.payload, each.pid);
///     }
///
/// What is sent to a channel after `listen` has returned is handed out by one of the waits that
/// follow, in the order of the server, and none twice.
///
/// **A lost connection** is found during a wait, and replaced within it: all channels are listened
/// to again. What was sent meanwhile is missing: `on_gap` is told, and the next notification has
/// `after_gap` set. What waits go on with is the same connection attempt, so that short ones get
/// there, too; they return nothing as long as there is none. A server that refuses (a wrong
/// password, no such database) is no lost connection: its answer is thrown, and asked for again by
/// a later wait. A network that has gone dead is found by TCP keepalives after a minute, unless
/// the configuration, or the service that it names, says otherwise.
///
/// Move-only; one that was moved from can only be assigned to or destroyed. Threads: one at a
/// time; a use beside another throws `connection_busy`. A process made by fork(2) gets
/// `usage_error` from a wait. Behind a pooler that gives each transaction another server connection
/// nothing arrives. Source: PostgreSQL, "LISTEN", "NOTIFY"; libpq, "Asynchronous Notification".
///
/// A template so that only programs that listen compile it.
template <class Core>
class basic_listener {
 public:
  /// Connects. \throws what the constructor of `connection` does
  explicit basic_listener(config const& to, listener_options options = {},
                          std::source_location where = std::source_location::current())
      : core_{std::make_unique<Core>(to, std::move(options), where)} {}

  /// Listens to a channel, whose name is taken as it stands: `listen("Jobs")` hears `NOTIFY
  /// "Jobs"` and `notify("Jobs", …)`. One round trip; none if it listens to that already.
  /// \throws usage_error for a name that is empty, longer than 63 bytes or has a NUL byte
  /// \throws what statements throw; a lost connection is replaced first
  void listen(std::string_view channel,
              std::source_location where = std::source_location::current()) {
    core_->listen(channel, where);
  }
  /// Listens to it no longer; what has arrived already is handed out. One round trip; none if it
  /// does not listen to that.
  void unlisten(std::string_view channel,
                std::source_location where = std::source_location::current()) {
    core_->unlisten(channel, where);
  }

  /// Waits until there is a notification, or as many as the options say, and returns all that have
  /// come; those there are, maybe none, when the time has passed or a stop is requested. 0 only
  /// looks. Does not return before that without one, and not later, but for a LISTEN that is under
  /// way on a new connection: that may take up to a second more. No round trip.
  /// \throws connection_lost  where `reconnect` is off
  /// \throws connection_error where a server refuses the new connection; connection_closed
  template <class Rep, class Period>
  std::vector<notification> wait_for(std::chrono::duration<Rep, Period> longest,
                                     wait_options const& options = {},
                                     std::source_location where = std::source_location::current()) {
    return core_->wait(detail::time_after(longest), options, where);
  }
  /// The same until a time.
  std::vector<notification> wait_until(
      std::chrono::steady_clock::time_point until, wait_options const& options = {},
      std::source_location where = std::source_location::current()) {
    return core_->wait(until, options, where);
  }
  /// The same, for as long as it takes.
  std::vector<notification> wait(wait_options const& options = {},
                                 std::source_location where = std::source_location::current()) {
    return core_->wait(std::chrono::steady_clock::time_point::max(), options, where);
  }

  /// The channels it listens to, in the order of listening. Lives until that changes.
  std::vector<std::string> const& channels() const noexcept { return core_->channels(); }
  /// Whether it has a connection, as far as the last wait has seen.
  bool connected() const noexcept { return core_->connected(); }
  /// Number of the server process that it listens with; 0 while there is none.
  int backend_pid() const { return core_->backend_pid(); }

  /// Ends it; does nothing when closed. \throws connection_busy during a wait: end that by its stop
  /// token
  void close(std::source_location where = std::source_location::current()) { core_->close(where); }

 private:
  std::unique_ptr<Core> core_;
};

/// Receives what NOTIFY sends, on a connection of its own; see `basic_listener`.
using listener = basic_listener<detail::listener_core<>>;

}  // namespace pqscope

#endif
