#ifndef PQSCOPE_CONNECTION_CANCEL_GATE_HPP
#define PQSCOPE_CONNECTION_CANCEL_GATE_HPP

#include <pqscope/libpq/cancel.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/libpq/waiter.hpp>

#include <atomic>
#include <chrono>
#include <optional>

namespace pqscope::detail {

/// What a connection and its cancellers share: it keeps a cancel and the statement it is meant for
/// together.
///
/// A cancel starts only while a statement runs, and the next statement starts only after the cancel
/// has been delivered: so it cannot hit that one. Where a canceller has given up a request that may
/// still be on its way, the connection is given up instead.
class cancel_gate {
 public:
  /// Before a statement, on the connection's thread: waits for a cancel that is under way. Cuts the
  /// connection if one was given up and does not arrive after all within `patience`, or if it was
  /// severed; answers whether it is still whole.
  bool enter(libpq::connection_handle const& connection) noexcept {
    unsigned state = state_.load(std::memory_order_acquire);
    while ((state & cancelling) != 0) {
      if (libpq::waiter* const host = libpq::waiter::current(); host == nullptr) {
        state_.wait(state, std::memory_order_acquire);
      } else if (!host->park({.until = libpq::clock::now() + std::chrono::milliseconds{1}},
                             false)) {
        libpq::cut(connection);
        return false;
      }
      state = state_.load(std::memory_order_acquire);
    }
    if (!request_) {
      request_.emplace(libpq::prepare_cancel(connection));
    }
    if (given_up_) {
      given_up_ = libpq::drive(*request_, {.deadline = libpq::clock::now() + patience}) !=
                  libpq::drive_result::done;
    }
    if (given_up_ || severed_.load(std::memory_order_relaxed)) {
      libpq::cut(connection);
      return false;
    }
    state_.store(busy, std::memory_order_release);
    return true;
  }

  /// After a statement, on the connection's thread. Does not wait.
  void leave() noexcept { state_.fetch_and(~busy, std::memory_order_acq_rel); }

  /// When the connection is closed, on its thread: no cancel starts any more. Does not wait.
  void close() noexcept { leave(); }

  /// On any thread: has the connection cut before its next statement.
  void sever() noexcept { severed_.store(true, std::memory_order_relaxed); }
  /// Whether that is to be.
  bool is_severed() const noexcept { return severed_.load(std::memory_order_relaxed); }

  /// On any thread: cancels the statement that runs now; false if none does, if another thread is
  /// at it, or if the request did not get through in time.
  bool cancel(libpq::limit const& bound) {
    unsigned expected = busy;
    if (!state_.compare_exchange_strong(expected, busy | cancelling, std::memory_order_acq_rel)) {
      return false;
    }
    if (!given_up_) {
      request_->restart();
    }
    given_up_ = libpq::drive(*request_, bound) != libpq::drive_result::done;
    bool const delivered = !given_up_ && request_->delivered();
    state_.fetch_and(~cancelling, std::memory_order_acq_rel);
    state_.notify_all();
    return delivered;
  }

 private:
  static constexpr unsigned busy = 1;
  static constexpr unsigned cancelling = 2;
  static constexpr std::chrono::milliseconds patience{500};

  // both belong to whoever set `cancelling`, else to the connection's thread
  std::optional<libpq::cancel_operation> request_;
  bool given_up_ = false;  // before it was finished
  std::atomic<unsigned> state_{0};
  std::atomic<bool> severed_{false};
};

}  // namespace pqscope::detail

#endif
