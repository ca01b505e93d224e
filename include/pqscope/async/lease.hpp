#ifndef PQSCOPE_ASYNC_LEASE_HPP
#define PQSCOPE_ASYNC_LEASE_HPP

#include <pqscope/async/heeded.hpp>
#include <pqscope/async/scope.hpp>
#include <pqscope/async/with_session.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/lease.hpp>
#include <pqscope/pool/pool.hpp>

#include <memory>
#include <source_location>
#include <utility>

namespace pqscope::async {

/// A connection of a pool, as `pqscope::lease`, that does not block:
///
///     auto conn = co_await db.acquire();
///     auto u = (co_await conn.query<user>("SELECT … WHERE id = $1", 7)).first();
///
/// Autocommit; for transactions `async::with_session(conn, work)`, or a session on the engine. It
/// goes back when this is destroyed, or released: what was left on it is cleaned up, which
/// nobody waits for. Movable, not copyable; moved from, every use is a `usage_error`. One operation
/// at a time.
class lease : public detail::scope<lease> {
 public:
  lease(lease&&) noexcept = default;
  /// Gives this one back, takes the other's connection.
  lease& operator=(lease&& other) noexcept {
    leave();
    scope::operator=(std::move(other));
    held_ = std::move(other.held_);
    return *this;
  }
  ~lease() { leave(); }

  /// As `pqscope::connection::status`; `closed` if it was moved from.
  connection_status status() const noexcept {
    return held_ != nullptr && held_->of ? held_->of->status() : connection_status::closed;
  }
  /// Gives the connection back now, and completes when the pool has it.
  operation<void> release(std::source_location where = std::source_location::current()) {
    behind(where);
    auto end = [held = held_, left = left()] {
      left->leave();
      held->of.release();
    };
    return {get_executor(), detail::run_on(on(), std::move(end), where)};
  }

  /// Not for users.
  std::shared_ptr<pqscope::connection> behind(std::source_location const& where) const {
    if (held_ == nullptr || !held_->of) {
      throw usage_error("the lease was released or moved from", where);
    }
    return {held_, &*held_->of};
  }
  /// Not for users: takes a connection.
  static operation<lease> of(asio::any_io_executor executor, pqscope::pool& from,
                             acquire_options options, std::source_location where) {
    auto on = std::make_shared<detail::fiber>(executor);
    auto open = [&from, own_options = std::move(options), executor, on, where]() mutable {
      return lease{executor, on, std::make_shared<holder>(from, std::move(own_options), where)};
    };
    return {std::move(executor), detail::run_on(std::move(on), std::move(open), where)};
  }

 private:
  struct holder {
    holder(pqscope::pool& from, acquire_options options, std::source_location const& where)
        : heed{std::move(options)}, of{from.acquire(heed.options(), where)} {
      of->stop_on(heed.options().stop);
    }
    detail::heeded<acquire_options> heed;
    pqscope::lease of;
  };

  lease(asio::any_io_executor executor, std::shared_ptr<detail::fiber> on,
        std::shared_ptr<holder> held)
      : scope{std::move(executor), std::move(on)}, held_{std::move(held)} {}

  void leave() noexcept {
    if (held_ != nullptr) {
      detail::run_detached(on(), [held = std::move(held_), left = left()]() mutable {
        left->leave();
        held.reset();
      });
    }
  }

  std::shared_ptr<holder> held_;
};

/// Not for users: how a session on a lease is run.
inline detail::session_ground<pqscope::connection&> ground_of(lease& db) {
  return {db.get_executor(), db.on(), *db.behind({}), true, db.left()};
}

}  // namespace pqscope::async

#endif
