#ifndef PQSCOPE_EVENTS_RECONNECTOR_HPP
#define PQSCOPE_EVENTS_RECONNECTOR_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connect.hpp>
#include <pqscope/connection/pause.hpp>
#include <pqscope/connection/random.hpp>
#include <pqscope/connection/reconnect.hpp>
#include <pqscope/error/server_error.hpp>
#include <pqscope/libpq/limit.hpp>
#include <pqscope/libpq/pause.hpp>
#include <pqscope/libpq/poll.hpp>

#include <chrono>
#include <optional>
#include <source_location>
#include <string_view>
#include <utility>

namespace pqscope::detail {

/// Replaces a lost connection within the waits of whoever had it (decision 16): an attempt to
/// connect is kept from one wait to the next, and a pause goes ahead of each but the first.
class reconnector {
 public:
  /// \param target where to
  /// \param where  whose connections these are, for observers
  reconnector(config target, std::source_location const& where)
      : target_{std::move(target)}, where_{where} {}

  /// Where to.
  config const& target() const noexcept { return target_; }
  /// The connection is gone, now.
  void lost() noexcept {
    attempt_.reset();
    attempts_ = failures_ = 0;
    lost_at_ = next_attempt_ = libpq::clock::now();
  }
  /// Gives up an attempt that is under way.
  void forget_attempt() noexcept { attempt_.reset(); }
  /// How many there have been since `lost()`.
  unsigned attempts() const noexcept { return attempts_; }
  /// How long that is ago.
  libpq::clock::duration length() const noexcept { return libpq::clock::now() - lost_at_; }

  /// Goes on connecting, as `options` say; true once there is a connection, false where the limit
  /// comes first. `take(core, limit)` makes it fit for use; an error of the server's or the
  /// connection's in that is that of a failed attempt. A limit that ends sooner leaves it a second:
  /// a program that only ever looks would not get anywhere.
  ///
  /// Throws an error whose SQLSTATE `is_final`, or may never pass; and what is thrown beside, such
  /// as by a callable password.
  template <class Options, class Final, class Take>
  bool go_on(Options const& options, observer* watcher, libpq::limit const& bound,
             Final const& is_final, Take const& take, std::source_location const& where) {
    while (!bound.stop.stop_requested()) {
      try {
        if (!attempt_) {
          libpq::pause_operation pause{next_attempt_};
          if (libpq::drive(pause, bound) != libpq::drive_result::done) {
            return false;
          }
          ++attempts_;
          attempt_.emplace(target_, watcher, where_);
          auto const& each = options.connection.deadline;
          attempt_until_ = each ? time_after(*each) : libpq::never;
        }
        bool const is_last = attempt_until_ > bound.deadline;
        libpq::drive_result const drove = attempt_->drive(
            {.deadline = is_last ? bound.deadline : attempt_until_, .stop = bound.stop});
        if (drove == libpq::drive_result::stopped ||
            (drove == libpq::drive_result::deadline && is_last)) {
          return false;
        }
        auto core = attempt_->finish(drove, options.connection, where);
        attempt_.reset();
        auto const least = time_after(std::chrono::seconds{1});
        take(std::move(core),
             libpq::limit{.deadline = bound.deadline < least ? least : bound.deadline,
                          .stop = bound.stop});
        return true;
      } catch (connection_error const& failure) {
        try_later(options, is_final(failure.sqlstate()), failure.sqlstate());
      } catch (server_error const& failure) {
        try_later(options, is_final(failure.sqlstate()), failure.sqlstate());
      } catch (...) {
        next_pause(options);
        throw;
      }
    }
    return false;
  }

 private:
  /// In a handler: another attempt after a pause, unless the server has refused for good.
  template <class Options>
  void try_later(Options const& options, bool ends, std::string_view sqlstate) {
    next_pause(options);
    if (ends || !may_come_up(sqlstate)) {
      throw;
    }
  }
  template <class Options>
  void next_pause(Options const& options) noexcept {
    attempt_.reset();
    next_attempt_ = libpq::clock::now() + reconnect_pause(options.base_delay, options.max_delay,
                                                          ++failures_, next_random());
  }

  config const target_;
  std::source_location const where_;
  std::optional<connect_attempt> attempt_;
  libpq::clock::time_point attempt_until_ = libpq::never;
  libpq::clock::time_point next_attempt_{};
  libpq::clock::time_point lost_at_{};
  unsigned attempts_ = 0;  // since then
  unsigned failures_ = 0;
};

}  // namespace pqscope::detail

#endif
