#ifndef PQSCOPE_LIBPQ_RELAY_HPP
#define PQSCOPE_LIBPQ_RELAY_HPP

#include <libpq-fe.h>

#include <cstddef>

#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/fifo.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// The operation that carries out exchanges of many callers on one connection at a time, in the
/// order in which they were posted: all in one pipeline, each with a Sync of its own, so that each
/// is a transaction of its own, and the failure of one is nothing to the others.
///
/// New ones can be posted at any time; those that have not been sent yet go together. Where one
/// ends `lost` or `violated`, those behind it have no answer, and never will.
///
/// Source: libpq, "Pipeline Mode".
class relay {
 public:
  /// \param connection idle in libpq's sense, non-blocking; in pipeline mode until `close`
  explicit relay(connection_handle const& connection) noexcept
      : connection_{connection.get()}, refused_{PQenterPipelineMode(connection_) == 0} {}
  relay(relay const&) = delete;
  relay& operator=(relay const&) = delete;

  /// Adds an exchange with a shared pipeline, which stays until it has been taken out, and hands
  /// its requests to libpq. \throws std::bad_alloc before that
  void post(exchange& next) {
    under_way_.push_back(&next);
    next.post();
    has_unsent_ = true;
  }
  /// How many have been posted and not been taken out.
  std::size_t size() const noexcept { return under_way_.size(); }
  /// Whether there are none.
  bool empty() const noexcept { return under_way_.empty(); }

  /// Sends and reads as far as that goes without blocking; `take` comes next.
  void resume() noexcept {
    int const unsent = has_unsent_ ? PQflush(connection_) : 0;
    has_unsent_ = unsent != 0;
    if (unsent < 0 || refused_ || PQconsumeInput(connection_) == 0) {
      input_ended_ = true;  // what arrived before the end is still to be had
    }
  }
  /// Takes the first out, if it has finished; null otherwise, and `wait` says for what to wait.
  exchange* take() noexcept {
    if (under_way_.empty()) {
      wait_ = {};
      return nullptr;
    }
    exchange& first = *under_way_.front();
    wait_ = first.look(input_ended_);
    if (wait_.done()) {
      return under_way_.take_front();
    }
    if (has_unsent_) {
      wait_.what = readiness::either;
    }
    return nullptr;
  }
  /// Takes the first out, finished or not; there has to be one.
  void drop_first() noexcept { under_way_.take_front(); }
  /// What `resume` is to wait for.
  wait_for const& wait() const noexcept { return wait_; }

  /// Leaves pipeline mode; only where there are none under way. False if the connection is not as
  /// it should be.
  bool close() noexcept { return PQexitPipelineMode(connection_) != 0; }

 private:
  PGconn* connection_;
  fifo<exchange*> under_way_{};
  wait_for wait_{};
  bool refused_;
  bool has_unsent_ = false;
  bool input_ended_ = false;
};

}  // namespace pqscope::libpq

#endif
