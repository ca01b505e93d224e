#include <pqscope/connection/pause.hpp>
#include <pqscope/connection/random.hpp>
#include <pqscope/transaction/retry.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <set>
#include <stop_token>

using namespace std::chrono_literals;
using pqscope::retry_policy;
using pqscope::detail::next_random;
using pqscope::detail::pause_within;
using pqscope::detail::retry_pause;

TEST_CASE("the bound of a pause doubles with each attempt up to its maximum") {
  retry_policy const policy{.attempts = 10, .base_delay = 10ms, .max_delay = 100ms};
  auto const bound = [&](int next) {
    std::chrono::nanoseconds longest{0};
    for (std::uint64_t random = 0; random < 1000; ++random) {
      auto const pause = retry_pause(policy, next, random * 9'999'991U);
      longest = pause > longest ? pause : longest;
    }
    return longest;
  };
  CHECK(bound(2) <= 10ms);
  CHECK(bound(2) > 9ms);
  CHECK(bound(3) <= 20ms);
  CHECK(bound(3) > 18ms);
  CHECK(bound(5) <= 80ms);
  CHECK(bound(6) <= 100ms);
  CHECK(bound(1000) <= 100ms);
  CHECK(bound(1000) > 90ms);
}

TEST_CASE("a policy without delays, or with nonsense for them, does not pause") {
  auto const most = std::numeric_limits<std::uint64_t>::max();
  CHECK(retry_pause({.base_delay = 0ms}, 2, most) == 0ns);
  CHECK(retry_pause({.base_delay = 10ms, .max_delay = 0ms}, 5, most) == 0ns);
  CHECK(retry_pause({.base_delay = -5ms}, 2, most) == 0ns);
  CHECK(retry_pause({.base_delay = 10ms, .max_delay = -1ms}, 3, most) == 0ns);
}

TEST_CASE("random numbers for pauses do not repeat") {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(next_random());
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("a pause that would outlast the limit is not begun") {
  auto const now = pqscope::libpq::clock::now();
  CHECK_FALSE(pause_within(1h, {.deadline = now + 1s}));
  CHECK(pqscope::libpq::clock::now() - now < 1s);
  CHECK(pause_within(0ns, {}));
  CHECK(pause_within(1ms, {}));
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(pause_within(0ns, {.stop = stop.get_token()}));
}
