#ifndef PQSCOPE_LIBPQ_WAIT_HPP
#define PQSCOPE_LIBPQ_WAIT_HPP

#include <chrono>

namespace pqscope::libpq {

/// The clock of every deadline: monotonic, so that setting the wall clock moves no deadline.
using clock = std::chrono::steady_clock;

/// The deadline that never comes.
inline constexpr clock::time_point never = clock::time_point::max();

/// What a socket has to be ready for before an operation can go on.
enum class readiness : unsigned char {
  done = 0,      ///< nothing: the operation is finished
  readable = 1,  ///< input
  writable = 2,  ///< output
  either = 3,    ///< input or output, whichever comes first
};

/// The answer of an operation's `resume()`: what it waits for, and how long at most.
///
/// An operation is a small object that moves libpq as far as it goes without blocking:
/// ```
/// wait_for resume();
/// ```
/// Its driver calls `resume()`, waits until `socket` is ready or `until` has come, and calls it
/// again, until the answer is `done()`. The socket can be another one each time. An operation
/// keeps its own time limits by `until`; those of the caller are the driver's. An operation that is
/// given up before it is done leaves its connection in the middle of an exchange.
struct wait_for {
  readiness what = readiness::done;  ///< which events
  int socket = -1;                   ///< of which file descriptor
  clock::time_point until = never;   ///< resume at this time even if nothing happened
  /// Whether the operation is finished.
  constexpr bool done() const noexcept { return what == readiness::done; }
};

}  // namespace pqscope::libpq

#endif
