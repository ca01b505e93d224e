#ifndef PQSCOPE_CONNECTION_CANCEL_GATE_HPP
#define PQSCOPE_CONNECTION_CANCEL_GATE_HPP

#include <atomic>
#include <utility>

#include <pqscope/libpq/cancel.hpp>
#include <pqscope/libpq/poll.hpp>

namespace pqscope::detail {

/// What a connection and its cancellers share: it keeps a cancel and the statement it is meant for
/// together.
///
/// A cancel starts only while a statement runs, and the next statement starts only after the cancel
/// has been delivered: so it cannot hit that one.
class cancel_gate {
 public:
  /// Before a statement, on the connection's thread: waits for a cancel that is under way.
  void enter(libpq::connection_handle const& connection) noexcept {
    unsigned state = state_.load(std::memory_order_acquire);
    for (;;) {
      if ((state & cancelling) != 0) {
        state_.wait(state, std::memory_order_acquire);
        state = state_.load(std::memory_order_acquire);
        continue;
      }
      if (!cancel_) {
        cancel_ = libpq::prepare_cancel(connection);
      }
      if (state_.compare_exchange_weak(state, busy, std::memory_order_acq_rel)) {
        return;
      }
    }
  }

  /// After a statement, on the connection's thread. Does not wait.
  void leave() noexcept { state_.fetch_and(~busy, std::memory_order_acq_rel); }

  /// Before the connection is closed, on its thread: no cancel starts any more.
  void close() noexcept {
    unsigned state = state_.load(std::memory_order_acquire);
    while ((state & cancelling) != 0) {
      state_.wait(state, std::memory_order_acquire);
      state = state_.load(std::memory_order_acquire);
    }
    state_.store(0, std::memory_order_release);
    cancel_.reset();
  }

  /// On any thread: cancels the statement that runs now; false if none does, if another thread is
  /// at it, or if the request did not get through in time.
  bool cancel(libpq::limit const& bound) {
    unsigned expected = busy;
    if (!state_.compare_exchange_strong(expected, busy | cancelling, std::memory_order_acq_rel)) {
      return false;
    }
    bool delivered = false;
    if (cancel_) {
      libpq::cancel_operation operation{std::move(cancel_)};
      delivered =
          libpq::drive(operation, bound) == libpq::drive_result::done && operation.delivered();
    }
    state_.fetch_and(~cancelling, std::memory_order_acq_rel);
    state_.notify_all();
    return delivered;
  }

 private:
  static constexpr unsigned busy = 1;
  static constexpr unsigned cancelling = 2;

  std::atomic<unsigned> state_{0};
  libpq::cancel_handle cancel_;
};

}  // namespace pqscope::detail

#endif
