#ifndef PQSCOPE_LIBPQ_COPY_HPP
#define PQSCOPE_LIBPQ_COPY_HPP

#include <libpq-fe.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include <pqscope/libpq/diagnostics.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// What the directions of COPY have in common: how it begins, and how it ends.
///
/// `resume()` of the operations made of it answers `done()` at each step their user waits for: when
/// the data begins to move, when a block has been handed over or a row is there, and when all is
/// over; `finished()` tells the last from the others. Results are judged as an `exchange` does: an
/// error after a first success counts, FATAL ends the connection, an error libpq made up on a live
/// connection and an answer that is no COPY mean that the protocol was violated. Nothing is thrown.
///
/// Source: libpq, "Functions Associated with the COPY Command".
class copy_exchange {
 public:
  copy_exchange(copy_exchange const&) = delete;
  copy_exchange& operator=(copy_exchange const&) = delete;

  /// Whether data is moving now.
  bool moving() const noexcept { return phase_ == phase::moving; }
  /// Whether all is over, well or not.
  bool finished() const noexcept { return phase_ == phase::finished; }
  /// How it ended; meaningful once `finished()`.
  outcome result() const noexcept { return outcome_; }
  /// Whether anything may have reached the server.
  bool was_sent() const noexcept { return may_be_sent_; }

 protected:
  /// How far it has come.
  enum class phase : unsigned char {
    start,     ///< nothing was sent
    opening,   ///< the command was sent
    moving,    ///< data goes
    closing,   ///< the data has ended, its answer is awaited
    finished,  ///< all is over
  };

  /// \param command what to send; outlives this, as does the connection
  /// \param wanted  the status of the result that lets data move
  /// \param drain   see `drain_limit`
  copy_exchange(connection_handle const& connection, request& command, ExecStatusType wanted,
                clock::duration drain) noexcept
      : connection_{connection.get()}, request_{command}, wanted_{wanted}, drain_{drain} {}
  ~copy_exchange() = default;

  /// Sends the command, and goes on until data moves or all is over.
  wait_for open() noexcept {
    if (phase_ == phase::start) {
      may_be_sent_ = PQstatus(connection_) == CONNECTION_OK;
      bool const sent = wanted_ == PGRES_COPY_BOTH  // a walsender knows no other protocol
                            ? PQsendQuery(connection_, request_.text) != 0
                            : PQsendQueryParams(connection_, request_.text, 0, nullptr, nullptr,
                                                nullptr, nullptr, 0) != 0;
      if (!sent) {
        return finish(broken());
      }
      phase_ = phase::opening;
    } else {
      read_input();
    }
    return go_on();
  }

  /// Goes on with what is no moving of data: the beginning and the end.
  wait_for go_on() noexcept {
    bool const sends = PQflush(connection_) > 0 && !input_ended_;
    receive();
    if (phase_ == phase::moving || finished()) {
      return {};
    }
    if (drain_until_ != never && clock::now() >= drain_until_) {
      return finish(outcome::violated);
    }
    return {sends ? readiness::either : readiness::readable, PQsocket(connection_), drain_until()};
  }

  /// Takes in what has arrived.
  void read_input() noexcept {
    if (PQconsumeInput(connection_) == 0) {
      input_ended_ = true;  // what arrived before the end is still to be had
    }
  }

  /// It has ended so.
  wait_for finish(outcome how) noexcept {
    outcome_ = how;
    phase_ = phase::finished;
    return {};
  }

  /// How a connection that does not answer as it should is left.
  outcome broken() const noexcept {
    return PQstatus(connection_) == CONNECTION_OK ? outcome::violated : outcome::lost;
  }

  /// The connection.
  PGconn* connection_;
  /// How far it has come.
  phase phase_ = phase::start;
  /// Nothing more will arrive.
  bool input_ended_ = false;
  /// Data is not looked at any more.
  bool dropping_ = false;  // rows that come out

 private:
  void receive() noexcept {
    while (!finished() && phase_ != phase::moving && (input_ended_ || PQisBusy(connection_) == 0)) {
      if (dropping_ && !drop_rows()) {
        return;
      }
      result_handle arrived{PQgetResult(connection_)};
      if (arrived) {
        take(std::move(arrived));
      } else {
        finish(lost_ ? outcome::lost : settled());
      }
    }
  }

  /// Reads and drops rows; false while more are awaited.
  bool drop_rows() noexcept {
    for (;;) {
      char* row = nullptr;
      int const size = PQgetCopyData(connection_, &row, 1);
      text_handle const owner{row};
      if (size == 0 && !input_ended_) {
        return false;
      }
      if (size <= 0) {
        dropping_ = false;
        return true;
      }
    }
  }

  void take(result_handle arrived) noexcept {
    ExecStatusType const status = PQresultStatus(arrived.get());
    switch (status) {
      case PGRES_FATAL_ERROR:
      case PGRES_NONFATAL_ERROR:
      case PGRES_BAD_RESPONSE:
        take_error(std::move(arrived));
        return;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        if (phase_ == phase::opening && status == wanted_ && !is_odd_) {
          phase_ = phase::moving;
        } else if (status == PGRES_COPY_BOTH) {
          finish(outcome::violated);
        } else if (status == PGRES_COPY_IN && wanted_ == PGRES_COPY_BOTH) {
          end_own_half();
        } else {
          refuse_copy(status);
        }
        return;
      default:
        is_odd_ = is_odd_ || phase_ == phase::opening;
        if (!request_.error && !request_.answer) {
          request_.answer = std::move(arrived);
        }
    }
  }

  /// Of two directions the server has ended its own.
  void end_own_half() noexcept {
    if (PQputCopyEnd(connection_, nullptr) != 1) {
      finish(broken());
    }
  }

  /// Ends a COPY that has no place here.
  void refuse_copy(ExecStatusType status) noexcept {
    is_odd_ = true;
    if (status == PGRES_COPY_OUT) {
      dropping_ = true;
    } else if (PQputCopyEnd(connection_, "a COPY has no place here") != 1) {
      finish(broken());
    }
  }

  void take_error(result_handle arrived) noexcept {
    bool const from_server =
        PQresultErrorField(arrived.get(), PG_DIAG_SEVERITY) != nullptr ||
        PQresultErrorField(arrived.get(), PG_DIAG_SEVERITY_NONLOCALIZED) != nullptr;
    bool const fatal = is_fatal(arrived.get());
    if (!request_.error || (sqlstate_of(request_.error).empty() && !sqlstate_of(arrived).empty())) {
      request_.error = std::move(arrived);
    }
    request_.answer.reset();
    if (fatal || (!from_server && PQstatus(connection_) == CONNECTION_OK)) {
      finish(fatal ? outcome::lost : outcome::violated);
    }
    lost_ = lost_ || !from_server;
  }

  outcome settled() const noexcept {
    if (PQtransactionStatus(connection_) == PQTRANS_UNKNOWN) {
      return broken();
    }
    return request_.error ? outcome::failed : is_odd_ ? outcome::violated : outcome::completed;
  }

  /// Once there is an answer the rest must follow soon.
  clock::time_point drain_until() noexcept {
    bool const answered = request_.error || request_.answer || is_odd_;
    if (drain_until_ == never && answered && !dropping_) {
      drain_until_ = clock::now() + drain_;
    }
    return drain_until_;
  }

  request& request_;
  ExecStatusType wanted_;
  clock::duration drain_;
  clock::time_point drain_until_ = never;
  outcome outcome_ = outcome::lost;
  bool may_be_sent_ = false;
  bool is_odd_ = false;  // the server answered something that is no such COPY
  bool lost_ = false;
};

/// The operation that sends the data of a COPY … FROM STDIN.
///
/// While it waits to send it reads, so that a server with much to say does not block both sides;
/// notices are delivered meanwhile. libpq shows an error of the server's only after the end of the
/// data: what is sent until then the server drops. libpq buffers no more than a block.
class copy_in_operation : public copy_exchange {
 public:
  /// What libpq is given at once. With the five bytes ahead of it this is a multiple of what libpq
  /// sends at once: nothing is left to be sent by itself.
  static constexpr std::size_t block_size = 64 * 1024 - 5;

  /// \param connection idle in libpq's sense, non-blocking
  /// \param command    whose text is the COPY; outlives the operation
  /// \param drain      see `drain_limit`
  copy_in_operation(connection_handle const& connection, request& command,
                    clock::duration drain = drain_limit) noexcept
      : copy_exchange{connection, command, PGRES_COPY_IN, drain} {}

  /// Data to be sent next, of any size, cut anywhere; stays where it is until `resume()` is done.
  void put(std::string_view data) noexcept { data_ = data; }
  /// The data is complete: `resume()` is done when the server has answered.
  void end() noexcept { ends_ = true; }
  /// Has the server undo it, whatever has become of the data, for a reason that it repeats in its
  /// error; as `end()`.
  void give_up(char const* reason) noexcept {
    if (!ends_) {
      ends_ = true;
      data_ = {};
      reason_ = reason;
    }
  }

  /// Goes on as far as it can without blocking.
  wait_for resume() noexcept {
    if (finished()) {
      return {};
    }
    if (phase_ == phase::start || phase_ == phase::opening) {
      if (wait_for const awaited = open(); !moving() || !ends_) {
        return awaited;
      }
    }
    read_input();
    return moving() && !hand_over() ? pending() : moving() ? wait_for{} : go_on();
  }

 private:
  /// Hands data over to libpq, and the end of it; false while it must wait.
  bool hand_over() noexcept {
    PQisBusy(connection_);  // has notices delivered
    while (!data_.empty() && !input_ended_) {
      int const left = PQflush(connection_);
      if (left > 0) {
        return false;
      }
      std::size_t const size = data_.size() < block_size + 4096 ? data_.size() : block_size;
      int const put =
          left < 0 ? -1 : PQputCopyData(connection_, data_.data(), static_cast<int>(size));
      if (put == 0) {
        return false;
      }
      if (put < 0) {
        input_ended_ = true;
      } else {
        data_.remove_prefix(size);
      }
    }
    if (!ends_ && !input_ended_) {
      return true;
    }
    // at the end of the stream nothing is sent by it: it lets libpq read the server's last word
    char const* const reason =
        input_ended_ && reason_ == nullptr ? "the connection was lost" : reason_;
    int const ended = PQputCopyEnd(connection_, reason);
    if (ended == 0) {
      return false;
    }
    phase_ = phase::closing;
    return true;
  }

  wait_for pending() const noexcept { return {readiness::either, PQsocket(connection_)}; }

  std::string_view data_;
  char const* reason_ = nullptr;
  bool ends_ = false;
};

/// What receives data of the server's, a row or a message at a time.
class copy_receiver : public copy_exchange {
 protected:
  using copy_exchange::copy_exchange;
  ~copy_receiver() = default;

  /// Takes what is next, or the end; false while it must wait.
  bool take_data() noexcept {
    data_.reset();
    size_ = 0;
    for (bool has_read = false;; has_read = true) {
      char* data = nullptr;
      int const size = PQgetCopyData(connection_, &data, 1);
      data_.reset(data);
      if (size > 0) {
        size_ = static_cast<std::size_t>(size);
        return true;
      }
      if (size < 0 || input_ended_) {
        phase_ = phase::closing;
        return true;
      }
      if (has_read) {
        return false;
      }
      read_input();
    }
  }

  text_handle data_;      ///< as libpq has given it
  std::size_t size_ = 0;  ///< of that
};

/// The operation that receives the rows of a COPY … TO STDOUT.
class copy_out_operation : public copy_receiver {
 public:
  /// \param connection idle in libpq's sense, non-blocking
  /// \param command    whose text is the COPY; outlives the operation
  /// \param drain      see `drain_limit`
  copy_out_operation(connection_handle const& connection, request& command,
                     clock::duration drain = drain_limit) noexcept
      : copy_receiver{connection, command, PGRES_COPY_OUT, drain} {}

  /// What the server sent next, a row or the end of the data; until the next `resume()`.
  std::string_view row() const noexcept { return {data_.get(), size_}; }
  /// Has the rows that are still to come dropped: `resume()` is done when all is over.
  void drop_rows() noexcept {
    leaves_ = true;
    data_.reset();
    size_ = 0;
  }

  /// Goes on to the next row where that has arrived already: `resume()` for less. False where it
  /// takes that.
  bool advance() noexcept {
    if (!moving() || leaves_) {
      return false;
    }
    char* row = nullptr;
    int const size = PQgetCopyData(connection_, &row, 1);
    data_.reset(row);
    size_ = size > 0 ? static_cast<std::size_t>(size) : 0;
    if (size < 0) {
      phase_ = phase::closing;
    }
    return size > 0;
  }

  /// Goes on as far as it can without blocking: to the beginning, to each row, to the end.
  wait_for resume() noexcept {
    if (finished()) {
      return {};
    }
    if (phase_ == phase::start || phase_ == phase::opening) {
      if (wait_for const awaited = open(); !moving() || !leaves_) {
        return awaited;
      }
    }
    if (moving()) {
      if (leaves_) {
        dropping_ = true;
        phase_ = phase::closing;
      } else if (!take_data()) {
        return {readiness::readable, PQsocket(connection_)};
      } else if (moving()) {
        return {};
      }
    }
    read_input();
    return go_on();
  }

 private:
  bool leaves_ = false;
};

/// The columns of a described statement as a result without rows; empty for want of memory.
inline result_handle described_rows(result_handle const& described) noexcept {
  return result_handle{PQcopyResult(described.get(), PG_COPYRES_ATTRS)};
}

}  // namespace pqscope::libpq

#endif
