#ifndef PQSCOPE_CONNECTION_CORE_EXCHANGE_HPP
#define PQSCOPE_CONNECTION_CORE_EXCHANGE_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/control_rules.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/connection/transaction_id.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/result.hpp>

#include <algorithm>
#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

/// \file
/// How a connection carries out statements: what is queued and what is asked for in one exchange,
/// the scopes told, and what went wrong thrown.

namespace pqscope::detail {

inline libpq::result_handle connection_core::run(libpq::request&& statement, sql_view const& text) {
  if (innermost != nullptr && innermost->sandbox) {
    return run_undoable(std::move(statement), text);
  }
  return run_once(std::move(statement), text);
}

inline libpq::result_handle connection_core::run_once(libpq::request&& statement,
                                                      sql_view const& text) {
  core_use const use{*this, text.where};
  if (innermost != nullptr) {
    refuse_control(statement, text, innermost);
    require_transaction(text.where);
  }
  if (goes_alone(statement, text) && !queue_.empty()) {
    flush_queue(text.where);
  }
  return send(std::move(statement), text, statement_origin::caller);
}

/// Refuses a statement that would be carried out in another transaction than its scope's, or in
/// none: where that could not begin, or the native handle was used to begin or end one.
inline void connection_core::require_transaction(std::source_location const& where) const {
  bool const idle = libpq::state_of(handle_) == libpq::transaction_state::idle;
  if (has_begun(innermost) ? idle : !idle || queue_.empty()) {
    throw usage_error(
        "the transaction could not begin, or was begun or ended behind the back of its scope: it "
        "can only be left",
        where);
  }
}

/// A statement that would commit by itself, inside a sandbox: its failure is to undo it alone.
inline libpq::result_handle connection_core::run_undoable(libpq::request&& statement,
                                                          sql_view const& text) {
  queue("SAVEPOINT pqscope_statement", nullptr);
  try {
    libpq::result_handle answer = run_once(std::move(statement), text);
    queue("RELEASE SAVEPOINT pqscope_statement", nullptr);
    return answer;
  } catch (...) {
    if (last_end_ == exchange_end::unsent) {
      queue_.drop_last();
    } else if (status() == connection_status::in_failed_transaction) {
      queue("ROLLBACK TO SAVEPOINT pqscope_statement", nullptr);
      control("RELEASE SAVEPOINT pqscope_statement", text.where);
      first_error.reset();
    }
    throw;
  }
}

inline libpq::result_handle connection_core::control(char const* text,
                                                     std::source_location const& where,
                                                     statement_origin origin,
                                                     libpq::request_kind kind) {
  core_use const use{*this, where};
  sql_view const shown{.text = text, .size = std::string_view{text}.size(), .where = where};
  return send({.kind = kind, .text = text}, shown, origin);
}

/// Sends what is queued in a round trip of its own.
inline void connection_core::flush_queue(std::source_location const& where) {
  requests_.clear();
  queue_.append_to(requests_);
  std::string_view const last = queue_.last();
  perform(requests_.size() - 1, {.text = last.data(), .size = last.size(), .where = where},
          statement_origin::scope);
  requests_.clear();
  queue_.clear();
}

inline libpq::result_handle connection_core::send(libpq::request&& statement, sql_view const& text,
                                                  statement_origin origin) {
  requests_.clear();
  queue_.append_to(requests_);
  std::size_t const main = requests_.size();
  bool const in_scope = origin == statement_origin::caller && innermost != nullptr;
  bool const asks = in_scope && identify && !mark && !goes_alone(statement, text) &&
                    !precedes_snapshot(text.str()) && tells_transaction_id(handle_);
  requests_.push_back(std::move(statement));
  if (asks) {
    requests_.push_back(transaction_mark_question());
  }
  perform(main, text, origin);
  if (asks) {
    mark = read_transaction_mark(libpq::result_view{requests_[main + 1].answer});
  }
  if (in_scope && transaction_ended(main)) {
    leave_scopes();
    std::string_view const tag = libpq::result_view{requests_[main].answer}.command_tag();
    throw usage_error("the statement ended the transaction behind the back of its scope, with " +
                          std::string{tag.empty() ? "no command tag" : tag},
                      text.where);
  }
  if (in_scope) {
    first_error.reset();  // where there was one, ROLLBACK TO by hand has undone it
  }
  if (requests_[main].asked_to_copy) {
    throw usage_error("COPY moves data: use copy_in or copy_out for it", text.where);
  }
  listens = listens || libpq::result_view{requests_[main].answer}.command_tag() == "LISTEN";
  return std::move(requests_[main].answer);
}

/// Sends the requests and reads their answers; throws unless all of them were carried out. The
/// connection is ready for the next exchange afterwards, or broken.
inline void connection_core::perform(std::size_t main, sql_view const& text,
                                     statement_origin origin) {
  libpq::limit const bound = limits.now();
  last_end_ = exchange_end::unsent;
  if (bound.stop.stop_requested()) {
    throw_interrupted(libpq::drive_result::stopped, false, true, text.where);
  }
  if (bound.expired()) {
    throw_interrupted(libpq::drive_result::deadline, false, true, text.where);
  }
  statement_report const report{notices_, requests_, main, text, origin};
  auto const start = report ? libpq::clock::now() : libpq::clock::time_point{};
  report.started();
  ++round_trips_;
  libpq::exchange exchange{handle_, requests_, patience.drain};
  libpq::drive_result const drove = libpq::drive(exchange, bound);
  bool const finished = drove == libpq::drive_result::done ||
                        recover(handle_, exchange, patience) == libpq::drive_result::done;
  libpq::outcome const outcome = finished ? exchange.result() : libpq::outcome::lost;
  bool const intact = outcome == libpq::outcome::completed || outcome == libpq::outcome::failed;
  last_end_ = intact                ? exchange_end::answered
              : exchange.was_sent() ? exchange_end::unknown
                                    : exchange_end::unsent;
  queue_.settle(requests_);
  if (!intact) {
    poison();
  }
  if (report) {
    report.ended(libpq::clock::now() - start);
  }
  if (!finished) {
    throw_interrupted(drove, true, false, text.where);
  }
  if (outcome != libpq::outcome::completed) {
    if (libpq::request const* const failed = first_failure(requests_)) {
      fitness = std::max(fitness, judge(libpq::sqlstate_of(failed->error), handle_));
    }
    if (intact && origin == statement_origin::caller && has_begun(innermost) &&
        transaction_ended(main)) {
      leave_scopes();  // a script that went on after it
    }
    fail(outcome, drove, main, text);
  }
}

inline void connection_core::fail(libpq::outcome outcome, libpq::drive_result drove,
                                  std::size_t main, sql_view const& text) {
  if (outcome == libpq::outcome::lost) {
    throw_lost(requests_, libpq::error_text(handle_), text.where);
  }
  if (outcome == libpq::outcome::violated) {
    throw_violated(requests_, libpq::error_text(handle_), text.where);
  }
  libpq::request const* const failed = first_failure(requests_);
  diagnostics fields = describe_failure(*failed);
  auto const index = static_cast<std::size_t>(failed - requests_.data());
  std::string sql = index == main ? std::string{text.str()} : std::string{failed->text};
  if (innermost != nullptr && !first_error) {
    first_error.emplace(fields, sql, text.where, true);
  }
  if (failed->asked_to_copy) {
    throw usage_error("COPY moves data: use copy_in or copy_out for it", text.where);
  }
  if (drove != libpq::drive_result::done && fields.sqlstate == "57014") {
    throw_interrupted(drove, true, true, text.where);
  }
  throw_server_error(std::move(fields), std::move(sql), text.where, true);
}

/// Whether the statement ended the transaction of the scopes, as the server says.
inline bool connection_core::transaction_ended(std::size_t main) const noexcept {
  libpq::request const& statement = requests_[main];
  return libpq::state_of(handle_) == libpq::transaction_state::idle ||
         statement.ended_transaction ||
         libpq::result_view{statement.answer}.command_tag() == "COMMIT";
}

/// The transaction is over: no scope belongs to the connection any more.
inline void connection_core::leave_scopes() noexcept {
  mark_gone(innermost);
  innermost = nullptr;
}

}  // namespace pqscope::detail

#endif
