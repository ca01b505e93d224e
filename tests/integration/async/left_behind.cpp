#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/redirect_error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;
using support::held_lock;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

// Waits in a coroutine until a condition holds.
template <class Condition>
asio::awaitable<void> until(asio::io_context& io, Condition condition) {
  asio::steady_timer soon{io};
  while (!condition()) {
    soon.expires_after(1ms);
    co_await soon.async_wait(asio::use_awaitable);
  }
}

}  // namespace

TEST_CASE("a session whose coroutine returns while its operation is under way ends after that") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  bool completed = false;
  auto all = t.start_session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    s.execute("SELECT pg_advisory_lock_shared($1)",
              number)([&](std::exception_ptr, pqscope::result const&) { completed = true; });
    co_await until(*t.io, [&] { return t.blocked() == 1; });
  });
  CHECK_THROWS_AS(all.get(), pqscope::connection_busy);
  lock.release();
  support::run_until(*t.io, [&] { return completed; });
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE(
    "a nested session that is left alive by the outer one's coroutine is rolled back with it") {
  async_db t;
  int calls = 0;
  bool left = false;
  asio::steady_timer gate{*t.io, pqscope::libpq::never};
  std::exception_ptr of_nested;
  auto all = t.start_session([&](session& s) -> asio::awaitable<void> {
    ++calls;
    co_await s.execute("INSERT INTO t VALUES (1)");
    bool inside = false;
    with_session(s, [&](session& n) -> asio::awaitable<void> {
      co_await n.execute("INSERT INTO t VALUES (2)");
      inside = true;
      std::error_code ignored;
      co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      co_await n.execute("INSERT INTO t VALUES (3)");
    })([&](std::exception_ptr failure) { of_nested = failure; });
    co_await until(*t.io, [&] { return inside; });
    left = true;
  });
  support::run_until(*t.io, [&] { return left; });
  CHECK_FALSE(all.done());
  gate.cancel();
  CHECK_THROWS_AS(all.get(), pqscope::connection_busy);
  CHECK(calls == 1);
  t.run_out();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}
