#ifndef PQSCOPE_CONNECTION_CONNECTION_OPTIONS_HPP
#define PQSCOPE_CONNECTION_CONNECTION_OPTIONS_HPP

#include <pqscope/connection/observer.hpp>

#include <chrono>
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
};

}  // namespace pqscope

#endif
