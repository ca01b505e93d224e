#ifndef PQSCOPE_EVENTS_NOTIFICATION_HPP
#define PQSCOPE_EVENTS_NOTIFICATION_HPP

#include <string>

namespace pqscope {

/// What NOTIFY sent. The server tells equal ones of a transaction once, and none before it has
/// committed. Source: PostgreSQL, "NOTIFY".
struct notification {
  std::string channel;     ///< where it was sent to
  std::string payload;     ///< the text with it, empty if there was none
  int pid = 0;             ///< the server process of whoever sent it
  bool after_gap = false;  ///< the connection was lost since the one before: some may be missing

  /// Whether all parts are equal.
  friend bool operator==(notification const&, notification const&) = default;
};

}  // namespace pqscope

#endif
