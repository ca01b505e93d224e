#ifndef PQSCOPE_CONNECTION_CONNECT_HPP
#define PQSCOPE_CONNECTION_CONNECT_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/connection_options.hpp>
#include <pqscope/libpq/adopt.hpp>
#include <pqscope/libpq/connect.hpp>
#include <pqscope/libpq/poll.hpp>

#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope::detail {

[[noreturn]] inline void throw_unconnected(libpq::drive_result drove, config const& to,
                                           std::string_view reason, std::string_view sqlstate,
                                           std::source_location const& where) {
  std::string message = "cannot connect to " + to.redacted();
  if (drove == libpq::drive_result::deadline) {
    message += ": the deadline has passed";
  } else if (drove == libpq::drive_result::stopped) {
    message += ": it was cancelled";
  }
  if (!reason.empty()) {
    message += ": ";
    message += reason;
  }
  switch (drove) {
    case libpq::drive_result::deadline:
      throw deadline_exceeded(message, false, where);
    case libpq::drive_result::stopped:
      throw operation_cancelled(message, false, where);
    case libpq::drive_result::done:
      break;
  }
  throw connection_error(message, where, sqlstate);
}

/// Refuses to connect where the limit has been reached before anything was sent.
inline void require_time(libpq::limit const& bound, config const& to,
                         std::source_location const& where) {
  if (bound.stop.stop_requested()) {
    throw_unconnected(libpq::drive_result::stopped, to, "nothing was sent", {}, where);
  }
  if (bound.expired()) {
    throw_unconnected(libpq::drive_result::deadline, to, "nothing was sent", {}, where);
  }
}

/// One attempt to connect, which can be left and gone on with, on another thread too. Tells the
/// observer of its beginning and of its end; one that is given up has failed.
class connect_attempt {
 public:
  /// Begins, but sends nothing; asks a callable password.
  /// \param to      lives as long as the attempt, as does the observer
  connect_attempt(config const& to, observer* watcher, std::source_location const& where)
      : to_{to},
        board_{watcher},
        target_{watcher != nullptr ? to.redacted() : std::string{}},
        operation_{begin(where)} {}
  connect_attempt(connect_attempt const&) = delete;
  connect_attempt& operator=(connect_attempt const&) = delete;
  ~connect_attempt() {
    if (!told_) {
      ended("the attempt was given up");
    }
  }

  /// Goes on until there is an outcome, or the limit is reached.
  libpq::drive_result drive(libpq::limit const& bound) {
    if (finished_) {
      return libpq::drive_result::done;
    }
    libpq::drive_result const drove = libpq::drive(operation_, bound);
    finished_ = drove == libpq::drive_result::done;
    return drove;
  }

  /// The connection, or what is wrong; `drove` is the last answer of `drive`.
  std::unique_ptr<connection_core> finish(libpq::drive_result drove,
                                          connection_options const& options,
                                          std::source_location const& where) {
    try {
      if (drove != libpq::drive_result::done || !operation_.succeeded()) {
        throw_unconnected(drove, to_, operation_.error(), operation_.sqlstate(), where);
      }
      auto core = std::make_unique<connection_core>(operation_.take(), options);
      libpq::receive_notices(core->handle(), notice_board::receive, &core->notices());
      core->made_at = where;
      core->target = std::make_shared<config const>(to_);
      core->gate();  // here, for other threads ask for it while the connection is used
      ended({});
      return core;
    } catch (std::exception const& failure) {
      ended(failure.what());
      throw;
    }
  }

  /// When it began.
  libpq::clock::time_point began() const noexcept { return began_; }
  /// Where it leads.
  config const& target() const noexcept { return to_; }

 private:
  libpq::connect_operation begin(std::source_location const& where) {
    board_.tell([&](observer& each) { each.connect_started({.target = target_}); });
    try {
      return libpq::connect_operation{to_.connect_parameters(where), notice_board::relay,
                                      board_.watcher};
    } catch (std::exception const& failure) {
      ended(failure.what());
      throw;
    } catch (...) {  // a callable password may throw anything
      ended("an exception of an unknown type");
      throw;
    }
  }

  void ended(std::string_view error) noexcept {
    told_ = true;
    board_.tell([&](observer& each) {
      each.connect_ended(
          {.target = target_, .duration = libpq::clock::now() - began_, .error = error});
    });
  }

  config const& to_;
  notice_board board_;
  std::string target_;
  libpq::clock::time_point began_ = libpq::clock::now();
  bool finished_ = false;
  bool told_ = false;
  libpq::connect_operation operation_;  // begun when all the others are there
};

/// Opens a connection within the options' limits, and tells the observer.
inline std::unique_ptr<connection_core> open_core(config const& to,
                                                  connection_options const& options,
                                                  std::source_location const& where) {
  operation_limits const limits{.each = saturated(options.deadline), .stop = options.stop};
  libpq::limit const bound = limits.now();
  require_time(bound, to, where);
  connect_attempt attempt{to, options.observer, where};
  require_time(bound, to, where);  // a callable password may have taken its time
  return attempt.finish(attempt.drive(bound), options, where);
}

/// Takes over a connection that is already open.
inline std::unique_ptr<connection_core> adopt_core(libpq::connection_handle handle,
                                                   connection_options const& options,
                                                   std::source_location const& where) {
  if (!libpq::is_alive(handle)) {
    static_cast<void>(handle.release());  // it is still the caller's
    throw usage_error("only an open connection can be adopted", where);
  }
  libpq::set_blocking(handle, false);
  auto core = std::make_unique<connection_core>(std::move(handle), options);
  libpq::receive_notices(core->handle(), notice_board::receive, &core->notices());
  core->made_at = where;
  core->gate();
  return core;
}

/// Hands an open connection to somebody who works with libpq itself.
inline PGconn* release_core(connection_core& core, std::source_location const& where) {
  if (!core.handle()) {
    throw connection_closed("the connection is closed", where);
  }
  if (core.inherited()) {
    throw usage_error("the connection was opened before fork(2): it belongs to the parent process",
                      where);
  }
  if (core.innermost != nullptr) {
    throw usage_error("a transaction is alive on the connection: end it before the release", where);
  }
  libpq::set_blocking(core.handle(), true);
  libpq::receive_notices(core.handle(), nullptr, nullptr);
  return core.handle().release();
}

}  // namespace pqscope::detail

#endif
