#ifndef PQSCOPE_REPLICA_SET_HPP
#define PQSCOPE_REPLICA_SET_HPP

#include <pqscope/engine_options.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/pool_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/coarse_clock.hpp>
#include <pqscope/pool/pool.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <source_location>
#include <vector>

namespace pqscope::detail {

/// The pools of an engine's replicas, used in turn. Thread-safe.
class replica_set {
 public:
  replica_set(engine_options const& options, pool_options const& of_pool,
              std::source_location const& where)
      : timeout_{options.replica_timeout}, pause_{options.replica_pause} {
    if (timeout_.count() < 0 || pause_.count() < 0) {
      throw usage_error("an engine's replica_timeout and replica_pause cannot be negative", where);
    }
    for (database_address const& each : options.replicas) {
      members_.push_back(std::make_unique<member>(each.target(), of_pool, where));
    }
  }

  /// A connection of a replica that can be reached; an empty lease if none can. One that cannot is
  /// left alone for a while.
  lease acquire(acquire_options limits, std::source_location const& where) {
    limits.timeout = timeout_;
    limits.waits_for_server = false;
    std::size_t const start = next_.fetch_add(1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      member& each = *members_[(start + i) % members_.size()];
      auto const now = libpq::coarse_now();
      if (now < each.avoided_until.load(std::memory_order_relaxed)) {
        continue;
      }
      try {
        return each.connections.acquire(limits, where);
      } catch (deadline_exceeded const&) {
        throw;
      } catch (operation_cancelled const&) {
        throw;
      } catch (connection_error const&) {
      } catch (pool_timeout const& timeout) {
        if (timeout.holders().size() >= each.connections.stats().max_size) {
          continue;  // it can be reached: all of its connections are in use
        }
      }
      each.avoided_until.store(now + pause_, std::memory_order_relaxed);
    }
    return {};
  }

  /// Calls `action(pool&)` for each.
  template <class Action>
  void each(Action const& action) {
    for (auto const& one : members_) {
      action(one->connections);
    }
  }

  std::vector<pool_stats> stats() const {
    std::vector<pool_stats> all;
    for (auto const& one : members_) {
      all.push_back(one->connections.stats());
    }
    return all;
  }

 private:
  struct member {
    member(config const& to, pool_options const& options, std::source_location const& where)
        : connections{to, options, where} {}

    pool connections;
    std::atomic<libpq::clock::time_point> avoided_until{};
  };

  std::chrono::nanoseconds timeout_;
  std::chrono::nanoseconds pause_;
  std::vector<std::unique_ptr<member>> members_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace pqscope::detail

#endif
