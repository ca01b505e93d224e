#ifndef PQSCOPE_LIBPQ_NOTIFICATIONS_HPP
#define PQSCOPE_LIBPQ_NOTIFICATIONS_HPP

#include <libpq-fe.h>

#include <pqscope/libpq/handles.hpp>

namespace pqscope::libpq {

/// What a notification says; lives as long as that.
struct notification_text {
  char const* channel;  ///< where it was sent to
  char const* payload;  ///< empty if it has none
  int pid;              ///< the server process of whoever sent it
};

/// Reads one that is there.
inline notification_text read_notification(notify_handle const& taken) noexcept {
  return {taken.get()->relname, taken.get()->extra, taken.get()->be_pid};
}

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
