#ifndef PQSCOPE_TRANSACTION_RETRY_HPP
#define PQSCOPE_TRANSACTION_RETRY_HPP

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

}  // namespace detail
}  // namespace pqscope

#endif
