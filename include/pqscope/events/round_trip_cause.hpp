#ifndef PQSCOPE_EVENTS_ROUND_TRIP_CAUSE_HPP
#define PQSCOPE_EVENTS_ROUND_TRIP_CAUSE_HPP

#include <pqscope/connection/observer.hpp>

namespace pqscope::detail {

/// Whether a round trip was made for this statement's sake, so that its duration is the
/// statement's: one of the caller's, or one that ends a transaction. BEGIN, SAVEPOINT, RELEASE,
/// ROLLBACK TO and what the library asks for itself go along with another.
inline bool causes_round_trip(statement_event const& event) noexcept {
  switch (event.origin) {
    case statement_origin::caller:
      return true;
    case statement_origin::scope:
      return event.text.starts_with("COMMIT") || event.text.starts_with("PREPARE") ||
             (event.text.starts_with("ROLLBACK") && !event.text.starts_with("ROLLBACK TO"));
    case statement_origin::internal:
      break;
  }
  return false;
}

}  // namespace pqscope::detail

#endif
