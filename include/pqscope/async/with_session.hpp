#ifndef PQSCOPE_ASYNC_WITH_SESSION_HPP
#define PQSCOPE_ASYNC_WITH_SESSION_HPP

#include <pqscope/async/call.hpp>
#include <pqscope/async/fiber.hpp>
#include <pqscope/async/heeded.hpp>
#include <pqscope/async/leftovers.hpp>
#include <pqscope/async/operation.hpp>
#include <pqscope/async/session.hpp>
#include <pqscope/session_options.hpp>
#include <pqscope/with_session.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

// GCC takes exception to the frames of its own coroutines.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

namespace pqscope::async {

namespace detail {

template <class Work>
using work_operation = std::invoke_result_t<Work&, session&>;

template <class Result>
struct result_type {
  using type = Result;
};
template <class Result, class Executor>
result_type<Result> result_of(asio::awaitable<Result, Executor> const&);

/// What the work of a session answers in the end.
template <class Work>
using work_result = typename decltype(result_of(std::declval<work_operation<Work>>()))::type;

/// What a session is opened on: the executor and fiber of it, and what is behind it, which is
/// kept or referred to.
template <class Blocking>
struct session_ground {
  asio::any_io_executor executor;
  std::shared_ptr<fiber> on;
  Blocking behind;
  bool nested = false;                ///< on a session, which heeds cancellations already
  std::shared_ptr<leftovers> left{};  ///< of what it is opened on
};

/// The work's result, or that there is none yet.
template <class Result>
class work_answer {
 public:
  template <class Work>
  asio::awaitable<void> await(Work& work, session& on) {
    value_.reset();
    value_.emplace(co_await work(on));
  }
  Result take() { return std::move(*value_); }

 private:
  std::optional<Result> value_;
};
template <>
class work_answer<void> {
 public:
  template <class Work>
  asio::awaitable<void> await(Work& work, session& on) {
    co_await work(on);
  }
  void take() {}
};

// Template arguments of deleted functions, shown in the compiler's message.
struct no_asynchronous_session_can_be_opened_on_the_first_argument {};
struct the_work_is_no_coroutine_of_an_async_session_reference {};

/// A session on a fiber, whose work is done by a coroutine that goes on elsewhere.
///
/// The blocking `with_session` runs on the fiber, with a work that does nothing but have the
/// fiber serve: what the coroutine asks for is carried out in its middle. Beginning, committing,
/// rolling back, repeating and finding out about a lost commit are that function's.
template <class Blocking>
class session_run {
 public:
  session_run(session_ground<Blocking> ground, session_options options,
              std::source_location const& where)
      : ground_{std::move(ground)}, options_{std::move(options)}, where_{where} {
    if (!ground_.nested) {
      heed_.give(options_.stop);
    }
  }
  session_run(session_run const&) = delete;
  session_run& operator=(session_run const&) = delete;
  /// Gives the fiber up where the coroutine goes while the session lasts.
  ~session_run() {
    if (all_.begun() && !all_.ended()) {
      ground_.on->abandon();
    }
  }

  /// Begins, up to the work.
  asio::awaitable<void> begin() { return step(all_.task()); }
  /// Whether all is over; else the work is to be done.
  bool ended() const noexcept { return all_.ended(); }
  /// The session for the work: one for each time that it is done.
  session face() {
    left_ = std::make_shared<leftovers>();
    return session{*blocking_, ground_.executor, ground_.on, left_};
  }
  /// Ends the session, once the work has ended; with its exception if there is one.
  asio::awaitable<void> end(std::exception_ptr failure) {
    failure_ = std::move(failure);
    if (!ground_.on->reserve_at(depth_)) {
      if (!failure_) {
        failure_ = std::make_exception_ptr(connection_busy(
            "the work of the session has ended before an operation of it, or a nested session",
            where_));
      }
      co_await ground_.on->async_reserve_at(depth_, true, asio::use_awaitable);
    }
    auto end = [this] { end_work(); };
    call<decltype(end)> ending{end};
    co_await perform(ending.task());
  }
  /// What came of it: true unless it was left by `rollback`. Throws what the session has thrown.
  bool take() { return all_.take(); }

 private:
  struct blocking_run {
    session_run* of;
    bool operator()() const { return of->run_blocking(); }
  };

  /// Has the fiber do something, and waits until it serves or all is over.
  asio::awaitable<void> step(fiber_task task) {
    if (!ground_.on->reserve()) {
      throw connection_busy("an operation of it has not completed yet", where_);
    }
    co_await perform(task);
  }
  /// The same where the fiber has been reserved.
  asio::awaitable<void> perform(fiber_task task) {
    fiber_guard guard{*ground_.on};
    co_await ground_.on->async_run(task, asio::use_awaitable);
    guard.dismiss();
  }

  /// On the fiber: true unless it was left by `rollback`.
  bool run_blocking() {
    if (ground_.left != nullptr) {
      ground_.left->leave();
    }
    return pqscope::with_session(
        ground_.behind, options_,
        [this](pqscope::session& s) {
          blocking_ = &s;
          depth_ = ground_.on->depth() + 1;
          ground_.on->serve();
          blocking_ = nullptr;
          if (failure_) {
            std::rethrow_exception(std::exchange(failure_, nullptr));
          }
          return true;
        },
        where_);
  }
  /// On the fiber: the coroutine has ended.
  void end_work() noexcept {
    left_->leave();
    left_.reset();
    ground_.on->end_serving();
  }

  session_ground<Blocking> ground_;
  session_options options_;
  std::source_location where_;
  stop_to_heed heed_;
  pqscope::session* blocking_ = nullptr;
  unsigned depth_ = 0;  // of the fiber's serving
  std::shared_ptr<leftovers> left_;
  std::exception_ptr failure_;
  blocking_run body_{this};
  call<blocking_run> all_{body_};
};

template <class Blocking, class Work>
asio::awaitable<work_result<Work>> run_session(session_ground<Blocking> ground,
                                               session_options options, Work work,
                                               std::source_location where) {
  session_run<Blocking> all{std::move(ground), std::move(options), where};
  work_answer<work_result<Work>> answer;
  co_await all.begin();
  while (!all.ended()) {
    std::exception_ptr failure;
    try {
      session face{all.face()};
      co_await answer.await(work, face);
    } catch (...) {
      failure = std::current_exception();
    }
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);  // the session ends all the same
    std::exception_ptr trouble;
    try {
      co_await all.end(std::move(failure));
    } catch (...) {
      trouble = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (trouble) {
      std::rethrow_exception(trouble);
    }
  }
  if (!all.take()) {
    co_return pqscope::detail::nothing<work_result<Work>>(where);  // it was left by rollback{}
  }
  co_return answer.take();
}

}  // namespace detail

/// Not for users: how a session nested in another one is run.
inline detail::session_ground<pqscope::session&> ground_of(session& outer) {
  return {outer.get_executor(), outer.on(), *outer.behind({}), true, outer.left()};
}

/// What an asynchronous session can be opened on: an `async::engine`, its `reader()`, an
/// `async::connection`, or, nested as a savepoint, an `async::session`.
template <class Db>
concept session_base = requires(Db& db) { ground_of(db); };

/// A coroutine, `asio::awaitable`, of an `async::session&`.
template <class Work>
concept session_work = requires { typename detail::work_result<Work>; };

namespace detail {

/// What the work answers where a session can be opened; else it is not looked at, for it may be
/// meant for a blocking one.
template <class Db, class Work>
struct result_on {};
template <session_base Db, class Work>
struct result_on<Db, Work> {
  using type = work_result<Work>;
};

}  // namespace detail

/// Runs the coroutine `work(session&)` as one transaction: commits when it returns, rolls back when
/// it throws, and always gives the connection back.
///
///     auto us = co_await pqscope::async::with_session(
///         db, [](auto& s) -> asio::awaitable<std::vector<user>> {
///           co_return (co_await s.template query<user>("SELECT …")).all();
///         });
///
/// It is `pqscope::with_session` that runs it, with all that is said there: options, retry, commits
/// in doubt, errors, round trips. Nothing blocks: neither statements nor connecting nor the wait
/// for a connection of the pool nor a pause before another attempt.
///
/// `work` runs on the caller's executor, and what it waits for, the server or anything else of
/// Asio's, delays nobody else. A cancellation reaches what it is waiting for; the rollback that
/// follows is carried out. `db` outlives the operation; `work` is kept by it, and must not be a
/// temporary coroutine lambda with captures that end before.
///
/// An operation that is dropped without completing, since its `io_context` is destroyed, ends its
/// session at once and closes the connection.
template <session_base Db, session_work Work>
auto with_session(Db&& db, session_options options, Work work,
                  std::source_location where = std::source_location::current())
    -> operation<typename detail::result_on<Db, Work>::type> {
  auto ground = ground_of(db);
  auto executor = ground.executor;
  return {std::move(executor),
          detail::run_session(std::move(ground), std::move(options), std::move(work), where)};
}

/// The same with all options at their defaults.
template <session_base Db, session_work Work>
auto with_session(Db&& db, Work work, std::source_location where = std::source_location::current())
    -> operation<typename detail::result_on<Db, Work>::type> {
  return async::with_session(db, session_options{}, std::move(work), where);
}

// What does not fit the above meets one of these: the compiler names the reason.

/// Not callable.
template <class Db, class Work,
          class Reason = detail::no_asynchronous_session_can_be_opened_on_the_first_argument>
  requires(!session_base<Db> && !pqscope::session_base<Db>)
void with_session(Db&& db, Work&& work) = delete;
/// Not callable.
template <class Db, class Work,
          class Reason = detail::no_asynchronous_session_can_be_opened_on_the_first_argument>
  requires(!session_base<Db> && !pqscope::session_base<Db>)
void with_session(Db&& db, session_options const& options, Work&& work) = delete;
/// Not callable.
template <session_base Db, class Work,
          class Reason = detail::the_work_is_no_coroutine_of_an_async_session_reference>
  requires(!session_work<Work>)
void with_session(Db&& db, Work&& work) = delete;
/// Not callable.
template <session_base Db, class Work,
          class Reason = detail::the_work_is_no_coroutine_of_an_async_session_reference>
  requires(!session_work<Work>)
void with_session(Db&& db, session_options const& options, Work&& work) = delete;

}  // namespace pqscope::async

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#endif
