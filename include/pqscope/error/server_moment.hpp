#ifndef PQSCOPE_ERROR_SERVER_MOMENT_HPP
#define PQSCOPE_ERROR_SERVER_MOMENT_HPP

#include <cstdint>

namespace pqscope {

/// A moment in the life of a server, told by its own clock. Both are microseconds since
/// 2000-01-01 00:00 UTC, as the server counts.
struct server_moment {
  std::int64_t time = 0;     ///< when it was, `clock_timestamp()`
  std::int64_t started = 0;  ///< when the server had been started, `pg_postmaster_start_time()`

  /// Whether both are the same.
  friend bool operator==(server_moment const&, server_moment const&) = default;
};

}  // namespace pqscope

#endif
