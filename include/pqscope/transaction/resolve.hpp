#ifndef PQSCOPE_TRANSACTION_RESOLVE_HPP
#define PQSCOPE_TRANSACTION_RESOLVE_HPP

#include <pqscope/connection/connection.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/transaction/fate.hpp>
#include <pqscope/transaction/retry.hpp>
#include <pqscope/types/ticks.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

namespace detail {

/// One look at a server: what it says of an id, and its past as `server_past` has it.
struct fate_row {
  std::optional<std::string> status;
  bool in_recovery;
  bool is_prepared;
  std::chrono::sys_time<std::chrono::microseconds> started;
  bool recovered;
  std::optional<std::chrono::sys_time<std::chrono::microseconds>> last_replayed;
  std::optional<std::chrono::sys_time<std::chrono::microseconds>> statistics_reset;
  std::chrono::sys_time<std::chrono::microseconds> checkpoint_time;
  std::int64_t next_id;
  bool ends_recovery;
};

/// As the server counts it.
inline std::int64_t server_time_of(std::chrono::sys_time<std::chrono::microseconds> when) noexcept {
  return when.time_since_epoch().count() - server_epoch;
}
/// As above; nothing for nothing.
inline std::optional<std::int64_t> server_time_of(
    std::optional<std::chrono::sys_time<std::chrono::microseconds>> when) noexcept {
  return when ? std::optional{server_time_of(*when)} : std::nullopt;
}

inline server_past past_of(fate_row const& row) noexcept {
  return {.in_recovery = row.in_recovery,
          .is_prepared = row.is_prepared,
          .started = server_time_of(row.started),
          .recovered = row.recovered,
          .last_replayed = server_time_of(row.last_replayed),
          .statistics_reset = server_time_of(row.statistics_reset),
          .checkpoint = {.time = server_time_of(row.checkpoint_time),
                         .next_id = static_cast<std::uint64_t>(row.next_id),
                         .ends_recovery = row.ends_recovery}};
}

inline id_status status_of(std::optional<std::string> const& told) noexcept {
  if (!told) {
    return id_status::forgotten;
  }
  return *told == "committed" ? id_status::committed
         : *told == "aborted" ? id_status::aborted
                              : id_status::in_progress;
}

/// What became of one transaction, asked of one connection; what was learnt stays for the next
/// question.
class fate_question {
 public:
  fate_question(connection& on, commit_in_doubt const& doubt)
      : on_{on},
        id_{doubt.transaction_id().value_or(0)},
        text_{std::to_string(id_)},
        then_{doubt.identified()} {}

  /// Asks once; nothing where it is too early to say.
  std::optional<resolution> ask() {
    try {
      return then_ ? ask_with_past() : ask_status();
    } catch (invalid_parameter_value const&) {  // "transaction ID … is in the future"
      return settle_not_given();
    } catch (server_error const& failure) {
      std::string_view const kind = failure.sqlstate().substr(0, 2);
      if (!then_ || (kind != "42" && kind != "0A" && failure.sqlstate() != "55000")) {
        throw;
      }
      then_.reset();  // not every server has a past to look at, nor every role the right
      return ask();
    }
  }

 private:
  /// In one statement. The status is looked at last: where the server is no standby, and the id not
  /// a prepared transaction's, before that, it stays so. A checkpoint ends recovery where it lies
  /// no further behind the last record replayed than the header of a page is long.
  std::optional<resolution> ask_with_past() {
    fate_row const row =
        on_.query<fate_row>(
               "WITH before AS MATERIALIZED (SELECT pg_catalog.pg_is_in_recovery() AS in_recovery, "
               "EXISTS (SELECT FROM pg_catalog.pg_prepared_xact() AS p "
               "WHERE p.transaction = $1::xid8::xid) AS is_prepared) "
               "SELECT pg_catalog.pg_xact_status($1::xid8) AS status, in_recovery, is_prepared, "
               "pg_catalog.pg_postmaster_start_time() AS started, "
               "pg_catalog.pg_last_wal_replay_lsn() IS NOT NULL AS recovered, "
               "pg_catalog.pg_last_xact_replay_timestamp() AS last_replayed, "
               "pg_catalog.pg_stat_get_bgwriter_stat_reset_time() AS statistics_reset, "
               "checkpoint_time, (pg_catalog.split_part(next_xid, ':', 1)::int8 << 32) + "
               "pg_catalog.split_part(next_xid, ':', 2)::int8 AS next_id, "
               "COALESCE(redo_lsn = checkpoint_lsn AND checkpoint_lsn - "
               "pg_catalog.pg_last_wal_replay_lsn() BETWEEN 0 AND 40, false) AS ends_recovery "
               "FROM before, pg_catalog.pg_control_checkpoint()",
               text_)
            .one();
    is_primary_ = !row.in_recovery;
    return fate_of(id_, status_of(row.status), then_, past_of(row));
  }

  std::optional<resolution> ask_status() {
    auto const told =
        on_.query<std::optional<std::string>>("SELECT pg_catalog.pg_xact_status($1::xid8)", text_)
            .one();
    return fate_of(id_, status_of(told), {}, {});
  }

  /// Believes a server that has not given out the id if it was no standby before it said so.
  std::optional<resolution> settle_not_given() {
    if (!then_) {
      return std::nullopt;
    }
    if (is_primary_) {
      return fate_of(id_, id_status::not_given, then_, server_past{});
    }
    is_primary_ = !on_.query<bool>("SELECT pg_catalog.pg_is_in_recovery()").one();
    return is_primary_ ? ask() : std::nullopt;
  }

  connection& on_;
  std::uint64_t id_;
  std::string text_;
  std::optional<server_moment> then_;
  bool is_primary_ = false;  // once it is, it stays so
};

/// Asks one connection until it knows or the time is up.
inline resolution ask_fate(connection& on, commit_in_doubt const& doubt,
                           libpq::limit const& bound) {
  fate_question question{on, doubt};
  std::chrono::milliseconds pause{2};
  for (;;) {
    if (auto const fate = question.ask()) {
      return *fate;
    }
    if (!pause_within(pause, bound)) {
      return resolution::unknown;
    }
    pause *= pause < std::chrono::milliseconds{100} ? 2 : 1;
  }
}

/// See `resolve`; a stop request ends the search as the deadline does.
inline resolution resolve_within(config const& to, commit_in_doubt const& doubt,
                                 libpq::limit const& bound, std::source_location const& where) {
  if (!doubt.transaction_id()) {
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
      return ask_fate(on, doubt, bound);
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
/// A crash, or a fail-over to a standby that lagged behind, can lose a transaction and give its id
/// to another one. Where the exception tells when the transaction was identified, `committed` is
/// answered only if the server's past shows that the id is still the transaction's: not if a crash
/// was followed by an ordinary checkpoint, and not by a standby before it is promoted, which is
/// asked again. It can be wrong, and answer `committed`, where there were two such losses between
/// the transaction and the question, with the id given out in between: ask soon. A server or role
/// that may not call `pg_control_checkpoint()` is believed as it stands.
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
  return detail::resolve_within(to, doubt, {.deadline = detail::time_after(deadline)}, where);
}

}  // namespace pqscope

#endif
