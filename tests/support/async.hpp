#ifndef PQSCOPE_TESTS_SUPPORT_ASYNC_HPP
#define PQSCOPE_TESTS_SUPPORT_ASYNC_HPP

#include <pqscope/asio.hpp>

#include <asio/io_context.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "support/eventually.hpp"

namespace support {

/// How long anything asynchronous may take before a test fails rather than hangs.
inline constexpr std::chrono::seconds async_limit{20};

namespace async_detail {

template <class Result, class Executor>
std::type_identity<Result> result_of(asio::awaitable<Result, Executor> const&);
template <class Work>
using result_t = typename decltype(result_of(std::declval<std::invoke_result_t<Work&>>()))::type;

template <class Result>
struct outcome {
  using kept = std::conditional_t<std::is_void_v<Result>, char, Result>;
  std::optional<kept> value;
  std::exception_ptr failure;
  bool done = false;
};

template <class Result, class Work>
asio::awaitable<void> keep(Work work, std::shared_ptr<outcome<Result>> into) {
  if constexpr (std::is_void_v<Result>) {
    co_await work();
    into->value.emplace();
  } else {
    into->value.emplace(co_await work());
  }
}

}  // namespace async_detail

/// A coroutine under way on an io_context.
template <class Result>
class started {
 public:
  started(asio::io_context& io, std::shared_ptr<async_detail::outcome<Result>> state) noexcept
      : io_{&io}, state_{std::move(state)} {}

  /// Whether it has ended.
  bool done() const noexcept { return state_->done; }
  /// Runs the io_context until it has ended; what it returned or threw.
  Result get() {
    wait();
    if (state_->failure) {
      std::rethrow_exception(state_->failure);
    }
    if constexpr (!std::is_void_v<Result>) {
      return std::move(*state_->value);
    }
  }
  /// Runs the io_context until it has ended.
  void wait() {
    auto const until = std::chrono::steady_clock::now() + async_limit;
    while (!state_->done) {
      io_->restart();
      if (io_->run_one_until(until) == 0 && !state_->done) {
        throw std::runtime_error(std::chrono::steady_clock::now() < until
                                     ? "a coroutine did not end, and nothing is left to be run"
                                     : "a coroutine did not end in time");
      }
    }
  }

 private:
  asio::io_context* io_;
  std::shared_ptr<async_detail::outcome<Result>> state_;
};

/// Starts the coroutine `work()`, which can be cancelled by a slot. It runs when the io_context
/// does; `work` is kept.
template <class Work>
auto start(asio::io_context& io, Work work, asio::cancellation_slot slot = {}) {
  using result = async_detail::result_t<Work>;
  auto state = std::make_shared<async_detail::outcome<result>>();
  asio::co_spawn(io, async_detail::keep<result>(std::move(work), state),
                 asio::bind_cancellation_slot(slot, [state](std::exception_ptr failure) {
                   state->failure = std::move(failure);
                   state->done = true;
                 }));
  return started<result>{io, std::move(state)};
}

/// Runs the coroutine `work()` to its end; what it returns or throws.
template <class Work>
auto run(asio::io_context& io, Work work) {
  return start(io, std::move(work)).get();
}

/// Runs an io_context until `condition` holds; the test fails if it does not come to.
template <class Condition>
void run_until(asio::io_context& io, Condition condition) {
  bool const came = eventually(
      [&] {
        io.restart();
        // not poll(), which does not return while there is always something to be run
        for (int n = 0; n < 100 && io.poll_one() > 0; ++n) {
        }
        return condition();
      },
      async_limit);
  REQUIRE(came);
}

/// Runs an io_context until nothing is left; the test fails if something stays.
inline void run_out(asio::io_context& io) {
  io.restart();
  io.run_for(async_limit);
  REQUIRE(io.stopped());
}

}  // namespace support

#endif
