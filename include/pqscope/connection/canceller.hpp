#ifndef PQSCOPE_CONNECTION_CANCELLER_HPP
#define PQSCOPE_CONNECTION_CANCELLER_HPP

#include <chrono>
#include <memory>
#include <utility>

#include <pqscope/connection/cancel_gate.hpp>

namespace pqscope {

/// Cancels, from any thread, what a connection is doing.
///
/// Copies are cheap and speak of the same connection; they may outlive it. Thread-safe.
class canceller {
 public:
  /// Asks the server to cancel the statement that runs now, and returns when the server has taken
  /// note; the connection's own thread then gets `query_canceled`, unless the statement finished
  /// first. It never hits a later statement: that one waits until the request is delivered.
  ///
  /// \param within how long to try; a connection of its own is made for the request
  /// \return false, with nothing done, if no statement runs, the connection is closed, or another
  ///         thread is cancelling it; false also if the request did not get through. One that was
  ///         given up and may still be on its way costs the connection, not a later statement
  bool cancel(std::chrono::milliseconds within = std::chrono::seconds{5}) const {
    return gate_->cancel({.deadline = libpq::clock::now() + within});
  }

  /// Used by `connection::canceller()`.
  explicit canceller(std::shared_ptr<detail::cancel_gate> gate) noexcept : gate_{std::move(gate)} {}

 private:
  std::shared_ptr<detail::cancel_gate> gate_;
};

}  // namespace pqscope

#endif
