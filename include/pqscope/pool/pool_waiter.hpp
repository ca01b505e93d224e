#ifndef PQSCOPE_POOL_POOL_WAITER_HPP
#define PQSCOPE_POOL_POOL_WAITER_HPP

#include <pqscope/pool/pool_slot.hpp>

#include <cstddef>

namespace pqscope::detail {

/// What somebody who wants a connection is to do next.
enum class pool_step : unsigned char {
  wait,     ///< nothing: a later event says more
  use,      ///< take the connection of the slot
  check,    ///< take it, if it is found alive
  connect,  ///< open a connection for the slot, or go on with one that was begun
  full,     ///< give up: too many are waiting already
  closed,   ///< give up: the pool is closed
};

/// Somebody who wants a connection, in the queue from the request to the answer. Whoever connects
/// stays in it: a connection that comes back meanwhile is theirs, if they are the first.
struct pool_waiter {
  pool_step step = pool_step::wait;   ///< what to do
  pool_slot* slot = nullptr;          ///< with which slot, for `use` and `check`
  pool_slot* opening = nullptr;       ///< the slot it connects for, from `connect` on
  bool first = false;                 ///< to be served before those who came earlier
  bool queued = false;                ///< it is in the queue
  bool woken = false;                 ///< it is in the list of those to wake
  pool_waiter* before = nullptr;      ///< in the queue
  pool_waiter* behind = nullptr;      ///< in the queue
  pool_waiter* next_woken = nullptr;  ///< in the list of those to wake
};

/// Waiters in the order in which they are to be served; owns none of them.
class waiter_queue {
 public:
  pool_waiter* first() const noexcept { return first_; }
  std::size_t size() const noexcept { return size_; }

  void add(pool_waiter& waiter) noexcept {
    waiter.queued = true;
    ++size_;
    if (waiter.first) {
      waiter.before = nullptr;
      waiter.behind = first_;
      (first_ != nullptr ? first_->before : last_) = &waiter;
      first_ = &waiter;
    } else {
      waiter.before = last_;
      waiter.behind = nullptr;
      (last_ != nullptr ? last_->behind : first_) = &waiter;
      last_ = &waiter;
    }
  }
  void remove(pool_waiter& waiter) noexcept {
    (waiter.before != nullptr ? waiter.before->behind : first_) = waiter.behind;
    (waiter.behind != nullptr ? waiter.behind->before : last_) = waiter.before;
    waiter.before = waiter.behind = nullptr;
    waiter.queued = false;
    --size_;
  }

 private:
  pool_waiter* first_ = nullptr;
  pool_waiter* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pqscope::detail

#endif
