#ifndef PQSCOPE_LIBPQ_VERBOSE_ERROR_HPP
#define PQSCOPE_LIBPQ_VERBOSE_ERROR_HPP

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope::libpq {

namespace detail {

/// Whether a line says where in the server's source an error was reported, in whatever language:
/// `LOCATION:  auth_failed, auth.c:335`.
inline bool is_location_line(std::string_view line) noexcept {
  constexpr std::string_view digits = "0123456789";
  std::size_t const number = line.find_last_not_of(digits);
  if (number == std::string_view::npos || number + 1 == line.size()) {
    return false;
  }
  std::string_view file = line.substr(0, number + 1);  // French has ` : ` where others have `:`
  while (!file.empty() && (file.back() == ' ' || file.back() == ':')) {
    file.remove_suffix(1);
  }
  std::size_t const comma = file.rfind(", ");
  if (!file.ends_with(".c") || comma == std::string_view::npos ||
      file.find(' ', comma + 2) != std::string_view::npos) {
    return false;
  }
  std::string_view const function = file.substr(0, comma);
  std::size_t const word = function.rfind(' ');
  std::size_t const colon = function.find(':');  // after the word, and before the only other one
  return word != std::string_view::npos && colon != std::string_view::npos && colon < word &&
         function.find_first_not_of(" :", colon) == word + 1;
}

/// Where five characters that can be a SQLSTATE stand between `:  ` and `: `; npos if nowhere.
inline std::size_t find_sqlstate(std::string_view line) noexcept {
  for (std::size_t at = line.find(":  "); at != std::string_view::npos;
       at = line.find(":  ", at + 1)) {
    std::string_view const rest = line.substr(at + 3);
    std::string_view const code = rest.substr(0, 5);
    if (rest.size() >= 6 && rest[5] == ':' &&
        code.find_first_of("0123456789") != std::string_view::npos &&
        code.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos) {
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
  while (message.starts_with(' ')) {
    message.remove_prefix(1);
  }
  return brief.append(message);
}

}  // namespace pqscope::libpq

#endif
