#ifndef PQSCOPE_CONNECTION_CORE_COPY_HPP
#define PQSCOPE_CONNECTION_CORE_COPY_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/core_guard.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/connection/transaction_id.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/libpq/copy.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/control.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// A COPY on a connection, which is busy until it ends. `Operation` is `copy_in_operation` or
/// `copy_out_operation` of `libpq`.
///
/// In a transaction a savepoint goes ahead of it: leaving it before its end rolls back to that, and
/// the transaction goes on. An error of the server's fails the transaction as any statement's does.
template <class Operation>
class core_copy {
 public:
  /// Takes the connection; sends nothing.
  core_copy(connection_core& core, std::source_location const& where)
      : core_{core}, where_{where}, guard_{core, "pqscope_copy", where} {
    if (core_.innermost != nullptr) {
      core_.require_transaction(where);
    }
  }
  core_copy(core_copy const&) = delete;
  core_copy& operator=(core_copy const&) = delete;
  /// Leaves it, if it has not ended.
  ~core_copy() { leave(); }

  /// Sends what has to go before it, in one round trip: what was queued, the savepoint, and
  /// `questions` of the library's own, whose answers it returns. None of these: no round trip.
  std::vector<libpq::result_handle> ask(std::vector<libpq::request> questions,
                                        std::string_view shown) {
    std::vector<libpq::request>& requests = core_.requests_;
    core_.append_queue();
    std::size_t const savepoint = requests.size();
    if (guard_.wanted()) {
      requests.push_back({.text = "SAVEPOINT pqscope_copy"});
    }
    std::size_t const first = requests.size();
    for (libpq::request& each : questions) {
      requests.push_back(std::move(each));
    }
    bool const asks_id = asks_for_id();
    if (asks_id) {
      requests.push_back(assigning_question());
    }
    std::vector<libpq::result_handle> answers;
    if (requests.empty()) {
      return answers;
    }
    perform(first, questions.size(), savepoint, shown);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      answers.push_back(std::move(requests[first + i].answer));
    }
    if (asks_id) {
      core_.mark = read_transaction_mark(libpq::result_view{requests.back().answer});
    }
    requests.clear();
    core_.queue_.clear();
    return answers;
  }

  /// Sends the command; returns when data moves.
  void begin(std::string command) {
    command_ = std::move(command);
    text_ = {.text = command_.c_str(),
             .size = command_.size(),
             .where = where_,
             .verb = control::copy,
             .is_dynamic = true};
    bound_ = core_.require_time(where_);
    core_.requests_.clear();
    core_.requests_.push_back({.text = text_.text});
    report_.emplace(
        statement_report{core_.notices_, core_.requests_, 0, text_, statement_origin::caller});
    start_ = *report_ ? libpq::clock::now() : libpq::clock::time_point{};
    report_->started();
    ++core_.round_trips_;
    operation_.emplace(core_.handle_, core_.requests_.front(), core_.patience.drain);
    drive();
  }

  /// Sends data, cut anywhere. Returns before all of it has left; `data` is not needed any more.
  void put(std::string_view data)
    requires std::same_as<Operation, libpq::copy_in_operation>
  {
    require_open();
    operation_->put(data);
    if (bound_.stop.stop_requested()) {
      conclude(libpq::drive_result::stopped);
    } else if (bound_.expired()) {
      conclude(libpq::drive_result::deadline);
    } else {
      drive();
    }
  }
  /// The data is complete. Returns the number of rows the server has taken.
  std::uint64_t end()
    requires std::same_as<Operation, libpq::copy_in_operation>
  {
    require_open();
    core_.notices_.tell([](observer& each) { each.round_trip(); });
    ++core_.round_trips_;
    operation_->end();
    drive();
    return rows_;
  }

  /// Goes on to the next row; false at the end.
  bool next()
    requires std::same_as<Operation, libpq::copy_out_operation>
  {
    if (!operation_) {
      return false;
    }
    require_open();
    if (operation_->advance()) {
      return true;
    }
    libpq::wait_for const wait = operation_->resume();
    if (!wait.done()) {
      bound_ = core_.limits.now();
      drive();
    } else if (operation_->finished()) {
      conclude(libpq::drive_result::done);
    }
    return operation_.has_value();
  }
  /// The row; holds until the next call.
  std::string_view row() const noexcept
    requires std::same_as<Operation, libpq::copy_out_operation>
  {
    return operation_->row();
  }
  /// The number of rows the server told at the end.
  std::uint64_t rows() const noexcept { return rows_; }

  /// What the server sends makes no sense: gives the connection up.
  [[noreturn]] void throw_violated() {
    core_.poison();
    leave();
    throw connection_lost("the server violated the protocol: it sent no binary COPY data", where_,
                          "08P01");
  }

  /// Ends it before its end, so that the connection is usable and its transaction unharmed; a
  /// connection that cannot be saved is given up. Does nothing where it has ended.
  void leave() noexcept {
    if (!guard_.holds()) {
      return;
    }
    try {
      if (operation_ && !guard_.is_gone()) {
        give_up();
      }
    } catch (...) {
      core_.notices_.problem_in_flight("a COPY could not be left in order");
    }
    operation_.reset();
    guard_.leave();
  }

 private:
  static constexpr bool is_in = std::same_as<Operation, libpq::copy_in_operation>;

  bool asks_for_id() const noexcept {
    return is_in && guard_.wanted() && core_.innermost != nullptr && core_.identify &&
           !core_.mark && tells_transaction_id(core_.handle_);
  }

  /// The question for the transaction's mark, which assigns an id: the COPY is about to write, and
  /// nothing can be asked behind it in the same round trip.
  static libpq::request assigning_question() noexcept {
    return {.text =
                "SELECT pg_catalog.pg_current_xact_id(), "
                "pg_catalog.clock_timestamp(), pg_catalog.pg_postmaster_start_time()",
            .format = libpq::value_format::binary,
            .is_own = true,
            .is_prompt = true};
  }

  void perform(std::size_t first, std::size_t count, std::size_t savepoint,
               std::string_view shown) {
    std::size_t const main = count > 0 ? first : core_.requests_.size() - 1;
    if (count == 0) {
      shown = core_.requests_[main].text;
    }
    sql_view const text{.text = shown.data(), .size = shown.size(), .where = where_};
    try {
      core_.perform(main, text, count > 0 ? statement_origin::internal : statement_origin::scope);
      guard_.placed(guard_.wanted());
    } catch (...) {
      guard_.placed(guard_.wanted() && savepoint < core_.requests_.size() &&
                    core_.requests_[savepoint].answer);
      guard_.fail();
      throw;
    }
  }

  void require_open() {
    if (guard_.is_gone()) {
      operation_.reset();
      throw connection_closed("the connection was closed while data was copied", where_);
    }
  }

  void drive() {
    libpq::drive_result const drove = libpq::drive(*operation_, bound_);
    if (drove != libpq::drive_result::done || operation_->finished()) {
      conclude(drove);
    }
  }

  void stop_moving(char const* reason) noexcept {
    if constexpr (is_in) {
      operation_->give_up(reason);
    } else {
      operation_->drop_rows();
    }
  }

  /// It has ended, or come to its limit: lets go of the connection, and throws unless all is well.
  void conclude(libpq::drive_result drove) {
    bool const interrupted = drove != libpq::drive_result::done;
    if (interrupted) {
      stop_moving("the operation was given up");
    }
    bool const finished = !interrupted || recover(core_.handle_, *operation_, core_.patience) ==
                                              libpq::drive_result::done;
    libpq::outcome const outcome = settle(finished);
    try {
      if (!finished) {
        throw_interrupted(drove, true, false, where_);
      }
      if (outcome != libpq::outcome::completed) {
        core_.judge_failure();
        core_.fail(outcome, drove, 0, text_);
      }
      if (interrupted && !is_in) {
        throw_interrupted(drove, true, true, where_);  // rows have been dropped
      }
    } catch (...) {
      operation_.reset();
      guard_.fail();
      throw;
    }
    rows_ = libpq::result_view{core_.requests_.front().answer}.affected_rows();
    if (core_.innermost != nullptr) {
      core_.first_error.reset();
    }
    operation_.reset();
    guard_.leave();
  }

  /// Takes note of how it ended.
  libpq::outcome settle(bool finished) noexcept {
    libpq::outcome const outcome = finished ? operation_->result() : libpq::outcome::lost;
    bool const intact = outcome == libpq::outcome::completed || outcome == libpq::outcome::failed;
    core_.last_end_ = intact                   ? exchange_end::answered
                      : operation_->was_sent() ? exchange_end::unknown
                                               : exchange_end::unsent;
    if (!intact) {
      core_.poison();
    }
    if (*report_) {
      report_->ended(libpq::clock::now() - start_);
    }
    return outcome;
  }

  void give_up() {
    using std::chrono::milliseconds;
    stop_moving("the source of the data failed");
    auto const soon = libpq::clock::now() + milliseconds{is_in ? 500 : 2};
    bool const finished =
        libpq::drive(*operation_, {.deadline = soon}) == libpq::drive_result::done ||
        recover(core_.handle_, *operation_, core_.patience) == libpq::drive_result::done;
    settle(finished);
  }

  connection_core& core_;
  std::source_location where_;
  core_guard guard_;
  std::optional<Operation> operation_;
  std::string command_;
  sql_view text_;
  std::optional<statement_report> report_;
  libpq::clock::time_point start_{};
  libpq::limit bound_;
  std::uint64_t rows_ = 0;
};

/// A COPY … FROM STDIN.
using core_copy_in = core_copy<libpq::copy_in_operation>;
/// A COPY … TO STDOUT.
using core_copy_out = core_copy<libpq::copy_out_operation>;

}  // namespace pqscope::detail

#endif
