#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <catch2/catch_test_macros.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::session;
using support::async_db;
using support::held_lock;

using texts = std::vector<std::string>;

namespace {

// Handles an exception of its own, waits meanwhile, and throws it again.
void wait_while_handling(pqscope::session& s, std::string const& mine, long long number) {
  try {
    throw std::runtime_error{mine};
  } catch (std::runtime_error const&) {
    s.execute("SELECT pg_advisory_xact_lock_shared($1)", number);
    try {
      s.execute("SELECT 1 / 0");
    } catch (pqscope::division_by_zero const&) {
    }
    throw;
  }
}

struct waits_in_destructor {
  pqscope::session& s;
  int& uncaught;
  explicit waits_in_destructor(pqscope::session& on, int& told) : s{on}, uncaught{told} {}
  waits_in_destructor(waits_in_destructor const&) = delete;
  waits_in_destructor& operator=(waits_in_destructor const&) = delete;
  ~waits_in_destructor() {
    s.execute("SELECT 1");
    uncaught = std::uncaught_exceptions();
  }
};

}  // namespace

TEST_CASE("each of several fibers that handle exceptions while they wait has its own") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  std::vector<support::started<std::string>> all;
  for (int n = 0; n < 4; ++n) {
    all.push_back(t.start_session([n, number](session& s) -> asio::awaitable<std::string> {
      auto const caught = co_await s.run([n, number](pqscope::session& on) -> std::string {
        try {
          wait_while_handling(on, "exception " + std::to_string(n), number);
        } catch (std::runtime_error const& mine) {
          return mine.what();
        }
        return "none";
      });
      co_await s.rollback();
      co_return caught;
    }));
  }
  t.run_until_blocked(4);
  CHECK(std::current_exception() == nullptr);
  CHECK(std::uncaught_exceptions() == 0);
  lock.release();
  for (int n = 3; n >= 0; --n) {
    CHECK(all[static_cast<std::size_t>(n)].get() == "exception " + std::to_string(n));
  }
  t.ensure_usable();
}

TEST_CASE("exceptions are handled in and outside of fibers at once") {
  async_db t;
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto waits = t.start_session([number](session& s) -> asio::awaitable<void> {
    co_await s.run(
        [number](pqscope::session& on) { wait_while_handling(on, "of the fiber", number); });
  });
  try {
    throw std::logic_error{"of the thread"};
  } catch (std::logic_error const& outer) {
    t.run_until_blocked();
    lock.release();
    CHECK_THROWS_AS(waits.get(), std::runtime_error);
    CHECK_THROWS_AS(std::rethrow_exception(std::current_exception()), std::logic_error);
    CHECK(std::string{outer.what()} == "of the thread");
  }
  t.ensure_usable();
}

TEST_CASE("a destructor that waits while an exception passes it knows of that afterwards") {
  async_db t;
  int first = -1;
  int second = -1;
  auto const passing = [](int& told) {
    return [&told](session& s) -> asio::awaitable<void> {
      co_await s.run([&told](pqscope::session& on) {
        waits_in_destructor const at_end{on, told};
        throw std::runtime_error{"passes"};
      });
    };
  };
  auto one = t.start_session(passing(first));
  auto two = t.start_session(passing(second));
  CHECK_THROWS_AS(two.get(), std::runtime_error);
  CHECK_THROWS_AS(one.get(), std::runtime_error);
  CHECK(first == 1);
  CHECK(second == 1);
  CHECK(std::uncaught_exceptions() == 0);
  t.ensure_usable();
}
