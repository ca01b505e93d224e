#ifndef PQSCOPE_LIBPQ_CANCEL_HPP
#define PQSCOPE_LIBPQ_CANCEL_HPP

#include <libpq-fe.h>

#include <utility>

#include <pqscope/libpq/features.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/wait.hpp>
#if !PQSCOPE_HAS_ASYNC_CANCEL
#include <pqscope/libpq/cancel_thread.hpp>
#endif

namespace pqscope::libpq {

/// What it takes to cancel whatever a connection is doing. Made on the connection's own thread;
/// used by one `cancel_operation`. Empty where the connection is closed.
inline cancel_handle prepare_cancel(connection_handle const& connection) noexcept {
#if PQSCOPE_HAS_ASYNC_CANCEL
  return cancel_handle{connection ? PQcancelCreate(connection.get()) : nullptr};
#else
  return cancel_handle{connection ? PQgetCancel(connection.get()) : nullptr};
#endif
}

#if PQSCOPE_HAS_ASYNC_CANCEL

/// The operation that asks the server to cancel a statement; it is done when the server has taken
/// note of it, so that it cannot hit a later statement.
///
/// From libpq 17 on it never blocks and is encrypted as the connection is. Before, libpq's blocking
/// cancel runs in a thread of its own that is left behind where it does not come back in time.
class cancel_operation {
 public:
  /// \param cancel from `prepare_cancel`; empty: nothing is delivered
  explicit cancel_operation(cancel_handle cancel) noexcept : cancel_{std::move(cancel)} {}

  /// Goes on as far as it can without blocking.
  wait_for resume() noexcept {
    if (!started_) {
      started_ = true;
      if (!cancel_ || PQcancelStart(cancel_.get()) == 0) {
        return {};
      }
      return {readiness::writable, PQcancelSocket(cancel_.get())};
    }
    for (;;) {
      PostgresPollingStatusType const status = PQcancelPoll(cancel_.get());
      if (status == PGRES_POLLING_OK) {
        delivered_ = true;
        return {};
      }
      if (status == PGRES_POLLING_FAILED) {
        return {};
      }
      if (int const socket = PQcancelSocket(cancel_.get()); socket >= 0) {
        return {status == PGRES_POLLING_READING ? readiness::readable : readiness::writable,
                socket};
      }
    }
  }

  /// Whether the server took note; not that there was anything to cancel.
  bool delivered() const noexcept { return delivered_; }
  /// Makes a finished operation one that is still to be done.
  void restart() noexcept {
    if (cancel_) {
      PQcancelReset(cancel_.get());
    }
    started_ = false;
    delivered_ = false;
  }

 private:
  cancel_handle cancel_;
  bool started_ = false;
  bool delivered_ = false;
};

#else

/// The operation that asks the server to cancel a statement; it is done when the server has taken
/// note of it, so that it cannot hit a later statement.
///
/// From libpq 17 on it never blocks and is encrypted as the connection is. Before, libpq's blocking
/// cancel runs in a thread of its own that is left behind where it does not come back in time.
class cancel_operation {
 public:
  /// \param cancel from `prepare_cancel`; empty: nothing is delivered
  explicit cancel_operation(cancel_handle cancel) noexcept : thread_{std::move(cancel)} {}

  /// Goes on as far as it can without blocking.
  wait_for resume() noexcept {
    if (!started_) {
      started_ = true;
      if (!thread_.start()) {
        return {};
      }
    }
    if (!thread_.finished()) {
      return {readiness::readable, thread_.socket()};
    }
    return {};
  }

  /// Whether the server took note; not that there was anything to cancel.
  bool delivered() const noexcept { return thread_.delivered(); }
  /// Makes a finished operation one that is still to be done.
  void restart() noexcept { started_ = false; }

 private:
  cancel_thread thread_;
  bool started_ = false;
};

#endif

}  // namespace pqscope::libpq

#endif
