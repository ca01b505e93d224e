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
};

}  // namespace pqscope

#endif
