#ifndef PQSCOPE_CONNECTION_CONNECTION_HPP
#define PQSCOPE_CONNECTION_CONNECTION_HPP

#include <pqscope/connection/canceller.hpp>
#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connect.hpp>
#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/connection_options.hpp>
#include <pqscope/connection/connection_status.hpp>
#include <pqscope/connection/statements.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <stop_token>
#include <string_view>
#include <utility>

namespace pqscope {

/// A connection to one PostgreSQL server: one session there, one socket here.
///
/// Move-only; closes itself. Outside a `transaction` every statement commits by itself; while one
/// is alive on it, statements belong to that.
///
/// Threads: one at a time may use it. A use while another thread is at it throws
/// `connection_busy`; only `canceller()`s and `status()` may be used beside it. A process made by
/// fork(2) gets `usage_error`; destroying the connection there does nothing to the parent's.
///
/// Notifications that come during its operations, after a `LISTEN` as SQL text, are dropped.
///
/// After a lost connection, or a server that broke the protocol, `status()` is `broken` and every
/// operation throws `connection_lost`; after `close()`, `release()` or a move from it,
/// `connection_closed`.
class connection : public statements<connection> {
 public:
  /// Connects, trying the hosts as libpq's `target_session_attrs` asks.
  ///
  /// \throws connection_error  if no host takes the connection, with libpq's word on each
  /// \throws config_error      if `to` cannot be
  /// \throws deadline_exceeded, operation_cancelled where `options` say so
  explicit connection(config const& to, connection_options const& options = {},
                      std::source_location where = std::source_location::current())
      : core_{detail::open_core(to, options, where)} {}

  /// Takes over a connection that libpq opened: it is this object's to close. Pending results of an
  /// earlier command are not read; set libpq's own notice receiver again after `release()`.
  /// \throws usage_error for a null or bad connection
  static connection adopt(PGconn* open, connection_options const& options = {},
                          std::source_location where = std::source_location::current()) {
    return connection{detail::adopt_core(libpq::connection_handle{open}, options, where)};
  }

  /// Gives the libpq connection up: the caller finishes it. Closed afterwards.
  /// \throws usage_error while a transaction is alive on it, and in a forked child
  [[nodiscard]] PGconn* release(std::source_location where = std::source_location::current()) && {
    PGconn* const released = detail::release_core(core_for(where), where);
    core_.reset();
    return released;
  }

  connection(connection&&) noexcept = default;
  /// Closes this one, takes the other's place.
  connection& operator=(connection&&) noexcept = default;
  ~connection() = default;

  /// Where it stands, from libpq. No round trip: a connection the server has ended since the last
  /// operation still looks alive.
  connection_status status() const noexcept {
    return core_ ? core_->status() : connection_status::closed;
  }
  /// Ends it: sends Terminate, frees everything. Does nothing when closed. A transaction that is
  /// alive on it is rolled back by the server.
  void close() noexcept {
    if (core_) {
      core_->close();
    }
  }

  /// Limits each operation from now on: it is cancelled on the server when it takes longer, throws
  /// `deadline_exceeded`, and leaves the connection usable if the server complies. What completed
  /// in spite of it counts. Zero expires at once: nothing is sent.
  connection& deadline(std::chrono::nanoseconds each_operation) {
    core().limits.each = each_operation;
    return *this;
  }
  /// Limits all operations from now on to end by this time.
  connection& deadline(std::chrono::steady_clock::time_point until) {
    core().limits.until = until;
    return *this;
  }
  /// Takes every limit of time away.
  connection& deadline(std::nullopt_t) {
    core().limits.each.reset();
    core().limits.until = libpq::never;
    return *this;
  }
  /// Cancels whatever is waited for, as an expired deadline does, when a stop is requested; throws
  /// `operation_cancelled`. An empty token undoes it.
  connection& stop_on(std::stop_token token) {
    core().limits.stop = std::move(token);
    return *this;
  }
  /// A handle by which other threads cancel what this connection does; they may ask for it
  /// themselves. That of a closed connection cancels nothing.
  pqscope::canceller canceller() const {
    return pqscope::canceller{core_ ? core_->gate() : std::make_shared<detail::cancel_gate>()};
  }

  /// Calls `handler(diagnostics const&)` for each notice and warning of the server, after those
  /// added before. It may not use the connection; what it throws goes to the observer.
  template <std::invocable<diagnostics const&> Handler>
  connection& on_notice(Handler handler) {
    core().notices().handlers.emplace_back(std::move(handler));
    return *this;
  }
  /// Tells `watcher` from now on what happens; null for nobody. It outlives the connection.
  connection& observe(observer* watcher) {
    core().notices().watcher = watcher;
    return *this;
  }

  /// Number of the server process, for `pg_stat_activity` and the server's log.
  int backend_pid() const { return libpq::backend_pid(core().handle()); }
  /// Version of the server as libpq counts it: 150004 is 15.4.
  int server_version() const { return libpq::server_version(core().handle()); }
  /// A setting the server reports by itself, such as `TimeZone` or `in_hot_standby`, without a
  /// round trip; empty for others. Lives until the next operation.
  std::string_view parameter_status(char const* name) const {
    return libpq::parameter_status(core().handle(), name);
  }
  /// Round trips made so far, connecting not counted.
  std::uint64_t round_trips() const { return core().round_trips(); }

  /// libpq's own handle, to use what is not offered here; null when closed. It stays this object's:
  /// leave it idle, blocking mode unset, and in the transaction it was in.
  PGconn* native_handle() const noexcept { return core_ ? core_->handle().get() : nullptr; }

  /// What it was opened with; null for an adopted connection.
  config const* target() const noexcept { return core_ ? core_->target.get() : nullptr; }

  /// Not for users: a connection that was opened step by step.
  static connection of(std::unique_ptr<detail::connection_core> core) noexcept {
    return connection{std::move(core)};
  }
  /// Not for users: what scopes and statements work on.
  detail::connection_core& core_for(std::source_location const& where) {
    if (!core_) {
      throw connection_closed("the connection is closed", where);
    }
    return *core_;
  }

 private:
  explicit connection(std::unique_ptr<detail::connection_core> core) noexcept
      : core_{std::move(core)} {}

  detail::connection_core& core() const {
    if (!core_) {
      throw connection_closed("the connection is closed");
    }
    return *core_;
  }

  std::unique_ptr<detail::connection_core> core_;
};

}  // namespace pqscope

#endif
