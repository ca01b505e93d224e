#ifndef PQSCOPE_LIBPQ_PAUSE_HPP
#define PQSCOPE_LIBPQ_PAUSE_HPP

#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// The operation that does nothing until a time has come.
class pause_operation {
 public:
  /// \param until when it is done
  explicit pause_operation(clock::time_point until) noexcept : until_{until} {}

  /// Waits for no descriptor, only for the time.
  wait_for resume() const noexcept {
    if (clock::now() >= until_) {
      return {};
    }
    return {.what = readiness::readable, .socket = -1, .until = until_};
  }

 private:
  clock::time_point until_;
};

}  // namespace pqscope::libpq

#endif
