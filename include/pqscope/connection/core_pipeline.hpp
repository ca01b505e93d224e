#ifndef PQSCOPE_CONNECTION_CORE_PIPELINE_HPP
#define PQSCOPE_CONNECTION_CORE_PIPELINE_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/connection/statement_cache.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/connection/transaction_id.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// One statement among several of a round trip, and its answer.
struct pipelined_statement {
  sql_view text{};
  libpq::parameters parameters{};
  libpq::value_format format = libpq::value_format::text;
  libpq::result_handle answer{};  ///< once all were carried out
};

/// Several statements of the user's in one round trip, prepared as single ones are.
///
/// A template so that only programs that use it compile it.
template <class = void>
class core_pipeline {
 public:
  /// \param statements at least one; none that needs an exchange of its own
  core_pipeline(connection_core& core, std::span<pipelined_statement> statements,
                std::source_location const& where) noexcept
      : core_{core}, statements_{statements}, where_{where} {}

  /// Carries them out. Errors as for single statements, with the number of the one that failed.
  void run() {
    if (core_.innermost != nullptr && core_.innermost->sandbox) {
      core_.run_undoable(where_, [&] {
        run_once();
        return true;
      });
    } else {
      run_once();
    }
  }

 private:
  /// Where a statement is among the requests.
  struct place {
    cached_statement* known = nullptr;
    bool prepares = false;
    std::size_t first = 0;  // its Parse, if it is prepared now
    std::size_t main = 0;
  };

  /// Whether there is a transaction id to be asked for behind them, and what asks for it stays.
  bool may_ask() const {
    bool any_writes = false;
    for (pipelined_statement const& each : statements_) {
      if (drops_prepared(each.text.str())) {
        return false;
      }
      any_writes = any_writes || !precedes_snapshot(each.text.str());
    }
    return any_writes;
  }

  void run_once() {
    core_use const use{core_, where_};
    in_scope_ = core_.innermost != nullptr;
    if (in_scope_) {
      core_.require_transaction(where_);
    }
    asks_ = in_scope_ && core_.identify && !core_.mark && tells_transaction_id(core_.handle_) &&
            may_ask();
    bool const repeatable = !in_scope_ && !core_.has_queue() &&
                            libpq::state_of(core_.handle_) == libpq::transaction_state::idle;
    if (!perform(repeatable)) {
      perform(false);
    }
    succeed();
  }

  /// Finds or makes room for the prepared ones. None is behind what drops them.
  void find_places() {
    places_.assign(statements_.size(), {});
    bool const may_add = libpq::state_of(core_.handle_) != libpq::transaction_state::failed;
    for (std::size_t i = 0; core_.cache_.capacity() > 0 && i < places_.size(); ++i) {
      pipelined_statement const& each = statements_[i];
      cached_statement*& known = places_[i].known;
      known = core_.cache_.find(each.text, each.parameters);
      if (known == nullptr && may_add) {
        known = core_.cache_.add(each.text, each.parameters);
      }
      places_[i].prepares = known != nullptr && core_.cache_.needs_prepare(*known);
      if (drops_prepared(each.text.str())) {
        break;
      }
    }
  }

  void make_requests() {
    std::vector<libpq::request>& requests = core_.requests_;
    core_.append_queue();
    find_places();
    core_.deallocations_ = core_.cache_.take_evicted();
    for (std::string const& each : core_.deallocations_) {
      requests.push_back({.text = each.c_str(), .is_own = true});
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      add(statements_[i], places_[i]);
    }
    behind_ = requests.size();
    if (asks_) {
      core_.request_mark();
    }
  }

  void add(pipelined_statement const& each, place& at) {
    std::vector<libpq::request>& requests = core_.requests_;
    auto const& bound = each.parameters;
    at.first = requests.size();
    if (at.prepares) {
      requests.push_back({.kind = libpq::request_kind::prepare,
                          .text = each.text.text,
                          .name = at.known->name.c_str(),
                          .parameters = {.count = bound.count, .types = bound.types},
                          .is_own = true});
    }
    at.main = requests.size();
    requests.push_back({.kind = at.known != nullptr ? libpq::request_kind::execute_prepared
                                                    : libpq::request_kind::execute,
                        .text = each.text.text,
                        .name = at.known != nullptr ? at.known->name.c_str() : "",
                        .parameters = bound,
                        .format = each.format});
  }

  /// False if nothing was carried out and the same can be asked for again.
  bool perform(bool repeatable) {
    libpq::limit const bound = core_.require_time(where_);
    make_requests();
    auto const start =
        core_.watcher() != nullptr ? libpq::clock::now() : libpq::clock::time_point{};
    core_.notices().tell([](observer& each) { each.round_trip(); });
    for_each_report([](statement_report const& each) { each.announce(); });
    ++core_.round_trips_;
    libpq::exchange exchange{core_.handle_, core_.requests_, core_.patience.drain};
    libpq::drive_result const drove = libpq::drive(exchange, bound);
    bool const finished =
        drove == libpq::drive_result::done ||
        recover(core_.handle_, exchange, core_.patience) == libpq::drive_result::done;
    libpq::outcome const outcome = finished ? exchange.result() : libpq::outcome::lost;
    settle(outcome, exchange.was_sent());
    for_each_report([&](statement_report const& each) { each.ended(libpq::clock::now() - start); });
    if (!finished) {
      throw_interrupted(drove, true, false, where_);
    }
    if (outcome == libpq::outcome::completed) {
      return true;
    }
    if (fail_by_stale() && repeatable && outcome == libpq::outcome::failed &&
        libpq::state_of(core_.handle_) == libpq::transaction_state::idle) {
      return false;
    }
    fail(outcome, drove);
  }

  template <class Use>
  void for_each_report(Use const& use) const {
    if (core_.watcher() == nullptr) {
      return;
    }
    std::span<libpq::request const> const all = core_.requests_;
    sql_view const nothing{.where = where_};
    auto const report = [&](std::size_t from, std::size_t to, std::size_t main,
                            sql_view const& text) {
      use(statement_report{core_.notices_,
                           all.subspan(from, to - from),
                           main,
                           text,
                           statement_origin::caller,
                           {},
                           from == 0 ? &core_.queue_ : nullptr});
    };
    report(0, places_.front().first, all.size(), nothing);
    for (std::size_t i = 0; i < places_.size(); ++i) {
      place const& at = places_[i];
      report(at.first, at.main + 1, at.main - at.first, statements_[i].text);
    }
    report(behind_, all.size(), all.size(), nothing);
  }

  void settle(libpq::outcome outcome, bool was_sent) {
    bool const intact = outcome == libpq::outcome::completed || outcome == libpq::outcome::failed;
    core_.last_end_ = intact     ? exchange_end::answered
                      : was_sent ? exchange_end::unknown
                                 : exchange_end::unsent;
    core_.queue_.settle(core_.requests_);
    core_.note_rollback();
    for (place const& at : places_) {
      if (at.prepares) {
        at.known->prepared = static_cast<bool>(core_.requests_[at.first].answer);
      }
    }
    for (place const& at : places_) {
      if (at.prepares && !at.known->prepared) {
        core_.cache_.forget(*at.known);
      }
    }
    for (std::size_t i = 0; i < core_.requests_.size(); ++i) {
      libpq::request const& each = core_.requests_[i];
      core_.listens = core_.listens || each.listened;
      if (i < places_.front().first) {
        continue;
      }
      if (each.dropped_statements) {
        core_.cache_.clear();
        for (place& at : places_) {
          at.known = nullptr;
        }
      } else if (i >= behind_ && each.kind == libpq::request_kind::prepare && each.answer) {
        core_.cache_.note_prepared(each.name);
      }
    }
    if (!intact) {
      core_.poison();
    }
    core_.judge_failure();
  }

  /// Index of the statement that failed; their number where it was none of them.
  std::size_t failed_statement() const noexcept {
    libpq::request const* const failed = first_failure(core_.requests_);
    if (failed == nullptr) {
      return places_.size();
    }
    auto const index = static_cast<std::size_t>(failed - core_.requests_.data());
    std::size_t found = 0;
    while (found < places_.size() &&
           !(places_[found].first <= index && index <= places_[found].main)) {
      ++found;
    }
    return found;
  }

  bool fail_by_stale() {
    std::size_t const index = failed_statement();
    cached_statement const* known = nullptr;
    if (index < places_.size() && places_[index].known != nullptr && !prepares(index)) {
      known = places_[index].known;
    }
    return core_.forget_stale(known);
  }

  /// Whether the statement was prepared only now, perhaps by one before it.
  bool prepares(std::size_t index) const noexcept {
    return any_of(places_, [&](place const& each) {
      return each.prepares && each.known == places_[index].known;
    });
  }

  [[noreturn]] void fail(libpq::outcome outcome, libpq::drive_result drove) {
    std::size_t const index = failed_statement();
    if (index < places_.size()) {
      core_.fail(outcome, drove, places_[index].main, statements_[index].text,
                 "statement " + std::to_string(index) + " of the pipeline, counted from 0: ");
    }
    core_.fail(outcome, drove, core_.requests_.size(), {.where = where_});
  }

  void succeed() {
    core_.queue_.deliver(core_.requests_);
    if (asks_) {
      core_.mark = read_transaction_mark(libpq::result_view{core_.requests_.back().answer});
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (in_scope_ && core_.transaction_ended(places_[i].main)) {
        core_.leave_scopes();
        throw usage_error("a statement ended the transaction behind the back of its scope",
                          statements_[i].text.where);
      }
    }
    if (in_scope_) {
      core_.first_error.reset();
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      libpq::result_handle& answer = core_.requests_[places_[i].main].answer;
      statements_[i].answer = std::move(answer);
    }
  }

  connection_core& core_;
  std::span<pipelined_statement> statements_;
  std::source_location where_;
  std::vector<place> places_;
  std::size_t behind_ = 0;  // the first request behind the statements
  bool in_scope_ = false;
  bool asks_ = false;
};

}  // namespace pqscope::detail

#endif
