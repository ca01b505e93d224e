#ifndef PQSCOPE_LIBPQ_PARKING_HPP
#define PQSCOPE_LIBPQ_PARKING_HPP

#include <pqscope/libpq/waiter.hpp>

#include <condition_variable>
#include <mutex>

namespace pqscope::libpq {

/// A condition variable for one, who is a thread or a fiber. What it tells of, and itself, is
/// guarded by the mutex that is handed to `wait_until`.
class parking_spot {
 public:
  /// Waits for `notify`, until a time at the longest; may come back without a reason. `held` is
  /// released meanwhile. False where a fiber was interrupted, if it `heeds` that.
  bool wait_until(std::unique_lock<std::mutex>& held, clock::time_point until,
                  bool heeds = false) noexcept {
    if (waiter* const host = waiter::current(); host != nullptr) {
      parked_ = host;
      held.unlock();
      bool const undisturbed = host->park({.until = until}, heeds);
      held.lock();
      parked_ = nullptr;
      return undisturbed;
    }
    if (until == never) {
      told_.wait(held);
    } else {
      told_.wait_until(held, until);
    }
    return true;
  }

  /// Ends the wait; the mutex is held.
  void notify() noexcept {
    if (parked_ != nullptr) {
      parked_->unpark();
    } else {
      told_.notify_one();
    }
  }

 private:
  std::condition_variable told_;
  waiter* parked_ = nullptr;
};

}  // namespace pqscope::libpq

#endif
