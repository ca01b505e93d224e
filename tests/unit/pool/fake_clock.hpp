#ifndef PQSCOPE_TESTS_UNIT_POOL_FAKE_CLOCK_HPP
#define PQSCOPE_TESTS_UNIT_POOL_FAKE_CLOCK_HPP

#include <pqscope/pool/pool_state.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fake_clock {

using namespace std::chrono_literals;
using pqscope::detail::pool_rules;
using pqscope::detail::pool_slot;
using pqscope::detail::pool_state;
using pqscope::detail::pool_step;
using pqscope::detail::pool_waiter;
using pqscope::detail::slot_state;

/// The random number in the middle.
inline constexpr std::uint64_t middle = 512;

/// A pool's state, with a clock that goes when it is told to.
struct bench {
  explicit bench(pool_rules const& rules, std::size_t slots = 0)
      : state{rules}, slots_(slots != 0 ? slots : rules.max_size) {
    for (auto& each : slots_) {
      state.add(each);
    }
  }

  void pass(pool_state::duration span) { now += span; }
  /// As what somebody does who has been woken by the time.
  void advance() { state.advance(now); }
  void request(pool_waiter& waiter) { state.request(waiter, now); }
  pool_slot* take() { return state.take(now); }
  /// What whoever was told to connect does once it has.
  pool_slot& connect(pool_waiter& waiter, std::uint64_t random = middle) {
    pool_slot& slot = *waiter.opening;
    waiter.opening = nullptr;
    state.leave(waiter);
    state.connected(slot, now, random);
    return slot;
  }
  /// And what it does if that has failed, and another attempt is to follow.
  void fail(pool_waiter& waiter, std::uint64_t random = middle) {
    waiter.step = pool_step::wait;
    state.connect_failed(*waiter.opening, now, random);
    waiter.opening = nullptr;
  }
  /// A connection made by somebody who asks for one, and has it.
  pool_slot& open() {
    pool_waiter waiter;
    request(waiter);
    while (waiter.step == pool_step::wait) {
      pass(pool_state::duration{1ms});
      advance();
    }
    return connect(waiter);
  }
  bool give_back(pool_slot& slot) { return state.returned(slot, now); }
  void break_off(pool_slot& slot) { state.vacated(slot, now); }
  /// Closes what is to be closed; how many that were.
  std::size_t close_doomed(bool thorough = false) {
    std::size_t closed = 0;
    while (pool_slot* const slot = state.next_doomed(now, thorough)) {
      state.vacated(*slot, now);
      ++closed;
    }
    return closed;
  }
  /// Those who have something new to do, in order.
  std::vector<pool_waiter*> woken() {
    std::vector<pool_waiter*> all;
    while (pool_waiter* const waiter = state.next_woken()) {
      all.push_back(waiter);
    }
    return all;
  }

  pool_state state;
  pool_state::time_point now{1h};

 private:
  std::vector<pool_slot> slots_;
};

}  // namespace fake_clock

#endif
