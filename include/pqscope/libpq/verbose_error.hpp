#ifndef PQSCOPE_LIBPQ_VERBOSE_ERROR_HPP
#define PQSCOPE_LIBPQ_VERBOSE_ERROR_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope::libpq {

namespace detail {

/// Whether a line says where in the server's source an error was reported, in whatever language:
/// `LOCATION:  auth_failed, auth.c:335`.
inline bool is_location_line(std::string_view line) noexcept {
  std::size_t const colon = line.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == line.size() || line.find(":  ") >= colon) {
    return false;
  }
  std::string_view const number = line.substr(colon + 1);
  return std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         line.substr(0, colon).ends_with(".c") && line.find(", ") != std::string_view::npos;
}

/// Where five characters that can be a SQLSTATE stand between `:  ` and `: `; npos if nowhere.
inline std::size_t find_sqlstate(std::string_view line) noexcept {
  for (std::size_t at = line.find(":  "); at != std::string_view::npos;
       at = line.find(":  ", at + 1)) {
    std::string_view const rest = line.substr(at + 3);
    if (rest.size() >= 6 && rest[5] == ':' &&
        std::all_of(rest.begin(), rest.begin() + 5,
                    [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); })) {
      return at + 3;
    }
  }
  return std::string_view::npos;
}

}  // namespace detail

/// A line of libpq's PQERRORS_VERBOSE as it is in PQERRORS_DEFAULT: without the SQLSTATE, which is
/// put into `sqlstate`, and empty where the whole line is left out there. Lines without either stay
/// as they are. Source: libpq, "PQsetErrorVerbosity".
inline std::string brief_line(std::string_view line, std::string& sqlstate) {
  if (detail::is_location_line(line)) {
    return {};
  }
  std::size_t const at = detail::find_sqlstate(line);
  if (at == std::string_view::npos) {
    return std::string{line};
  }
  sqlstate = line.substr(at, 5);
  std::string brief{line.substr(0, at)};
  std::string_view message = line.substr(at + 6);
  message.remove_prefix(std::min(message.find_first_not_of(' '), message.size()));
  return brief.append(message);
}

}  // namespace pqscope::libpq

#endif
