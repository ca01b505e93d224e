#ifndef PQSCOPE_TRANSACTION_RESOLVE_HPP
#define PQSCOPE_TRANSACTION_RESOLVE_HPP

#include <pqscope/connection/connection.hpp>
#include <pqscope/connection/pause.hpp>
#include <pqscope/connection/transaction_id.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/transaction/fate.hpp>
#include <pqscope/types/malformed.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

namespace detail {

/// A number or a time that a server told, as it counts it; its answer is one row in binary format.
inline std::int64_t number_in(libpq::result_view const& told, int column) {
  bool const is_there = told.rows() == 1 && told.columns() > column;
  auto const number = is_there ? read_eight_bytes(told, column) : std::nullopt;
  if (!number) {
    throw_malformed("bigint");
  }
  return static_cast<std::int64_t>(*number);
}
/// As above; nothing for NULL.
inline std::optional<std::int64_t> time_in(libpq::result_view const& told, int column) {
  return told.is_null(0, column) ? std::nullopt : std::optional{number_in(told, column)};
}
inline bool flag_in(libpq::result_view const& told, int column) {
  if (told.rows() != 1 || told.size(0, column) != 1) {
    throw_malformed("boolean");
  }
  return *told.data(0, column) != 0;
}

/// The first column: what the server says of an id.
inline id_status status_of(libpq::result_view const& told) noexcept {
  if (told.is_null(0, 0)) {
    return id_status::forgotten;
  }
  return told.text(0, 0) == "committed" ? id_status::committed
         : told.text(0, 0) == "aborted" ? id_status::aborted
                                        : id_status::in_progress;
}

/// The columns behind that.
inline server_past past_of(libpq::result_view const& told) {
  return {.in_recovery = flag_in(told, 1),
          .is_prepared = flag_in(told, 2),
          .started = number_in(told, 3),
          .recovered = flag_in(told, 4),
          .last_replayed = time_in(told, 5),
          .statistics_reset = time_in(told, 6),
          .checkpoint = {.time = number_in(told, 7),
                         .next_id = static_cast<std::uint64_t>(number_in(told, 8)),
                         .ends_recovery = flag_in(told, 9)}};
}

/// What became of one transaction, asked of one connection; what was learnt stays for the next
/// question.
class fate_question {
 public:
  fate_question(connection& on, commit_in_doubt const& doubt)
      : on_{on},
        id_{doubt.transaction_id().value_or(0)},
        id_text_{'\'' + std::to_string(id_) + "'::xid8"},
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
    libpq::result_handle const answer = look(
        "WITH before AS MATERIALIZED (SELECT pg_catalog.pg_is_in_recovery() AS in_recovery, "
        "EXISTS (SELECT FROM pg_catalog.pg_prepared_xact() AS p "
        "WHERE p.transaction = " +
        id_text_ +
        "::xid) AS is_prepared) "
        "SELECT pg_catalog.pg_xact_status(" +
        id_text_ +
        ") AS status, in_recovery, is_prepared, "
        "pg_catalog.pg_postmaster_start_time() AS started, "
        "pg_catalog.pg_last_wal_replay_lsn() IS NOT NULL AS recovered, "
        "pg_catalog.pg_last_xact_replay_timestamp() AS last_replayed, "
        "pg_catalog.pg_stat_get_bgwriter_stat_reset_time() AS statistics_reset, "
        "checkpoint_time, (pg_catalog.split_part(next_xid, ':', 1)::int8 << 32) + "
        "pg_catalog.split_part(next_xid, ':', 2)::int8 AS next_id, "
        "COALESCE(redo_lsn = checkpoint_lsn AND checkpoint_lsn - "
        "pg_catalog.pg_last_wal_replay_lsn() BETWEEN 0 AND 40, false) AS ends_recovery "
        "FROM before, pg_catalog.pg_control_checkpoint()");
    libpq::result_view const told{answer};
    server_past const past = past_of(told);
    is_primary_ = !past.in_recovery;
    return fate_of(id_, status_of(told), then_, past);
  }

  std::optional<resolution> ask_status() {
    libpq::result_handle const answer = look("SELECT pg_catalog.pg_xact_status(" + id_text_ + ")");
    return fate_of(id_, status_of(libpq::result_view{answer}), {}, {});
  }

  /// Believes a server that has not given out the id if it was no standby before it said so.
  std::optional<resolution> settle_not_given() {
    if (!then_) {
      return std::nullopt;
    }
    if (is_primary_) {
      return fate_of(id_, id_status::not_given, then_, server_past{});
    }
    libpq::result_handle const answer = look("SELECT pg_catalog.pg_is_in_recovery()");
    is_primary_ = !flag_in(libpq::result_view{answer}, 0);
    return is_primary_ ? ask() : std::nullopt;
  }

  /// Carries a question out, and answers what came in binary format; not with `query`, whose
  /// templates every program would compile then.
  libpq::result_handle look(std::string question) {
    dynamic_sql const text{std::move(question)};
    return on_.core_for(text.where())
        .run({.text = text.view().text, .format = libpq::value_format::binary}, text.view());
  }

  connection& on_;
  std::uint64_t id_;
  std::string id_text_;  // an SQL expression
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
/// The same until a point in time.
inline resolution resolve(config const& to, commit_in_doubt const& doubt,
                          std::chrono::steady_clock::time_point deadline,
                          std::source_location where = std::source_location::current()) {
  return detail::resolve_within(to, doubt, {.deadline = deadline}, where);
}

}  // namespace pqscope

#endif
