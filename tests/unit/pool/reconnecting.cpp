#include "fake_clock.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <vector>

using namespace fake_clock;

namespace {

std::chrono::nanoseconds pause_of(unsigned failures, std::uint64_t random) {
  return pqscope::detail::reconnect_pause(pool_rules{}.base_delay, pool_rules{}.max_delay, failures,
                                          random);
}

}  // namespace

TEST_CASE("the pause after a failed connect doubles up to max_delay, a tenth more or less") {
  std::chrono::nanoseconds expected = 100ms;
  for (unsigned failures = 1; failures < 40; ++failures) {
    std::chrono::nanoseconds least = std::chrono::nanoseconds::max();
    std::chrono::nanoseconds most{0};
    for (std::uint64_t random = 0; random < 2048; ++random) {
      auto const pause = pause_of(failures, random);
      least = std::min(least, pause);
      most = std::max(most, pause);
    }
    CAPTURE(failures);
    CHECK(least == expected - expected / 10);
    CHECK(most <= expected + expected / 10);
    CHECK(most >= expected + expected / 11);
    expected = std::min<std::chrono::nanoseconds>(expected * 2, 10s);
  }
}

TEST_CASE("a pause is never longer than max_delay and a tenth, whatever base_delay is") {
  pool_rules rules;
  rules.base_delay = 1h;
  CHECK(pqscope::detail::reconnect_pause(rules.base_delay, rules.max_delay, 1, 1024) <= 11s);
  CHECK(pqscope::detail::reconnect_pause(rules.base_delay, rules.max_delay, 1, 0) == 9s);
  rules.base_delay = 0ns;
  CHECK(pqscope::detail::reconnect_pause(rules.base_delay, rules.max_delay, 5, 1024) == 0ns);
  rules.base_delay = 7s;
  rules.max_delay = 10s;
  CHECK(pqscope::detail::reconnect_pause(rules.base_delay, rules.max_delay, 2, 0) == 9s);
}

TEST_CASE("nobody connects before the pause is over") {
  bench pool{{.max_size = 1}};
  pool_waiter waiter;
  pool.request(waiter);
  std::chrono::nanoseconds expected = 100ms;
  for (unsigned failures = 1; failures < 6; ++failures) {
    REQUIRE(waiter.step == pool_step::connect);
    pool.fail(waiter);
    CHECK(pool.state.failures() == failures);
    auto const turn = pool.state.next_turn();
    CHECK(turn - pool.now >= expected - expected / 1000);
    CHECK(turn - pool.now <= expected);
    CHECK(pool.state.pauses(turn - 1ns));
    CHECK_FALSE(pool.state.pauses(turn));
    pool.now = turn - 1ns;
    pool.advance();
    CHECK(waiter.step == pool_step::wait);
    pool.now = turn;
    pool.advance();
    expected *= 2;
  }
}

TEST_CASE("a successful connect ends the pauses") {
  bench pool{{.max_size = 2}};
  std::array<pool_waiter, 2> waiters;
  pool.request(waiters[0]);
  for (int i = 0; i < 5; ++i) {
    pool.fail(waiters[0]);
    pool.now = pool.state.next_turn();
    pool.advance();
  }
  pool.connect(waiters[0]);
  CHECK(pool.state.failures() == 0);
  pool.request(waiters[1]);
  REQUIRE(waiters[1].step == pool_step::connect);
  pool.fail(waiters[1]);
  CHECK(pool.state.next_turn() <= pool.now + 110ms);
}

TEST_CASE("failures can be forgotten") {
  bench pool{{.max_size = 1}};
  pool_waiter waiter;
  pool.request(waiter);
  pool.fail(waiter);
  CHECK(pool.state.pauses(pool.now));
  pool.state.forget_failures();
  CHECK_FALSE(pool.state.pauses(pool.now));
  pool.advance();
  CHECK(waiter.step == pool_step::connect);
}

TEST_CASE("the first who only waits is told of a failed connect, for now there is room") {
  bench pool{{.max_size = 1}};
  pool_waiter connecting;
  pool_waiter waiter;
  pool_waiter last;
  pool.request(connecting);
  pool.request(waiter);
  pool.request(last);
  CHECK(pool.state.next_turn() == pqscope::libpq::never);
  pool.woken();
  pool.fail(connecting);
  CHECK(pool.woken() == std::vector<pool_waiter*>{&waiter});
  CHECK(waiter.step == pool_step::wait);

  pool.state.leave(connecting);
  CHECK(pool.woken() == std::vector<pool_waiter*>{&waiter});
  pool.state.leave(waiter);
  CHECK(pool.woken() == std::vector<pool_waiter*>{&last});
  pool.now = pool.state.next_turn();
  pool.advance();
  CHECK(last.step == pool_step::connect);
}

TEST_CASE("a refused hook leaves a place for the next one, without a pause") {
  bench pool{{.max_size = 1}};
  pool_waiter first;
  pool_waiter second;
  pool.request(first);
  pool.request(second);
  first.step = pool_step::wait;  // and begins
  pool.break_off(*first.opening);
  CHECK(second.step == pool_step::connect);
  CHECK(pool.state.failures() == 0);
}
