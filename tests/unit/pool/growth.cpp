#include "fake_clock.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <vector>

using namespace fake_clock;

TEST_CASE("a pool grows by one at a time") {
  bench pool{{.max_size = 3}};
  std::array<pool_waiter, 3> waiters;
  for (auto& each : waiters) {
    pool.request(each);
  }
  CHECK(waiters[0].step == pool_step::connect);
  CHECK(waiters[1].step == pool_step::wait);
  CHECK(waiters[2].step == pool_step::wait);
  CHECK(pool.state.size() == 1);
  pool.connect(waiters[0]);
  CHECK(waiters[1].step == pool_step::connect);
  CHECK(waiters[2].step == pool_step::wait);
}

TEST_CASE("a second one connects when the first takes longer than growth_pause") {
  bench pool{{.max_size = 3}};
  std::array<pool_waiter, 3> waiters;
  for (auto& each : waiters) {
    pool.request(each);
  }
  CHECK(pool.state.next_turn() == pool.now + 250ms);
  pool.pass(250ms - 1ns);
  pool.advance();
  CHECK(waiters[1].step == pool_step::wait);
  pool.pass(1ns);
  pool.advance();
  CHECK(waiters[1].step == pool_step::connect);
  CHECK(waiters[2].step == pool_step::wait);
  CHECK(pool.state.next_turn() == pool.now + 250ms);
  CHECK(pool.state.opening() == 2);
}

TEST_CASE("a pool does not grow beyond max_size") {
  bench pool{{.max_size = 2}, 5};
  pool.open();
  pool.open();
  pool_waiter waiter;
  pool.request(waiter);
  pool.pass(1h);
  pool.advance();
  CHECK(waiter.step == pool_step::wait);
  CHECK(pool.state.size() == 2);
  CHECK(pool.state.next_turn() == pqscope::libpq::never);
}

TEST_CASE("who connects gets a connection that comes back first, and the next goes on connecting") {
  bench pool{{.max_size = 2}};
  pool_slot& slot = pool.open();
  pool_waiter first;
  pool_waiter second;
  pool.request(first);
  pool.request(second);
  REQUIRE(first.step == pool_step::connect);
  first.step = pool_step::wait;  // and begins
  pool_slot& opening = *first.opening;
  pool.woken();
  CHECK(pool.give_back(slot));
  CHECK(first.slot == &slot);
  CHECK_FALSE(first.queued);
  CHECK(pool.woken() == std::vector<pool_waiter*>{&first});
  CHECK(second.step == pool_step::wait);
  first.opening = nullptr;
  pool.state.leave(first);
  pool.state.park(opening, pool.now);
  CHECK(second.step == pool_step::connect);
  CHECK(second.opening == &opening);
  CHECK(opening.resumed);
  CHECK(pool.connect(second).state == slot_state::leased);
}

TEST_CASE("who is served before it begins to connect leaves that to the next one") {
  bench pool{{.max_size = 2}};
  pool_slot& slot = pool.open();
  pool_waiter first;
  pool_waiter second;
  pool.request(first);
  pool.request(second);
  REQUIRE(first.step == pool_step::connect);
  pool_slot& opening = *first.opening;
  CHECK(pool.give_back(slot));
  CHECK(first.slot == &slot);
  CHECK(first.opening == nullptr);
  CHECK(second.step == pool_step::connect);
  CHECK(second.opening == &opening);
}

TEST_CASE("an attempt that nobody goes on with is closed after a while") {
  bench pool{{.max_size = 2}};
  pool_waiter waiter;
  pool.request(waiter);
  pool_slot& opening = *waiter.opening;
  pool.state.leave(waiter);
  pool.state.park(opening, pool.now);
  CHECK(pool.state.opening() == 1);
  CHECK(pool.close_doomed() == 0);
  pool.pass(pool.state.rules().parking_time);
  CHECK(pool.close_doomed() == 1);
  CHECK(pool.state.size() == 0);
}

TEST_CASE("room that comes while another connects is told to the first who waits") {
  bench pool{{.max_size = 2}};
  pool_slot& slot = pool.open();
  pool_waiter connecting;
  pool_waiter waiter;
  pool.request(connecting);
  pool.request(waiter);
  CHECK(pool.state.next_turn() == pqscope::libpq::never);
  connecting.step = pool_step::wait;  // and begins
  pool.woken();
  pool.break_off(slot);
  CHECK(waiter.step == pool_step::wait);
  CHECK(pool.woken() == std::vector<pool_waiter*>{&waiter});
  CHECK(pool.state.next_turn() == pool.now + 250ms);
}

TEST_CASE("the next turn is never too early and never too late") {
  for (auto const elapsed : {0ms, 100ms, 249ms, 250ms, 400ms}) {
    bench pool{{.max_size = 2}};
    pool_waiter first;
    pool_waiter second;
    pool.request(first);
    pool.pass(elapsed);
    pool.request(second);
    auto const turn = pool.state.next_turn();
    if (elapsed >= 250ms) {
      CHECK(second.step == pool_step::connect);
      CHECK(turn == pqscope::libpq::never);
      continue;
    }
    pool.state.advance(turn - 1ns);
    CHECK(second.step == pool_step::wait);
    pool.state.advance(turn);
    CHECK(second.step == pool_step::connect);
  }
}

TEST_CASE("warming up opens connections until there are min_size") {
  bench pool{{.min_size = 2, .max_size = 3}};
  for (int i = 0; i < 2; ++i) {
    pool_slot* const slot = pool.state.fill(pool.now);
    REQUIRE(slot != nullptr);
    pool.state.connected(*slot, pool.now, middle);
    CHECK(pool.give_back(*slot));
  }
  CHECK(pool.state.fill(pool.now) == nullptr);
  CHECK(pool.state.idle() == 2);
}

TEST_CASE("a connection from warming up goes to who waits") {
  bench pool{{.min_size = 1, .max_size = 1}};
  pool_slot* const slot = pool.state.fill(pool.now);
  REQUIRE(slot != nullptr);
  pool_waiter waiter;
  pool.request(waiter);
  CHECK(waiter.step == pool_step::wait);
  pool.state.connected(*slot, pool.now, middle);
  CHECK(pool.give_back(*slot));
  CHECK(waiter.slot == slot);
}

TEST_CASE("resizing up serves those who wait") {
  bench pool{{.max_size = 1}, 3};
  pool.open();
  pool_waiter waiter;
  pool.request(waiter);
  CHECK(waiter.step == pool_step::wait);
  pool.state.resize(0, 2, pool.now);
  CHECK(waiter.step == pool_step::connect);
}

TEST_CASE("resizing down closes idle connections now and others when they come back") {
  bench pool{{.max_size = 4}};
  pool_slot& a = pool.open();
  pool_slot& b = pool.open();
  pool_slot& c = pool.open();
  pool_slot& d = pool.open();
  pool.give_back(d);
  pool.state.resize(0, 1, pool.now);
  CHECK(pool.close_doomed(true) == 1);
  CHECK(pool.state.size() == 3);
  CHECK_FALSE(pool.give_back(a));
  CHECK_FALSE(pool.give_back(b));
  CHECK(pool.give_back(c));  // the other two are being closed
  pool.break_off(a);
  pool.break_off(b);
  CHECK(pool.state.size() == 1);
  CHECK(pool.close_doomed(true) == 0);
}

TEST_CASE("nothing is opened as long as there are too many after resizing down") {
  bench pool{{.max_size = 3}};
  pool.open();
  pool.open();
  pool_waiter attempt;
  pool.request(attempt);
  pool_slot& opening = *attempt.opening;
  pool.state.leave(attempt);
  pool.state.park(opening, pool.now);
  pool_waiter waiter;
  pool.state.resize(0, 1, pool.now);
  pool.request(waiter);
  CHECK(waiter.step == pool_step::wait);
  CHECK(pool.state.next_turn() == pqscope::libpq::never);
  CHECK(pool.close_doomed(true) == 1);
  CHECK(pool.state.size() == 2);
}
