#ifndef PQSCOPE_LIBPQ_COARSE_CLOCK_HPP
#define PQSCOPE_LIBPQ_COARSE_CLOCK_HPP

#include <time.h>

#include <chrono>

#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// The time as `clock` has it, some milliseconds late at most, for a fifth of the price: for what
/// lasts seconds.
inline clock::time_point coarse_now() noexcept {
#ifdef CLOCK_MONOTONIC_COARSE
  timespec now{};
  if (::clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0) {
    return clock::time_point{std::chrono::seconds{now.tv_sec} +
                             std::chrono::nanoseconds{now.tv_nsec}};
  }
#endif
  return clock::now();
}

}  // namespace pqscope::libpq

#endif
