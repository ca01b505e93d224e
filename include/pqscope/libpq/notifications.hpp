#ifndef PQSCOPE_LIBPQ_NOTIFICATIONS_HPP
#define PQSCOPE_LIBPQ_NOTIFICATIONS_HPP

#include <libpq-fe.h>

#include <pqscope/libpq/handles.hpp>

namespace pqscope::libpq {

/// Takes the next notification that has arrived off libpq's queue; empty where there is none. Reads
/// nothing from the socket.
inline notify_handle take_notification(connection_handle const& connection) noexcept {
  return notify_handle{PQnotifies(connection.get())};
}

/// Empties libpq's queue, which grows with every notification until somebody takes them.
inline void drop_notifications(connection_handle const& connection) noexcept {
  while (take_notification(connection)) {
  }
}

}  // namespace pqscope::libpq

#endif
