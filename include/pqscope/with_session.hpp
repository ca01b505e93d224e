#ifndef PQSCOPE_WITH_SESSION_HPP
#define PQSCOPE_WITH_SESSION_HPP

#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/rollback.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/session.hpp>
#include <pqscope/transaction/retry.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>

#include <concepts>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace pqscope {
namespace detail {

/// The runs of one scope: counts them, and says whether there is to be another one.
class session_runs {
 public:
  session_runs(session_options const& options, bool can_reconnect)
      : options_{options}, can_reconnect_{can_reconnect} {
    if (options.deadline) {
      deadline_ = libpq::clock::now() + *options.deadline;
    }
  }

  int attempt() const noexcept { return attempt_; }
  std::optional<libpq::clock::time_point> deadline() const noexcept { return deadline_; }

  /// Whether to run again after `failure`; waits before it says yes.
  bool again(error const& failure) {
    if (attempt_ >= options_.retry.attempts || !failure.is_retryable() ||
        (!failure.connection_usable() && !can_reconnect_)) {
      return false;
    }
    libpq::limit const bound{.deadline = deadline_.value_or(libpq::never), .stop = options_.stop};
    if (!pause_within(retry_pause(options_.retry, attempt_ + 1, next_random()), bound)) {
      return false;
    }
    ++attempt_;
    return true;
  }

 private:
  session_options const& options_;
  bool can_reconnect_;
  std::optional<libpq::clock::time_point> deadline_;
  int attempt_ = 1;
};

/// Calls the work and ends the session; `committed` tells even if a hook throws afterwards.
template <class Result, class Work>
Result run_session(session& scope, Work& work, bool& committed, std::source_location const& where) {
  struct note {
    session& scope;
    bool& committed;
    ~note() { committed = scope.committed(); }
  } const at_end{scope, committed};
  if constexpr (std::is_void_v<Result>) {
    work(scope);
    scope.finish(where);
  } else {
    Result value = work(scope);
    scope.finish(where);
    if constexpr (std::is_reference_v<Result>) {
      return static_cast<Result>(value);
    } else {
      return value;
    }
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

}  // namespace detail

/// What a session can be opened on: a `config`, which connects for the scope; a `connection`; or,
/// nested as a savepoint, a `transaction`, `savepoint` or `session`.
template <class Db>
concept session_base = nestable<Db> || requires(Db& db) { detail::source_for(db); };

/// Runs `work(session&)` as one transaction: commits when it returns, rolls back when it throws,
/// and always gives the connection back.
///
/// Returns what `work` returns, references included; then the commit has been confirmed by the
/// server. An exception of the work's arrives unchanged, after the rollback; a rollback that fails
/// gives the connection up and goes to the observer. `throw rollback{}` and `session::rollback()`
/// leave without effect and without an error; the former then returns a value-initialized result.
///
/// BEGIN travels with the first statement: an empty scope makes no round trip and takes no
/// connection, one statement costs two trips, its commit included. Nested, SAVEPOINT rides with the
/// first statement and RELEASE with whatever comes next.
///
/// With `options.retry` the whole work is run again after a serialization failure, a deadlock, or,
/// where the connection can be replaced, one lost before COMMIT was sent.
///
/// \throws transaction_rolled_back where a statement had failed and `work` returned nevertheless
/// \throws commit_in_doubt where the answer to COMMIT was lost; see `on_in_doubt`
/// \throws anything a statement, connecting, or `work` throws
template <session_base Db, class Work>
  requires std::invocable<Work&, session&>
auto with_session(Db&& db, session_options const& options, Work&& work,
                  std::source_location where = std::source_location::current())
    -> std::invoke_result_t<Work&, session&> {
  using returned = std::invoke_result_t<Work&, session&>;
  bool committed = false;
  if constexpr (nestable<Db>) {
    detail::session_runs const runs{options, false};
    int attempt = 1;
    if constexpr (requires { db.attempt(); }) {
      attempt = db.attempt();
    }
    try {
      session scope{db.scope_for_nesting(), options, runs.deadline(), attempt, where};
      return detail::run_session<returned>(scope, work, committed, where);
    } catch (rollback const&) {
      return detail::nothing<returned>(where);
    }
  } else {
    auto source = detail::source_for(db);
    detail::session_runs runs{options, source.can_reconnect()};
    for (;;) {
      try {
        session scope{source, options, runs.deadline(), runs.attempt(), where};
        return detail::run_session<returned>(scope, work, committed, where);
      } catch (rollback const&) {
        return detail::nothing<returned>(where);
      } catch (error const& failure) {
        if (committed || !runs.again(failure)) {
          throw;
        }
      }
    }
  }
}

/// The same with all options at their defaults.
template <session_base Db, class Work>
  requires std::invocable<Work&, session&>
auto with_session(Db&& db, Work&& work,
                  std::source_location where = std::source_location::current())
    -> std::invoke_result_t<Work&, session&> {
  return with_session(db, session_options{}, work, where);
}

}  // namespace pqscope

#endif
