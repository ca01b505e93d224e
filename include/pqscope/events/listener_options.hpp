#ifndef PQSCOPE_EVENTS_LISTENER_OPTIONS_HPP
#define PQSCOPE_EVENTS_LISTENER_OPTIONS_HPP

#include <pqscope/connection/callback.hpp>
#include <pqscope/connection/connection_options.hpp>
#include <pqscope/error/connection_error.hpp>

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>

namespace pqscope {

/// A time in which a `listener` had no connection: what was sent then has not reached it.
struct listener_gap {
  std::string reason;                            ///< why the connection ended
  std::string sqlstate;                          ///< what the server said then; empty if nothing
  std::chrono::steady_clock::duration length{};  ///< until it listened again
  unsigned attempts = 0;                         ///< to connect, the last one included
};

/// How a `listener` works.
struct listener_options {
  /// How its connections are opened. The deadline is that of each attempt to connect and each
  /// LISTEN, not of a wait; the stop token ends those, and a wait that has none of its own.
  connection_options connection{};
  /// Whether a lost connection is replaced; else the wait throws `connection_lost`.
  bool reconnect = true;
  /// Pauses between attempts to connect, a tenth more or less, doubling from the first to the
  /// longest.
  std::chrono::milliseconds base_delay{100};
  /// The longest pause.
  std::chrono::milliseconds max_delay{10'000};
  /// Called with the error when a connection is found lost, before another one is opened. What
  /// these functions throw goes to the observer; they may not use the listener.
  detail::callback<void(connection_lost const&)> on_lost{};
  /// Called when it listens again: the time to look at what the notifications are about.
  detail::callback<void(listener_gap const&)> on_gap{};
};

/// When a wait for notifications ends, besides its time.
struct wait_options {
  std::size_t stop_after = 1;  ///< as many are there; more that have come are handed out with them
  std::stop_token stop{};      ///< a stop is requested
};

}  // namespace pqscope

#endif
