#ifndef PQSCOPE_POOL_POOL_STATS_HPP
#define PQSCOPE_POOL_POOL_STATS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pqscope {

/// A pool at one moment, and what it has done since it was made.
struct pool_stats {
  std::size_t size = 0;      ///< connections there are, those being opened included
  std::size_t idle = 0;      ///< of those: wait to be used
  std::size_t in_use = 0;    ///< of those: handed out, or being checked, cleaned or closed
  std::size_t opening = 0;   ///< of those: being opened
  std::size_t waiting = 0;   ///< callers in `acquire` without a connection
  std::size_t min_size = 0;  ///< as in the options, or `resize`
  std::size_t max_size = 0;  ///< as in the options, or `resize`

  std::uint64_t requests = 0;        ///< calls of `acquire`
  std::uint64_t acquired = 0;        ///< of those: got a connection
  std::uint64_t queued = 0;          ///< of those: found none idle
  std::uint64_t timeouts = 0;        ///< of those: ended by `pool_timeout`, refused ones included
  std::uint64_t errors = 0;          ///< of those: ended by any other exception
  std::uint64_t connects = 0;        ///< connections opened
  std::uint64_t connect_errors = 0;  ///< attempts to connect that failed
  std::uint64_t closed = 0;          ///< connections closed, whatever for
  std::uint64_t lost = 0;            ///< of those: found dead, or came back dead
  std::uint64_t expired = 0;         ///< of those: too old, too long idle, retired or surplus
  std::uint64_t failed_checks = 0;   ///< dead connections found before they were handed out
  std::uint64_t retired = 0;         ///< times that all connections were to be replaced
  std::uint64_t rolled_back = 0;     ///< came back inside a transaction, and were cleaned
  std::uint64_t unlistened = 0;      ///< came back with a LISTEN, and were cleaned
  std::uint64_t discarded = 0;       ///< came back in a state that could not be cleaned

  std::chrono::nanoseconds wait_time{0};     ///< spent in `acquire` by those that were queued
  std::chrono::nanoseconds longest_wait{0};  ///< the longest of them
  std::chrono::nanoseconds connect_time{0};  ///< spent connecting
  std::chrono::nanoseconds usage_time{0};    ///< between hand-out and return of those used
};

}  // namespace pqscope

#endif
