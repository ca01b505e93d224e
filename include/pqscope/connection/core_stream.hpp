#ifndef PQSCOPE_CONNECTION_CORE_STREAM_HPP
#define PQSCOPE_CONNECTION_CORE_STREAM_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/control_rules.hpp>
#include <pqscope/connection/core_guard.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// A statement whose rows are looked at as they arrive; until it ends the connection is busy.
///
/// In a transaction a savepoint rides ahead of it: leaving it before its end, which cancels it on
/// the server, rolls back to that, and the transaction goes on.
class core_stream {
 public:
  /// Sends the statement, with what was queued before it, and waits for its first rows.
  core_stream(connection_core& core, libpq::request&& statement, sql_view const& text)
      : core_{core},
        where_{text.where},
        sql_{text.str()},
        guard_{core, "pqscope_stream", text.where} {
    text_ = text;
    text_.text = sql_.c_str();
    refuse(statement);
    if (guard_.wanted()) {
      core_.queue("SAVEPOINT pqscope_stream", nullptr);
      guard_.placed(true);
    }
    try {
      // as for any statement: what was prepared may be gone, or not fit any more
      for (bool repeatable = !has_begun(core_.innermost); !start(statement, repeatable);) {
        repeatable = false;
      }
    } catch (...) {
      if (core_.last_end_ == exchange_end::unsent && guard_.wanted()) {
        core_.queue_.drop_last();
      }
      throw;
    }
  }
  core_stream(core_stream const&) = delete;
  core_stream& operator=(core_stream const&) = delete;
  /// Leaves it, if it has not ended: drops what is about to come, or else cancels it.
  ~core_stream() { leave(); }

  /// Goes on to the next rows, if there are any left. Errors as for any statement.
  void next() {
    if (!exchange_ || guard_.is_gone() || !exchange_->advance()) {
      go_on();
    }
  }
  /// The same where it takes no waiting; else false, and `wait_for_next` is to be called.
  bool next_at_hand() noexcept { return exchange_ && !guard_.is_gone() && exchange_->advance(); }
  /// Goes on after that.
  void wait_for_next() { go_on(); }
  /// The rows that have arrived last; none before the first and after the last. In binary format.
  libpq::result_view rows() const noexcept {
    return libpq::result_view{exchange_ ? exchange_->row() : none_};
  }
  /// What the statement ended with: its columns, where it had no rows.
  libpq::result_view end() const noexcept { return libpq::result_view{answer_}; }

  /// See the destructor; does nothing the second time.
  void leave() noexcept {
    if (!exchange_) {
      return;
    }
    try {
      if (!guard_.is_gone()) {
        give_up();
      }
    } catch (...) {
      core_.notices().problem_in_flight("a stream could not be left in order");
    }
    exchange_.reset();
    guard_.leave();
  }

 private:
  void refuse(libpq::request const& statement) {
    if (core_.innermost != nullptr) {
      refuse_control(statement, text_, core_.innermost);
      core_.require_transaction(where_);
    }
    if (text_.verb != control::none) {
      throw usage_error("only statements that return rows can be streamed", where_);
    }
  }

  /// Sends it; false, where that is `repeatable`, if nothing was carried out and the same can be
  /// asked for again.
  bool start(libpq::request const& statement, bool repeatable) {
    libpq::limit const bound = core_.require_time(where_);
    std::vector<libpq::request>& requests = core_.requests_;
    core_.append_queue();
    known_ = core_.request_main(statement, text_, true);
    main_ = requests.size() - 1;
    requests[main_].text = text_.text;
    requests[main_].streams = true;
    asks_ = core_.innermost != nullptr && core_.identify && !core_.mark &&
            tells_transaction_id(core_.handle_);
    if (asks_) {
      core_.request_mark();
    }
    report_.emplace(statement_report{
        core_.notices_, requests, main_, text_, statement_origin::caller, {}, &core_.queue_});
    start_ = *report_ ? libpq::clock::now() : libpq::clock::time_point{};
    report_->started();
    ++core_.round_trips_;
    exchange_.emplace(core_.handle_, requests, core_.patience.drain);
    exchange_->resume();  // libpq has taken over the parameters now
    keep_parameters(requests[main_].parameters);
    bool const waits = !exchange_->finished() && !exchange_->row();
    return finish_unless_rows(waits ? libpq::drive(*exchange_, bound) : libpq::drive_result::done,
                              repeatable);
  }

  /// Keeps text parameters, so that no error shows them; the caller's are gone by then.
  void keep_parameters(libpq::parameters& bound) {
    values_.clear();
    pointers_.clear();
    formats_.clear();
    for (int i = 0; i < bound.count; ++i) {
      bool const is_text = bound.values[i] != nullptr && bound.formats[i] == 0;
      values_.emplace_back(is_text ? bound.values[i] : "");
    }
    for (std::string const& each : values_) {
      pointers_.push_back(each.c_str());
      formats_.push_back(0);
    }
    bound = {.count = bound.count, .values = pointers_.data(), .formats = formats_.data()};
  }

  /// What was queued before it has been carried out when its first rows are there.
  void settle_queue() noexcept { core_.queue_.settle(core_.requests_); }

  /// Waits for the next rows, if there are any left.
  [[gnu::noinline]] void go_on() {
    if (!exchange_) {
      return;
    }
    if (guard_.is_gone()) {
      exchange_.reset();
      guard_.leave();
      throw connection_closed("the connection was closed while rows were streamed", where_);
    }
    finish_unless_rows(libpq::drive(*exchange_, core_.limits.now()));
  }

  /// Where the statement has ended, sees what came of it, and lets go of the connection; false as
  /// `start`.
  bool finish_unless_rows(libpq::drive_result drove, bool repeatable = false) {
    if (drove == libpq::drive_result::done && !exchange_->finished()) {
      settle_queue();
      core_.queue_.deliver(core_.requests_);
      return true;
    }
    exchange_->drop_rows();
    bool const in_scope = core_.innermost != nullptr;
    try {
      if (!core_.conclude(*exchange_, drove, *report_, start_, known_, repeatable)) {
        exchange_.reset();
        return false;
      }
      if (asks_) {
        core_.mark = read_transaction_mark(libpq::result_view{core_.requests_.back().answer});
      }
      answer_ = std::move(core_.requests_[main_].answer);
    } catch (...) {
      exchange_.reset();
      guard_.fail();
      throw;
    }
    bool const is_short = exchange_->has_dropped_rows();
    exchange_.reset();
    if (in_scope) {
      core_.first_error.reset();
    }
    guard_.leave();
    if (is_short) {  // it has completed, but not all of its rows were handed out
      throw_interrupted(drove, true, true, where_);
    }
    return true;
  }

  /// Reads to the end what comes soon, and cancels the rest.
  void give_up() {
    exchange_->drop_rows();
    libpq::drive_result drove =
        libpq::drive(*exchange_, {.deadline = libpq::clock::now() + std::chrono::milliseconds{2}});
    if (drove != libpq::drive_result::done) {
      drove = recover(core_.handle_, *exchange_, core_.patience);
    }
    bool const done = drove == libpq::drive_result::done;
    bool const intact = done && (exchange_->result() == libpq::outcome::completed ||
                                 exchange_->result() == libpq::outcome::failed);
    core_.last_end_ = intact ? exchange_end::answered : exchange_end::unknown;
    core_.queue_.settle(core_.requests_);
    core_.settle_cache(known_, main_);
    if (!intact) {
      core_.poison();
    }
    if (*report_) {
      report_->ended(libpq::clock::now() - start_);
    }
  }

  connection_core& core_;
  std::source_location where_;
  std::string sql_;
  sql_view text_;
  core_guard guard_;
  std::optional<libpq::exchange> exchange_;
  std::optional<statement_report> report_;
  libpq::clock::time_point start_{};
  cached_statement* known_ = nullptr;
  std::size_t main_ = 0;
  bool asks_ = false;
  std::vector<std::string> values_;
  std::vector<char const*> pointers_;
  std::vector<int> formats_;
  libpq::result_handle none_;
  libpq::result_handle answer_;
};

}  // namespace pqscope::detail

#endif
