#include "fake_clock.hpp"

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>

using namespace fake_clock;

TEST_CASE("a lifetime is shortened by a tenth at most") {
  CHECK(pqscope::detail::jittered_lifetime(1h, 0) == 1h);
  for (std::uint64_t random = 0; random < 2048; random += 7) {
    auto const lifetime = pqscope::detail::jittered_lifetime(1h, random);
    CHECK(lifetime <= 1h);
    CHECK(lifetime >= 54min);
  }
  CHECK(pqscope::detail::jittered_lifetime(1h, 1024) < 54min + 1s);
}

TEST_CASE("a connection that has lived long enough is not handed out and not kept") {
  bench pool{{.min_size = 2, .max_size = 2, .max_lifetime = 1h}};
  pool_slot& idle = pool.open();
  pool_slot& leased = pool.open();
  REQUIRE(pool.give_back(idle));
  auto const end = idle.expires;
  CHECK(end >= pool.now + 54min - 1s);
  CHECK(end <= pool.now + 1h);
  pool.now = end - 1ns;
  CHECK(pool.take() == &idle);
  REQUIRE(pool.give_back(idle));
  pool.now = end;
  CHECK(pool.take() == nullptr);
  CHECK(pool.close_doomed() == 1);
  pool.now = leased.expires;
  CHECK(leased.state == slot_state::leased);
  CHECK_FALSE(pool.give_back(leased));
}

TEST_CASE("who finds only connections that are too old connects once they are closed") {
  bench pool{{.max_size = 1, .max_lifetime = 1h}};
  REQUIRE(pool.give_back(pool.open()));
  pool.pass(2h);
  CHECK(pool.take() == nullptr);
  pool_waiter waiter;
  pool.request(waiter);
  CHECK(waiter.step == pool_step::wait);
  CHECK(pool.state.has_doomed(pool.now));
  CHECK(pool.close_doomed() == 1);
  CHECK(waiter.step == pool_step::connect);
}

TEST_CASE("a thorough look finds connections that are too old among the younger ones") {
  bench pool{{.max_size = 3, .max_lifetime = 1h}};
  pool_slot& old = pool.open();
  pool.pass(30min);
  pool_slot& oldest_idle = pool.open();
  pool_slot& newest_idle = pool.open();
  pool.give_back(oldest_idle);
  pool.give_back(old);
  pool.give_back(newest_idle);
  pool.pass(35min);
  CHECK(pool.close_doomed() == 0);
  CHECK(pool.close_doomed(true) == 1);
  CHECK(old.state == slot_state::vacant);
}

TEST_CASE("a lifetime that the clock cannot count is endless") {
  bench pool{{.max_size = 1, .max_lifetime = pool_state::duration::max() - 1ns}};
  pool_slot& slot = pool.open();
  CHECK(slot.expires == pqscope::libpq::never);
  CHECK(pool.give_back(slot));
  CHECK(pool.take() == &slot);
}

TEST_CASE("idle connections above min_size are closed after idle_timeout, the longest idle first") {
  bench pool{{.min_size = 1, .max_size = 4, .idle_timeout = 10min}};
  pool_slot& a = pool.open();
  pool_slot& b = pool.open();
  pool_slot& c = pool.open();
  pool.give_back(a);
  pool.give_back(b);
  pool.pass(5min);
  pool.give_back(c);
  pool.pass(5min - 1ns);
  CHECK_FALSE(pool.state.has_doomed(pool.now));
  CHECK(pool.close_doomed(true) == 0);
  pool.pass(1ns);
  CHECK(pool.state.has_doomed(pool.now));
  CHECK(pool.close_doomed() == 2);
  CHECK(a.state == slot_state::vacant);
  CHECK(b.state == slot_state::vacant);
  pool.pass(24h);
  CHECK(pool.close_doomed(true) == 0);
  CHECK(pool.state.idle() == 1);
}

TEST_CASE("a connection that is only being opened does not count for min_size") {
  bench pool{{.min_size = 1, .max_size = 2, .idle_timeout = 10min}};
  pool_slot& idle = pool.open();
  pool_waiter attempt;
  pool.request(attempt);
  pool.state.leave(attempt);  // served otherwise, and still at it
  pool.give_back(idle);
  pool.pass(10min);
  CHECK(pool.state.opening() == 1);
  CHECK(pool.close_doomed(true) == 0);
  CHECK(idle.state == slot_state::idle);
}
