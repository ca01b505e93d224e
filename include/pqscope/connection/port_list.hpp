#ifndef PQSCOPE_CONNECTION_PORT_LIST_HPP
#define PQSCOPE_CONNECTION_PORT_LIST_HPP

#include <pqscope/connection/ascii.hpp>

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace pqscope::detail {

/// What a problem says a port should have been.
inline constexpr std::string_view expected_port = "a port number from 1 to 65535";

/// Whether `port` can be one.
constexpr bool is_port(int port) noexcept {
  return port >= 1 && port <= 65535;
}

/// The port that `text` names, nothing if it is none; white space around it is allowed.
inline std::optional<int> read_port(std::string_view text) noexcept {
  text = trim(text);
  int port = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || !is_port(port)) {
    return std::nullopt;
  }
  return port;
}

/// Whether `list` is what libpq takes for `port`: port numbers separated by commas, where an empty
/// one stands for the default.
inline bool is_port_list(std::string_view list) {
  for (std::string_view const item : split_list(list)) {
    if (!trim(item).empty() && !read_port(item)) {
      return false;
    }
  }
  return true;
}

}  // namespace pqscope::detail

#endif
