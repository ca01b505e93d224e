#ifndef PQSCOPE_LIBPQ_POLL_HPP
#define PQSCOPE_LIBPQ_POLL_HPP

#include <poll.h>

#include <cerrno>
#include <climits>
#include <optional>

#include <pqscope/libpq/limit.hpp>
#include <pqscope/libpq/wait.hpp>
#include <pqscope/libpq/waiter.hpp>
#include <pqscope/libpq/wakeup.hpp>

namespace pqscope::libpq {

namespace detail {

/// Milliseconds for poll(2) until `until`, rounded up so that no wait ends early; -1 for ever.
inline int poll_timeout(clock::time_point until) noexcept {
  if (until == never) {
    return -1;
  }
  auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  return left <= 0 ? 0 : left >= INT_MAX ? INT_MAX : static_cast<int>(left);
}

/// How often a wait looks for a stop that has no descriptor to wake it.
inline constexpr std::chrono::milliseconds stop_interval{20};

/// Waits for `request` within `bound`; `wakeup_socket` is -1 or becomes readable at a stop.
inline drive_result wait(wait_for const& request, limit const& bound, int wakeup_socket) noexcept {
  auto const wants = static_cast<unsigned>(request.what);
  pollfd sockets[2] = {{.fd = request.socket, .events = 0, .revents = 0},
                       {.fd = wakeup_socket, .events = POLLIN, .revents = 0}};
  sockets[0].events =
      static_cast<short>(((wants & 1U) != 0 ? POLLIN : 0) | ((wants & 2U) != 0 ? POLLOUT : 0));
  clock::time_point const until = request.until < bound.deadline ? request.until : bound.deadline;
  bool const looks_up = wakeup_socket < 0 && bound.stop.stop_possible();
  bool spins = bound.spin > clock::duration::zero();
  auto const asleep_at = spins ? clock::now() + bound.spin : never;
  for (;;) {
    if (bound.stop.stop_requested()) {
      return drive_result::stopped;
    }
    spins = spins && clock::now() < asleep_at;
    int timeout = spins ? 0 : poll_timeout(until);
    if (looks_up && (timeout < 0 || timeout > stop_interval.count())) {
      timeout = static_cast<int>(stop_interval.count());
    }
    int const ready = ::poll(sockets, wakeup_socket >= 0 ? 2 : 1, timeout);
    if (sockets[0].revents != 0 && ready > 0) {
      return drive_result::done;
    }
    if (ready < 0 && errno != EINTR) {
      return drive_result::done;  // a bad descriptor: libpq finds the reason when it is resumed
    }
    if (until != never) {
      auto const now = clock::now();
      if (now >= bound.deadline) {
        return drive_result::deadline;
      }
      if (now >= request.until) {
        return drive_result::done;
      }
    }
  }
}

}  // namespace detail

/// The blocking driver: resumes `operation` and waits with poll(2) until it is done or the limit
/// is reached.
///
/// Blocks only in poll(2), after `limit::spin` of looking without sleeping; on a fiber it does not
/// block, and does not spin, since `waiter::current()` waits. Where the answer is not
/// `done` the operation is unfinished, and its connection in the middle of an exchange: the caller
/// resumes it with another limit, or gives the connection up. A signal does not end the wait.
/// `operation` is resumed at least once, also with an expired limit: it is for the caller to refuse
/// that beforehand. Throws only what `operation` throws.
template <class Operation>
drive_result drive(Operation& operation, limit const& bound) {
  waiter* const host = waiter::current();
  std::optional<stop_wakeup> wakeup;
  for (;;) {
    wait_for const request = operation.resume();
    if (request.done()) {
      return drive_result::done;
    }
    if (bound.expired()) {
      return drive_result::deadline;  // also where the descriptor is ready again and again
    }
    if (host == nullptr && !wakeup && bound.stop.stop_possible()) {
      wakeup.emplace(bound.stop);
    }
    drive_result const waited = host != nullptr
                                    ? host->wait(request, bound)
                                    : detail::wait(request, bound, wakeup ? wakeup->socket() : -1);
    if (waited != drive_result::done) {
      return waited;
    }
  }
}

}  // namespace pqscope::libpq

#endif
