#ifndef PQSCOPE_POOL_ACQUIRE_OPTIONS_HPP
#define PQSCOPE_POOL_ACQUIRE_OPTIONS_HPP

#include <chrono>
#include <optional>
#include <stop_token>

namespace pqscope {

/// How long somebody waits for a connection of a pool.
struct acquire_options {
  /// In place of the pool's `acquire_timeout`; `pool_timeout` when it is over. Zero: does not wait,
  /// nor for the answer to a ping: an idle connection is checked as by `health_check::socket`.
  std::optional<std::chrono::nanoseconds> timeout{};
  /// When the caller's own time is over: `deadline_exceeded`, even if a connection is idle then.
  std::optional<std::chrono::steady_clock::time_point> deadline{};
  /// Gives up when a stop is requested, be it before: `operation_cancelled`.
  std::stop_token stop{};
  /// Whether to wait for a server that cannot be reached; if not, the first failed attempt to
  /// connect, or the last one as long as the pause after it lasts, is thrown as `connection_error`.
  bool waits_for_server = true;
};

}  // namespace pqscope

#endif
