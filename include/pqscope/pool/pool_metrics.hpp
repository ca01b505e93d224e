#ifndef PQSCOPE_POOL_POOL_METRICS_HPP
#define PQSCOPE_POOL_POOL_METRICS_HPP

#include <pqscope/events/exposition.hpp>
#include <pqscope/pool/pool_stats.hpp>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <source_location>
#include <string_view>
#include <utility>

namespace pqscope {

/// The numbers of a pool under a name, for `write_prometheus`.
struct named_pool_stats {
  std::string_view name;  ///< the value of the label `pool`
  pool_stats stats;       ///< what `pool::stats()` has answered
};

/// Writes the numbers of pools in Prometheus' text format 0.0.4: gauges for what there is now,
/// counters for what has happened, times in seconds. Each metric is written once, with a sample for
/// each pool, so that all pools of a program belong into one call.
///
/// A prefix of anything but letters, digits and underscores, or with a digit in front, is a
/// `usage_error`.
inline void write_prometheus(std::ostream& out, std::initializer_list<named_pool_stats> pools,
                             std::string_view prefix = "pqscope",
                             std::source_location where = std::source_location::current()) {
  detail::exposition text{prefix, where};
  auto const gauge = [&](char const* name, char const* help, std::size_t pool_stats::* number) {
    text.family(name, "gauge", help);
    for (named_pool_stats const& each : pools) {
      text.sample({{"pool", each.name}}, each.stats.*number);
    }
  };
  auto const counter = [&](char const* name, char const* help, std::uint64_t pool_stats::* number) {
    text.family(name, "counter", help);
    for (named_pool_stats const& each : pools) {
      text.sample({{"pool", each.name}}, each.stats.*number);
    }
  };
  auto const seconds = [&](char const* name, char const* help,
                           std::chrono::nanoseconds pool_stats::* number) {
    text.family(name, "counter", help);
    for (named_pool_stats const& each : pools) {
      text.time({{"pool", each.name}}, each.stats.*number);
    }
  };
  gauge("pool_connections", "Connections there are.", &pool_stats::size);
  gauge("pool_idle_connections", "Connections that wait to be used.", &pool_stats::idle);
  gauge("pool_connections_in_use", "Connections handed out.", &pool_stats::in_use);
  gauge("pool_opening_connections", "Connections being opened.", &pool_stats::opening);
  gauge("pool_waiting_callers", "Callers that wait for a connection.", &pool_stats::waiting);
  gauge("pool_max_connections", "Connections there may be.", &pool_stats::max_size);
  counter("pool_requests_total", "Requests for a connection.", &pool_stats::requests);
  counter("pool_acquired_total", "Requests that got a connection.", &pool_stats::acquired);
  counter("pool_queued_total", "Requests that found none idle.", &pool_stats::queued);
  counter("pool_timeouts_total", "Requests that got none in time.", &pool_stats::timeouts);
  counter("pool_errors_total", "Requests that failed otherwise.", &pool_stats::errors);
  counter("pool_connects_total", "Connections opened.", &pool_stats::connects);
  counter("pool_connect_errors_total", "Attempts to connect that failed.",
          &pool_stats::connect_errors);
  counter("pool_closed_total", "Connections closed.", &pool_stats::closed);
  counter("pool_lost_total", "Connections found dead.", &pool_stats::lost);
  counter("pool_expired_total", "Connections closed for their age.", &pool_stats::expired);
  counter("pool_failed_checks_total", "Checks that found a dead connection.",
          &pool_stats::failed_checks);
  counter("pool_retired_total", "Times that all connections were replaced.", &pool_stats::retired);
  counter("pool_rolled_back_total", "Connections that came back inside a transaction.",
          &pool_stats::rolled_back);
  counter("pool_unlistened_total", "Connections that came back with a LISTEN.",
          &pool_stats::unlistened);
  counter("pool_discarded_total", "Connections that could not be cleaned.", &pool_stats::discarded);
  seconds("pool_wait_seconds_total", "Time spent waiting for a connection.",
          &pool_stats::wait_time);
  seconds("pool_connect_seconds_total", "Time spent connecting.", &pool_stats::connect_time);
  seconds("pool_usage_seconds_total", "Time that connections were handed out.",
          &pool_stats::usage_time);
  out << text.text();
}

/// The same for one pool.
inline void write_prometheus(std::ostream& out, pool_stats const& stats,
                             std::string_view name = "default", std::string_view prefix = "pqscope",
                             std::source_location where = std::source_location::current()) {
  write_prometheus(out, {named_pool_stats{name, stats}}, prefix, where);
}

}  // namespace pqscope

#endif
