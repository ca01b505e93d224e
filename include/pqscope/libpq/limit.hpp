#ifndef PQSCOPE_LIBPQ_LIMIT_HPP
#define PQSCOPE_LIBPQ_LIMIT_HPP

#include <stop_token>

#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// How long the blocking driver may wait: until a time, until somebody asks it to stop, or for
/// ever.
struct limit {
  clock::time_point deadline = never;  ///< give up at this time
  std::stop_token stop{};              ///< give up when this is asked for
  clock::duration spin{};              ///< of each wait: how long it keeps its processor

  /// Whether the deadline has come; asks for the time only if there is one.
  bool expired() const noexcept { return deadline != never && clock::now() >= deadline; }
};

}  // namespace pqscope::libpq

#endif
