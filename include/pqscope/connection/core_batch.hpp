#ifndef PQSCOPE_CONNECTION_CORE_BATCH_HPP
#define PQSCOPE_CONNECTION_CORE_BATCH_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/record_chunks.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/connection/transaction_id.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/batch.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

namespace pqscope::detail {

/// One statement for many records, in one round trip and as a whole.
///
/// Outside a transaction the round trip is one; inside, a savepoint rides ahead of the records, for
/// a source that throws to be without effect. The source may not use the connection.
///
/// Where records go many at a time and some of these fail, they are carried out one by one in
/// another round trip, for that alone decides whether they do, and which: so errors are those of
/// single records. The server sees the statement that was asked for from there on.
///
/// A template so that only programs that use it compile it.
template <class = void>
class core_batch {
 public:
  core_batch(connection_core& core, sql_view const& text, libpq::record_source source,
             record_chunks* chunks = nullptr) noexcept
      : core_{core}, text_{text}, source_{source}, chunks_{chunks} {}

  /// Carries it out; answers how many rows were affected in sum. Errors as for any statement, with
  /// the record's number; what the source throws comes first.
  std::uint64_t run() {
    if (core_.innermost != nullptr && core_.innermost->sandbox) {
      return core_.run_undoable(text_.where, [&] { return run_once(); });
    }
    return run_once();
  }

 private:
  std::uint64_t run_once() {
    core_use const use{core_, text_.where};
    if (core_.innermost != nullptr) {
      core_.require_transaction(text_.where);
    }
    if (core_.queue_.has_deferred()) {
      core_.flush_queue(text_.where);  // its errors are not those of a record
    }
    libpq::limit const bound = core_.require_time(text_.where);
    prepare();
    try {
      libpq::batch batch{core_.handle_, parts(), source_, core_.patience.drain, chunks_};
      if (!batch.start()) {
        if (batch.source_failure()) {
          std::rethrow_exception(batch.source_failure());
        }
        return 0;
      }
      if (carry_out(batch, bound)) {
        return batch.rows();
      }
      rows_before_ = batch.rows();
      prepare_again(batch);
      libpq::batch rest{core_.handle_, parts(), source_, core_.patience.drain};
      rest.start();
      carry_out(rest, bound);
      return rows_before_ + rest.rows();
    } catch (...) {
      leave_failed();
      throw;
    }
  }

  libpq::batch_parts parts() noexcept {
    std::span<libpq::request> const all = core_.requests_;
    return {.before = all.first(main_),
            .main = &all[main_],
            .done = all.subspan(main_ + 1, undo_ - main_ - 1),
            .undo = all.subspan(undo_),
            .in_transaction = inside_,
            .commits = !inside_,
            .has_begun = is_again_,
            .first = first_};
  }

  /// Makes the requests that go ahead of the records and behind them.
  void prepare() {
    inside_ = core_.innermost != nullptr || core_.has_queue() ||
              libpq::state_of(core_.handle_) != libpq::transaction_state::idle;
    asks_ = core_.innermost != nullptr && core_.identify && !core_.mark &&
            !precedes_snapshot(text_.str()) && tells_transaction_id(core_.handle_);
    core_.append_queue();
    if (inside_) {
      add("SAVEPOINT pqscope_batch");
    }
    add_records();
  }

  /// The same for the records that failed together, and all behind them.
  void prepare_again(libpq::batch const& failed) {
    is_again_ = true;
    first_ = failed.failed_record();
    chunks_->rewind();
    core_.queue_.clear();
    core_.requests_.clear();
    add("ROLLBACK TO SAVEPOINT pqscope_chunk");
    add_records();
  }

  void add(char const* text) { core_.requests_.push_back({.text = text, .is_own = true}); }

  void add_records() {
    std::vector<libpq::request>& requests = core_.requests_;
    requests.push_back({.kind = libpq::request_kind::prepare, .text = text_.text, .is_own = true});
    main_ = requests.size();
    requests.push_back({.kind = libpq::request_kind::execute_prepared, .text = text_.text});
    add(inside_ ? "RELEASE SAVEPOINT pqscope_batch" : "COMMIT");
    if (asks_) {
      core_.request_mark();
    }
    undo_ = requests.size();
    // outside a transaction BEGIN takes in what has been done since the last Sync
    add(inside_ ? "ROLLBACK TO SAVEPOINT pqscope_batch" : "BEGIN");
    add(inside_ ? "RELEASE SAVEPOINT pqscope_batch" : "ROLLBACK");
  }

  /// Returns where it succeeded; false where records that were sent together have failed.
  bool carry_out(libpq::batch& batch, libpq::limit const& bound) {
    bool const in_scope = core_.innermost != nullptr;
    std::span<libpq::request const> const sent{core_.requests_.data(), main_ + 1};
    statement_report report{core_.notices_, sent, main_, text_, statement_origin::caller};
    if (!is_again_) {
      start_ = report ? libpq::clock::now() : libpq::clock::time_point{};
      report.started();
    } else {
      core_.notices_.tell([](observer& each) { each.round_trip(); });
    }
    ++core_.round_trips_;
    libpq::drive_result const drove = libpq::drive(batch, bound);
    bool finished = drove == libpq::drive_result::done;
    if (!finished) {
      batch.give_up();
      finished = recover(core_.handle_, batch, core_.patience) == libpq::drive_result::done;
    }
    libpq::outcome const outcome = finished ? batch.result() : libpq::outcome::lost;
    bool const again = outcome == libpq::outcome::failed && batch.chunk_failed() &&
                       drove == libpq::drive_result::done && !batch.source_failure();
    if (again) {
      core_.requests_[main_].error.reset();
    }
    settle(outcome);
    bool const succeeded = outcome == libpq::outcome::completed && !batch.undone();
    if (!succeeded) {
      core_.requests_[main_].answer.reset();
    }
    if (report) {
      report.rows = succeeded ? rows_before_ + batch.rows() : 0;
      tell(report, batch, again);
    }
    note_rollback();
    if (again) {
      return false;
    }
    if (!succeeded) {
      fail(batch, outcome, drove, finished);
    }
    succeed(in_scope);
    return true;
  }

  void settle(libpq::outcome outcome) {
    bool const intact = outcome == libpq::outcome::completed || outcome == libpq::outcome::failed;
    core_.last_end_ = intact ? exchange_end::answered : exchange_end::unknown;
    core_.queue_.settle(core_.requests_);
    core_.settle_cache(nullptr, main_);
    if (!intact) {
      core_.poison();
    }
    core_.judge_failure();
    core_.forget_stale(nullptr);  // does nothing where nothing failed
  }

  /// Tells that it has ended, of what was begun: the first time what went ahead, the last time the
  /// statement itself.
  void tell(statement_report report, libpq::batch const& batch, bool again) const {
    libpq::clock::duration const took = libpq::clock::now() - start_;
    if (is_again_) {
      report.requests = report.requests.subspan(main_);
      report.main = 0;
    } else if (again) {
      report.requests = report.requests.first(main_);
    }
    report.ended(took);
    statement_report const rest{core_.notices_, batch.ending(), batch.ending().size(), text_,
                                statement_origin::internal};
    rest.announce();
    rest.ended(took);
  }

  /// Takes note of what was rolled back ahead of the records: what is undone here began here.
  void note_rollback() noexcept {
    for (std::size_t i = undo_; i < core_.requests_.size(); ++i) {
      core_.requests_[i].answer.reset();
    }
    core_.note_rollback();
  }

  void succeed(bool in_scope) {
    if (asks_) {
      core_.mark = read_transaction_mark(libpq::result_view{core_.requests_[undo_ - 1].answer});
    }
    if (in_scope && libpq::state_of(core_.handle_) == libpq::transaction_state::idle) {
      core_.leave_scopes();
      throw usage_error("the statement ended the transaction behind the back of its scope",
                        text_.where);
    }
    if (in_scope) {
      core_.first_error.reset();
    }
  }

  /// Rolls back the transaction that was begun for records sent together, where it has failed.
  void leave_failed() noexcept {
    if (inside_ || libpq::state_of(core_.handle_) != libpq::transaction_state::failed) {
      return;
    }
    libpq::request undo{.text = "ROLLBACK", .is_own = true, .is_prompt = true};
    core_.notices_.tell([](observer& each) { each.round_trip(); });
    ++core_.round_trips_;
    libpq::exchange exchange{core_.handle_, {&undo, 1}, core_.patience.drain};
    auto const soon = libpq::clock::now() + core_.patience.recovery;
    if (libpq::drive(exchange, {.deadline = soon}) != libpq::drive_result::done ||
        exchange.result() != libpq::outcome::completed) {
      core_.poison();
    }
  }

  [[noreturn]] void fail(libpq::batch const& batch, libpq::outcome outcome,
                         libpq::drive_result drove, bool finished) {
    bool const failed = outcome != libpq::outcome::completed;
    if (batch.source_failure()) {
      if (failed) {
        try {  // for the transaction's end to tell
          fail_by_server(batch, outcome, drove);
        } catch (...) {
        }
      }
      std::rethrow_exception(batch.source_failure());
    }
    if (!finished || !failed) {
      throw_interrupted(drove, true, finished, text_.where);
    }
    fail_by_server(batch, outcome, drove);
  }

  [[noreturn]] void fail_by_server(libpq::batch const& batch, libpq::outcome outcome,
                                   libpq::drive_result drove) {
    std::string which;
    std::vector<char const*> values;
    std::vector<int> formats;
    if (batch.failed_record() != libpq::batch::no_record && !batch.chunk_failed()) {
      which = "record " + std::to_string(batch.failed_record()) + ", counted from 0: ";
      std::string const& texts = batch.failed_texts();
      for (std::size_t at = 0; at < texts.size(); at = texts.find('\0', at) + 1) {
        values.push_back(texts.data() + at);
      }
      formats.resize(values.size());
      core_.requests_[main_].parameters = {.count = static_cast<int>(values.size()),
                                           .values = values.data(),
                                           .formats = formats.data()};
    }
    core_.fail(outcome, drove, main_, text_, which);
  }

  connection_core& core_;
  sql_view text_;
  libpq::record_source source_;
  record_chunks* chunks_;
  libpq::clock::time_point start_{};
  std::size_t main_ = 0;
  std::size_t undo_ = 0;
  std::size_t first_ = 0;          // number of the first record to be sent
  std::uint64_t rows_before_ = 0;  // affected by records before that
  bool is_again_ = false;
  bool inside_ = false;
  bool asks_ = false;
};

}  // namespace pqscope::detail

#endif
