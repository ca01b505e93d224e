#ifndef PQSCOPE_ASYNC_OPERATION_HPP
#define PQSCOPE_ASYNC_OPERATION_HPP

#include <pqscope/async/asio.hpp>
#include <pqscope/async/call.hpp>
#include <pqscope/async/fiber.hpp>
#include <pqscope/error/connection_error.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace pqscope::async {

namespace detail {

/// What an operation completes with.
template <class Result>
struct completion_of_result {
  using type = void(std::exception_ptr, Result);
};
template <>
struct completion_of_result<void> {
  using type = void(std::exception_ptr);
};
template <class Result>
using completion_signature = typename completion_of_result<Result>::type;

}  // namespace detail

/// Something that has not begun yet: what asynchronous functions return.
///
///     auto n = co_await s.query<int>("SELECT 1");                        // in an asio::awaitable
///     s.query<int>("SELECT 1")([](std::exception_ptr failure, auto rows) { … });   // any token
///
/// It begins when it is awaited, or called with a completion token of Asio's, whose signature is
/// `void(std::exception_ptr, Result)`, or `void(std::exception_ptr)` for `void`; a result that goes
/// to a token has to be default-constructible. It owns its arguments, but for what a view among
/// them refers to. Cancelling it, by the token's cancellation slot, cancels the statement on the
/// server as a stop token does, and throws `operation_cancelled`. Once; not begun, nothing happens.
template <class Result>
class [[nodiscard]] operation : public asio::awaitable<Result> {
 public:
  /// Used by what returns one.
  operation(asio::any_io_executor executor, asio::awaitable<Result>&& work)
      : asio::awaitable<Result>{std::move(work)}, executor_{std::move(executor)} {}

  /// Begins it on its own executor, with a completion token.
  template <class Token>
    requires asio::completion_token_for<Token, detail::completion_signature<Result>>
  auto operator()(Token&& token) && {
    return asio::co_spawn(executor_, static_cast<asio::awaitable<Result>&&>(*this),
                          std::forward<Token>(token));
  }

 private:
  asio::any_io_executor executor_;
};

namespace detail {

// GCC takes exception to the frames of its own coroutines.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

/// Has a fiber call `function()`, and answers what that returns.
template <class Function>
auto run_on(std::shared_ptr<fiber> on, Function function, std::source_location where)
    -> asio::awaitable<std::invoke_result_t<Function&>> {
  if (!on->reserve()) {
    throw connection_busy("an operation of it has not completed yet", where);
  }
  call<Function> task{function};
  fiber_guard guard{*on};
  co_await on->async_run(task.task(), asio::use_awaitable);
  guard.dismiss();
  co_return task.take();
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/// A call that nobody waits for, with its task. Gives the fiber up if it goes before the call has
/// ended.
template <class Function>
class detached_call {
 public:
  detached_call(fiber& on, Function function)
      : state_{std::make_unique<state>(on, std::move(function))} {}
  fiber_task task() noexcept { return state_->task.task(); }
  /// Called when it has returned.
  void operator()() const noexcept {}

 private:
  struct state {
    state(fiber& where, Function&& of) : on{where}, function{std::move(of)} {}
    state(state const&) = delete;
    state& operator=(state const&) = delete;
    ~state() {
      if (task.begun() && !task.ended()) {
        on.abandon();
      }
    }
    fiber& on;
    Function function;
    call<Function> task{function};
  };
  std::unique_ptr<state> state_;
};

/// Has a fiber, which has been reserved, call `function()`; see `run_detached`.
template <class Function>
void begin_detached(std::shared_ptr<fiber> const& on, Function function) noexcept {
  std::uint64_t const issued = on->issued();
  try {
    detached_call<Function> all{*on, std::move(function)};
    fiber_task const task = all.task();
    on->async_run(task, std::move(all));
  } catch (...) {
    if (on->issued() == issued) {
      on->unreserve();
    }
  }
}

/// Has a fiber call `function()`, which may not throw, once it does nothing else, and waits for
/// nothing. Where the fiber has been given up, or there is no memory, the function is destroyed
/// without having been called.
template <class Function>
void run_detached(std::shared_ptr<fiber> const& on, Function function) noexcept {
  if (on->reserve()) {
    begin_detached(on, std::move(function));
  } else if (!on->is_over()) {
    try {
      on->async_reserve_at(0, false, [on, own_function = std::move(function)]() mutable {
        begin_detached(on, std::move(own_function));
      });
    } catch (...) {
    }
  }
}

}  // namespace detail
}  // namespace pqscope::async

// Newer versions of Asio would await an operation as one of theirs, by its completion token: with a
// coroutine more, and a result that has to be default-constructible.
#if defined(PQSCOPE_BOOST_ASIO)
#if BOOST_ASIO_VERSION >= 102600
template <class Result>
struct boost::asio::is_async_operation<pqscope::async::operation<Result>> : std::false_type {};
#endif
#elif ASIO_VERSION >= 102600
template <class Result>
struct asio::is_async_operation<pqscope::async::operation<Result>> : std::false_type {};
#endif

#endif
