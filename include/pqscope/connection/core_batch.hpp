#ifndef PQSCOPE_CONNECTION_CORE_BATCH_HPP
#define PQSCOPE_CONNECTION_CORE_BATCH_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/connection/transaction_id.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/batch.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <algorithm>
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
class core_batch {
 public:
  core_batch(connection_core& core, sql_view const& text, libpq::record_source source) noexcept
      : core_{core}, text_{text}, source_{source} {}

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
    std::span<libpq::request> const all = core_.requests_;
    libpq::batch batch{core_.handle_,
                       {.before = all.first(main_),
                        .main = &all[main_],
                        .done = all.subspan(main_ + 1, undo_ - main_ - 1),
                        .undo = all.subspan(undo_),
                        .in_transaction = inside_},
                       source_,
                       core_.patience.drain};
    if (!batch.start()) {
      if (batch.source_failure()) {
        std::rethrow_exception(batch.source_failure());
      }
      return 0;
    }
    return carry_out(batch, bound);
  }

  /// Makes the requests that go ahead of the records and behind them.
  void prepare() {
    std::vector<libpq::request>& requests = core_.requests_;
    inside_ = core_.innermost != nullptr || core_.has_queue() ||
              libpq::state_of(core_.handle_) != libpq::transaction_state::idle;
    asks_ = core_.innermost != nullptr && core_.identify && !core_.mark &&
            !precedes_snapshot(text_.str()) && tells_transaction_id(core_.handle_);
    auto const add = [&](char const* text) { requests.push_back({.text = text, .is_own = true}); };
    core_.append_queue();
    if (inside_) {
      add("SAVEPOINT pqscope_batch");
    }
    requests.push_back({.kind = libpq::request_kind::prepare, .text = text_.text, .is_own = true});
    main_ = requests.size();
    requests.push_back({.kind = libpq::request_kind::execute_prepared, .text = text_.text});
    if (inside_) {
      add("RELEASE SAVEPOINT pqscope_batch");
    }
    if (asks_) {
      core_.request_mark();
    }
    undo_ = requests.size();
    // outside a transaction BEGIN takes in what has been done since the last Sync
    add(inside_ ? "ROLLBACK TO SAVEPOINT pqscope_batch" : "BEGIN");
    add(inside_ ? "RELEASE SAVEPOINT pqscope_batch" : "ROLLBACK");
  }

  std::uint64_t carry_out(libpq::batch& batch, libpq::limit const& bound) {
    bool const in_scope = core_.innermost != nullptr;
    std::span<libpq::request const> const sent{core_.requests_.data(), main_ + 1};
    statement_report report{core_.notices_, sent, main_, text_, statement_origin::caller};
    auto const start = report ? libpq::clock::now() : libpq::clock::time_point{};
    report.started();
    ++core_.round_trips_;
    libpq::drive_result const drove = libpq::drive(batch, bound);
    bool finished = drove == libpq::drive_result::done;
    if (!finished) {
      batch.give_up();
      finished = recover(core_.handle_, batch, core_.patience) == libpq::drive_result::done;
    }
    libpq::outcome const outcome = finished ? batch.result() : libpq::outcome::lost;
    settle(outcome);
    bool const succeeded = outcome == libpq::outcome::completed && !batch.undone();
    if (!succeeded) {
      core_.requests_[main_].answer.reset();
    }
    if (report) {
      report.rows = succeeded ? batch.rows() : 0;
      tell(report, batch.ending(), libpq::clock::now() - start);
    }
    note_rollback();
    if (succeeded) {
      return succeed(batch, in_scope);
    }
    fail(batch, outcome, drove, finished);
  }

  void settle(libpq::outcome outcome) {
    bool const intact = outcome == libpq::outcome::completed || outcome == libpq::outcome::failed;
    core_.last_end_ = intact ? exchange_end::answered : exchange_end::unknown;
    core_.queue_.settle(core_.requests_);
    core_.settle_cache(nullptr, main_);
    if (!intact) {
      core_.poison();
    }
    if (libpq::request const* const failed = first_failure(core_.requests_)) {
      core_.fitness =
          std::max(core_.fitness, judge(libpq::sqlstate_of(failed->error), core_.handle_));
      core_.forget_stale(nullptr);
    }
  }

  void tell(statement_report const& report, std::span<libpq::request const> ending,
            libpq::clock::duration took) const {
    report.ended(took);
    statement_report const rest{core_.notices_, ending, ending.size(), text_,
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

  std::uint64_t succeed(libpq::batch const& batch, bool in_scope) {
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
    return batch.rows();
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
    if (batch.failed_record() != libpq::batch::no_record) {
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
  std::size_t main_ = 0;
  std::size_t undo_ = 0;
  bool inside_ = false;
  bool asks_ = false;
};

}  // namespace pqscope::detail

#endif
