#include <pqscope/pool/pool_state.hpp>

#include "fake_clock.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <vector>

using namespace fake_clock;

TEST_CASE("those who wait are served in the order of asking") {
  bench pool{{.max_size = 1}};
  pool_slot& slot = pool.open();
  std::array<pool_waiter, 3> waiters;
  for (auto& each : waiters) {
    pool.request(each);
    CHECK(each.step == pool_step::wait);
  }
  CHECK(pool.state.waiting() == 3);
  for (auto& each : waiters) {
    CHECK(pool.give_back(slot));
    CHECK(each.step == pool_step::check);
    CHECK(each.slot == &slot);
    CHECK(pool.woken() == std::vector<pool_waiter*>{&each});
  }
  CHECK(pool.state.waiting() == 0);
  CHECK(pool.state.leased() == 1);
}

TEST_CASE("a newcomer does not overtake those who wait") {
  bench pool{{.max_size = 2}};
  pool_slot& slot = pool.open();
  pool_waiter first;
  pool.request(first);
  CHECK(first.step == pool_step::connect);
  CHECK(pool.take() == nullptr);
  pool_waiter second;
  pool.request(second);
  CHECK(pool.give_back(slot));
  CHECK(first.slot == &slot);
  CHECK(second.slot == nullptr);
}

TEST_CASE("who has had a dead connection is served before the others") {
  bench pool{{.max_size = 1}};
  pool_slot& slot = pool.open();
  pool_waiter early;
  pool.request(early);
  pool_waiter again;
  again.first = true;
  pool.request(again);
  CHECK(pool.give_back(slot));
  CHECK(again.slot == &slot);
  CHECK(early.step == pool_step::wait);
}

TEST_CASE("the idle connection that was used last goes first") {
  bench pool{{.max_size = 3}};
  pool_slot& a = pool.open();
  pool_slot& b = pool.open();
  pool_slot& c = pool.open();
  pool.give_back(b);
  pool.give_back(c);
  pool.give_back(a);
  CHECK(pool.state.idle() == 3);
  CHECK(pool.take() == &a);
  CHECK(pool.take() == &c);
  CHECK(pool.take() == &b);
  CHECK(pool.take() == nullptr);
}

TEST_CASE("a connection is checked before it is used only where the rules say so") {
  for (bool const checks : {true, false}) {
    bench pool{{.max_size = 1, .checks = checks}};
    pool_slot& slot = pool.open();
    pool_waiter waiter;
    pool.request(waiter);
    pool.give_back(slot);
    CHECK(waiter.step == (checks ? pool_step::check : pool_step::use));
  }
}

TEST_CASE("max_waiting counts those who do not connect, and for whom there is no room to") {
  bench pool{{.max_size = 2, .max_waiting = 1}};
  std::array<pool_waiter, 5> waiters;
  pool.request(waiters[0]);
  CHECK(waiters[0].step == pool_step::connect);
  pool.request(waiters[1]);
  CHECK(waiters[1].step == pool_step::wait);
  pool.request(waiters[2]);
  CHECK(waiters[2].step == pool_step::wait);
  pool.request(waiters[3]);
  CHECK(waiters[3].step == pool_step::full);
  CHECK_FALSE(waiters[3].queued);
  waiters[4].first = true;
  pool.request(waiters[4]);
  CHECK(waiters[4].step == pool_step::wait);
}

TEST_CASE(
    "where nobody may wait, they do for the turn to open a connection that there is room for") {
  bench pool{{.max_size = 3, .max_waiting = 0}};
  std::array<pool_waiter, 4> waiters;
  for (pool_waiter& each : waiters) {
    pool.request(each);
  }
  CHECK(waiters[0].step == pool_step::connect);
  CHECK(waiters[1].step == pool_step::wait);
  CHECK(waiters[2].step == pool_step::wait);
  CHECK(waiters[3].step == pool_step::full);
}

TEST_CASE("a connection that is too old is room for another one, but leased ones are none") {
  bench pool{{.max_size = 2, .max_waiting = 0}};
  pool_slot& a = pool.open();
  pool_slot& b = pool.open();
  pool_waiter refused;
  pool.request(refused);
  CHECK(refused.step == pool_step::full);
  pool.give_back(b);
  pool.state.retire();
  pool_waiter next;
  pool.request(next);
  CHECK(next.step == pool_step::wait);
  pool_slot* const doomed = pool.state.next_doomed(pool.now);
  REQUIRE(doomed == &b);
  pool_waiter more;
  pool.request(more);
  CHECK(more.step == pool_step::full);
  pool.state.vacated(b, pool.now);
  CHECK(next.step == pool_step::connect);
  CHECK_FALSE(pool.give_back(a));
}

TEST_CASE("while the server cannot be reached there is no room for those who wait") {
  bench pool{{.max_size = 3, .max_waiting = 0}};
  pool_waiter first;
  pool.request(first);
  REQUIRE(first.step == pool_step::connect);
  pool.fail(first);
  pool_waiter second;
  pool.request(second);
  CHECK(second.step == pool_step::full);
}

TEST_CASE("with max_waiting 0 nobody waits, but somebody connects") {
  bench pool{{.max_size = 1, .max_waiting = 0}};
  pool_waiter first;
  pool.request(first);
  CHECK(first.step == pool_step::connect);
  pool_waiter second;
  pool.request(second);
  CHECK(second.step == pool_step::full);
  CHECK(pool.state.waiting() == 1);
}

TEST_CASE("a waiter that leaves swallows nothing") {
  bench pool{{.max_size = 1}};
  pool_slot& slot = pool.open();
  pool_waiter gone;
  pool_waiter next;
  pool.request(gone);
  pool.request(next);
  pool.state.leave(gone);
  CHECK(pool.give_back(slot));
  CHECK(gone.step == pool_step::wait);
  CHECK(gone.slot == nullptr);
  CHECK(next.slot == &slot);
}

TEST_CASE("a waiter that leaves is woken no more") {
  bench pool{{.max_size = 3}};
  std::array<pool_waiter, 3> waiters;
  for (auto& each : waiters) {
    pool.request(each);
    pool.pass(250ms);
  }
  for (auto& each : waiters) {
    CHECK(each.woken);
  }
  pool.state.leave(waiters[1]);
  CHECK(pool.woken() == std::vector<pool_waiter*>{&waiters[0], &waiters[2]});
  CHECK(pool.woken().empty());
}

TEST_CASE("those woken before one that leaves, and after, are still woken") {
  bench pool{{.max_size = 4}};
  std::array<pool_waiter, 4> waiters;
  for (std::size_t i = 0; i < 3; ++i) {
    pool.request(waiters[i]);
    pool.pass(250ms);
  }
  pool.state.leave(waiters[2]);
  pool.request(waiters[3]);
  CHECK(pool.woken() == std::vector<pool_waiter*>{&waiters[0], &waiters[1], &waiters[3]});
}

TEST_CASE("retire has idle connections closed now and leased ones when they come back") {
  bench pool{{.min_size = 2, .max_size = 3}};
  pool_slot& leased = pool.open();
  pool_slot& idle = pool.open();
  pool.give_back(idle);
  pool.state.retire();
  CHECK(pool.take() == nullptr);
  CHECK(pool.close_doomed(true) == 1);
  CHECK(pool.state.size() == 1);
  CHECK_FALSE(pool.give_back(leased));
  CHECK(pool.state.leased() == 1);
  pool.break_off(leased);
  CHECK(pool.state.size() == 0);
  pool_slot& fresh = pool.open();
  CHECK(pool.give_back(fresh));
}

TEST_CASE("a connection found dead retires those that are as old, once") {
  bench pool{{.max_size = 3}};
  pool_slot& a = pool.open();
  pool_slot& b = pool.open();
  auto const generation = pool.state.generation();
  CHECK(pool.state.lost(a));
  CHECK_FALSE(pool.state.lost(b));
  CHECK(pool.state.generation() == generation + 1);
  pool.break_off(a);
  pool_slot& fresh = pool.open();
  CHECK_FALSE(pool.state.lost(b));
  CHECK(pool.give_back(fresh));
  CHECK_FALSE(pool.give_back(b));
  CHECK(pool.state.lost(fresh));
}

TEST_CASE("a closed pool ends every wait, and leased connections end when they come back") {
  bench pool{{.max_size = 2}};
  pool_slot& leased = pool.open();
  std::array<pool_waiter, 2> waiters;
  for (auto& each : waiters) {
    pool.request(each);
  }
  REQUIRE(waiters[0].step == pool_step::connect);
  waiters[0].step = pool_step::wait;  // and begins
  pool_slot& opening = *waiters[0].opening;
  pool.woken();
  pool.state.close();
  CHECK(pool.state.is_closed());
  CHECK(pool.woken() == std::vector<pool_waiter*>{&waiters[0], &waiters[1]});
  for (auto const& each : waiters) {
    CHECK(each.step == pool_step::closed);
    CHECK_FALSE(each.queued);
  }
  pool.state.leave(waiters[0]);
  pool.state.park(opening, pool.now);
  CHECK(pool.close_doomed() == 1);
  CHECK_FALSE(pool.give_back(leased));
  pool.break_off(leased);
  CHECK(pool.state.size() == 0);
  pool_waiter late;
  pool.request(late);
  CHECK(late.step == pool_step::closed);
  CHECK(pool.take() == nullptr);
  CHECK(pool.state.fill(pool.now) == nullptr);
  CHECK(pool.state.next_turn() == pqscope::libpq::never);
}

TEST_CASE("a closed pool takes back what somebody was told to open and has not begun") {
  bench pool{{.max_size = 1}};
  pool_waiter waiter;
  pool.request(waiter);
  REQUIRE(waiter.step == pool_step::connect);
  pool.state.close();
  CHECK(waiter.step == pool_step::closed);
  CHECK(waiter.opening == nullptr);
  CHECK(pool.close_doomed() == 0);
  CHECK(pool.state.size() == 0);
}
