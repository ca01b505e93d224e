#ifndef PQSCOPE_LIBPQ_WAITER_HPP
#define PQSCOPE_LIBPQ_WAITER_HPP

#include <pqscope/libpq/limit.hpp>
#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// How a wait, or a whole operation driven by some, ended.
enum class drive_result : unsigned char {
  done,      ///< the operation is finished
  deadline,  ///< the limit's deadline came first
  stopped,   ///< the limit's stop token was asked first
};

/// Who waits in place of the calling thread, where that is not to sleep: a fiber that lets its
/// thread do something else meanwhile.
///
/// All that waits in the library asks whether there is one: `drive`, `parking_spot`, and a
/// statement for a cancel that is under way. Everything above waits as it does in a thread, and
/// knows of nothing.
class waiter {
 public:
  /// Waits until `request` can go on or `bound` is reached, as `drive` does with poll(2).
  virtual drive_result wait(wait_for const& request, limit const& bound) noexcept = 0;
  /// Waits for `unpark`, for the socket of `also` if it has one, and until its time at the longest;
  /// may come back without a reason. False where it was interrupted, if it `heeds` that.
  virtual bool park(wait_for const& also, bool heeds) noexcept = 0;
  /// Ends `park`, also one that is about to begin. Safe in any thread.
  virtual void unpark() noexcept = 0;

  /// The calling thread's at this moment; null where it sleeps itself.
  ///
  /// Never inlined: a fiber can go on in another thread, whose variable has another address.
  [[gnu::noinline]] static waiter* current() noexcept { return here_; }
  /// Sets it for the calling thread.
  [[gnu::noinline]] static void set_current(waiter* next) noexcept { here_ = next; }

 protected:
  ~waiter() = default;

 private:
  inline static thread_local constinit waiter* here_ = nullptr;
};

}  // namespace pqscope::libpq

#endif
