#ifndef PQSCOPE_ENGINE_HPP
#define PQSCOPE_ENGINE_HPP

#include <pqscope/connection/pause.hpp>
#include <pqscope/engine_options.hpp>
#include <pqscope/engine_reader.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool.hpp>
#include <pqscope/pool_source.hpp>
#include <pqscope/replica_set.hpp>
#include <pqscope/unique_session.hpp>

#include <chrono>
#include <source_location>
#include <utility>
#include <vector>

namespace pqscope {

class engine;
/// Not for users: how sessions find the connections of an engine.
detail::pool_source source_for(engine& from) noexcept;

/// The numbers of an engine's pools.
struct engine_stats {
  pool_stats primary{};                ///< of the database it was made for
  std::vector<pool_stats> replicas{};  ///< of the others, in the order of the options
};

/// A database as a program sees it: pools of connections to its primary and its replicas, and what
/// sessions on them have in common. Made once, used by all threads.
///
///     pqscope::engine db{"postgresql://u:p@h1,h2/app", {.pool = {.max_size = 20}}};
///     auto n = pqscope::with_session(db, [](auto& s) { return s.execute("...").affected_rows();
///     });
///
/// A session on it takes its connection with its first statement and gives it back at its end,
/// whatever happens. With several hosts and `target_session_attrs=read-write` its connections go to
/// whichever is the primary: after a fail-over those to the old one are replaced.
///
/// Opens no connection before one is needed, unless its pool is to. Thread-safe; neither copyable
/// nor movable; outlives its sessions and readers. After fork(2) see `dispose`.
class engine {
 public:
  /// \throws usage_error for options that cannot work
  /// \throws config_error for an address that cannot be
  explicit engine(database_address primary, engine_options options = {},
                  std::source_location where = std::source_location::current())
      : session_{std::move(options.session)},
        primary_{primary.target(), observed(options), where},
        replicas_{options, observed(options), where} {}
  engine(engine const&) = delete;
  engine& operator=(engine const&) = delete;
  /// As `pool`'s destructor.
  ~engine() = default;

  /// A session that lasts as long as the object, for code a lambda does not fit:
  /// `auto s = db.begin(); ... s.commit();`. No round trip, no connection yet.
  [[nodiscard]] unique_session begin(session_options options = {},
                                     std::source_location where = std::source_location::current()) {
    return unique_session{*this, std::move(options), where};
  }
  /// What read-only sessions are opened on: they use a replica, in turn, and the primary where none
  /// can be reached. Without replicas, the primary.
  [[nodiscard]] engine_reader reader() noexcept {
    return engine_reader{primary_, replicas_, session_};
  }
  /// A connection of the primary's pool, for what is not done in a session. As `pool::acquire`.
  [[nodiscard]] lease acquire(acquire_options const& options = {},
                              std::source_location where = std::source_location::current()) {
    return primary_.acquire(options, where);
  }

  /// The primary's pool.
  pqscope::pool& pool() noexcept { return primary_; }
  /// What sessions leave at its default.
  session_options const& session_defaults() const noexcept { return session_; }
  /// The numbers of its pools at this moment.
  engine_stats stats() const { return {primary_.stats(), replicas_.stats()}; }

  /// Opens the connections that are kept, of all pools. Errors as `pool::warm_up`.
  void warm_up(std::source_location where = std::source_location::current()) {
    primary_.warm_up(where);
    replicas_.each([&](pqscope::pool& each) { each.warm_up(where); });
  }
  /// As `pool::drain`, of all pools.
  void drain(std::source_location where = std::source_location::current()) {
    primary_.drain(where);
    replicas_.each([&](pqscope::pool& each) { each.drain(where); });
  }
  /// As `pool::dispose`, of all pools: to be called first in a child made by fork(2).
  void dispose(std::source_location where = std::source_location::current()) {
    primary_.dispose(where);
    replicas_.each([&](pqscope::pool& each) { each.dispose(where); });
  }
  /// As `pool::close`, of all pools. True if no connection is in use.
  bool close() noexcept {
    bool all = primary_.close();
    replicas_.each([&](pqscope::pool& each) { all = each.close() && all; });
    return all;
  }
  /// As `pool::close` with a time limit, which is that of all together.
  bool close(std::chrono::nanoseconds timeout) noexcept {
    auto const until = detail::time_after(timeout);
    bool all = primary_.close(timeout);
    replicas_.each(
        [&](pqscope::pool& each) { all = each.close(until - libpq::clock::now()) && all; });
    return all;
  }

 private:
  static pool_options observed(engine_options const& options) {
    pool_options of_pool = options.pool;
    of_pool.observer = of_pool.observer != nullptr ? of_pool.observer : options.observer;
    return of_pool;
  }

  session_options session_;
  pqscope::pool primary_;
  detail::replica_set replicas_;
};

inline detail::pool_source source_for(engine& from) noexcept {
  return detail::pool_source{from.pool()};
}

}  // namespace pqscope

#endif
