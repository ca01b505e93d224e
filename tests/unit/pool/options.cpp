#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool.hpp>
#include <pqscope/pool/pool_hook.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using pqscope::pool_options;

/// Why a pool with these options is refused; empty if it is not. No connection is opened.
std::string refusal(pool_options const& options) {
  try {
    pqscope::pool const pool{pqscope::config{}, options};
    return {};
  } catch (pqscope::usage_error const& refused) {
    return refused.what();
  }
}

std::string refusal_of_size(pqscope::pool& pool, std::size_t min_size, std::size_t max_size) {
  try {
    pool.resize(min_size, max_size);
    return {};
  } catch (pqscope::usage_error const& refused) {
    return refused.what();
  }
}

struct refused_options {
  pool_options options;
  char const* named;  ///< what the text of the error names
};

static_assert(!std::is_copy_constructible_v<pqscope::lease>);
static_assert(std::is_nothrow_move_constructible_v<pqscope::lease>);
static_assert(std::is_nothrow_move_constructible_v<pqscope::pool>);
static_assert(!std::is_constructible_v<pqscope::pool_hook<pqscope::config>, int>);
static_assert(!std::is_constructible_v<pqscope::pool_hook<pqscope::config>, void (*)(int*)>);

}  // namespace

TEST_CASE("a pool's options that cannot work are refused by their name") {
  std::vector<refused_options> const all{
      {{.max_size = 0}, "max_size"},
      {{.max_size = 1'000'001}, "max_size"},
      {{.min_size = 11}, "min_size"},
      {{.min_size = 3, .max_size = 2}, "min_size"},
      {{.acquire_timeout = -1ns}, "acquire_timeout"},
      {{.max_lifetime = 0ns}, "max_lifetime"},
      {{.max_lifetime = -1s}, "max_lifetime"},
      {{.idle_timeout = -1ns}, "idle_timeout"},
      {{.connect_retry = {.attempts = 0}}, "connect_retry"},
      {{.connect_retry = {.attempts = -1}}, "connect_retry"},
      {{.connect_retry = {.attempts = 1, .base_delay = -1ms}}, "connect_retry"},
      {{.connect_retry = {.attempts = 1, .max_delay = -1ms}}, "connect_retry"},
      {{.ping_timeout = 0ns}, "ping_timeout"},
      {{.ping_timeout = -1s}, "ping_timeout"},
      {{.reset_timeout = 0ns}, "reset_timeout"},
      {{.reset_timeout = -1s}, "reset_timeout"},
  };
  for (auto const& each : all) {
    std::string const text = refusal(each.options);
    CAPTURE(each.named, text);
    CHECK(text.find(each.named) != std::string::npos);
  }
}

TEST_CASE("a pool's options at their limits are taken") {
  for (auto const& options : std::vector<pool_options>{
           {},
           {.min_size = 1, .max_size = 1},
           {.min_size = 0, .max_size = 1},
           {.acquire_timeout = 0ns},
           {.acquire_timeout = std::chrono::nanoseconds::max()},
           {.max_waiting = 0},
           {.max_lifetime = 1ns},
           {.max_lifetime = std::nullopt, .idle_timeout = std::nullopt},
           {.idle_timeout = 0ns},
           {.connect_retry = {.attempts = 1, .base_delay = 0ms, .max_delay = 0ms}},
           {.ping_timeout = 1ns, .reset_timeout = 1ns},
       }) {
    CHECK(refusal(options).empty());
  }
}

TEST_CASE("a refusal of options tells where the pool was made") {
  unsigned const line = __LINE__ + 2;
  try {
    pqscope::pool const pool{pqscope::config{}, {.max_size = 0}};
    FAIL("nothing was thrown");
  } catch (pqscope::usage_error const& refused) {
    CHECK(refused.where().line() == line);
  }
}

TEST_CASE("a pool opens no connection by itself") {
  pqscope::pool const pool{pqscope::config{}, {.min_size = 2, .max_size = 3}};
  auto const stats = pool.stats();
  CHECK(stats.size == 0);
  CHECK(stats.connects == 0);
  CHECK(stats.connect_errors == 0);
  CHECK(stats.min_size == 2);
  CHECK(stats.max_size == 3);
}

TEST_CASE("a pool is not resized to what cannot be") {
  pqscope::pool pool{pqscope::config{}, {.min_size = 2, .max_size = 3}};
  CHECK(refusal_of_size(pool, 0, 0).find("max_size") != std::string::npos);
  CHECK(refusal_of_size(pool, 0, 1'000'001).find("max_size") != std::string::npos);
  CHECK(refusal_of_size(pool, 5, 4).find("min_size") != std::string::npos);
  CHECK_THROWS_AS(pool.resize(0), pqscope::usage_error);
  CHECK(pool.stats().min_size == 2);
  CHECK(pool.stats().max_size == 3);
}

TEST_CASE("a pool is resized, and min_size gives way to a smaller max_size") {
  pqscope::pool pool{pqscope::config{}, {.min_size = 2, .max_size = 3}};
  pool.resize(1);
  CHECK(pool.stats().min_size == 1);
  CHECK(pool.stats().max_size == 1);
  pool.resize(0, 20);
  CHECK(pool.stats().min_size == 0);
  CHECK(pool.stats().max_size == 20);
}

TEST_CASE("an empty pool has nothing to hand out without waiting") {
  pqscope::pool const unused{pqscope::config{}};
  pqscope::pool pool{pqscope::config{}};
  CHECK_FALSE(pool.try_acquire());
  CHECK(pool.close());
  CHECK_FALSE(pool.try_acquire());
  CHECK_THROWS_AS(pool.acquire(), pqscope::pool_closed);
  CHECK_THROWS_AS(pool.acquire(0s), pqscope::pool_closed);
}

TEST_CASE("a pool that was moved from can only be closed and assigned to") {
  pqscope::pool first{pqscope::config{}, {.max_size = 4}};
  pqscope::pool second{std::move(first)};
  CHECK(second.stats().max_size == 4);
  CHECK_THROWS_AS(first.acquire(), pqscope::usage_error);      // NOLINT: on purpose
  CHECK_THROWS_AS(first.try_acquire(), pqscope::usage_error);  // NOLINT: on purpose
  CHECK_THROWS_AS(first.stats(), pqscope::usage_error);        // NOLINT: on purpose
  CHECK_THROWS_AS(first.resize(1), pqscope::usage_error);      // NOLINT: on purpose
  CHECK(first.close());                                        // NOLINT: on purpose
  first = std::move(second);
  CHECK(first.stats().max_size == 4);
}

TEST_CASE("a lease of nothing refuses every use") {
  pqscope::lease none;
  CHECK_FALSE(none);
  CHECK_THROWS_AS(*none, pqscope::usage_error);
  CHECK_THROWS_AS(none->status(), pqscope::usage_error);
  none.release();
  none.release();
  pqscope::lease other{std::move(none)};
  CHECK_FALSE(other);
  CHECK_THROWS_AS(*none, pqscope::usage_error);  // NOLINT: on purpose
  none = std::move(other);
  CHECK_THROWS_AS(*other, pqscope::usage_error);  // NOLINT: on purpose
  CHECK_THROWS_AS(*none, pqscope::usage_error);
}

TEST_CASE("a hook that returns nothing always says to go on") {
  int calls = 0;
  pqscope::pool_hook<int> const hook = [&](int& subject) { calls += subject; };
  int subject = 3;
  CHECK(hook);
  CHECK(hook(subject));
  CHECK(calls == 3);
}

TEST_CASE("a hook that returns a bool says whether to go on, and may change its subject") {
  pqscope::pool_hook<int> const hook = [](int& subject) { return ++subject < 3; };
  int subject = 1;
  CHECK(hook(subject));
  CHECK_FALSE(hook(subject));
  CHECK(subject == 3);
}

TEST_CASE("no hook says to go on") {
  pqscope::pool_hook<int> const hook;
  int subject = 1;
  CHECK_FALSE(hook);
  CHECK(hook(subject));
}

TEST_CASE("copies of a hook share its function") {
  pqscope::pool_hook<int> const hook = [count = 0](int& subject) mutable { subject = ++count; };
  pqscope::pool_hook<int> const copy = hook;
  int subject = 0;
  hook(subject);
  CHECK(subject == 1);
  copy(subject);
  CHECK(subject == 2);
}

TEST_CASE("what a hook throws gets through") {
  pqscope::pool_hook<int> const hook = [](int& subject) {
    if (subject == 0) {
      throw pqscope::usage_error("no");
    }
  };
  int subject = 0;
  CHECK_THROWS_AS(hook(subject), pqscope::usage_error);
  subject = 1;
  CHECK(hook(subject));
}
