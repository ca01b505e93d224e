#ifndef PQSCOPE_CONNECTION_CORE_EXCHANGE_HPP
#define PQSCOPE_CONNECTION_CORE_EXCHANGE_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/control_rules.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/row_sink.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/connection/transaction_id.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/result.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// \file
/// How a connection carries out statements: what is queued and what is asked for in one exchange,
/// the scopes told, and what went wrong thrown.

namespace pqscope::detail {

inline libpq::result_handle connection_core::run(libpq::request&& statement, sql_view const& text,
                                                 row_sink* rows) {
  if (innermost != nullptr && innermost->sandbox) {
    return run_undoable(text.where, [&] { return run_once(std::move(statement), text, rows); });
  }
  return run_once(std::move(statement), text, rows);
}

inline libpq::result_handle connection_core::run_once(libpq::request&& statement,
                                                      sql_view const& text, row_sink* rows) {
  core_use const use{*this, text.where};
  if (innermost != nullptr) {
    refuse_control(statement, text, innermost);
    require_transaction(text.where);
  }
  if (goes_alone(statement, text) && !queue_.empty()) {
    flush_queue(text.where);
  }
  return send(std::move(statement), text, statement_origin::caller, rows);
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
template <class Run>
std::invoke_result_t<Run&> connection_core::run_undoable(std::source_location const& where,
                                                         Run&& run) {
  queue("SAVEPOINT pqscope_statement", nullptr);
  try {
    auto answer = run();
    queue("RELEASE SAVEPOINT pqscope_statement", nullptr);
    return answer;
  } catch (...) {
    if (last_end_ == exchange_end::unsent) {
      queue_.drop_last();
    } else if (status() == connection_status::in_failed_transaction) {
      queue("ROLLBACK TO SAVEPOINT pqscope_statement", nullptr);
      control("RELEASE SAVEPOINT pqscope_statement", where);
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

inline void connection_core::defer(sql_view const& text, libpq::parameters const& bound) {
  {
    core_use const use{*this, text.where};
    if (innermost == nullptr || innermost->sandbox) {
      throw usage_error("outside a transaction there is nothing to defer a statement to",
                        text.where);
    }
    libpq::request const statement{.text = text.text};
    refuse_control(statement, text, innermost);
    require_transaction(text.where);
    if (goes_alone(statement, text) || drops_prepared(text.str())) {
      throw usage_error("COPY, DEALLOCATE and DISCARD cannot be deferred", text.where);
    }
  }
  queue_.add(deferred_statement{text, bound});
}

inline void connection_core::send_deferred(std::source_location const& where) {
  if (queue_.has_deferred()) {
    core_use const use{*this, where};
    flush_queue(where);
  }
}

/// Begins the requests of an exchange with those for what is queued.
inline void connection_core::append_queue() {
  requests_.clear();
  mark_at_ = 0;
  cache_.unpin();
  if (!queue_.empty()) {
    queue_.append_to(requests_, cache_,
                     libpq::state_of(handle_) != libpq::transaction_state::failed);
  }
}

/// Whether to ask for the transaction's mark behind what has been deferred, before COMMIT.
inline bool connection_core::deferred_asks() const {
  return innermost != nullptr && identify && !mark && tells_transaction_id(handle_) &&
         queue_.any_deferred_but(precedes_snapshot);
}

/// Sends what is queued in a round trip of its own.
inline void connection_core::flush_queue(std::source_location const& where) {
  for (bool repeatable = !has_begun(innermost);; repeatable = false) {
    append_queue();
    std::size_t const count = requests_.size();
    if (deferred_asks()) {
      request_mark();
      mark_at_ = requests_.size() - 1;
    }
    if (perform(count, {.where = where}, statement_origin::scope, nullptr, repeatable)) {
      break;
    }
  }
  requests_.clear();
  queue_.clear();
}

inline libpq::result_handle connection_core::send(libpq::request&& statement, sql_view const& text,
                                                  statement_origin origin, row_sink* rows) {
  statement.streams = rows != nullptr;
  bool const in_scope = origin == statement_origin::caller && innermost != nullptr;
  bool const alone = goes_alone(statement, text);
  bool const may_ask = in_scope && identify && !mark && !alone && tells_transaction_id(handle_);
  bool asks = false;
  bool const cacheable = origin == statement_origin::caller && !alone &&
                         statement.kind == libpq::request_kind::execute;
  std::size_t main = 0;
  for (bool repeatable = !alone && !has_begun(innermost);; repeatable = false) {
    append_queue();
    if (!in_scope && deferred_asks()) {
      request_mark();
      mark_at_ = requests_.size() - 1;
      requests_.back().flushes = true;  // its answer is not to be lost with that of COMMIT
    }
    cached_statement* const known = request_main(statement, text, cacheable);
    main = requests_.size() - 1;
    if (rows != nullptr && known != nullptr && known->rows != any_number) {
      rows->expect(known->rows);
    }
    // what is prepared is of neither kind
    asks = may_ask &&
           (known != nullptr || !(precedes_snapshot(text.str()) || drops_prepared(text.str())));
    if (asks) {
      request_mark();
    }
    if (perform(main, text, origin, known, repeatable, rows)) {
      break;
    }
  }
  if (asks) {
    mark = read_transaction_mark(libpq::result_view{requests_.back().answer});
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
  return std::move(requests_[main].answer);
}

/// Adds the request for a statement; with one to prepare it before, if that is to be. Answers the
/// prepared statement it uses, null if none.
inline cached_statement* connection_core::request_main(libpq::request const& statement,
                                                       sql_view const& text, bool cacheable) {
  auto const& bound = statement.parameters;
  cached_statement* known = nullptr;
  if (cacheable && cache_.capacity() > 0) {
    known = cache_.find(text, bound);
    if (known == nullptr && libpq::state_of(handle_) != libpq::transaction_state::failed) {
      known = cache_.add(text, bound);
    }
  } else if (statement.kind == libpq::request_kind::execute) {
    known = cache_.own_control(text.str());
  }
  if (known != nullptr && cache_.needs_prepare(*known)) {
    deallocations_ = cache_.take_evicted();
    for (std::string const& each : deallocations_) {
      requests_.push_back({.text = each.c_str(), .is_own = true});
    }
    requests_.push_back({.kind = libpq::request_kind::prepare,
                         .text = text.text,
                         .name = known->name.c_str(),
                         .parameters = {.count = bound.count, .types = bound.types},
                         .is_own = true});
  }
  libpq::request& made = requests_.emplace_back();
  made.kind = statement.kind;
  made.text = statement.text;
  made.name = statement.name;
  made.parameters = bound;
  made.format = statement.format;
  made.streams = statement.streams;
  made.is_prompt = statement.is_prompt;
  if (known != nullptr) {
    made.kind = libpq::request_kind::execute_prepared;
    made.name = known->name.c_str();
    made.streams = statement.streams && known->rows > few_rows;
  }
  return known;
}

/// Adds the question for the transaction's mark, which is prepared where other statements are.
inline void connection_core::request_mark() {
  libpq::request question = transaction_mark_question();
  question.is_own = true;
  if (cache_.capacity() > 0) {
    cached_statement const& known = cache_.own(own_statement::mark);
    question.name = known.name.c_str();
    if (!known.prepared) {
      requests_.push_back({.kind = libpq::request_kind::prepare,
                           .text = question.text,
                           .name = question.name,
                           .is_own = true,
                           .is_prompt = true});
    }
    question.kind = libpq::request_kind::execute_prepared;
  }
  requests_.push_back(std::move(question));
}

/// Takes note of what is prepared on the server now.
inline void connection_core::settle_cache(cached_statement* known, std::size_t main) noexcept {
  if (known != nullptr && !known->prepared) {
    known->prepared = static_cast<bool>(requests_[main - 1].answer);
    if (!known->prepared) {
      cache_.forget(*known);
      known = nullptr;
    }
  }
  if (known != nullptr && requests_[main].answer) {
    libpq::request const& asked = requests_[main];
    auto const rows = static_cast<std::uint64_t>(libpq::result_view{asked.answer}.rows());
    known->rows = asked.streamed + rows;
  }
  for (libpq::request const& each : requests_) {
    listens = listens || each.listened;
    if (each.dropped_statements) {
      cache_.clear();
    } else if (each.kind == libpq::request_kind::prepare && each.answer) {
      cache_.note_prepared(each.name);
    }
  }
  if (mark_at_ != 0 && !mark) {
    mark = read_transaction_mark(libpq::result_view{requests_[mark_at_].answer});
  }
}

/// Whether a statement was not carried out because what had been prepared is not there any more, or
/// does not fit any more: DEALLOCATE by hand, other columns since, a pooler. Forgets it then; all
/// of them, and for good the second time, where the server does not know them.
inline bool connection_core::forget_stale(cached_statement const* known) noexcept {
  outdated_ = false;
  libpq::request const* const failed = first_failure(requests_);
  bool const prepared = failed != nullptr &&
                        (failed->is_own || failed->kind == libpq::request_kind::execute_prepared);
  if (!prepared) {
    return false;
  }
  auto const index = static_cast<std::size_t>(failed - requests_.data());
  if (queue_.deferred_at(index) != nullptr) {
    known = queue_.known_at(index);
  }
  std::string_view const code = libpq::sqlstate_of(failed->error);
  if (code == "26000" || code == "42P05") {
    cache_.clear();
    if (++stale_ > 1) {
      cache_.close();
    }
    return true;
  }
  if (is_outdated(*failed) && known != nullptr && known->prepared) {
    cache_.forget(*known);  // with the name that the request has
    outdated_ = true;
    return failed->streamed == 0;
  }
  return false;
}

/// Sends the requests and reads their answers; throws unless all of them were carried out. The
/// connection is ready for the next exchange afterwards, or broken. False, where that is
/// `repeatable`, if nothing was carried out and the same can be asked for again.
inline bool connection_core::perform(std::size_t main, sql_view const& text,
                                     statement_origin origin, cached_statement* known,
                                     bool repeatable, row_sink* rows) {
  libpq::limit const bound = require_time(text.where);
  statement_report const report{notices_, requests_, main, text, origin, {}, &queue_};
  auto const start = report ? libpq::clock::now() : libpq::clock::time_point{};
  report.started();
  ++round_trips_;
  libpq::exchange exchange{handle_, requests_, patience.drain};
  libpq::drive_result const drove = drive_rows(exchange, bound, rows);
  return conclude(exchange, drove, report, start, known, repeatable, rows);
}

/// The limit of an exchange that begins now. \throws deadline_exceeded, operation_cancelled if it
/// has been reached
inline libpq::limit connection_core::require_time(std::source_location const& where) {
  libpq::limit const bound = limits.now();
  last_end_ = exchange_end::unsent;
  if (bound.stop.stop_requested()) {
    throw_interrupted(libpq::drive_result::stopped, false, true, where);
  }
  if (bound.expired()) {
    throw_interrupted(libpq::drive_result::deadline, false, true, where);
  }
  return bound;
}

/// What comes of an exchange that was driven until it was done, or its limit reached; see
/// `perform`.
inline bool connection_core::conclude(libpq::exchange& exchange, libpq::drive_result drove,
                                      statement_report const& report,
                                      libpq::clock::time_point start, cached_statement* known,
                                      bool repeatable, row_sink* rows) {
  std::size_t const main = report.main;
  sql_view const& text = report.text;
  statement_origin const origin = report.origin;
  rest_of_rows rest{exchange, rows};
  bool const finished = drove == libpq::drive_result::done ||
                        recover(handle_, rest, patience) == libpq::drive_result::done;
  libpq::outcome const outcome = finished ? exchange.result() : libpq::outcome::lost;
  bool const intact = outcome == libpq::outcome::completed || outcome == libpq::outcome::failed;
  last_end_ = intact                ? exchange_end::answered
              : exchange.was_sent() ? exchange_end::unknown
                                    : exchange_end::unsent;
  queue_.settle(requests_);
  note_rollback();
  bool const was_prepared = known != nullptr && known->prepared;
  settle_cache(known, main);
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
    judge_failure();
    if (intact && forget_stale(was_prepared ? known : nullptr) && repeatable &&
        libpq::state_of(handle_) == libpq::transaction_state::idle) {
      return false;
    }
    if (intact && origin == statement_origin::caller && has_begun(innermost) &&
        transaction_ended(main)) {
      leave_scopes();  // a script that went on after it
    }
    fail(outcome, drove, main, text);
  }
  queue_.deliver(requests_);
  return true;
}

/// Throws what an exchange came to that did not complete; `which` goes ahead of a server's message.
inline void connection_core::fail(libpq::outcome outcome, libpq::drive_result drove,
                                  std::size_t main, sql_view const& text,
                                  std::string const& which) {
  if (outcome == libpq::outcome::lost) {
    throw_last_word(requests_, text.where);
    if (notices_.last_words) {  // libpq had no statement to answer with them
      throw_server_error(*notices_.last_words, std::string{text.str()}, text.where, false);
    }
    throw_lost(requests_, libpq::error_text(handle_), text.where);
  }
  if (outcome == libpq::outcome::violated) {
    throw_violated(requests_, libpq::error_text(handle_), text.where);
  }
  libpq::request const* const failed = first_failure(requests_);
  diagnostics fields = describe_failure(*failed);
  if ((fields.sqlstate == "26000" || fields.sqlstate == "42P05") &&
      cache_.capacity() + stale_ > 0) {
    fields.hint +=
        "prepared statements do not survive behind a pooler that gives each transaction another "
        "server connection: set statement_cache = 0 there";
  }
  if (outdated_ && failed->kind == libpq::request_kind::execute_prepared) {
    fields.hint += fields.hint.empty() ? "" : "; ";
    fields.hint +=
        "if what the statement reads was changed since it was prepared, run the transaction again: "
        "it is prepared anew then";
  }
  fields.message.insert(0, which);
  auto const index = static_cast<std::size_t>(failed - requests_.data());
  std::string sql = index == main ? std::string{text.str()} : std::string{failed->text};
  deferred_statement const* const deferred = queue_.deferred_at(index);
  std::source_location const& caller = deferred != nullptr ? deferred->text().where : text.where;
  if (innermost != nullptr && !first_error) {
    first_error.emplace(fields, sql, caller, true);
  }
  if (failed->asked_to_copy) {
    throw usage_error("COPY moves data: use copy_in or copy_out for it", text.where);
  }
  if (deferred != nullptr && deferred->sink() != nullptr) {
    deferred->sink()->explain(fields.sqlstate, caller);
  }
  if (drove != libpq::drive_result::done && fields.sqlstate == "57014") {
    throw_interrupted(drove, true, true, text.where);
  }
  throw_server_error(std::move(fields), std::move(sql), caller, true);
}

/// Whether the statement ended the transaction of the scopes, as the server says.
inline bool connection_core::transaction_ended(std::size_t main) const noexcept {
  libpq::request const& statement = requests_[main];
  return libpq::state_of(handle_) == libpq::transaction_state::idle ||
         statement.ended_transaction ||
         libpq::result_view{statement.answer}.command_tag() == "COMMIT";
}

/// Takes note of a ROLLBACK TO among what was carried out: cursors and the like, opened since that
/// savepoint, are gone; so they are after CLOSE ALL. Statements that were prepared refer to types
/// by their OIDs, which DROP and a rollback of CREATE take away.
inline void connection_core::note_rollback() noexcept {
  bool undoes = first_failure(requests_) != nullptr;
  bool alters = false;
  for (libpq::request const& each : requests_) {
    alters = alters || each.altered;
    has_created_ = has_created_ || each.created;
    libpq::result_view const answer{each.answer};
    if (!each.answer || answer.has_rows()) {
      continue;
    }
    std::string_view const tag = answer.command_tag();
    undone += tag == "ROLLBACK" || tag == "CLOSE CURSOR ALL" ? 1U : 0U;
    endings += tag == "COMMIT" ? 1U : 0U;  // AND CHAIN leaves another one open
    undoes = undoes || tag == "ROLLBACK";
  }
  if (alters || (has_created_ && undoes)) {
    cache_.outdate();
  }
  has_created_ = has_created_ && libpq::state_of(handle_) != libpq::transaction_state::idle;
}

/// Takes note of what an error, if there is one, says of the connection.
inline void connection_core::judge_failure() noexcept {
  if (libpq::request const* const failed = first_failure(requests_)) {
    pqscope::detail::fitness const judged =
        judge(libpq::sqlstate_of(failed->error), handle_, innermost != nullptr && asked_read_only);
    fitness = judged > fitness ? judged : fitness;
  }
}

/// The transaction is over: no scope belongs to the connection any more.
inline void connection_core::leave_scopes() noexcept {
  mark_gone(innermost);
  innermost = nullptr;
}

}  // namespace pqscope::detail

#endif
