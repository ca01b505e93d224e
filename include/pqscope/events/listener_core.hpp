#ifndef PQSCOPE_EVENTS_LISTENER_CORE_HPP
#define PQSCOPE_EVENTS_LISTENER_CORE_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connect.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/connection/pause.hpp>
#include <pqscope/events/listener_options.hpp>
#include <pqscope/events/notification.hpp>
#include <pqscope/events/reconnector.hpp>
#include <pqscope/events/single_user.hpp>
#include <pqscope/libpq/notification_wait.hpp>
#include <pqscope/sql/identifier.hpp>

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

/// What a `listener` is: a connection that is replaced when it is lost, and the channels.
///
/// A template so that only programs that listen compile it.
template <class = void>
class listener_core {
 public:
  listener_core(config const& to, listener_options options, std::source_location const& where)
      : options_{std::move(options)},
        board_{options_.connection.observer},
        reconnector_{watched(to), where} {
    take_over(open_core(reconnector_.target(), options_.connection, where), {}, where);
  }
  listener_core(listener_core const&) = delete;
  listener_core& operator=(listener_core const&) = delete;
  ~listener_core() = default;

  void listen(std::string_view channel, std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    std::string const text = "LISTEN " + identifier{channel, where}.text();
    require_open(where);
    if (find(channel) != channels_.end()) {
      return;
    }
    try {
      open_->core_for(where).control(text.c_str(), where, statement_origin::caller);
      channels_.emplace_back(channel);
    } catch (error const& failure) {
      if (!options_.reconnect || failure.connection_usable()) {
        throw;
      }
      lose(where);
      channels_.emplace_back(channel);
      try {
        require_open(where);
      } catch (...) {
        channels_.pop_back();
        throw;
      }
    }
  }

  void unlisten(std::string_view channel, std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    std::string const text = "UNLISTEN " + identifier{channel, where}.text();
    require_not_closed(where);
    auto const found = find(channel);
    if (found == channels_.end()) {
      return;
    }
    if (open_) {
      try {
        open_->core_for(where).control(text.c_str(), where, statement_origin::caller);
      } catch (error const& failure) {
        if (failure.connection_usable()) {
          throw;
        }
        lose(where);
      }
    }
    channels_.erase(found);
  }

  std::vector<notification> wait(libpq::clock::time_point until, wait_options const& options,
                                 std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    require_not_closed(where);
    bool const own = options.stop.stop_possible();
    libpq::limit const bound{.deadline = until,
                             .stop = own ? options.stop : options_.connection.stop};
    std::size_t const enough = options.stop_after == 0 ? 1 : options.stop_after;
    while (arrived_.size() < enough) {
      if (!open_ && !options_.reconnect) {
        if (arrived_.empty()) {
          throw connection_lost(lost_message(), where, gap_.sqlstate);
        }
        break;
      }
      if ((!open_ && !reopen(bound, where)) || !receive(enough - arrived_.size(), bound, where)) {
        break;
      }
    }
    return std::exchange(arrived_, {});
  }

  void close(std::source_location const& where) {
    single_user::turn const mine{user_, busy, where};
    closed_ = true;
    reconnector_.forget_attempt();
    open_.reset();
  }

  bool connected() const noexcept { return open_.has_value(); }
  int backend_pid() const { return open_ ? open_->backend_pid() : 0; }
  std::vector<std::string> const& channels() const noexcept { return channels_; }

 private:
  static constexpr char const* busy = "the listener is in use";
  static constexpr char const* failed_call = "a listener's function failed";

  /// Has the system find out about a network that has gone dead: a listener itself sends nothing.
  static config watched(config const& to) {
    config target = to;
    auto const set = [&](char const* keyword, int value) {
      if (!target.get(keyword)) {
        target.with(keyword, value);
      }
    };
    if (!target.get("service")) {
      set("keepalives_idle", 30);
      set("keepalives_interval", 10);
      set("keepalives_count", 3);
    }
    return target;
  }

  std::vector<std::string>::iterator find(std::string_view channel) {
    auto each = channels_.begin();
    while (each != channels_.end() && *each != channel) {
      ++each;
    }
    return each;
  }

  std::string lost_message() const { return "the listener's connection was lost: " + gap_.reason; }

  void require_not_closed(std::source_location const& where) const {
    if (closed_) {
      throw connection_closed("the listener is closed", where);
    }
  }

  void require_open(std::source_location const& where) {
    require_not_closed(where);
    if (open_) {
      return;
    }
    if (!options_.reconnect) {
      throw connection_lost(lost_message(), where, gap_.sqlstate);
    }
    auto const& each = options_.connection.deadline;
    libpq::limit const bound{.deadline = each ? time_after(*each) : libpq::never,
                             .stop = options_.connection.stop};
    if (!reopen(bound, where)) {
      std::string const message = lost_message() + "; there is no other one yet";
      if (bound.stop.stop_requested() || !bound.expired()) {  // a fiber was interrupted
        throw operation_cancelled(message, false, where);
      }
      throw deadline_exceeded(message, false, where);
    }
  }

  void take_over(std::unique_ptr<connection_core> core, libpq::limit const& bound,
                 std::source_location const& where) {
    core->keeps_notifications = true;  // they can come right behind the answer to LISTEN
    listen_again(*core, bound, where);
    open_.emplace(connection::of(std::move(core)));
  }

  /// Waits for notifications; false where the limit has ended it.
  bool receive(std::size_t enough, libpq::limit const& bound, std::source_location const& where) {
    connection_core& core = open_->core_for(where);
    bool lost = false;
    libpq::drive_result drove{};
    {
      core_use const use{core, where};
      libpq::notification_wait<> operation{core.handle(), fresh_, enough};
      drove = libpq::drive(operation, bound);
      lost = operation.lost();
    }
    lost ? lose(where) : keep_fresh();
    return lost || drove == libpq::drive_result::done;
  }

  /// Has the next wait hand out what has come.
  void keep_fresh() {
    for (libpq::notify_handle const& each : fresh_) {
      libpq::notification_text const text = libpq::read_notification(each);
      arrived_.push_back({.channel = text.channel,
                          .payload = text.payload,
                          .pid = text.pid,
                          .after_gap = std::exchange(missing_, false)});
    }
    fresh_.clear();
  }

  /// The connection is gone.
  void lose(std::source_location const& where) {
    connection_core& core = open_->core_for(where);
    auto const& words = core.notices().last_words;
    gap_ = {.reason = words ? words->message : std::string{libpq::error_text(core.handle())},
            .sqlstate = words ? words->sqlstate : std::string{}};
    libpq::notification_wait<>{core.handle(), fresh_, 0}.resume();  // what came before the end
    keep_fresh();
    open_.reset();
    missing_ = true;
    reconnector_.lost();
    connection_lost const failure{lost_message(), where, gap_.sqlstate};
    board_.problem(failure.what());
    board_.call(options_.on_lost, failure, failed_call);
  }

  /// Goes on connecting; false where the limit comes first.
  bool reopen(libpq::limit const& bound, std::source_location const& where) {
    auto const never = [](std::string_view) { return false; };
    auto const take = [&](std::unique_ptr<connection_core> core, libpq::limit const& all) {
      take_over(std::move(core), all, where);
    };
    if (!reconnector_.go_on(options_, board_.watcher, bound, never, take, where)) {
      return false;
    }
    gap_.attempts = reconnector_.attempts();
    gap_.length = reconnector_.length();
    board_.call(options_.on_gap, std::as_const(gap_), failed_call);
    return true;
  }

  /// All channels in one round trip.
  void listen_again(connection_core& core, libpq::limit const& bound,
                    std::source_location const& where) {
    if (channels_.empty()) {
      return;
    }
    std::string text;
    for (std::string const& each : channels_) {
      text.append("LISTEN ").append(identifier{each, where}.text()).append(";");
    }
    core.limits.until = bound.deadline;
    core.limits.stop = bound.stop;
    core.control(text.c_str(), where, statement_origin::internal, libpq::request_kind::script);
    core.limits.until = libpq::never;
    core.limits.stop = options_.connection.stop;
  }

  listener_options options_;
  notice_board board_;
  reconnector reconnector_;
  std::vector<std::string> channels_;
  std::vector<libpq::notify_handle> fresh_;  // of the connection, not in `arrived_` yet
  std::vector<notification> arrived_;
  std::optional<connection> open_;
  bool closed_ = false;
  bool missing_ = false;  // something may be, ahead of the next notification
  listener_gap gap_;
  single_user user_;
};

}  // namespace pqscope::detail

#endif
