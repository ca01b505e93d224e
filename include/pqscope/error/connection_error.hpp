#ifndef PQSCOPE_ERROR_CONNECTION_ERROR_HPP
#define PQSCOPE_ERROR_CONNECTION_ERROR_HPP

#include <pqscope/error/error.hpp>

#include <array>
#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// No connection could be made, or the one there is cannot do what was asked.
///
/// Thrown as this class for a failed connect: not retryable, because a wrong host or password does
/// not mend itself within a transaction's few attempts. Waiting for a server that is still
/// starting is what connect retries are for.
class connection_error : public error {
 public:
  /// Makes an error; `sqlstate` is what the server answered to a failed connect, or said
  /// when it ended the connection, where known.
  explicit connection_error(std::string const& message, std::source_location where = {},
                            std::string_view sqlstate = {})
      : error(message, where), sqlstate_size_(sqlstate.size() == 5 ? std::size_t{5} : 0) {
    sqlstate.copy(sqlstate_.data(), sqlstate_size_);
  }

  /// The server's SQLSTATE; empty where the server did not answer or libpq does not tell.
  ///
  /// Valid as long as this exception lives.
  std::string_view sqlstate() const noexcept { return {sqlstate_.data(), sqlstate_size_}; }

  /// False: there is no connection to use.
  bool connection_usable() const noexcept override { return false; }

 private:
  std::array<char, 5> sqlstate_{};
  std::size_t sqlstate_size_;
};

/// The connection broke while in use: the server went away, the network was cut, or what arrived
/// was not the protocol.
///
/// Retryable: a transaction whose COMMIT was not sent has not been persisted. A connection lost
/// after that is reported as `commit_in_doubt` instead. Of a statement outside a transaction it is
/// not known whether it took effect.
class connection_lost : public connection_error {
 public:
  using connection_error::connection_error;

  /// True: the transaction can run again on another connection.
  bool is_retryable() const noexcept override { return true; }
};

/// The connection was closed, released or moved from before this use of it. Nothing was sent.
class connection_closed : public connection_error {
 public:
  using connection_error::connection_error;
};

/// The connection is in the middle of something else: an open stream, a COPY, another thread's
/// statement. Nothing was sent, and what is going on is not disturbed.
class connection_busy : public connection_error {
 public:
  using connection_error::connection_error;

  /// True: as soon as what it is busy with has ended.
  bool connection_usable() const noexcept override { return true; }
};

/// The time allowed for an operation ran out.
///
/// What ran on the server was cancelled. The connection is kept if that was confirmed in time,
/// else it is broken.
class deadline_exceeded : public connection_error {
 public:
  /// Makes an error; `connection_usable` says whether the connection was kept.
  explicit deadline_exceeded(std::string const& message, bool connection_usable,
                             std::source_location where = {})
      : connection_error(message, where), usable_(connection_usable) {}

  /// Whether the server confirmed the cancellation and the connection was kept.
  bool connection_usable() const noexcept override { return usable_; }

 private:
  bool usable_;
};

/// A `std::stop_token` asked an operation to stop.
///
/// What ran on the server was cancelled. The connection is kept if that was confirmed in time,
/// else it is broken.
class operation_cancelled : public connection_error {
 public:
  /// Makes an error; `connection_usable` says whether the connection was kept.
  explicit operation_cancelled(std::string const& message, bool connection_usable,
                               std::source_location where = {})
      : connection_error(message, where), usable_(connection_usable) {}

  /// Whether the server confirmed the cancellation and the connection was kept.
  bool connection_usable() const noexcept override { return usable_; }

 private:
  bool usable_;
};

}  // namespace pqscope

#endif
