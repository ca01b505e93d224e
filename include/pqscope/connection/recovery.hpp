#ifndef PQSCOPE_CONNECTION_RECOVERY_HPP
#define PQSCOPE_CONNECTION_RECOVERY_HPP

#include <pqscope/libpq/cancel.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/poll.hpp>

#include <chrono>

namespace pqscope::detail {

/// How long a connection is worked on, beyond any limit of its user's, before it is given up.
struct patience {
  /// For the end of an exchange whose last statement has been answered.
  std::chrono::milliseconds drain = libpq::drain_limit;
  /// For the end of an exchange that was interrupted, from the request to cancel it on.
  std::chrono::milliseconds recovery{2000};
};

/// Cancels on the server what `exchange` is doing and reads on until it is done; anything else than
/// `done` means that the connection cannot be used any more. `exchange` is a `libpq::exchange` or
/// one of COPY, on its way to its end.
template <class Operation>
libpq::drive_result recover(libpq::connection_handle const& connection, Operation& exchange,
                            patience const& limits) {
  auto const give_up = libpq::clock::now() + limits.recovery;
  auto pause = std::chrono::milliseconds{50};
  while (libpq::clock::now() < give_up) {
    // a cancel that arrives before its statement has begun is lost: ask again
    libpq::cancel_operation cancel{libpq::prepare_cancel(connection)};
    if (libpq::drive(cancel, {.deadline = give_up}) != libpq::drive_result::done) {
      break;  // it is still on its way, and could hit a later statement
    }
    auto const next = libpq::clock::now() + pause;
    if (libpq::drive(exchange, {.deadline = next < give_up ? next : give_up}) ==
        libpq::drive_result::done) {
      return libpq::drive_result::done;
    }
    pause *= 2;
  }
  return libpq::drive_result::deadline;
}

}  // namespace pqscope::detail

#endif
