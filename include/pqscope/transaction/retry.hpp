#ifndef PQSCOPE_TRANSACTION_RETRY_HPP
#define PQSCOPE_TRANSACTION_RETRY_HPP

#include <pqscope/libpq/limit.hpp>
#include <pqscope/libpq/pause.hpp>
#include <pqscope/libpq/poll.hpp>

#include <chrono>
#include <cstdint>

namespace pqscope {

/// How often, and after which pauses, a scope is run again. Each pause is a random part of its
/// upper bound, which doubles from one to the next.
struct retry_policy {
  int attempts = 1;                           ///< runs in all; 1 or less: no second one
  std::chrono::milliseconds base_delay{10};   ///< upper bound of the first pause
  std::chrono::milliseconds max_delay{1000};  ///< upper bound of every pause, a day at most
  /// Whether both are the same.
  friend bool operator==(retry_policy const&, retry_policy const&) = default;
};

namespace detail {

/// The time `span` from now; never where that is beyond what the clock can tell.
template <class Rep, class Period>
libpq::clock::time_point time_after(std::chrono::duration<Rep, Period> span) noexcept {
  using coarse = std::chrono::duration<Rep, Period>;
  auto const now = libpq::clock::now();
  if (span <= coarse::zero()) {
    return now;
  }
  bool const endless = span >= std::chrono::duration_cast<coarse>(libpq::never - now);
  return endless ? libpq::never : now + std::chrono::nanoseconds{span};
}

/// The pause before attempt number `next` (2 is the first repetition): anything up to a bound that
/// doubles each time, so that those who collided do not collide again.
inline std::chrono::nanoseconds retry_pause(retry_policy const& policy, int next,
                                            std::uint64_t random) noexcept {
  using std::chrono::milliseconds;
  using std::chrono::nanoseconds;
  constexpr milliseconds longest = std::chrono::hours{24};
  milliseconds const limit = policy.max_delay < longest ? policy.max_delay : longest;
  milliseconds bound = policy.base_delay < limit ? policy.base_delay : limit;
  for (int i = 2; i < next && bound < limit && bound.count() > 0; ++i) {
    bound = bound * 2 < limit ? bound * 2 : limit;
  }
  if (bound.count() <= 0) {
    return nanoseconds{0};
  }
  auto const span = static_cast<std::uint64_t>(nanoseconds{bound}.count());
  return nanoseconds{static_cast<nanoseconds::rep>(random % (span + 1))};
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
