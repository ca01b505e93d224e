#ifndef PQSCOPE_LIBPQ_EXCHANGE_HPP
#define PQSCOPE_LIBPQ_EXCHANGE_HPP

#include <libpq-fe.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// How an exchange left its connection.
enum class outcome : unsigned char {
  completed,  ///< every request was carried out; the connection is ready for the next exchange
  failed,     ///< the server refused a request; the connection is ready for the next exchange
  lost,       ///< the connection ended: closed, reset, or announced by FATAL
  violated,   ///< the server broke the protocol: what it says next cannot be trusted
};

/// How long the server may take to end an exchange after it has answered the last request.
///
/// It sends both together, unless something between it and us is broken.
inline constexpr std::chrono::seconds drain_limit{30};

/// The operation that carries out requests in one round trip.
///
/// One request goes as it is, several go in pipeline mode with one Sync at the end: after the first
/// that fails the server skips the rest. Every result is read before the exchange is done, whatever
/// the server sends: an error after a first success counts, of several errors the first with an
/// SQLSTATE is kept, FATAL ends the connection at once even if the socket stays open, an error that
/// libpq made up on a live connection means that the protocol was violated, and a COPY that nobody
/// asked for is ended. Nothing is thrown and nothing allocated beyond libpq's own.
///
/// Source: libpq, "Asynchronous Command Processing" and "Pipeline Mode".
class exchange {
 public:
  /// \param connection idle in libpq's sense, non-blocking
  /// \param requests   at least one; they and what they borrow outlive the exchange
  exchange(connection_handle const& connection, std::span<request> requests) noexcept
      : connection_{connection.get()}, requests_{requests}, pipelined_{requests.size() > 1} {}

  /// Goes on as far as it can without blocking.
  wait_for resume() noexcept {
    if (phase_ == phase::queue) {
      if (!queue()) {
        return finish(broken());
      }
      phase_ = phase::send;
    } else if (phase_ != phase::finished) {
      read_input();
      if (drain_until_ != never && clock::now() >= drain_until_) {
        return finish(outcome::violated);
      }
    }
    if (phase_ == phase::send) {
      int const left = PQflush(connection_);
      if (left > 0 && !input_ended_) {
        return {readiness::either, PQsocket(connection_)};
      }
      phase_ = phase::receive;
    }
    if (phase_ == phase::receive && receive()) {
      return {};
    }
    if (phase_ == phase::finished) {
      return {};
    }
    return {phase_ == phase::send ? readiness::either : readiness::readable, PQsocket(connection_),
            drain_until()};
  }

  /// How it ended; meaningful once done.
  outcome result() const noexcept { return outcome_; }
  /// Whether anything may have reached the server.
  bool was_sent() const noexcept { return may_be_sent_; }

 private:
  enum class phase : unsigned char { queue, send, receive, finished };

  bool queue() noexcept {
    may_be_sent_ = PQstatus(connection_) == CONNECTION_OK;
    if (pipelined_ && PQenterPipelineMode(connection_) == 0) {
      return false;
    }
    for (request const& each : requests_) {
      if (!send(each)) {
        return false;
      }
    }
    return !pipelined_ || PQpipelineSync(connection_) != 0;
  }

  bool send(request const& each) noexcept {
    auto const& bound = each.parameters;
    int const format = static_cast<int>(each.format);
    switch (each.kind) {
      case request_kind::execute:
        return PQsendQueryParams(connection_, each.text, bound.count, bound.types, bound.values,
                                 bound.lengths, bound.formats, format) != 0;
      case request_kind::script:
        return PQsendQuery(connection_, each.text) != 0;
      case request_kind::prepare:
        return PQsendPrepare(connection_, each.name, each.text, bound.count, bound.types) != 0;
      case request_kind::execute_prepared:
        return PQsendQueryPrepared(connection_, each.name, bound.count, bound.values, bound.lengths,
                                   bound.formats, format) != 0;
      case request_kind::describe:
        return PQsendDescribePrepared(connection_, each.name) != 0;
    }
    return false;
  }

  void read_input() noexcept {
    if (PQconsumeInput(connection_) == 0) {
      input_ended_ = true;  // what arrived before the end is still to be had
    }
  }

  /// Takes every result that is there; true when the exchange is done.
  bool receive() noexcept {
    while (input_ended_ || PQisBusy(connection_) == 0) {
      if (copying_out_ && !skip_copied_rows()) {
        return false;
      }
      result_handle arrived{PQgetResult(connection_)};
      if (!arrived) {
        if (!next_request()) {
          return true;
        }
      } else if (take(std::move(arrived))) {
        return true;
      }
      if (phase_ == phase::send) {
        return false;  // the end of a COPY is to be sent first
      }
    }
    return false;
  }

  /// Goes on to the next request after the last result of one; false when there is none.
  bool next_request() noexcept {
    if (lost_) {
      finish(outcome::lost);
      return false;
    }
    if (!pipelined_) {
      finish(settled());
      return false;
    }
    if (++current_ > requests_.size()) {
      finish(broken());
      return false;
    }
    return true;
  }

  /// Files one result; true when the exchange is done.
  bool take(result_handle arrived) noexcept {
    ExecStatusType const status = PQresultStatus(arrived.get());
    if (status == PGRES_PIPELINE_SYNC) {
      finish(PQexitPipelineMode(connection_) != 0 ? settled() : outcome::violated);
      return true;
    }
    if (current_ >= requests_.size()) {
      finish(broken());
      return true;
    }
    request& each = requests_[current_];
    switch (status) {
      case PGRES_PIPELINE_ABORTED:
        each.aborted = true;
        return false;
      case PGRES_COPY_IN:
        each.asked_to_copy = true;
        PQputCopyEnd(connection_, "a COPY has no place here");
        phase_ = phase::send;
        return false;
      case PGRES_COPY_OUT:
        each.asked_to_copy = true;
        copying_out_ = true;
        return false;
      case PGRES_COPY_BOTH:
        finish(outcome::violated);
        return true;
      case PGRES_BAD_RESPONSE:
      case PGRES_FATAL_ERROR:
      case PGRES_NONFATAL_ERROR:
        return take_error(each, std::move(arrived));
      default:
        if (each.kind == request_kind::script) {
          each.ended_transaction = each.ended_transaction || ends_transaction(arrived);
        }
        if (!each.error && (!each.answer || each.kind == request_kind::script)) {
          each.answer = std::move(arrived);
        }
        return false;
    }
  }

  static bool ends_transaction(result_handle const& done) noexcept {
    std::string_view const tag = result_view{done}.command_tag();
    return tag == "COMMIT" || tag == "ROLLBACK" || tag == "PREPARE TRANSACTION";
  }

  /// How an exchange that was read to its end has ended.
  outcome settled() const noexcept {
    if (PQtransactionStatus(connection_) == PQTRANS_UNKNOWN) {
      return broken();
    }
    return any_error_ ? outcome::failed : outcome::completed;
  }

  outcome broken() const noexcept {
    return PQstatus(connection_) == CONNECTION_OK ? outcome::violated : outcome::lost;
  }

  bool take_error(request& each, result_handle arrived) noexcept {
    auto const field = [&](int code) {
      char const* value = PQresultErrorField(arrived.get(), code);
      return std::string_view{value ? value : ""};
    };
    std::string_view severity = field(PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity.empty()) {
      severity = field(PG_DIAG_SEVERITY);
    }
    bool const from_server = !severity.empty();
    bool const fatal = severity == "FATAL" || severity == "PANIC";
    bool const better =
        !each.error || (PQresultErrorField(each.error.get(), PG_DIAG_SQLSTATE) == nullptr &&
                        !field(PG_DIAG_SQLSTATE).empty());
    if (better) {
      each.error = std::move(arrived);
    }
    each.answer.reset();
    any_error_ = true;
    if (fatal || (!from_server && PQstatus(connection_) == CONNECTION_OK)) {
      finish(fatal ? outcome::lost : outcome::violated);
      return true;
    }
    lost_ = lost_ || !from_server;
    return false;
  }

  /// Reads and drops rows of a COPY; false while more are awaited.
  bool skip_copied_rows() noexcept {
    for (;;) {
      char* row = nullptr;
      int const size = PQgetCopyData(connection_, &row, 1);
      text_handle const owner{row};
      if (size == 0) {
        return false;
      }
      if (size < 0) {
        copying_out_ = false;
        return true;
      }
    }
  }

  wait_for finish(outcome how) noexcept {
    outcome_ = how;
    phase_ = phase::finished;
    return {};
  }

  /// Once the last request has its answer the rest must follow soon.
  clock::time_point drain_until() noexcept {
    request const& last = requests_.back();
    bool const answered = any_error_ || (last.answer && last.kind != request_kind::script);
    if (drain_until_ == never && phase_ == phase::receive && answered && !copying_out_) {
      drain_until_ = clock::now() + drain_limit;
    }
    return drain_until_;
  }

  PGconn* connection_;
  std::span<request> requests_;
  std::size_t current_ = 0;
  clock::time_point drain_until_ = never;
  phase phase_ = phase::queue;
  outcome outcome_ = outcome::lost;
  bool pipelined_;
  bool may_be_sent_ = false;
  bool input_ended_ = false;
  bool copying_out_ = false;
  bool any_error_ = false;
  bool lost_ = false;
};

}  // namespace pqscope::libpq

#endif
