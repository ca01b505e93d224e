#ifndef PQSCOPE_EVENTS_SINGLE_USER_HPP
#define PQSCOPE_EVENTS_SINGLE_USER_HPP

#include <pqscope/error/connection_error.hpp>

#include <atomic>
#include <source_location>

namespace pqscope::detail {

/// What one thread uses at a time: a second use beside it is refused, not undefined.
class single_user {
 public:
  /// One use, as long as it lives.
  class turn {
   public:
    /// \throws connection_busy with `refusal` if it is in use
    turn(single_user& of, char const* refusal, std::source_location const& where) : of_{of} {
      if (of.in_use_.exchange(true, std::memory_order_acquire)) {
        throw connection_busy(refusal, where);
      }
    }
    turn(turn const&) = delete;
    turn& operator=(turn const&) = delete;
    ~turn() { of_.in_use_.store(false, std::memory_order_release); }

   private:
    single_user& of_;
  };

 private:
  std::atomic<bool> in_use_{false};
};

}  // namespace pqscope::detail

#endif
