#ifndef PQSCOPE_ASYNC_PATIENT_WATCH_HPP
#define PQSCOPE_ASYNC_PATIENT_WATCH_HPP

#include <pqscope/libpq/wait.hpp>

#include <chrono>

namespace pqscope::async::detail {

/// Decides how long to look for answers before sleeping: for some microseconds, as long as that has
/// been worth it.
///
/// To be woken costs both sides more than a short look, the server most: it has to wake somebody
/// for each answer. Where answers come too late, or cannot come meanwhile since there is but one
/// core, looking is tried ever more rarely, down to one wait in a thousand.
class patient_watch {
 public:
  /// Whether to look once more; asked when there was nothing. At least for `wanted`, whatever it
  /// has been worth.
  bool goes_on(libpq::clock::duration wanted) noexcept {
    bool const always = wanted > libpq::clock::duration{};
    if (until_ == libpq::clock::time_point{}) {
      if (!always && skipped_ < (1U << misses_) - 1) {
        ++skipped_;
        return false;
      }
      skipped_ = 0;
      until_ = libpq::clock::now() + (always ? wanted : shortest);
      return true;
    }
    if (libpq::clock::now() < until_) {
      return true;
    }
    until_ = {};
    misses_ += misses_ < rarest ? 1U : 0U;
    return false;
  }
  /// There was something.
  void found() noexcept {
    misses_ = until_ != libpq::clock::time_point{} ? 0 : misses_;
    until_ = {};
  }

 private:
  static constexpr std::chrono::microseconds shortest{20};
  static constexpr unsigned rarest = 10;

  libpq::clock::time_point until_{};  // of the look that is under way
  unsigned misses_ = 0;               // looks in a row that were in vain
  unsigned skipped_ = 0;              // waits since the last one
};

}  // namespace pqscope::async::detail

#endif
