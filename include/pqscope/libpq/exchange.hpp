#ifndef PQSCOPE_LIBPQ_EXCHANGE_HPP
#define PQSCOPE_LIBPQ_EXCHANGE_HPP

#include <libpq-fe.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <pqscope/libpq/features.hpp>
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

/// Whose pipeline mode an exchange uses.
enum class pipeline_use : unsigned char {
  own,     ///< its own, where it has several requests
  shared,  ///< that which the connection is in, with other exchanges before and behind it
};

/// The operation that carries out requests in one round trip.
///
/// One request goes as it is, several go in pipeline mode with one Sync at the end: after the first
/// that fails the server skips the rest. Every result is read before the exchange is done, whatever
/// the server sends: an error after a first success counts, of several errors the first with an
/// SQLSTATE is kept, FATAL ends the connection at once even if the socket stays open, an error that
/// libpq made up on a live connection means that the protocol was violated, and a COPY that nobody
/// asked for is ended, or in a pipeline, where it has done its harm, a violation too. Nothing is
/// thrown and nothing allocated beyond libpq's own.
///
/// One with a `shared` pipeline is driven by a `relay`, by `post` and `look`.
///
/// Source: libpq, "Asynchronous Command Processing" and "Pipeline Mode".
class exchange {
 public:
  /// \param connection idle in libpq's sense, non-blocking
  /// \param requests   at least one; they and what they borrow outlive the exchange
  /// \param drain      see `drain_limit`
  /// \param use        `shared`: the connection is in pipeline mode, and stays so
  exchange(connection_handle const& connection, std::span<request> requests,
           clock::duration drain = drain_limit, pipeline_use use = pipeline_use::own) noexcept
      : connection_{connection.get()},
        requests_{requests},
        drain_{drain},
        pipelined_{requests.size() > 1 || use == pipeline_use::shared},
        shares_{use == pipeline_use::shared} {}

  /// Goes on as far as it can without blocking, or to the next rows of a request that `streams`.
  wait_for resume() noexcept {
    if (phase_ == phase::finished) {
      return {};
    }
    row_.reset();
    if (phase_ == phase::queue) {
      if (!queue()) {
        return finish_unqueued();
      }
      phase_ = phase::send;
      expect_rows();
    } else if (phase_ == phase::receive && streaming_ && receive()) {
      return {};  // they have arrived with those before
    } else {
      read_input();
    }
    if (phase_ == phase::send && (PQflush(connection_) <= 0 || input_ended_)) {
      phase_ = phase::receive;
    }
    // while sending, too: a server that has said FATAL does not read the rest
    if (receive()) {
      return {};
    }
    return await();
  }

  /// Goes on to the next rows of a request that `streams` where they have arrived already:
  /// `resume()` for less. False where it takes that.
  bool advance() noexcept {
    row_.reset();
    if (!streaming_ || phase_ != phase::receive || PQisBusy(connection_) != 0) {
      return false;
    }
    row_.reset(PQgetResult(connection_));
    if (row_ && PQresultStatus(row_.get()) == PGRES_SINGLE_TUPLE && !dropping_rows_) [[likely]] {
      ++requests_[current_].streamed;
      return true;
    }
    return take_other(std::move(row_));
  }

  /// Of a shared pipeline: hands the requests, with a Sync of their own, to libpq, behind those of
  /// other exchanges. From here on what they borrow may go.
  void post() noexcept {
    refused_ = !queue();
    phase_ = phase::receive;
  }
  /// Of a shared pipeline, once those before it have finished: goes on with what libpq has read, to
  /// which nothing will be added where the `input_ended`.
  wait_for look(bool input_ended) noexcept {
    input_ended_ = input_ended_ || input_ended;
    return refused_ ? finish(broken()) : receive() ? wait_for{} : await();
  }

  /// Rows of a request that `streams`, which have arrived: one, or some; until the next `resume()`.
  /// Empty where that was done for another reason.
  result_handle const& row() const noexcept { return row_; }
  /// Whether all is done; `resume()` answers so too when there are rows to be looked at.
  bool finished() const noexcept { return phase_ == phase::finished; }
  /// Has rows that are still to come dropped.
  void drop_rows() noexcept { dropping_rows_ = true; }
  /// Whether any were.
  bool has_dropped_rows() const noexcept { return has_dropped_rows_; }

  /// How it ended; meaningful once done.
  outcome result() const noexcept { return outcome_; }
  /// Whether anything may have reached the server.
  bool was_sent() const noexcept { return may_be_sent_; }

 private:
  enum class phase : unsigned char { queue, send, receive, finished };

  bool queue() noexcept {
    may_be_sent_ = PQstatus(connection_) == CONNECTION_OK;
    if (pipelined_ && !shares_ && PQenterPipelineMode(connection_) == 0) {
      return false;
    }
    for (request const& each : requests_) {
      if (!send(each) || (each.flushes && pipelined_ && PQsendFlushRequest(connection_) == 0)) {
        return false;
      }
    }
    return !pipelined_ || sync();
  }

  bool sync() noexcept {
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
    if constexpr (has_unsent_sync) {
      if (shares_) {
        return PQsendPipelineSync(connection_) != 0;
      }
    }
#endif
    return PQpipelineSync(connection_) != 0;
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

  /// Ends where a request was not taken. libpq sends while it takes large ones: what a server that
  /// is gone has said before is still to be had.
  wait_for finish_unqueued() noexcept {
    if (PQstatus(connection_) == CONNECTION_OK) {
      return finish(outcome::violated);
    }
    input_ended_ = true;
    phase_ = phase::receive;
    if (!receive()) {
      finish(outcome::lost);
    }
    return {};
  }

  /// What is awaited when all that is there has been taken.
  wait_for await() noexcept {
    if (drain_until_ != never && clock::now() >= drain_until_) {
      return finish(outcome::violated);
    }
    return {phase_ == phase::send ? readiness::either : readiness::readable, PQsocket(connection_),
            drain_until()};
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
    }
    return false;
  }

  /// Takes what is no single row; whether there are rows to be looked at.
  [[gnu::noinline]] bool take_other(result_handle arrived) noexcept {
    arrived ? take(std::move(arrived)) : next_request();
    return static_cast<bool>(row_);
  }

  /// Has the rows of the request whose results come next arrive by and by, if it wants that. Where
  /// libpq does not do it they come all at once.
  void expect_rows() noexcept {
    streaming_ = current_ < requests_.size() && requests_[current_].streams;
    if (streaming_) {
#ifdef LIBPQ_HAS_CHUNK_MODE
      if constexpr (has_chunked_rows) {
        PQsetChunkedRowsMode(connection_, 256);
        return;
      }
#endif
      PQsetSingleRowMode(connection_);
    }
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
    if (++current_ > requests_.size() + 1) {  // one more where the Sync itself fails
      finish(broken());
      return false;
    }
    expect_rows();
    return true;
  }

  /// Files one result; true when the exchange is done.
  bool take(result_handle arrived) noexcept {
    ExecStatusType const status = PQresultStatus(arrived.get());
    if (is_row(status) && streaming_) {
      return hand_over(std::move(arrived));
    }
    if (status == PGRES_PIPELINE_SYNC) {
      bool const in_step =
          shares_ ? current_ >= requests_.size() : PQexitPipelineMode(connection_) != 0;
      finish(in_step ? settled() : outcome::violated);
      return true;
    }
    bool const is_error = status == PGRES_FATAL_ERROR || status == PGRES_NONFATAL_ERROR ||
                          status == PGRES_BAD_RESPONSE;
    if (current_ >= requests_.size() && !is_error) {
      finish(broken());
      return true;
    }
    // an error at the Sync, where an implicit transaction commits, is the last statement's
    request& each = current_ < requests_.size() ? requests_[current_] : requests_.back();
    if (is_error) {
      return take_error(each, std::move(arrived));
    }
    if (streaming_ && PQntuples(arrived.get()) > 0) {  // all at once
      each.answer.reset(PQmakeEmptyPGresult(connection_, PGRES_TUPLES_OK));
      return hand_over(std::move(arrived));
    }
    switch (status) {
      case PGRES_PIPELINE_ABORTED:
        each.aborted = true;
        return false;
      case PGRES_COPY_IN:
        each.asked_to_copy = true;
        // where something follows the server has taken that for data, and would answer twice
        if (shares_ || (pipelined_ && !stands_alone()) ||
            PQputCopyEnd(connection_, "a COPY has no place here") != 1) {
          finish(broken());
          return true;
        }
        ended_copy_ = true;
        phase_ = phase::send;
        return false;
      case PGRES_COPY_OUT:
        each.asked_to_copy = true;
        copying_out_ = !shares_;
        return shares_ && finish(broken()).done();
      case PGRES_COPY_BOTH:
        finish(outcome::violated);
        return true;
      default:
        if (status == PGRES_COMMAND_OK) {
          note_tag(each, PQcmdStatus(arrived.get()));
        }
        if (each.kind == request_kind::script) {
          each.ended_transaction = each.ended_transaction || ends_transaction(arrived);
        }
        if (!each.error && (!each.answer || each.kind == request_kind::script)) {
          each.answer = std::move(arrived);
        }
        return false;
    }
  }

  /// Has rows looked at, unless nobody wants to; whether somebody does.
  bool hand_over(result_handle arrived) noexcept {
    requests_[current_].streamed += static_cast<std::uint64_t>(PQntuples(arrived.get()));
    if (!dropping_rows_) {
      row_ = std::move(arrived);
    } else {
      has_dropped_rows_ = true;
    }
    return !dropping_rows_;
  }

  /// Whether the request that is answered now is the last one, and nothing but its preparation went
  /// before it.
  bool stands_alone() const noexcept {
    for (std::size_t i = 0; i < current_; ++i) {
      if (!requests_[i].is_own) {
        return false;
      }
    }
    return current_ + 1 == requests_.size();
  }

  /// Whether what is not answered yet takes the server no time.
  bool only_prompt_left() const noexcept {
    for (std::size_t i = current_; i < requests_.size(); ++i) {
      if (!requests_[i].is_prompt) {
        return false;
      }
    }
    return true;
  }

  /// Whether a result is a part of the rows, of which more may come.
  static bool is_row(ExecStatusType status) noexcept {
#ifdef LIBPQ_HAS_CHUNK_MODE
    if (status == PGRES_TUPLES_CHUNK) {
      return true;
    }
#endif
    return status == PGRES_SINGLE_TUPLE;
  }

  /// Takes note of what a command has changed for the connection.
  static void note_tag(request& each, char const* tag) noexcept {
    if (*tag == 'L' || *tag == 'D' || *tag == 'C' || *tag == 'A') {  // most begin with another
      std::string_view const whole = tag;
      each.altered = each.altered || whole.starts_with("ALTER ") || whole.starts_with("DROP ");
      each.created = each.created || each.altered || whole.starts_with("CREATE ");
      each.listened = each.listened || whole == "LISTEN";
      each.dropped_statements =
          each.dropped_statements || whole == "DISCARD ALL" || whole == "DEALLOCATE ALL";
    }
  }

  static bool ends_transaction(result_handle const& done) noexcept {
    std::string_view const tag = result_view{done}.command_tag();
    return tag == "COMMIT" || tag == "PREPARE TRANSACTION";  // ROLLBACK can be one to a savepoint
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
      if (size == 0 && !input_ended_) {
        return false;
      }
      if (size <= 0) {
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
    bool const answered = any_error_ || ended_copy_ ||
                          (last.answer && last.kind != request_kind::script) ||
                          (current_ > 0 && current_ < requests_.size() && only_prompt_left());
    if (drain_until_ == never && phase_ == phase::receive && answered && !copying_out_) {
      drain_until_ = clock::now() + drain_;
    }
    return drain_until_;
  }

  PGconn* connection_;
  std::span<request> requests_;
  std::size_t current_ = 0;
  clock::duration drain_;
  clock::time_point drain_until_ = never;
  phase phase_ = phase::queue;
  outcome outcome_ = outcome::lost;
  bool pipelined_;
  bool shares_;
  bool refused_ = false;  // libpq took not all of it
  bool may_be_sent_ = false;
  bool input_ended_ = false;
  bool copying_out_ = false;
  bool ended_copy_ = false;
  bool any_error_ = false;
  bool lost_ = false;
  bool streaming_ = false;  // the request whose results come now
  bool dropping_rows_ = false;
  bool has_dropped_rows_ = false;
  result_handle row_;
};

}  // namespace pqscope::libpq

#endif
