#ifndef PQSCOPE_CONNECTION_CONNECTION_OPTIONS_HPP
#define PQSCOPE_CONNECTION_CONNECTION_OPTIONS_HPP

#include <pqscope/connection/observer.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>

namespace pqscope {

/// How a connection is opened and watched.
struct connection_options {
  /// Limit of each operation, connecting included; `connection::deadline` changes it later.
  std::optional<std::chrono::milliseconds> deadline{};
  /// Gives up whatever is waited for when a stop is requested.
  std::stop_token stop{};
  /// Told what happens; outlives the connection.
  pqscope::observer* observer = nullptr;
  /// How many statements it keeps prepared: a text is parsed with its first execution, in the same
  /// round trip, and only executed from then on. 0 for none, as behind a pooler that gives each
  /// transaction another server connection.
  std::size_t statement_cache = 256;
  /// How long a wait for the server looks for the answer again and again before it lets the
  /// operating system wake it. 0: not at all. Some tens of microseconds, a little more than a short
  /// statement takes, spare it the wake-up, which costs more than the statement where client and
  /// server have a processor each. Where they share one it makes all slower, and it keeps the
  /// processor busy. Deadlines and stop tokens hold meanwhile. For statements, streams,
  /// COPY and pipelines; not while connecting. More than 10 ms count as 10 ms, less than 0 as 0.
  std::chrono::microseconds spin{0};
};

}  // namespace pqscope

#endif
