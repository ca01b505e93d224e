#ifndef PQSCOPE_SESSION_OPTIONS_HPP
#define PQSCOPE_SESSION_OPTIONS_HPP

#include <pqscope/transaction/options.hpp>
#include <pqscope/transaction/retry.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

namespace pqscope {

/// What a session does when the answer to its COMMIT is lost.
enum class on_in_doubt : unsigned char {
  report,   ///< throws `commit_in_doubt`
  resolve,  ///< asks the server on another connection, and throws only if that cannot tell either.
            ///< What was deferred or added then goes ahead of COMMIT, a round trip of its own.
};

namespace detail {
/// A policy that nobody has chosen: one run in all. Not an optional, which could not be written as
/// `.retry = {.attempts = 5}`.
inline constexpr retry_policy unset_retry{.attempts = -1'000'000};
}  // namespace detail

/// How a session runs. What is unset is left to the server's and the role's defaults. Of what is
/// the transaction's a nested session may only ask for what that is already.
struct session_options {
  std::optional<pqscope::isolation> isolation{};  ///< isolation level
  std::optional<pqscope::access> access{};        ///< whether it may write
  std::optional<bool> deferrable{};               ///< see `transaction_options`
  /// How often the whole scope is run again after a serialization failure, a deadlock, or a
  /// connection that was lost before COMMIT was sent. The work is called anew each time. Never for
  /// a commit in doubt, never for a nested session. Unset: once. Where an engine's sessions are run
  /// again by default, `.retry = {.attempts = 1}` says that this one is not.
  retry_policy retry = detail::unset_retry;
  /// Limit of the whole scope, pauses and repetitions included.
  std::optional<std::chrono::nanoseconds> deadline{};
  /// The server's limit for each statement; its SET LOCAL rides with BEGIN.
  std::optional<std::chrono::milliseconds> statement_timeout{};
  std::optional<pqscope::on_in_doubt> on_in_doubt{};  ///< a lost answer to COMMIT; unset: `report`
  std::string label{};                                ///< a name for observers
  std::stop_token stop{};          ///< gives up whatever is waited for when a stop is requested
  std::optional<bool> identify{};  ///< see `transaction_options`; unset: it is
};

namespace detail {

/// The options `given`, with `defaults` in place of what they leave unset.
inline session_options merged(session_options const& defaults, session_options const& given) {
  session_options both = given;
  auto const fill = [](auto& option, auto const& otherwise) {
    if (!option) {
      option = otherwise;
    }
  };
  fill(both.isolation, defaults.isolation);
  fill(both.access, defaults.access);
  fill(both.deferrable, defaults.deferrable);
  fill(both.deadline, defaults.deadline);
  fill(both.statement_timeout, defaults.statement_timeout);
  fill(both.on_in_doubt, defaults.on_in_doubt);
  fill(both.identify, defaults.identify);
  if (both.retry == unset_retry) {
    both.retry = defaults.retry;
  }
  if (both.label.empty()) {
    both.label = defaults.label;
  }
  if (!both.stop.stop_possible()) {
    both.stop = defaults.stop;
  }
  return both;
}

}  // namespace detail
}  // namespace pqscope

#endif
