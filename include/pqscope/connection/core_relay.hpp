#ifndef PQSCOPE_CONNECTION_CORE_RELAY_HPP
#define PQSCOPE_CONNECTION_CORE_RELAY_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/failure.hpp>
#include <pqscope/connection/planned_statement.hpp>
#include <pqscope/connection/session_statement.hpp>
#include <pqscope/connection/statement_cache.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/cancel.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/relay.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// A statement that shares its connection with those of others, and its answer.
struct relayed_statement {
  sql_view text{};
  libpq::parameters parameters{};
  libpq::value_format format = libpq::value_format::text;
  libpq::result_handle answer{};  ///< once it was carried out
  std::exception_ptr failure{};   ///< why it was not
  bool goes_alone = false;  ///< nothing of it was carried out: it is to be asked for by itself
};

/// Many statements at a time on one connection, each a transaction of its own, prepared as single
/// ones are; see `libpq::relay`.
///
/// What came of one is told by `take`, in their order. A statement that cannot be carried out among
/// others, since it is none that is planned, or since what had been prepared is not there any more
/// or does not fit, `goes_alone`: by the core's `run`, once the relay is gone.
///
/// A template so that only programs that use it compile it.
template <class = void>
class core_relay {
 public:
  /// Takes the connection until it is destroyed. \throws what any statement throws whose connection
  /// is not there
  core_relay(connection_core& core, std::source_location const& where)
      : core_{core}, use_{core, where}, relay_{core.handle_} {
    if (core_.innermost != nullptr || core_.has_queue() ||
        libpq::state_of(core_.handle_) != libpq::transaction_state::idle) {
      relay_.close();
      throw usage_error("a connection in a transaction cannot be shared", where);
    }
    core_.cache_.unpin();
  }
  core_relay(core_relay const&) = delete;
  core_relay& operator=(core_relay const&) = delete;
  ~core_relay() {
    if (is_lost_ || !relay_.empty() || !relay_.close()) {
      core_.poison();
    }
  }

  /// How many statements have been posted and not been taken.
  std::size_t size() const noexcept { return relay_.size(); }
  /// Whether there are none.
  bool empty() const noexcept { return relay_.empty(); }
  /// Whether the connection is gone: nothing can be posted any more, and those under way are taken
  /// with that as their failure.
  bool is_lost() const noexcept { return is_lost_; }
  /// Whether nothing more is to be posted, since the connection's pool has been closed.
  bool is_severed() const noexcept { return core_.gate_ && core_.gate_->is_severed(); }

  /// Adds a statement, which stays until it is taken or forgotten, its text and values with it.
  /// False if it is not one for this: it has failed, or `goes_alone`.
  /// \throws std::bad_alloc for want of memory
  bool post(relayed_statement& which) {
    cached_statement* known = core_.cache_.find(which.text, which.parameters);
    if (known == nullptr) {
      if (!is_planned(which.text.str())) {
        set_apart(which);
        return false;
      }
      known = core_.cache_.add(which.text, which.parameters);
      for (std::string const& each : core_.cache_.take_evicted()) {
        post_deallocation(each);
      }
    }
    place& at = make_place();
    at.who = &which;
    at.known = known;
    at.prepares = known != nullptr && core_.cache_.needs_prepare(*known);
    auto const& bound = which.parameters;
    if (at.prepares) {
      at.requests.push_back({.kind = libpq::request_kind::prepare,
                             .text = which.text.text,
                             .name = known->name.c_str(),
                             .parameters = {.count = bound.count, .types = bound.types},
                             .is_own = true});
    }
    libpq::request& made = at.requests.emplace_back();
    made.kind =
        known != nullptr ? libpq::request_kind::execute_prepared : libpq::request_kind::execute;
    made.text = which.text.text;
    made.name = known != nullptr ? known->name.c_str() : "";
    made.parameters = bound;
    made.format = which.format;
    send(at);
    return true;
  }

  /// Sends and reads as far as that goes without blocking; then all that `take` answers is to be
  /// taken.
  void resume() noexcept {
    if (has_unsent_) {
      has_unsent_ = false;
      ++core_.round_trips_;
      core_.notices().tell([](observer& each) { each.round_trip(); });
    }
    relay_.resume();
  }
  /// A statement that has been answered, or will never be; null if there is none.
  relayed_statement* take() {
    for (;;) {
      place* at = nullptr;
      if (is_lost_) {
        at = relay_.empty() ? nullptr : take_lost();
      } else if (libpq::exchange* const finished = relay_.take(); finished != nullptr) {
        at = &take_place();
        settle(*at, finished->result());
      }
      if (at == nullptr) {
        return nullptr;
      }
      relayed_statement* const who = std::exchange(at->who, nullptr);
      spare_.push_back(std::move(taken_));
      if (who != nullptr) {
        return who;
      }
    }
  }
  /// What `resume` is to wait for, when all has been taken.
  libpq::wait_for wait() const noexcept { return relay_.wait(); }

  /// Nobody waits for it any more; it is carried out all the same. Where it is under way.
  void forget(relayed_statement const& which) noexcept {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (places_[i]->who == &which) {
        places_[i]->who = nullptr;
        places_[i]->unwanted_since = libpq::clock::now();
      }
    }
  }
  /// Since when the server has been at something that nobody waits for; `never` if it is not.
  libpq::clock::time_point unwanted_since() const noexcept {
    return places_.size() != 0 && places_[0]->who == nullptr ? places_[0]->unwanted_since
                                                             : libpq::never;
  }
  /// Cancels on the server what it is at. Where that hits another statement, that one goes alone
  /// later. False if the server did not react: the connection is given up.
  bool cancel() noexcept {
    libpq::cancel_operation cancel{libpq::prepare_cancel(core_.handle_)};
    for (std::size_t i = 0; i < places_.size(); ++i) {
      places_[i]->may_be_hit = true;
    }
    bool const reacts =
        libpq::drive(cancel, {.deadline = libpq::clock::now() + core_.patience.recovery}) ==
        libpq::drive_result::done;
    if (!reacts) {
      give_up();
    }
    return reacts;
  }
  /// How long the server is given to end what it was asked to cancel.
  std::chrono::milliseconds patience() const noexcept { return core_.patience.recovery; }
  /// Gives the connection up.
  void give_up() noexcept {
    is_lost_ = true;
    has_given_up_ = true;
  }

 private:
  /// What has been posted, at an address that does not change.
  struct place {
    relayed_statement* who = nullptr;  // null: nobody waits for it
    cached_statement* known = nullptr;
    bool prepares = false;
    std::vector<libpq::request> requests{};
    std::optional<libpq::exchange> exchange{};
    libpq::clock::time_point start{};
    libpq::clock::time_point unwanted_since = libpq::never;
    bool may_be_hit = false;  // by a cancel that was meant for another one
    std::string text{};       // for observers
    sql_view shown{};
  };

  static void set_apart(relayed_statement& which) {
    which.goes_alone = !concerns_session(which.text.str());
    if (!which.goes_alone) {
      which.failure = std::make_exception_ptr(
          usage_error("the statement concerns the session, which others share: use a lease, a "
                      "connection or a session for it",
                      which.text.where));
    }
  }

  place& make_place() {
    std::unique_ptr<place> made;
    if (spare_.empty()) {
      made = std::make_unique<place>();
      made->requests.reserve(2);
      spare_.reserve(places_.size() + 1);
    } else {
      made = std::move(spare_.back());
      spare_.pop_back();
    }
    places_.push_back(std::move(made));
    return *places_.back();
  }
  place& take_place() noexcept {
    taken_ = places_.take_front();
    return *taken_;
  }

  void post_deallocation(std::string const& text) {
    place& at = make_place();
    at.text = text;
    at.requests.push_back({.text = at.text.c_str(), .is_own = true});
    send(at);
  }

  void send(place& at) {
    at.exchange.emplace(core_.handle_, at.requests, core_.patience.drain,
                        libpq::pipeline_use::shared);
    if (core_.watcher() != nullptr && at.who != nullptr) {
      at.text = at.who->text.str();
      at.shown = at.who->text;
      at.shown.text = at.text.c_str();
      at.start = libpq::clock::now();
      report_on(at).announce();
    }
    relay_.post(*at.exchange);
    has_unsent_ = true;
  }

  statement_report report_on(place const& at) const noexcept {
    return {core_.notices_, at.requests, at.requests.size() - 1, at.shown,
            statement_origin::caller};
  }

  /// Takes what has been posted, from a connection that is gone.
  place* take_lost() noexcept {
    relay_.drop_first();
    place& at = take_place();
    settle(at, libpq::outcome::lost);
    return &at;
  }

  /// Takes note of what came of a place that was taken, and tells who waits for it.
  void settle(place& at, libpq::outcome outcome) noexcept {
    bool const intact = outcome == libpq::outcome::completed || outcome == libpq::outcome::failed;
    is_lost_ = is_lost_ || !intact;
    libpq::request& main = at.requests.back();
    if (at.start != libpq::clock::time_point{}) {
      report_on(at).ended(libpq::clock::now() - at.start);
      at.start = {};
    }
    bool const was_prepared = at.known != nullptr && !at.prepares;
    if (at.known != nullptr && !is_lost_) {
      if (at.prepares) {
        at.known->prepared = static_cast<bool>(at.requests.front().answer);
      }
      if (main.answer) {
        at.known->rows = static_cast<std::uint64_t>(libpq::result_view{main.answer}.rows());
      }
      if (--at.known->pins == 0 && !at.known->prepared) {
        core_.cache_.forget(*at.known);
      }
    }
    if (at.who == nullptr) {
    } else if (outcome == libpq::outcome::completed) {
      at.who->answer = std::move(main.answer);
    } else if (intact && is_to_be_repeated(at, was_prepared)) {
      at.who->goes_alone = true;
    } else {
      explain(at, outcome);
    }
    core_.last_end_ = intact ? exchange_end::answered : exchange_end::unknown;
    at.known = nullptr;
    at.prepares = false;
    at.requests.clear();
    at.unwanted_since = libpq::never;
    at.may_be_hit = false;
  }

  /// Whether a statement was not carried out for reasons that are not its own.
  bool is_to_be_repeated(place const& at, bool was_prepared) const noexcept {
    libpq::request const* const failed = first_failure(at.requests);
    if (failed == nullptr) {
      return false;
    }
    std::string_view const code = libpq::sqlstate_of(failed->error);
    if (code == "57014") {
      return at.may_be_hit;
    }
    return at.known != nullptr &&
           (code == "26000" || code == "42P05" || (was_prepared && is_outdated(*failed)));
  }

  void explain(place& at, libpq::outcome outcome) noexcept {
    core_.requests_.swap(at.requests);
    try {
      if (has_given_up_) {
        throw connection_lost(
            "a statement ahead of it did not react to a cancel request: the connection that they "
            "shared was given up",
            at.who->text.where);
      }
      core_.outdated_ = false;
      core_.note_rollback();
      core_.judge_failure();
      core_.fail(outcome, libpq::drive_result::done, core_.requests_.size() - 1, at.who->text);
    } catch (...) {
      at.who->failure = std::current_exception();
    }
    core_.requests_.swap(at.requests);
  }

  connection_core& core_;
  core_use use_;
  libpq::relay relay_;
  libpq::fifo<std::unique_ptr<place>> places_{};  // under way
  std::unique_ptr<place> taken_{};
  std::vector<std::unique_ptr<place>> spare_{};
  bool has_unsent_ = false;
  bool is_lost_ = false;
  bool has_given_up_ = false;
};

}  // namespace pqscope::detail

#endif
