#ifndef PQSCOPE_POOL_POOL_ENTRY_HPP
#define PQSCOPE_POOL_POOL_ENTRY_HPP

#include <pqscope/connection/cancel_gate.hpp>
#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connect.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/connection/operation_limits.hpp>
#include <pqscope/libpq/limit.hpp>
#include <pqscope/libpq/parking.hpp>
#include <pqscope/pool/pool_slot.hpp>
#include <pqscope/pool/pool_waiter.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <stop_token>
#include <utility>

namespace pqscope::detail {

/// An attempt to connect for a slot of a pool, with the configuration it goes by.
class pool_attempt {
 public:
  pool_attempt(config&& to, observer* watcher, std::uint64_t generation,
               std::source_location const& where)
      : to_{std::move(to)}, generation_{generation}, attempt_{to_, watcher, where} {}

  connect_attempt& operator*() noexcept { return attempt_; }
  connect_attempt* operator->() noexcept { return &attempt_; }
  /// Whether somebody is to go on with it: not where much time has passed, for a network that was
  /// dead at first answers a new attempt sooner.
  bool is_worthwhile(std::uint64_t generation, libpq::clock::time_point now,
                     libpq::clock::duration limit) const noexcept {
    return generation == generation_ && now - attempt_.began() < limit;
  }

 private:
  config to_;
  std::uint64_t generation_;
  connect_attempt attempt_;
};

/// A slot of a pool with its connection. What is in it belongs to whoever has leased or opens the
/// slot, but for `gate`, `where` and `taken`, which are read and written under the pool's lock.
struct pool_entry : pool_slot {
  std::optional<connection> open;         ///< the connection, or what was left of it
  std::unique_ptr<pool_attempt> attempt;  ///< an unfinished one
  operation_limits limits;                ///< as `after_connect` left them
  /// Its user has had a look at the connection; threads that share a lease may do so at once.
  std::atomic<bool> touched{false};
  std::size_t handlers = 0;  ///< notice handlers that `after_connect` has added

  std::shared_ptr<cancel_gate> gate;  ///< the connection's
  std::source_location where;         ///< who has it
  libpq::clock::time_point taken{};   ///< since when
};

/// Somebody in `acquire`.
struct pool_caller : pool_waiter {
  libpq::parking_spot wakes;  ///< told when there is something new to do
  /// Stops the attempt to connect, for the same reason; without a state where there is none.
  std::stop_source interrupt{std::nostopstate};
  bool stopped = false;             ///< the caller's stop token was asked
  std::uint64_t errors_before = 0;  ///< failed connects when it began to wait
};

/// Somebody in `close` who waits for the connections to come back.
struct pool_closer {
  libpq::parking_spot came_back;  ///< told when one has
  pool_closer* next = nullptr;    ///< in the list of all
};

}  // namespace pqscope::detail

#endif
