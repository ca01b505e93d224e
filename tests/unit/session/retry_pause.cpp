#include <pqscope/connection/pause.hpp>
#include <pqscope/connection/random.hpp>
#include <pqscope/transaction/retry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <set>
#include <stop_token>

using pqscope::retry_policy;
using pqscope::detail::pause_within;
using pqscope::detail::retry_pause;
using pqscope::detail::time_after;

using namespace std::chrono_literals;

namespace {

// The longest pause there can be before attempt `next`.
std::chrono::nanoseconds longest(retry_policy const& policy, int next) {
  std::chrono::nanoseconds found{0};
  // the pause is the random number modulo its bound and one: the bound itself gives the most
  for (std::chrono::milliseconds bound{1}; bound <= 1h; ++bound) {
    auto const number = static_cast<std::uint64_t>(std::chrono::nanoseconds{bound}.count());
    auto const pause = retry_pause(policy, next, number);
    found = pause > found ? pause : found;
    if (bound > 2s) {
      break;
    }
  }
  return found;
}

}  // namespace

TEST_CASE("the bound of the pauses doubles up to the policy's limit") {
  retry_policy const policy{.attempts = 10, .base_delay = 10ms, .max_delay = 70ms};
  CHECK(longest(policy, 2) == 10ms);
  CHECK(longest(policy, 3) == 20ms);
  CHECK(longest(policy, 4) == 40ms);
  CHECK(longest(policy, 5) == 70ms);
  CHECK(longest(policy, 1'000'000) == 70ms);
}

TEST_CASE("no pause is made where the policy has none") {
  CHECK(retry_pause({.base_delay = 0ms}, 9, 12345) == 0ns);
  CHECK(retry_pause({.base_delay = -5ms}, 9, 12345) == 0ns);
  CHECK(retry_pause({.base_delay = 5ms, .max_delay = 0ms}, 9, 12345) == 0ns);
  CHECK(longest({.base_delay = 50ms, .max_delay = 20ms}, 2) == 20ms);
}

TEST_CASE("the longest spans there are do not overflow") {
  auto const most = std::numeric_limits<std::uint64_t>::max();
  retry_policy const policy{.base_delay = std::chrono::milliseconds::max(),
                            .max_delay = std::chrono::milliseconds::max()};
  CHECK(retry_pause(policy, 2, most) >= 0ns);
  CHECK(retry_pause(policy, 100, most) <= 24h);
  CHECK(retry_pause({.base_delay = 1ms, .max_delay = std::chrono::milliseconds::max()}, 100,
                    most) <= 24h);
  CHECK(time_after(std::chrono::nanoseconds::max()) == pqscope::libpq::never);
  CHECK(time_after(std::chrono::milliseconds::max()) == pqscope::libpq::never);
  auto const past = time_after(std::chrono::milliseconds::min());
  CHECK(past <= std::chrono::steady_clock::now());
  CHECK(time_after(1h) > std::chrono::steady_clock::now());
}

TEST_CASE("pauses differ from one another") {
  std::set<std::chrono::nanoseconds> seen;
  for (int i = 0; i < 100; ++i) {
    seen.insert(retry_pause({.base_delay = 1s}, 2, pqscope::detail::next_random()));
  }
  CHECK(seen.size() > 90);
}

TEST_CASE("a pause that would reach the deadline is not made") {
  auto const start = std::chrono::steady_clock::now();
  CHECK_FALSE(pause_within(10s, {.deadline = start + 5s}));
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(pause_within(10s, {.stop = stop.get_token()}));
  CHECK(pause_within(1ms, {.deadline = start + 5s}));
  CHECK(std::chrono::steady_clock::now() - start < 4s);
}
