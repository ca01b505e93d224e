#ifndef PQSCOPE_LIBPQ_BATCH_HPP
#define PQSCOPE_LIBPQ_BATCH_HPP

#include <libpq-fe.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pqscope/libpq/batch_parts.hpp>
#include <pqscope/libpq/coarse_clock.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/fifo.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// The operation that carries out one statement for many records in one round trip.
///
/// It asks its source for records and sends them as long as the socket takes them, reads and drops
/// the answers meanwhile, and sends one Sync at the end. About 64 KiB and one record are kept for
/// sending. After a server error no more records are asked for; where the source throws, or the
/// batch is given up, `undo` is sent in place of `done`. Results are judged as `exchange` does.
///
/// With a `chunk_source` records may go many at a time. Ahead of some such statements goes a
/// savepoint, `pqscope_chunk`, which is still there when one of them fails: the records since can
/// be had again. Outside a transaction a BEGIN goes ahead of the first one.
///
/// Source: libpq, "Pipeline Mode", "Interleaving Result Processing and Query Dispatch".
class batch {
 public:
  /// \param connection idle in libpq's sense, non-blocking
  /// \param parts      what is sent beside the records
  /// \param source     where records come from
  /// \param drain      see `drain_limit`
  /// \param chunks     how records go many at a time; null where they do not
  batch(connection_handle const& connection, batch_parts const& parts, record_source source,
        clock::duration drain = drain_limit, chunk_source* chunks = nullptr) noexcept
      : connection_{connection.get()},
        parts_{parts},
        source_{source},
        drain_{drain},
        chunks_{chunks},
        answered_{parts.first},
        has_begun_{parts.has_begun} {}

  /// Asks for the first record; to be called once, before the first `resume()`. False where there
  /// is none, or the source has thrown: nothing is sent then, and the batch is over.
  bool start() noexcept {
    pull();
    return opened_;
  }

  /// Queues a record; for the source.
  void add(parameters const& bound) {
    if (!opened_) {
      open(bound);
    } else if (!has_types(bound)) {
      types_.clear();
      for (int i = 0; i < bound.count; ++i) {
        types_.push_back(bound.types[i]);
      }
      post(PQsendPrepare(connection_, "", parts_.main->text, bound.count, bound.types));
      mark(kind::own);
    }
    texts_.push_back(texts_of(bound));
    post(PQsendQueryPrepared(connection_, "", bound.count, bound.values, bound.lengths,
                             bound.formats, static_cast<int>(parts_.main->format)));
    ++body_sent_;
    ++singly_;
    queued_ += 32 + size_of(bound);
  }

  /// Goes on as far as it can without blocking, but for what the source does; not for longer than
  /// one record and some milliseconds.
  wait_for resume() noexcept {
    if (phase_ == phase::finished) {
      return {};
    }
    if (PQconsumeInput(connection_) == 0) {
      input_ended_ = true;  // what arrived before the end is still to be had
    }
    bool clogged = flush();
    if (phase_ == phase::records && !clogged) {
      pull_some();
      clogged = flush();
    }
    if (phase_ == phase::ending && !clogged) {
      phase_ = phase::receive;
    }
    if (send_failed_ && PQstatus(connection_) == CONNECTION_OK) {
      finish(outcome::violated);
      return {};
    }
    if (receive()) {
      return {};
    }
    if (drain_until_ != never && clock::now() >= drain_until_) {
      finish(outcome::violated);
      return {};
    }
    return {phase_ == phase::receive ? readiness::readable : readiness::either,
            PQsocket(connection_), drain_until()};
  }

  /// Asks for no more records, and undoes what was done with those sent; has no effect once the
  /// last one was sent.
  void give_up() noexcept { given_up_ = true; }

  /// How it ended; meaningful once done.
  outcome result() const noexcept { return outcome_; }
  /// Whether anything may have reached the server.
  bool was_sent() const noexcept { return opened_; }
  /// What the source threw; null if it did not.
  std::exception_ptr const& source_failure() const noexcept { return source_failure_; }
  /// Whether the records were undone for the sake of the source, or since the batch was given up.
  bool undone() const noexcept { return undone_; }
  /// What was sent behind the records.
  std::span<request> ending() const noexcept { return after_; }
  /// Rows that the statement returned or affected, in sum; where a chunk failed, up to the
  /// savepoint.
  std::uint64_t rows() const noexcept { return rows_; }
  /// Number of the record that failed, from 0; `no_record` if none did. With a chunk that of the
  /// first one since the savepoint.
  std::size_t failed_record() const noexcept { return failed_record_; }
  /// Whether what failed is a chunk; the savepoint goes ahead of those that its source keeps.
  bool chunk_failed() const noexcept { return chunk_failed_; }
  /// Whether a BEGIN of its own has been sent, or was before it.
  bool has_begun() const noexcept { return has_begun_; }
  /// The texts of that record's parameters, each followed by a NUL byte; empty ones for those that
  /// are none.
  std::string const& failed_texts() const noexcept { return failed_texts_; }

  /// No record's number.
  static constexpr std::size_t no_record = static_cast<std::size_t>(-1);

 private:
  enum class phase : unsigned char { records, ending, receive, finished };

  enum class kind : unsigned char { own, question, savepoint, chunk, release };

  /// What is no record among the statements behind the Parse.
  struct mark_of {
    std::size_t at;
    std::size_t count;  // records of a chunk; chunks since the savepoint
    kind what;
  };

  static constexpr std::size_t portion = 65536;
  static constexpr std::size_t most_gathered = 16;  // chunks, while the answer is awaited
  static constexpr std::chrono::milliseconds turn{10};

  void open(parameters const& bound) {
    types_.assign(bound.types, bound.types + bound.count);
    parts_.before.back().parameters = {.count = bound.count, .types = types_.data()};
    opened_ = true;
    if (PQenterPipelineMode(connection_) == 0) {
      send_failed_ = true;
    }
    for (request const& each : parts_.before) {
      post(each);
    }
    parts_.before.back().parameters = {};
  }

  bool has_types(parameters const& bound) const noexcept {
    if (types_.size() != static_cast<std::size_t>(bound.count)) {
      return false;
    }
    for (std::size_t i = 0; i < types_.size(); ++i) {
      if (types_[i] != bound.types[i]) {
        return false;
      }
    }
    return true;
  }

  /// Takes note that what was sent last is no record.
  void mark(kind what, std::size_t count = 0) {
    marks_.push_back({.at = body_sent_, .count = count, .what = what});
    ++body_sent_;
  }

  void post(int sent) noexcept { send_failed_ = send_failed_ || sent == 0; }

  void post(request const& each) noexcept {
    auto const& bound = each.parameters;
    int const format = static_cast<int>(each.format);
    if (each.kind == request_kind::prepare) {
      post(PQsendPrepare(connection_, each.name, each.text, bound.count, bound.types));
    } else if (each.kind == request_kind::execute_prepared) {
      post(PQsendQueryPrepared(connection_, each.name, bound.count, bound.values, bound.lengths,
                               bound.formats, format));
    } else {
      post(PQsendQueryParams(connection_, each.text, bound.count, bound.types, bound.values,
                             bound.lengths, bound.formats, format));
    }
  }

  /// Sends what is queued; true while the socket does not take all of it.
  bool flush() noexcept {
    int const left = PQflush(connection_);
    if (left < 0 || send_failed_) {
      input_ended_ = true;
    }
    if (input_ended_) {
      phase_ = phase::receive;
      return false;
    }
    queued_ = left == 0 ? 0 : queued_;
    return left > 0;
  }

  /// Asks for the next record; false when there is none.
  bool pull() noexcept {
    try {
      if (chunks_ != nullptr && !has_asked_ && singly_ >= chunks_->records_ahead()) {
        ask();
      }
      return gathers_ ? pull_chunk() : source_.next(source_.of, *this);
    } catch (...) {
      source_failure_ = std::current_exception();
      return false;
    }
  }

  void pull_some() noexcept {
    auto const until = coarse_now() + turn;
    while (queued_ < portion) {
      if (given_up_ || any_error_ || !pull()) {
        end();
        return;
      }
      bool const looks = gathers_ && !is_allowed_;  // whether the answer is there
      if (send_failed_ || looks || coarse_now() >= until) {
        return;
      }
    }
  }

  /// Asks whether records can go many at a time, and has the answer sent at once.
  void ask() {
    post(chunks_->question());
    mark(kind::question);
    types_.clear();  // it has taken the place of the unnamed statement
    has_asked_ = true;
    gathers_ = true;
    post(PQsendFlushRequest(connection_));
    PQflush(connection_);
  }

  /// Gathers some records, or sends some that were gathered; false when there are no more.
  bool pull_chunk() {
    std::size_t const kept = is_allowed_ || was_refused_ ? 0 : most_gathered;
    if (chunks_->full() > kept || ((source_ended_ || was_refused_) && !chunks_->empty())) {
      if (is_allowed_) {
        send_chunk();
      } else {
        chunks_->spread(*this);
      }
      return true;
    }
    if (source_ended_) {
      return false;
    }
    if (was_refused_) {
      gathers_ = false;
      return source_.next(source_.of, *this);
    }
    source_ended_ = !chunks_->gather();
    return true;
  }

  void send_chunk() {
    if (chunks_since_ == 0) {
      if (parts_.commits && !has_begun_) {
        post_own("BEGIN");
        has_begun_ = true;
      }
      post_own("SAVEPOINT pqscope_chunk", kind::savepoint);
    }
    std::size_t const records = chunks_->records();
    request const whole = chunks_->seal();
    post(whole);
    mark(kind::chunk, records);
    queued_ += size_of(whole.parameters);
    ++chunks_sent_;
    // ever more, for each savepoint takes a transaction id
    std::size_t const enough = chunks_sent_ < 12 * 32 ? 4 + chunks_sent_ / 32 : 16;
    if (++chunks_since_ == enough) {
      post_own("RELEASE SAVEPOINT pqscope_chunk", kind::release, chunks_since_);
      chunks_since_ = 0;
    }
  }

  void post_own(char const* text, kind what = kind::own, std::size_t count = 0) {
    post(PQsendQueryParams(connection_, text, 0, nullptr, nullptr, nullptr, nullptr, 0));
    mark(what, count);
  }

  void end() noexcept {
    undone_ = given_up_ || source_failure_ != nullptr;
    if (!any_error_ && undone_) {
      after_ = parts_.undo.subspan(parts_.commits && has_begun_ ? 1 : 0);
    } else if (!any_error_) {
      after_ = parts_.commits && !has_begun_ ? std::span<request>{} : parts_.done;
    }
    for (request const& each : after_) {
      post(each);
    }
    post(PQpipelineSync(connection_));
    synced_ = true;
    phase_ = phase::ending;
  }

  std::size_t records_end() const noexcept { return parts_.before.size() + body_sent_; }
  std::size_t sent() const noexcept { return records_end() + after_.size(); }

  /// Takes every result that is there; true when the batch is done.
  bool receive() noexcept {
    // one more where the Sync itself fails
    while (synced_ || input_ended_ || current_ < sent()) {
      if (!input_ended_ && PQisBusy(connection_) != 0) {
        return false;
      }
      result_handle arrived{PQgetResult(connection_)};
      if (arrived ? take(std::move(arrived)) : !next_request()) {
        return true;
      }
    }
    return false;
  }

  /// Goes on behind the last result of a request; false when the batch is done.
  bool next_request() noexcept {
    if (lost_) {
      finish(outcome::lost);
      return false;
    }
    if (is_record()) {
      texts_.take_front();
      ++answered_;
    } else if (mark_of const* const what = marked()) {
      if (!any_error_) {
        go_past(*what);
      }
      marks_.take_front();
    }
    if (++current_ > sent() + 1) {
      finish(broken());
      return false;
    }
    return true;
  }

  /// Takes note of what was carried out beside single records.
  void go_past(mark_of const& what) noexcept {
    if (what.what == kind::savepoint) {
      first_since_ = answered_;
      rows_before_ = rows_;
    } else if (what.what == kind::chunk) {
      answered_ += what.count;
    } else if (what.what == kind::release) {
      chunks_->settle(what.count);
    }
  }

  bool is_body() const noexcept {
    return current_ >= parts_.before.size() && current_ < records_end();
  }
  /// What is awaited, where it is no record but behind the Parse.
  mark_of const* marked() const noexcept {
    bool const is =
        is_body() && !marks_.empty() && marks_.front().at == current_ - parts_.before.size();
    return is ? &marks_.front() : nullptr;
  }
  bool is_record() const noexcept { return is_body() && !texts_.empty() && marked() == nullptr; }

  /// The request whose answer is awaited; the main one for the records and for the Sync.
  request& awaited() noexcept {
    if (current_ < parts_.before.size()) {
      return parts_.before[current_];
    }
    return current_ < records_end() || current_ >= sent() ? *parts_.main
                                                          : after_[current_ - records_end()];
  }

  /// Files one result; true when the batch is done.
  bool take(result_handle arrived) noexcept {
    ExecStatusType const status = PQresultStatus(arrived.get());
    switch (status) {
      case PGRES_PIPELINE_SYNC:
        finish(PQexitPipelineMode(connection_) != 0 ? settled() : outcome::violated);
        return true;
      case PGRES_FATAL_ERROR:
      case PGRES_NONFATAL_ERROR:
      case PGRES_BAD_RESPONSE:
        return take_error(std::move(arrived));
      case PGRES_PIPELINE_ABORTED:
        awaited().aborted = true;
        return false;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        finish(broken());
        return true;
      default:
        break;
    }
    if (current_ >= sent()) {
      finish(broken());
      return true;
    }
    if (is_body() && !take_body(result_view{arrived})) {
      return false;
    }
    awaited().answer = std::move(arrived);
    return false;
  }

  /// Files the answer to what is behind the Parse; true where it is one of the records.
  bool take_body(result_view answer) noexcept {
    mark_of const* const what = marked();
    if (what != nullptr && what->what == kind::question) {
      hear(answer);
    }
    if (what != nullptr ? what->what != kind::chunk : !is_record()) {
      return false;
    }
    rows_ += answer.affected_rows();
    return !parts_.main->error;
  }

  /// Takes note of what the server says to the question.
  void hear(result_view answer) noexcept {
    try {
      is_allowed_ = gathers_ && chunks_->allows(answer);
    } catch (...) {  // for want of memory
    }
    was_refused_ = !is_allowed_;
  }

  bool take_error(result_handle arrived) noexcept {
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
    request& each = awaited();
    if (!each.error || (PQresultErrorField(each.error.get(), PG_DIAG_SQLSTATE) == nullptr &&
                        !field(PG_DIAG_SQLSTATE).empty())) {
      each.error = std::move(arrived);
      mark_of const* const what = marked();
      chunk_failed_ = what != nullptr && what->what == kind::chunk;
      if (is_record()) {
        failed_record_ = answered_;
        failed_texts_.swap(texts_.front());
      } else if (chunk_failed_) {
        failed_record_ = first_since_;
        rows_ = rows_before_;
      }
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

  outcome settled() const noexcept {
    if (PQtransactionStatus(connection_) == PQTRANS_UNKNOWN) {
      return broken();
    }
    return any_error_ ? outcome::failed : outcome::completed;
  }

  outcome broken() const noexcept {
    return PQstatus(connection_) == CONNECTION_OK ? outcome::violated : outcome::lost;
  }

  void finish(outcome how) noexcept {
    outcome_ = how;
    phase_ = phase::finished;
  }

  /// Once nothing is left but what takes the server no time, the end must follow soon. A Sync that
  /// commits can take any time.
  clock::time_point drain_until() noexcept {
    bool const prompt = any_error_ || (parts_.in_transaction && current_ >= records_end());
    if (drain_until_ == never && phase_ == phase::receive && prompt) {
      drain_until_ = clock::now() + drain_;
    }
    return drain_until_;
  }

  PGconn* connection_;
  batch_parts parts_;
  record_source source_;
  clock::duration drain_;
  std::span<request> after_{};
  std::exception_ptr source_failure_{};
  std::vector<unsigned> types_{};  // of the statement as it was parsed last
  chunk_source* chunks_;
  fifo<mark_of> marks_{};      // of those awaited behind the Parse
  fifo<std::string> texts_{};  // of the records awaited
  std::string failed_texts_{};
  std::size_t failed_record_ = no_record;
  std::size_t body_sent_ = 0;
  std::size_t current_ = 0;  // awaited, of all that was sent
  std::size_t answered_;     // records
  std::size_t singly_ = 0;   // sent one by one
  std::size_t chunks_sent_ = 0;
  std::size_t chunks_since_ = 0;  // the savepoint
  std::size_t first_since_ = 0;   // of the records
  std::uint64_t rows_before_ = 0;
  std::size_t queued_ = 0;
  std::uint64_t rows_ = 0;
  clock::time_point drain_until_ = never;
  phase phase_ = phase::records;
  outcome outcome_ = outcome::lost;
  bool has_begun_;
  bool has_asked_ = false;
  bool gathers_ = false;
  bool is_allowed_ = false;
  bool source_ended_ = false;
  bool was_refused_ = false;
  bool chunk_failed_ = false;
  bool opened_ = false;
  bool synced_ = false;
  bool send_failed_ = false;
  bool input_ended_ = false;
  bool given_up_ = false;
  bool undone_ = false;
  bool any_error_ = false;
  bool lost_ = false;
};

}  // namespace pqscope::libpq

#endif
