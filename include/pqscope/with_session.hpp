#ifndef PQSCOPE_WITH_SESSION_HPP
#define PQSCOPE_WITH_SESSION_HPP

#include <pqscope/error/rollback.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/session.hpp>
#include <pqscope/session_runs.hpp>
#include <pqscope/session_target.hpp>

#include <source_location>
#include <type_traits>

namespace pqscope {
namespace detail {

/// Calls the work and ends the session; `committed` tells even if a hook throws afterwards.
template <class Result, class Work>
Result run_session(session& scope, Work& work, run_note& note, std::source_location const& where) {
  static_assert(!std::is_same_v<std::remove_cvref_t<Result>, session>,
                "pqscope: a session ends with its scope: the work cannot return it");
  observe_end const at_end{scope, note};
  if constexpr (std::is_void_v<Result>) {
    work(scope);
    scope.finish(where);
  } else if constexpr (std::is_reference_v<Result>) {
    Result value = work(scope);
    scope.finish(where);
    return static_cast<Result>(value);
  } else {
    std::remove_const_t<Result> value = work(scope);
    scope.finish(where);
    return value;
  }
}

/// What a scope returns that was left by `throw rollback{}`.
template <class Result>
Result nothing(std::source_location const& where) {
  if constexpr (std::is_void_v<Result>) {
    return;
  } else if constexpr (std::is_default_constructible_v<Result>) {
    return Result{};
  } else {
    throw usage_error(
        "the scope was left by rollback, and what its work returns has no empty value", where);
  }
}

/// One run of the work in a savepoint.
template <class Result, class Db, class Work>
Result run_nested(Db& db, session_options const& options, Work& work,
                  std::source_location const& where) {
  session_runs const runs{options, false};
  run_note note;
  try {
    session scope{outer_of(db), options, runs.deadline(), where};
    return run_session<Result>(scope, work, note, where);
  } catch (rollback const&) {
    return nothing<Result>(where);
  }
}

/// As many runs of the work as it takes, each in a transaction of its own.
template <class Result, class Work>
Result run_repeatedly(session_source& source, session_options const& options, Work& work,
                      std::source_location const& where) {
  session_runs runs{options, source.can_reconnect()};
  for (;;) {
    run_note note;
    try {
      session scope{source, options, runs.deadline(), runs.attempt(), where};
      return run_session<Result>(scope, work, note, where);
    } catch (rollback const&) {
      return nothing<Result>(where);
    } catch (error const& failure) {
      if (!runs.again(failure, note)) {
        throw;
      }
    }
  }
}

}  // namespace detail

/// Runs `work(session&)` as one transaction: commits when it returns, rolls back when it throws,
/// and always gives the connection back.
///
/// Returns what `work` returns, references included; then the commit has been confirmed by the
/// server. An exception of the work's arrives unchanged, after the rollback; a rollback that fails
/// gives the connection up and goes to the observer. `throw rollback{}` and `session::rollback()`
/// leave without effect and without an error; the former then returns a value-initialized result,
/// or throws `usage_error` where the type has none.
///
/// `db` is an `engine`, its `reader()` or a `pool`, whose connection goes back at the end; a
/// `config`, which connects for the scope; a `connection`, which may not have a transaction open;
/// or, nested as a savepoint, a `transaction`, `savepoint` or session. What `options` leave at
/// their defaults is taken from those of an engine.
///
/// BEGIN travels with the first statement: an empty scope makes no round trip and takes no
/// connection, one statement costs two trips, its commit included. Nested, SAVEPOINT rides with the
/// first statement and RELEASE with whatever comes next.
///
/// With `options.retry` the whole work is run again after a serialization failure, a deadlock, or,
/// where the connection can be replaced, one lost before COMMIT was sent; so `work` must be fit to
/// be called more than once. When no attempt is left, the last one's error leaves.
///
/// \throws transaction_rolled_back where a statement had failed and `work` returned nevertheless
/// \throws commit_in_doubt where the answer to COMMIT was lost; see `on_in_doubt`
/// \throws anything a statement, connecting, or `work` throws
template <session_base Db, session_work Work>
auto with_session(Db&& db, session_options const& options, Work&& work,
                  std::source_location where = std::source_location::current())
    -> detail::work_result<Work> {
  using returned = detail::work_result<Work>;
  if constexpr (nestable<Db>) {
    return detail::run_nested<returned>(db, options, work, where);
  } else {
    auto source = detail::open_source(db);
    auto&& in_force = detail::options_for(db, options, where);
    return detail::run_repeatedly<returned>(source, in_force, work, where);
  }
}

/// The same with all options at their defaults.
template <session_base Db, session_work Work>
auto with_session(Db&& db, Work&& work,
                  std::source_location where = std::source_location::current())
    -> detail::work_result<Work> {
  return pqscope::with_session(db, session_options{}, work, where);
}

// What does not fit the above meets one of these: the compiler names the reason.

/// Not callable.
template <class Db, class Work,
          class Reason = detail::no_session_can_be_opened_on_the_first_argument>
  requires(!session_base<Db> && !detail::asynchronous<Db>)
void with_session(Db&& db, Work&& work) = delete;
/// Not callable.
template <class Db, class Work,
          class Reason = detail::no_session_can_be_opened_on_the_first_argument>
  requires(!session_base<Db> && !detail::asynchronous<Db>)
void with_session(Db&& db, session_options const& options, Work&& work) = delete;
/// Not callable.
template <session_base Db, class Work,
          class Reason = detail::the_work_cannot_be_called_with_a_session_reference>
  requires(!session_work<Work>)
void with_session(Db&& db, Work&& work) = delete;
/// Not callable.
template <session_base Db, class Work,
          class Reason = detail::the_work_cannot_be_called_with_a_session_reference>
  requires(!session_work<Work>)
void with_session(Db&& db, session_options const& options, Work&& work) = delete;

}  // namespace pqscope

#endif
