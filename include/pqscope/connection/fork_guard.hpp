#ifndef PQSCOPE_CONNECTION_FORK_GUARD_HPP
#define PQSCOPE_CONNECTION_FORK_GUARD_HPP

#include <pthread.h>

#include <atomic>

namespace pqscope::detail {

inline std::atomic<unsigned> fork_count{0};

/// How many fork(2) calls lie between the first process and this one: a connection that remembers
/// another number was made by a parent. Costs a load, no system call.
inline unsigned fork_generation() noexcept {
  static bool const registered = [] {
    return ::pthread_atfork(nullptr, nullptr,
                            [] { fork_count.fetch_add(1, std::memory_order_relaxed); }) == 0;
  }();
  static_cast<void>(registered);
  return fork_count.load(std::memory_order_relaxed);
}

}  // namespace pqscope::detail

#endif
