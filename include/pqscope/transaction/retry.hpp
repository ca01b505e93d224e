#ifndef PQSCOPE_TRANSACTION_RETRY_HPP
#define PQSCOPE_TRANSACTION_RETRY_HPP

#include <pqscope/libpq/limit.hpp>
#include <pqscope/libpq/pause.hpp>
#include <pqscope/libpq/poll.hpp>

#include <chrono>
#include <cstdint>

namespace pqscope {

/// How often, and after which pauses, a scope is run again.
struct retry_policy {
  int attempts = 1;                           ///< runs in all; 1: no second one
  std::chrono::milliseconds base_delay{10};   ///< upper bound of the first pause
  std::chrono::milliseconds max_delay{1000};  ///< upper bound of every pause
};

namespace detail {

/// The pause before attempt number `next` (2 is the first repetition): anything up to a bound that
/// doubles each time, so that those who collided do not collide again.
inline std::chrono::nanoseconds retry_pause(retry_policy const& policy, int next,
                                            std::uint64_t random) noexcept {
  using std::chrono::nanoseconds;
  nanoseconds bound = policy.base_delay;
  for (int i = 2; i < next && bound < policy.max_delay; ++i) {
    bound *= 2;
  }
  bound = bound < nanoseconds{policy.max_delay} ? bound : nanoseconds{policy.max_delay};
  if (bound.count() <= 0) {
    return nanoseconds{0};
  }
  return nanoseconds{
      static_cast<nanoseconds::rep>(random % (static_cast<std::uint64_t>(bound.count()) + 1))};
}

/// A number nobody can foresee well enough to collide again on purpose (splitmix64).
inline std::uint64_t next_random() noexcept {
  thread_local std::uint64_t state =
      static_cast<std::uint64_t>(libpq::clock::now().time_since_epoch().count()) ^
      reinterpret_cast<std::uintptr_t>(&state);
  std::uint64_t mixed = state += 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31U);
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

}  // namespace detail
}  // namespace pqscope

#endif
