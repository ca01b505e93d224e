#ifndef PQSCOPE_POOL_POOL_OPTIONS_HPP
#define PQSCOPE_POOL_POOL_OPTIONS_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool_hook.hpp>
#include <pqscope/transaction/retry.hpp>

#include <chrono>
#include <climits>
#include <cstddef>
#include <optional>
#include <source_location>
#include <string>

namespace pqscope {

/// How a pool makes sure that an idle connection is alive before it hands it out.
enum class health_check : unsigned char {
  none,    ///< not at all: the first statement finds out
  socket,  ///< looks at what the server has sent: sees every orderly end; one system call
  ping,    ///< that, and a round trip: sees a network that has gone dead, too
};

/// What of a session's state a pool takes back before a connection is used again. An open
/// transaction is always rolled back, and a `LISTEN` always undone, whatever the policy.
enum class reset_policy : unsigned char {
  none,  ///< nothing else; no round trip
  /// Settings (`SET`, also those of `after_connect`), role, cursors, `LISTEN`, advisory locks and
  /// temporary tables; prepared statements and plans stay. One round trip.
  light,
  discard_all,  ///< everything, by `DISCARD ALL`. One round trip
};

/// How a pool works. Impossible combinations are refused by its constructor.
struct pool_options {
  /// How many connections are kept however long they are idle. They are opened by
  /// `pool::warm_up()`, by the constructor with `open_at_construction`, else when needed.
  std::size_t min_size = 0;
  std::size_t max_size = 10;  ///< how many connections there are at most
  /// How long `acquire` waits, connecting and a ping included, before it throws `pool_timeout`.
  std::chrono::nanoseconds acquire_timeout = std::chrono::seconds{30};
  /// How many may wait for a connection that others have; the next one is refused at once with
  /// `pool_timeout`. Who connects does not count, nor do as many as there is room for: they wait
  /// for their turn to open a connection. While the server cannot be reached there is no such room.
  /// Unset: any number.
  std::optional<std::size_t> max_waiting{};
  /// How old a connection becomes, less a random tenth; one that is in use ends when it comes back.
  std::optional<std::chrono::nanoseconds> max_lifetime = std::chrono::hours{1};
  /// How long a connection above `min_size` stays idle before it is closed.
  std::optional<std::chrono::nanoseconds> idle_timeout = std::chrono::minutes{10};
  pqscope::health_check health_check = pqscope::health_check::socket;  ///< before each hand-out
  reset_policy reset = reset_policy::none;                             ///< after each use
  /// Pauses between attempts to connect while the server cannot be reached, a tenth more or less,
  /// doubling from `base_delay` to `max_delay`; and how many attempts must fail, since somebody
  /// began to wait, before they get the error instead of waiting on. A server that refuses (a wrong
  /// password, no such database) is not asked again: its answer is thrown at once.
  retry_policy connect_retry{.attempts = INT_MAX,
                             .base_delay = std::chrono::milliseconds{100},
                             .max_delay = std::chrono::seconds{10}};

  /// May change the configuration of the connection that is about to be opened. What it throws
  /// reaches whoever wanted a connection. What this hook, `after_connect` and `before_close` return
  /// does not matter.
  pool_hook<config> before_connect{};
  /// Called once with each new connection. One it leaves in a transaction is refused with
  /// `usage_error`; what it throws reaches whoever wanted a connection; it is closed in both cases.
  pool_hook<connection> after_connect{};
  /// Called with a connection before it is handed out. Where it answers false the connection is
  /// replaced; what it throws reaches whoever wanted a connection, which is closed.
  pool_hook<connection> before_acquire{};
  /// Called with a connection that has come back, idle and cleaned. Where it answers false, throws,
  /// or leaves a transaction open, the connection is closed.
  pool_hook<connection> after_release{};
  /// Called with a connection before it is closed by the pool; it may be broken. What it throws
  /// goes to the observer.
  pool_hook<connection> before_close{};

  /// Told what happens in the pool and on its connections; outlives the pool and what it gave out.
  pqscope::observer* observer = nullptr;
  /// How many statements each connection keeps prepared, see `connection_options`; 0 behind a
  /// pooler that gives each transaction another server connection.
  std::size_t statement_cache = 256;
  /// How long its connections look for an answer before they sleep, see `connection_options`.
  std::chrono::microseconds spin{0};
  bool open_at_construction = false;  ///< the constructor calls `warm_up()`
  /// Limit of a ping: a connection that has not answered then is dead. One whose caller's own time
  /// ends earlier is closed alone.
  std::chrono::nanoseconds ping_timeout = std::chrono::seconds{2};
  std::chrono::nanoseconds reset_timeout = std::chrono::seconds{2};  ///< limit of cleaning up
};

namespace detail {

/// Refuses what cannot work, with a sentence for the first thing that is wrong.
inline void require_sensible(pool_options const& options, std::source_location const& where) {
  constexpr std::size_t most = 1'000'000;
  auto const refuse = [&](bool wrong, char const* why) {
    if (wrong) {
      throw usage_error(why, where);
    }
  };
  using std::chrono::nanoseconds;
  nanoseconds const zero{0};
  refuse(options.max_size == 0, "a pool of max_size 0 never has a connection");
  refuse(options.max_size > most, "a pool's max_size is a million at most");
  refuse(options.min_size > options.max_size, "a pool's min_size is larger than its max_size");
  refuse(options.acquire_timeout < zero, "a pool's acquire_timeout is negative");
  refuse(options.max_lifetime && *options.max_lifetime <= zero,
         "a pool's max_lifetime is not above zero; leave it unset for connections without an end");
  refuse(options.idle_timeout && *options.idle_timeout < zero,
         "a pool's idle_timeout is negative; leave it unset to keep idle connections");
  refuse(options.connect_retry.attempts < 1, "a pool's connect_retry allows no attempt to connect");
  refuse(options.connect_retry.base_delay < zero || options.connect_retry.max_delay < zero,
         "a pool's connect_retry has a negative delay");
  refuse(options.ping_timeout <= zero, "a pool's ping_timeout is not above zero");
  refuse(options.reset_timeout <= zero, "a pool's reset_timeout is not above zero");
}

}  // namespace detail
}  // namespace pqscope

#endif
