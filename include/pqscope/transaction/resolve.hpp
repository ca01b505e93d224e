#ifndef PQSCOPE_TRANSACTION_RESOLVE_HPP
#define PQSCOPE_TRANSACTION_RESOLVE_HPP

#include <pqscope/connection/connection.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/transaction/retry.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// What became of a transaction whose commit was in doubt.
enum class resolution : unsigned char {
  committed,  ///< all of it took effect
  aborted,    ///< none of it took effect, and none will
  unknown,    ///< nobody could say in time: ask again, or look for its effects
};

/// The enumerator's name, such as `committed`.
constexpr std::string_view to_string(resolution fate) noexcept {
  switch (fate) {
    case resolution::committed:
      return "committed";
    case resolution::aborted:
      return "aborted";
    case resolution::unknown:
      break;
  }
  return "unknown";
}

namespace detail {

/// Asks one connection until it knows or the time is up.
inline resolution ask_fate(connection& on, std::uint64_t id, libpq::limit const& bound) {
  std::string const text = std::to_string(id);
  std::chrono::milliseconds pause{2};
  for (;;) {
    auto const answer =
        on.query<std::optional<std::string>>("SELECT pg_catalog.pg_xact_status($1::xid8)", text)
            .one();
    if (!answer) {
      return resolution::unknown;  // so long ago that the server has forgotten
    }
    if (*answer == "committed") {
      return resolution::committed;
    }
    if (*answer == "aborted") {
      return resolution::aborted;
    }
    if (!pause_within(pause, bound)) {
      return resolution::unknown;
    }
    pause *= pause < std::chrono::milliseconds{100} ? 2 : 1;
  }
}

/// See `resolve`; a stop request ends the search as the deadline does.
inline resolution resolve_within(config const& to, std::optional<std::uint64_t> id,
                                 libpq::limit const& bound, std::source_location const& where) {
  if (!id) {
    return resolution::unknown;
  }
  std::chrono::milliseconds pause{5};
  while (!bound.expired() && !bound.stop.stop_requested()) {
    connection_options open{.stop = bound.stop};
    if (bound.deadline != libpq::never) {
      open.deadline =
          std::chrono::ceil<std::chrono::milliseconds>(bound.deadline - libpq::clock::now());
    }
    try {
      connection on{to, open, where};
      on.deadline(bound.deadline);
      return ask_fate(on, *id, bound);
    } catch (config_error const&) {
      throw;
    } catch (error const&) {
      if (!pause_within(pause, bound)) {
        return resolution::unknown;
      }
      pause *= pause < std::chrono::milliseconds{200} ? 2 : 1;
    }
  }
  return resolution::unknown;
}

}  // namespace detail

/// Asks the server what became of a commit whose answer was lost, with `pg_xact_status`.
///
/// Connects to `to`, which has to lead to the server that ran the transaction or to its successor
/// after a fail-over, and tries again until `deadline` while the server is away or the transaction
/// is still in progress. Answers `unknown` where the exception carries no transaction id. Ends no
/// session on the server: one whose client is cut off can stay in progress until the server
/// notices.
///
/// \throws config_error if `to` cannot be
/// \throws anything a callable password throws
inline resolution resolve(config const& to, commit_in_doubt const& doubt,
                          std::chrono::milliseconds deadline,
                          std::source_location where = std::source_location::current()) {
  return detail::resolve_within(to, doubt.transaction_id(),
                                {.deadline = detail::time_after(deadline)}, where);
}

}  // namespace pqscope

#endif
