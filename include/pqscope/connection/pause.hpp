#ifndef PQSCOPE_CONNECTION_PAUSE_HPP
#define PQSCOPE_CONNECTION_PAUSE_HPP

#include <pqscope/libpq/limit.hpp>
#include <pqscope/libpq/pause.hpp>
#include <pqscope/libpq/poll.hpp>

#include <chrono>

namespace pqscope::detail {

/// The time `span` from now; never where that is beyond what the clock can tell.
template <class Rep, class Period>
libpq::clock::time_point time_after(std::chrono::duration<Rep, Period> span) noexcept {
  using coarse = std::chrono::duration<Rep, Period>;
  auto const now = libpq::clock::now();
  if (span <= coarse::zero()) {
    return now;
  }
  bool const endless = span >= std::chrono::duration_cast<coarse>(libpq::never - now);
  return endless ? libpq::never : now + std::chrono::ceil<std::chrono::nanoseconds>(span);
}

/// Waits; false where the limit ends it, or would end it, first: then it is not worth waiting.
inline bool pause_within(std::chrono::nanoseconds pause, libpq::limit const& bound) {
  auto const until = libpq::clock::now() + pause;
  if (bound.stop.stop_requested() || until >= bound.deadline) {
    return false;
  }
  libpq::pause_operation operation{until};
  return libpq::drive(operation, {.stop = bound.stop}) == libpq::drive_result::done;
}

}  // namespace pqscope::detail

#endif
