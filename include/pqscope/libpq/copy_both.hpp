#ifndef PQSCOPE_LIBPQ_COPY_BOTH_HPP
#define PQSCOPE_LIBPQ_COPY_BOTH_HPP

#include <libpq-fe.h>

#include <cstddef>
#include <string_view>

#include <pqscope/libpq/copy.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// The operation of a COPY that goes in both directions, as START_REPLICATION begins it: receives
/// messages, and sends some in between.
///
/// `resume()` is done when the data begins to move, at each message of the server's, when the time
/// of `wake_at` has come, and when all is over. Source: PostgreSQL, "Streaming Replication
/// Protocol"; libpq, "Functions Associated with the COPY Command".
///
/// A template so that only programs that replicate compile it.
template <class = void>
class copy_both_operation : public copy_receiver {
 public:
  /// \param connection idle in libpq's sense, non-blocking, opened for replication
  /// \param command    whose text is the replication command; outlives the operation
  /// \param drain      see `drain_limit`
  copy_both_operation(connection_handle const& connection, request& command,
                      clock::duration drain = drain_limit) noexcept
      : copy_receiver{connection, command, PGRES_COPY_BOTH, drain} {}

  /// What the server sent, until the next `resume()`; empty where that was done for another reason.
  std::string_view message() const noexcept { return {data_.get(), size_}; }

  /// Hands a message over to libpq, which sends as much of it as it can now, and the rest in
  /// `resume()`. False where it cannot: why is told by that.
  bool put(std::string_view message) noexcept {
    if (!moving() || ends_ ||
        PQputCopyData(connection_, message.data(), static_cast<int>(message.size())) != 1) {
      return false;
    }
    PQflush(connection_);
    return true;
  }
  /// Ends it, once what has been `put` is sent; what still comes is dropped. `resume()` is done
  /// when all is over.
  void end() noexcept { ends_ = true; }
  /// When `resume()` is to be done even if nothing comes.
  void wake_at(clock::time_point until) noexcept { until_ = until; }

  /// Goes on as far as it can without blocking.
  wait_for resume() noexcept {
    data_.reset();
    size_ = 0;
    if (finished()) {
      return {};
    }
    if (phase_ == phase::start || phase_ == phase::opening) {
      if (wait_for const awaited = open(); !moving() || !ends_) {
        return awaited;
      }
    }
    if (moving()) {
      bool const sends = PQflush(connection_) > 0;
      if (ends_) {
        phase_ = phase::closing;
        dropping_ = PQputCopyEnd(connection_, nullptr) == 1;
      } else if (!take_data()) {
        if (clock::now() >= until_) {
          return {};
        }
        return {sends ? readiness::either : readiness::readable, PQsocket(connection_), until_};
      } else if (moving()) {
        return {};
      }
    }
    read_input();
    return go_on();
  }

 private:
  clock::time_point until_ = never;
  bool ends_ = false;
};

}  // namespace pqscope::libpq

#endif
