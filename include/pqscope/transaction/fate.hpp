#ifndef PQSCOPE_TRANSACTION_FATE_HPP
#define PQSCOPE_TRANSACTION_FATE_HPP

#include <pqscope/error/server_moment.hpp>

#include <cstdint>
#include <optional>
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

/// What a server says of a transaction id, which two transactions may have had: `pg_xact_status`.
enum class id_status : unsigned char {
  committed,
  aborted,
  in_progress,
  not_given,  ///< it has not given out this id: "… is in the future"
  forgotten,  ///< it was too long ago
};

/// A server's last checkpoint, of `pg_control_checkpoint()`.
struct last_checkpoint {
  std::int64_t time = 0;       ///< its second, in microseconds since 2000
  std::uint64_t next_id = 0;   ///< the id that was to be given out next
  bool ends_recovery = false;  ///< it was written where recovery ended, before anything else
};

/// What can be asked of a server beside an id's status. Times are microseconds since 2000.
struct server_past {
  bool in_recovery = false;                           ///< it is a standby
  bool is_prepared = false;                           ///< the id is of a prepared transaction
  std::int64_t started = 0;                           ///< `pg_postmaster_start_time()`
  bool recovered = false;                             ///< it came up by replaying WAL
  std::optional<std::int64_t> last_replayed = {};     ///< commit time of the last of the primary's
  std::optional<std::int64_t> statistics_reset = {};  ///< a crash does that; a clean stop does not
  last_checkpoint checkpoint = {};                    ///< the last one
};

/// Whether `committed` is said of the transaction that was identified then, and not of one that was
/// given its id after a crash or a fail-over; holds where the WAL lost its end no more than once.
inline resolution fate_of_committed(std::uint64_t id, server_moment const& then,
                                    server_past const& past) noexcept {
  bool const crash_possible = past.statistics_reset && *past.statistics_reset > then.time;
  if (past.started == then.started && !(past.recovered && crash_possible)) {
    return resolution::committed;  // the same server ever since
  }
  if (!past.recovered && !crash_possible) {
    return resolution::committed;  // it was stopped in order: nothing was lost
  }
  if (past.checkpoint.time > then.time && id >= past.checkpoint.next_id) {
    return resolution::aborted;  // given out again after that
  }
  if (past.last_replayed) {  // a standby that was promoted
    return *past.last_replayed >= then.time ? resolution::committed : resolution::unknown;
  }
  if (past.recovered && past.checkpoint.ends_recovery) {
    return id < past.checkpoint.next_id ? resolution::committed : resolution::aborted;
  }
  return resolution::unknown;
}

/// What became of the transaction that had this id then; nothing where it is too early to say. With
/// no moment, the id is taken to have been given out once.
inline std::optional<resolution> fate_of(std::uint64_t id, id_status status,
                                         std::optional<server_moment> const& then,
                                         std::optional<server_past> const& past) noexcept {
  bool const informed = then && past;
  switch (status) {
    case id_status::aborted:
      return resolution::aborted;  // whoever had the id: a transaction it was taken from is lost
    case id_status::forgotten:
      return resolution::unknown;
    case id_status::committed:
      if (!informed) {
        return resolution::committed;
      }
      if (past->in_recovery) {
        return std::nullopt;  // which id is whose is told once it is promoted
      }
      return fate_of_committed(id, *then, *past);
    case id_status::in_progress:
      if (informed && !past->in_recovery && !past->is_prepared && past->started != then->started) {
        return resolution::aborted;  // a session of this server has it
      }
      return std::nullopt;
    case id_status::not_given:
      if (informed && !past->in_recovery) {
        return resolution::aborted;  // given out, and lost
      }
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace detail
}  // namespace pqscope

#endif
