#ifndef PQSCOPE_ASYNC_ENGINE_HPP
#define PQSCOPE_ASYNC_ENGINE_HPP

#include <pqscope/async/fiber.hpp>
#include <pqscope/async/heeded.hpp>
#include <pqscope/async/lease.hpp>
#include <pqscope/async/operation.hpp>
#include <pqscope/async/unique_session.hpp>
#include <pqscope/async/with_session.hpp>
#include <pqscope/engine.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>

namespace pqscope::async {

/// What `async::engine::reader` returns: read-only sessions are opened on it.
class engine_reader {
 public:
  using is_asynchronous = void;  ///< so that it is told from the blocking one

  /// Used by `reader`.
  engine_reader(asio::any_io_executor executor, pqscope::engine_reader reader)
      : executor_{std::move(executor)}, reader_{std::move(reader)} {}

  /// Where its sessions run.
  asio::any_io_executor get_executor() const noexcept { return executor_; }
  /// The blocking one.
  pqscope::engine_reader const& blocking() const noexcept { return reader_; }

 private:
  asio::any_io_executor executor_;
  pqscope::engine_reader reader_;
};

/// A `pqscope::engine` whose sessions do not block the threads of an Asio executor:
///
///     asio::io_context io;
///     pqscope::async::engine db{io.get_executor(), "postgresql://u:p@host/app"};
///     asio::co_spawn(io, work(db), asio::detached);
///     io.run();
///
/// The pool is the same: bounded, first come, first served. Those who wait for a connection wait
/// without a thread, as many as there are. A blocking session on `blocking()` shares it.
///
/// Thread-safe; neither copyable nor movable; outlives its sessions. Any number of threads may run
/// the executor; each session goes on in one of them at a time.
class engine {
  template <class Work>
  auto perform(Work work, std::source_location const& where) {
    using returned = std::invoke_result_t<Work&>;
    return operation<returned>{executor_, detail::run_on(std::make_shared<detail::fiber>(executor_),
                                                         std::move(work), where)};
  }

 public:
  using is_asynchronous = void;  ///< so that it is told from the blocking one

  /// As `pqscope::engine`. \throws what that does
  engine(asio::any_io_executor executor, database_address primary, engine_options options = {},
         std::source_location where = std::source_location::current())
      : executor_{std::move(executor)}, engine_{std::move(primary), std::move(options), where} {}
  /// The same on the executor of an execution context, such as an `io_context`.
  template <class Context>
    requires requires(Context& context) { asio::any_io_executor{context.get_executor()}; }
  engine(Context& context, database_address primary, engine_options options = {},
         std::source_location where = std::source_location::current())
      : engine{asio::any_io_executor{context.get_executor()}, std::move(primary),
               std::move(options), where} {}
  engine(engine const&) = delete;
  engine& operator=(engine const&) = delete;
  /// As `pqscope::engine`'s destructor.
  ~engine() = default;

  /// Where its sessions run.
  asio::any_io_executor get_executor() const noexcept { return executor_; }
  /// The blocking engine that this is: for its pool, its numbers, and sessions that may block.
  pqscope::engine& blocking() noexcept { return engine_; }
  /// As `pqscope::engine::stats`.
  engine_stats stats() const { return engine_.stats(); }

  /// As `pqscope::engine::begin`: a session for code a coroutine of its own does not fit.
  [[nodiscard]] unique_session begin(session_options options = {},
                                     std::source_location where = std::source_location::current()) {
    return unique_session{executor_, engine_, std::move(options), where};
  }
  /// Runs `work(pqscope::session&)` as one transaction, as the blocking `with_session` does with
  /// this engine, but without blocking: wherever the work waits for the server, others go on
  /// meanwhile. See `run` of `async::statements` for what it may not do. It is shorter, and for
  /// many small statements faster, than a coroutine that awaits each of them.
  template <class Work>
    requires std::invocable<Work&, pqscope::session&>
  auto run(Work work, std::source_location where = std::source_location::current()) {
    return run(session_options{}, std::move(work), where);
  }
  /// The same with options.
  template <class Work>
    requires std::invocable<Work&, pqscope::session&>
  auto run(session_options options, Work work,
           std::source_location where = std::source_location::current()) {
    return perform(
        [this, own_work = std::move(work), heed = detail::heeded{std::move(options)},
         where]() mutable {
          return pqscope::with_session(engine_, heed.options(), own_work, where);
        },
        where);
  }
  /// As `pqscope::engine::acquire`: a connection of the primary's pool, once there is one.
  operation<lease> acquire(std::source_location where = std::source_location::current()) {
    return acquire(acquire_options{}, where);
  }
  /// The same with options.
  operation<lease> acquire(acquire_options options,
                           std::source_location where = std::source_location::current()) {
    return lease::of(executor_, engine_.pool(), std::move(options), where);
  }
  /// As `pqscope::engine::reader`.
  [[nodiscard]] engine_reader reader() { return {executor_, engine_.reader()}; }

  /// As `pqscope::engine::warm_up`.
  operation<void> warm_up(std::source_location where = std::source_location::current()) {
    return perform([this, where] { engine_.warm_up(where); }, where);
  }
  /// As `pqscope::engine::drain`.
  operation<void> drain(std::source_location where = std::source_location::current()) {
    return perform([this, where] { engine_.drain(where); }, where);
  }
  /// As `pqscope::engine::close` with a time limit.
  operation<bool> close(std::chrono::nanoseconds timeout,
                        std::source_location where = std::source_location::current()) {
    return perform([this, timeout] { return engine_.close(timeout); }, where);
  }

 private:
  asio::any_io_executor executor_;
  pqscope::engine engine_;
};

/// Not for users: how a session on an engine is run.
inline detail::session_ground<pqscope::engine&> ground_of(engine& db) {
  return {db.get_executor(), std::make_shared<detail::fiber>(db.get_executor()), db.blocking()};
}
/// Not for users.
inline detail::session_ground<pqscope::engine_reader> ground_of(engine_reader const& db) {
  return {db.get_executor(), std::make_shared<detail::fiber>(db.get_executor()), db.blocking()};
}

}  // namespace pqscope::async

#endif
