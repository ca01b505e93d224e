#ifndef PQSCOPE_SESSION_RUNS_HPP
#define PQSCOPE_SESSION_RUNS_HPP

#include <pqscope/connection/pause.hpp>
#include <pqscope/connection/random.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/error.hpp>
#include <pqscope/libpq/limit.hpp>
#include <pqscope/session.hpp>
#include <pqscope/session_options.hpp>
#include <pqscope/transaction/retry.hpp>

#include <optional>

namespace pqscope::detail {

/// What is known of a run once its session is gone.
struct run_note {
  bool committed = false;  ///< its effects are there, or may be
  bool connected = false;  ///< it had a connection
};

/// Takes the note when the run ends, however it does.
class observe_end {
 public:
  observe_end(session const& scope, run_note& note) noexcept : scope_{scope}, note_{note} {}
  observe_end(observe_end const&) = delete;
  observe_end& operator=(observe_end const&) = delete;
  ~observe_end() { note_ = {.committed = scope_.committed(), .connected = scope_.started()}; }

 private:
  session const& scope_;
  run_note& note_;
};

/// The runs of one scope: counts them, and says whether there is to be another one.
class session_runs {
 public:
  session_runs(session_options const& options, bool can_reconnect)
      : options_{options}, can_reconnect_{can_reconnect} {
    if (options.deadline) {
      deadline_ = time_after(*options.deadline);
    }
  }

  int attempt() const noexcept { return attempt_; }
  std::optional<libpq::clock::time_point> deadline() const noexcept { return deadline_; }

  /// Whether to run again after `failure`; waits before it says yes.
  bool again(error const& failure, run_note const& note) {
    if (note.committed || attempt_ >= options_.retry.attempts || !can_help(failure, note)) {
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
  /// Whether another run may succeed. A server that cannot be reached is one that was not started
  /// or is not there, unless a connection to it has just been lost: then it may come back.
  bool can_help(error const& failure, run_note const& note) {
    if (failure.connection_usable()) {
      return failure.is_retryable();
    }
    bool const unreachable =
        !note.connected && dynamic_cast<connection_error const*>(&failure) != nullptr;
    lost_ = lost_ || (failure.is_retryable() && note.connected);
    return can_reconnect_ && (failure.is_retryable() || (unreachable && lost_));
  }

  session_options const& options_;
  bool can_reconnect_;
  bool lost_ = false;
  std::optional<libpq::clock::time_point> deadline_;
  int attempt_ = 1;
};

}  // namespace pqscope::detail

#endif
