#ifndef PQSCOPE_ASYNC_UNWANTED_WATCH_HPP
#define PQSCOPE_ASYNC_UNWANTED_WATCH_HPP

#include <pqscope/connection/core_relay.hpp>
#include <pqscope/libpq/wait.hpp>

#include <chrono>

namespace pqscope::async::detail {

/// Ends on the server what it is at though nobody waits for it any more.
///
/// Not at once: most statements end by themselves, and a cancel request can hit the next one. Then
/// again and again after ever longer pauses, since a request can come too early; at last the
/// connection is given up.
class unwanted_watch {
 public:
  /// When `look` is due; `never` while the server is at nothing of that kind.
  libpq::clock::time_point due(pqscope::detail::core_relay<> const& on) noexcept {
    auto const since = on.unwanted_since();
    if (since != libpq::never && since != watched_) {
      pause_ = grace;
      due_ = libpq::clock::now() + pause_;
    }
    watched_ = since;
    return since == libpq::never ? libpq::never : due_;
  }
  /// Asks the server to cancel it, if that is due, or gives the connection up.
  void look(pqscope::detail::core_relay<>& on) noexcept {
    if (watched_ == libpq::never || on.unwanted_since() != watched_ || libpq::clock::now() < due_) {
      return;
    }
    if (pause_ > on.patience()) {
      on.give_up();
    } else if (on.cancel()) {
      pause_ *= 2;
      due_ = libpq::clock::now() + pause_;
    }
  }

 private:
  static constexpr std::chrono::milliseconds grace{50};

  libpq::clock::time_point watched_ = libpq::never;  // since when nobody waits for it
  libpq::clock::time_point due_{};
  std::chrono::milliseconds pause_ = grace;
};

}  // namespace pqscope::async::detail

#endif
