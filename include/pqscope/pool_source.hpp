#ifndef PQSCOPE_POOL_SOURCE_HPP
#define PQSCOPE_POOL_SOURCE_HPP

#include <pqscope/connection/pause.hpp>
#include <pqscope/pool/pool.hpp>
#include <pqscope/session_source.hpp>

#include <optional>
#include <source_location>
#include <utility>

namespace pqscope {
namespace detail {

/// Has a session use the connection of a lease.
class lease_source : public session_source {
 public:
  void give_back() noexcept override { held_.release(); }
  bool has(connection_core const* core) noexcept override {
    try {
      return held_ && &held_->core_for({}) == core;
    } catch (connection_closed const&) {
      return false;  // the work has moved it away
    }
  }
  bool can_reconnect() const noexcept override { return true; }
  config const* target() const noexcept override { return held_ ? (*held_).target() : nullptr; }

 protected:
  /// How long to wait for the connection of a session with these options.
  static acquire_options limits_of(connection_options const& options) {
    acquire_options limits{.stop = options.stop};
    if (options.deadline) {
      limits.deadline = time_after(*options.deadline);
    }
    return limits;
  }
  lease_source() = default;
  ~lease_source() = default;
  connection& hold(lease&& taken) {
    held_ = std::move(taken);
    return *held_;
  }

 private:
  lease held_;
};

/// Lends a connection of a pool for the scope.
class pool_source final : public lease_source {
 public:
  explicit pool_source(pool& from) noexcept : from_{from} {}

  connection& take(connection_options const& options, std::source_location const& where) override {
    return hold(from_.acquire(limits_of(options), where));
  }

 private:
  pool& from_;
};

}  // namespace detail

/// Not for users: how sessions find the connections of a pool.
inline detail::pool_source source_for(pool& from) noexcept {
  return detail::pool_source{from};
}

}  // namespace pqscope

#endif
