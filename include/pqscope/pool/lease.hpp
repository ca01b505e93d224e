#ifndef PQSCOPE_POOL_LEASE_HPP
#define PQSCOPE_POOL_LEASE_HPP

#include <pqscope/connection/connection.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool_core.hpp>

#include <source_location>
#include <utility>

namespace pqscope {

/// A connection of a pool, for as long as this object lives: then it goes back.
///
/// Coming back it is brought into the state in which it was handed out: an open transaction is
/// rolled back, whatever scopes are alive on it see theirs ended, limits, observer and notice
/// handlers are the pool's again, and the pool's `reset_policy` is applied. A connection that is
/// broken, closed, in the middle of a statement, or moved away is replaced. What was set right is
/// counted in `pool_stats` and told to the observer.
///
/// Move-only; moved from or released, every use is a `usage_error`. One thread at a time. May
/// outlive its pool: then the connection is closed instead.
class lease {
 public:
  /// Nothing.
  lease() noexcept = default;
  /// Takes the other's connection.
  lease(lease&& other) noexcept
      : pool_{other.pool_}, entry_{std::exchange(other.entry_, nullptr)} {}
  /// Gives this one's connection back, and takes the other's.
  lease& operator=(lease&& other) noexcept {
    if (this != &other) {
      release();
      pool_ = other.pool_;
      entry_ = std::exchange(other.entry_, nullptr);
    }
    return *this;
  }
  ~lease() { release(); }

  /// The connection. \throws usage_error if it has gone back
  connection& operator*() const { return get(); }
  /// The connection. \throws usage_error if it has gone back
  connection* operator->() const { return &get(); }
  /// The connection, where one is wanted: `pqscope::transaction tx{lease};`, `with_session(lease,
  /// …)`.
  /// \throws usage_error if it has gone back
  operator connection&() const { return get(); }
  /// Whether there is a connection.
  explicit operator bool() const noexcept { return entry_ != nullptr; }

  /// Gives the connection back now. No round trip if it is idle and the pool resets nothing. Does
  /// nothing the second time.
  void release() noexcept {
    if (entry_ != nullptr && !pool_->give_back_at_once(*entry_)) {
      pool_->give_back(*entry_);
    }
    entry_ = nullptr;
  }

  /// Not for users: what `pool::acquire` returns.
  lease(detail::pool_core& pool, detail::pool_entry* entry) noexcept
      : pool_{&pool}, entry_{entry} {}

 private:
  connection& get() const {
    if (entry_ == nullptr) {
      throw usage_error("the connection has gone back to its pool, or there was none");
    }
    entry_->touched.store(true, std::memory_order_relaxed);
    return *entry_->open;
  }

  detail::pool_core* pool_ = nullptr;
  detail::pool_entry* entry_ = nullptr;
};

}  // namespace pqscope

#endif
