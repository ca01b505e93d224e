#ifndef PQSCOPE_EVENTS_LOG_OPTIONS_HPP
#define PQSCOPE_EVENTS_LOG_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <optional>

namespace pqscope {

/// What a `log_observer` writes. Without a change: what failed, notices, and problems.
struct log_options {
  /// Statements whose round trip took at least this long; unset: none is written for being slow.
  std::optional<std::chrono::nanoseconds> slow_statement{};
  /// Requests for a pool's connection that took at least this long; unset: none for being slow.
  std::optional<std::chrono::nanoseconds> slow_acquire{};
  bool statements = false;    ///< every statement of callers and scopes
  bool connections = false;   ///< every connection that was opened
  bool acquires = false;      ///< every connection taken from a pool
  bool transactions = false;  ///< how every transaction ended
  /// Statements, connects and acquires that failed, and transactions in doubt.
  bool failures = true;
  bool notices = true;           ///< what the server sent as notice or warning
  bool problems = true;          ///< what no exception could tell
  std::size_t text_limit = 500;  ///< bytes of an SQL text or message; the rest becomes `…`
  bool flush = true;             ///< hand each line on at once, instead of when a buffer is full
};

}  // namespace pqscope

#endif
