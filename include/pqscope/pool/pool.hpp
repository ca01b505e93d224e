#ifndef PQSCOPE_POOL_POOL_HPP
#define PQSCOPE_POOL_POOL_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/acquire_options.hpp>
#include <pqscope/pool/lease.hpp>
#include <pqscope/pool/pool_core.hpp>
#include <pqscope/pool/pool_options.hpp>
#include <pqscope/pool/pool_stats.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <source_location>
#include <utility>

namespace pqscope {

/// A bounded set of connections that many threads share.
///
///     pqscope::pool pool{config, {.min_size = 5, .max_size = 20}};
///     { auto conn = pool.acquire(); conn->execute("SELECT 1"); }  // back in the pool here
///
/// Opens connections when they are needed, one at a time, and keeps them. Who waits is served in
/// the order of asking, by connections that come back or by one it opens itself; of the idle ones
/// the last used goes first. What it hands out is alive, as far as `health_check` can tell, idle,
/// and not too old. When one idle connection is found dead all that are as old are replaced, and so
/// they are when the server has become a standby (25006) or has crashed.
///
/// There is no thread behind it: everything happens in its callers' calls, connecting, checking,
/// cleaning and closing outside the pool's lock. A server that cannot be reached is tried again,
/// after pauses, for as long as somebody waits.
///
/// Thread-safe, but for moving and destroying it. Leases may outlive it. In a process made by
/// fork(2) every use is a `usage_error` until `dispose()` is called there. Neither that nor
/// destroying it in the child does anything to the parent's connections.
class pool {
 public:
  /// A pool of connections to `to`. Opens none, unless `open_at_construction` is set.
  /// \throws usage_error for options that cannot work
  /// \throws what `warm_up` throws, if that is asked for
  explicit pool(config to, pool_options options = {},
                std::source_location where = std::source_location::current())
      : core_{(detail::require_sensible(options, where),
               new detail::pool_core{std::move(to), std::move(options)})} {
    if (core_->options().open_at_construction) {
      core_->warm_up({}, where);
    }
  }

  pool(pool&&) noexcept = default;
  /// Ends this one as its destructor does, and takes the other's place.
  pool& operator=(pool&&) noexcept = default;
  /// Closes the idle connections; those in use are closed when they come back. Who waits gets
  /// `pool_closed`. Waits for nobody.
  ~pool() = default;

  /// A connection. At no round trip if one is idle, unless a `ping` is asked for, which ends with
  /// the caller's time, too. A stop that has been requested already, or a deadline that has passed,
  /// is an error even if one is idle.
  ///
  /// \throws pool_timeout        if there is none in time, or too many wait; knows why
  /// \throws pool_closed         after `close()`
  /// \throws connection_error    if the server refuses: a wrong password, no such database
  /// \throws config_error        if the pool's configuration cannot be
  /// \throws deadline_exceeded, operation_cancelled where `options` say so
  /// \throws anything a hook throws
  [[nodiscard]] lease acquire(std::source_location where = std::source_location::current()) {
    detail::pool_core& from = core(where);
    if (detail::pool_entry* const entry = from.acquire_at_once(where)) {
      return {from, entry};
    }
    return {from, &from.acquire({}, where)};
  }
  /// The same with another time limit than `acquire_timeout`.
  [[nodiscard]] lease acquire(std::chrono::nanoseconds timeout,
                              std::source_location where = std::source_location::current()) {
    return acquire(acquire_options{.timeout = timeout}, where);
  }
  /// The same with other limits.
  [[nodiscard]] lease acquire(acquire_options const& options,
                              std::source_location where = std::source_location::current()) {
    detail::pool_core& from = core(where);
    return {from, &from.acquire(options, where)};
  }
  /// An idle connection if there is one, else an empty lease: opens none and waits for none. Where
  /// a `ping` is asked for that may take `ping_timeout`, but no longer than `acquire_timeout`.
  [[nodiscard]] lease try_acquire(std::source_location where = std::source_location::current()) {
    detail::pool_core& from = core(where);
    return {from, from.try_acquire(where)};
  }

  /// Opens connections until there are `min_size`, one after the other; waits for a server that
  /// cannot be reached. Errors as `acquire`.
  void warm_up(std::source_location where = std::source_location::current()) {
    core(where).warm_up({}, where);
  }
  /// The same within another time limit than `acquire_timeout`.
  void warm_up(std::chrono::nanoseconds timeout,
               std::source_location where = std::source_location::current()) {
    core(where).warm_up({.timeout = timeout}, where);
  }
  /// Closes what has been idle for too long or has lived too long. The pool does so by itself when
  /// connections come back; this is for one that nobody uses for long.
  void maintain(std::source_location where = std::source_location::current()) {
    core(where).maintain(where);
  }

  /// Has all connections replaced: idle ones are closed now, others when they come back.
  void drain(std::source_location where = std::source_location::current()) {
    core(where).retire(where);
  }
  /// The same, and the new ones lead to `to`.
  void drain(config to, std::source_location where = std::source_location::current()) {
    core(where).retarget(std::move(to), where);
  }
  /// Changes the sizes; what is too much is closed as by `drain`. \throws usage_error for sizes
  /// that cannot be
  void resize(std::size_t min_size, std::size_t max_size,
              std::source_location where = std::source_location::current()) {
    core(where).resize(min_size, max_size, where);
  }
  /// The same with the least size as it is, or `max_size` if that is less.
  void resize(std::size_t max_size, std::source_location where = std::source_location::current()) {
    std::size_t const least = core(where).stats().min_size;
    core(where).resize(least < max_size ? least : max_size, max_size, where);
  }

  /// Ends the pool: idle connections are closed now, others when they come back; who waits, and who
  /// asks from now on, gets `pool_closed`. Does not wait. True if none is in use.
  bool close() noexcept { return core_ == nullptr || core_->close(std::nullopt); }
  /// The same, but waits until all have come back, `timeout` long. Then what runs on the others is
  /// cancelled, which takes a second at most, and they are cut before their next statement. True if
  /// all came back in time.
  bool close(std::chrono::nanoseconds timeout) noexcept {
    return core_ == nullptr || core_->close(timeout);
  }
  /// Begins anew, with the same options and no connection. In a child made by fork(2) this lets go
  /// of the parent's connections, without a word to the server; leases made before the fork are of
  /// no use there. Elsewhere it closes the idle connections, others when they come back. Not while
  /// other threads use the pool.
  void dispose(std::source_location where = std::source_location::current()) {
    detail::pool_core& old = core(where);
    config to = *old.target();
    core_.reset(new detail::pool_core{std::move(to), old.options()});
  }

  /// Its numbers at this moment.
  pool_stats stats() const { return core({}).stats(); }
  /// What it was made with.
  pool_options const& options() const { return core({}).options(); }
  /// Where its connections lead. No password is asked for.
  config target() const { return *core({}).target(); }

  /// Not for users: what leases belong to.
  detail::pool_core& core(std::source_location const& where) const {
    if (core_ == nullptr) {
      throw usage_error("the pool was moved from", where);
    }
    return *core_;
  }

 private:
  struct orphan {
    void operator()(detail::pool_core* core) const noexcept { core->orphan(); }
  };

  std::unique_ptr<detail::pool_core, orphan> core_;
};

}  // namespace pqscope

#endif
