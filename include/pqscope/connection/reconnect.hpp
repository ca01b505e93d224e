#ifndef PQSCOPE_CONNECTION_RECONNECT_HPP
#define PQSCOPE_CONNECTION_RECONNECT_HPP

#include <pqscope/libpq/wait.hpp>

#include <cstdint>
#include <string_view>

namespace pqscope::detail {

/// Whether another attempt may succeed where a server, if it was one, refused with `sqlstate`: not
/// for wrong credentials, a database that is not there, or what it does not understand.
inline bool may_come_up(std::string_view sqlstate) noexcept {
  std::string_view const of = sqlstate.substr(0, 2);
  return of != "28" && of != "3D" && of != "42" && of != "22" && of != "0A";
}

/// A pause that doubles from `base` to `longest` with each failure, ten per cent more or less, so
/// that many programs do not come back at the same moment.
inline libpq::clock::duration reconnect_pause(libpq::clock::duration base,
                                              libpq::clock::duration longest, unsigned failures,
                                              std::uint64_t random) noexcept {
  auto pause = base < longest ? base : longest;
  for (unsigned i = 1; i < failures && pause < longest; ++i) {
    pause = pause < longest / 2 ? pause * 2 : longest;
  }
  return pause - pause / 10 + pause / 5 / 1024 * static_cast<int>(random % 1025);
}

}  // namespace pqscope::detail

#endif
