#ifndef PQSCOPE_POOL_POOL_ACQUIRE_HPP
#define PQSCOPE_POOL_POOL_ACQUIRE_HPP

/// \file
/// How a pool hands out a connection; included by `pool_core.hpp`.

#include <pqscope/connection/loops.hpp>
#include <pqscope/connection/pause.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/pool_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool_core.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// A duration in words.
inline std::string in_seconds(std::chrono::nanoseconds span) {
  auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  return ms < 1000 ? std::to_string(ms) + " ms"
                   : std::to_string(ms / 1000) + '.' + std::to_string(ms % 1000 / 100) + " s";
}

inline pool_entry& pool_core::acquire(acquire_options const& options,
                                      std::source_location const& where) {
  require_own_process(where);
  bool waited = false;
  if (options_.observer == nullptr) {
    return acquire_one(options, waited, where);
  }
  notice_board board{options_.observer};
  auto const start = libpq::clock::now();
  board.tell([&](observer& each) { each.acquire_started({.where = where}); });
  auto const ended = [&](acquire_end end) {
    board.tell([&](observer& each) {
      each.acquire_ended(
          {.where = where, .duration = libpq::clock::now() - start, .waited = waited, .end = end});
    });
  };
  try {
    pool_entry& entry = acquire_one(options, waited, where);
    ended(acquire_end::taken);
    return entry;
  } catch (pool_timeout const&) {
    ended(acquire_end::timed_out);
    throw;
  } catch (...) {
    ended(acquire_end::failed);
    throw;
  }
}

/// Counts the caller in, and serves it; counts it out again if it gets nothing. Whether it has to
/// wait is told by `waited`.
inline pool_entry& pool_core::acquire_one(acquire_options const& options, bool& waited,
                                          std::source_location const& where) {
  time_point const until = limit_of(options);
  pool_entry* const entry = is_over(options) ? count_in() : take_idle(where, true);
  try {
    if (entry != nullptr && make_ready(*entry, idle_step(), options, until, where)) {
      return *entry;
    }
    waited = true;
    return acquire_slowly(entry != nullptr, options, until, where);
  } catch (pool_timeout const&) {
    count_out(entry != nullptr, &pool_stats::timeouts);
    throw;
  } catch (...) {
    count_out(entry != nullptr, &pool_stats::errors);
    throw;
  }
}

/// When a caller who asks now gives up.
inline pool_core::time_point pool_core::limit_of(acquire_options const& options) const noexcept {
  return least(time_after(options.timeout.value_or(options_.acquire_timeout)),
               options.deadline.value_or(libpq::never));
}

/// Whether a caller is to stop, or its deadline has passed: then it gets nothing. Its timeout may
/// have passed as well, for it gets what is idle all the same.
inline bool pool_core::is_over(acquire_options const& options) noexcept {
  return options.stop.stop_requested() ||
         (options.deadline && *options.deadline <= libpq::clock::now());
}

/// Counts a caller in who gets no idle connection.
inline pool_entry* pool_core::count_in() noexcept {
  lock const held{mutex_};
  ++counts_.requests;
  ++users_;
  return nullptr;
}

/// An idle connection, if there is one for somebody who does not wait. Counts the caller in, if it
/// gets one or `waits`.
inline pool_entry* pool_core::take_idle(std::source_location const& where, bool waits) noexcept {
  lock const held{mutex_};
  time_point const now = libpq::coarse_now();
  pool_slot* const slot = state_.take(now);
  counts_.requests += slot != nullptr || waits ? 1U : 0U;
  users_ += slot != nullptr || waits ? 1U : 0U;
  if (slot == nullptr) {
    return nullptr;
  }
  pool_entry& entry = entry_of(*slot);
  entry.where = where;
  entry.taken = now;
  entry.touched.store(false, std::memory_order_relaxed);
  ++counts_.acquired;
  return &entry;
}

/// A caller leaves without a connection.
inline void pool_core::count_out(bool had_one, std::uint64_t pool_stats::* reason) noexcept {
  lock held{mutex_};
  ++(counts_.*reason);
  counts_.acquired -= had_one ? 1U : 0U;
  leave(held);
}

/// Waits for a connection, or makes one; `served` for who has had one already, a dead one.
inline pool_entry& pool_core::acquire_slowly(bool served, acquire_options const& options,
                                             time_point until, std::source_location const& where) {
  auto const start = libpq::clock::now();
  for (bool first = served;; first = true) {
    pool_caller caller;
    caller.first = first;
    pool_entry& entry = wait_for_one(caller, options, until, where);
    entry.touched.store(false, std::memory_order_relaxed);
    if (make_ready(entry, caller.step, options, until, where)) {
      auto const waited = libpq::clock::now() - start;
      lock const held{mutex_};
      counts_.acquired += served ? 0U : 1U;
      ++counts_.queued;
      counts_.wait_time += waited;
      counts_.longest_wait = greatest<std::chrono::nanoseconds>(counts_.longest_wait, waited);
      entry.where = where;
      entry.taken = libpq::coarse_now();
      return entry;
    }
  }
}

/// Stays in the queue until there is a connection, which may be one of its own making.
inline pool_entry& pool_core::wait_for_one(pool_caller& caller, acquire_options const& options,
                                           time_point until, std::source_location const& where) {
  std::stop_callback const on_stop{options.stop, [&] {
                                     lock const held{mutex_};
                                     caller.stopped = true;
                                     caller.wakes.notify();
                                     caller.interrupt.request_stop();
                                   }};
  lock held{mutex_};
  bool const late = caller.first ? is_out_of_time(options, until) : is_over(options);
  if (late && !state_.is_closed()) {
    give_up(held, caller, options, until, where);
  }
  caller.errors_before = counts_.connect_errors;
  if (!options.waits_for_server && state_.idle() == 0 && state_.pauses(libpq::clock::now())) {
    throw connection_error("the server could not be reached a moment ago: " + last_error_, where);
  }
  state_.request(caller, libpq::clock::now());
  wake(held);
  if (caller.step == pool_step::wait) {
    close_doomed(held);  // what is too old to be used takes the room of a new one
  }
  for (;;) {
    switch (caller.step) {
      case pool_step::use:
      case pool_step::check:
        return entry_of(*caller.slot);
      case pool_step::closed:
        throw pool_closed("the pool is closed", where);
      case pool_step::full:
        throw_timeout(held, "too many callers are waiting for a connection of the pool already",
                      where);
      case pool_step::connect:
        if (open_one(held, caller, options, until, where)) {
          caller.step = pool_step::use;
          return entry_of(*caller.slot);
        }
        break;
      case pool_step::wait:
        wait_for_turn(held, caller, options, until, where);
        break;
    }
  }
}

/// Waits until something happens, or may have become possible without.
inline void pool_core::wait_for_turn(lock& held, pool_caller& caller,
                                     acquire_options const& options, time_point until,
                                     std::source_location const& where) {
  if (caller.stopped || libpq::clock::now() >= until) {
    give_up(held, caller, options, until, where);
  }
  auto const attempts = static_cast<std::uint64_t>(options_.connect_retry.attempts);
  if (counts_.connect_errors - caller.errors_before >= attempts) {
    state_.leave(caller);
    wake(held);
    throw connection_error(last_error_, where);
  }
  time_point const turn = least(until, state_.next_turn());
  if (!caller.wakes.wait_until(held, turn, options.stop.stop_possible())) {
    caller.stopped = true;
  }
  state_.advance(libpq::clock::now());
  wake(held);
}

/// Makes sure that the connection can be handed out. Else it is given up: its slot is vacant again,
/// or, where it was not even asked for want of time, its connection the next one's.
inline bool pool_core::make_ready(pool_entry& entry, pool_step step, acquire_options const& options,
                                  time_point until, std::source_location const& where) {
  finding const found =
      step == pool_step::check ? look_at(entry, options, until, where) : finding::alive;
  switch (found) {
    case finding::alive:
      return !options_.before_acquire || prepare(entry, where);
    case finding::not_asked: {
      lock held{mutex_};
      put_back(held, entry);
      return false;
    }
    case finding::dead:
    case finding::unanswered:
      drop(entry, found == finding::dead);
      return false;
  }
  return false;
}

/// Has the program's hook see a connection before it is handed out. As `make_ready`.
inline bool pool_core::prepare(pool_entry& entry, std::source_location const& where) {
  bool good = false;
  entry.touched.store(true, std::memory_order_relaxed);
  try {
    good = options_.before_acquire(*entry.open);
    if (good && entry.open->status() != connection_status::idle) {
      throw usage_error("the pool's before_acquire left a connection that is not idle", where);
    }
  } catch (...) {
    drop(entry, false);
    throw;
  }
  if (!good) {
    drop(entry, false);
  }
  return good;
}

/// Whether a caller has its connection pinged: not where it has no time to wait for the answer.
inline bool pool_core::pings(acquire_options const& options) const noexcept {
  return options_.health_check == health_check::ping &&
         options.timeout.value_or(options_.acquire_timeout).count() > 0;
}

/// Whether there is no time left for another ping.
inline bool pool_core::is_out_of_time(acquire_options const& options,
                                      time_point until) const noexcept {
  return is_over(options) || (pings(options) && libpq::clock::now() >= until);
}

/// Finds out how a connection is, as `health_check` says, within the caller's limits.
inline pool_core::finding pool_core::look_at(pool_entry& entry, acquire_options const& options,
                                             time_point until, std::source_location const& where) {
  connection_core& core = entry.open->core_for(where);
  if (!core.look_alive()) {
    return finding::dead;
  }
  if (!pings(options)) {
    return finding::alive;
  }
  operation_limits const before = core.limits;
  patience const patience_before = core.patience;
  core.limits = {
      .each = saturated(std::chrono::ceil<std::chrono::milliseconds>(options_.ping_timeout)),
      .until = until,
      .stop = options.stop};
  core.patience.recovery = std::chrono::milliseconds{0};  // one that does not answer is given up
  finding found = finding::alive;
  try {
    core.control("SELECT 1", where, statement_origin::internal);
  } catch (...) {
    bool const cut_short = is_out_of_time(options, until);
    bool const intact = core.status() == connection_status::idle;
    found = !cut_short ? finding::dead : intact ? finding::not_asked : finding::unanswered;
  }
  core.limits = before;
  core.patience = patience_before;
  return found;
}

/// Closes a connection that was to be handed out.
inline void pool_core::drop(pool_entry& entry, bool dead) noexcept {
  lock held{mutex_};
  if (dead) {
    ++counts_.lost;
    if (state_.lost(entry)) {
      ++counts_.failed_checks;
      ++counts_.retired;
    }
  }
  held.unlock();
  close_connection(entry);
  held.lock();
  state_.vacated(entry, libpq::coarse_now());
  wake(held);
  close_doomed(held);
}

/// Takes the caller out of the queue and says why it gets nothing.
inline void pool_core::give_up(lock& held, pool_caller& caller, acquire_options const& options,
                               time_point until, std::source_location const& where) {
  bool const stopped = caller.stopped || options.stop.stop_requested();
  state_.leave(caller);
  state_.advance(libpq::clock::now());
  wake(held);
  if (stopped) {
    throw operation_cancelled("the wait for a connection of the pool was cancelled", true, where);
  }
  if (options.deadline && *options.deadline <= until) {
    std::string message = "the deadline has passed while a connection of the pool was waited for";
    message += last_error_.empty() ? "" : "\n  the last attempt to connect: " + last_error_;
    throw deadline_exceeded(message, true, where);
  }
  throw_timeout(held,
                "no connection of the pool became free within " +
                    in_seconds(options.timeout.value_or(options_.acquire_timeout)),
                where);
}

/// \param held the lock, which is let go
inline void pool_core::throw_timeout(lock& held, std::string message,
                                     std::source_location const& where) {
  std::vector<lease_holder> const who = holders(libpq::coarse_now());
  std::string cause = last_error_;
  message += ": " + std::to_string(state_.leased()) + " of at most " +
             std::to_string(state_.rules().max_size) + " are in use, " +
             std::to_string(state_.opening()) + " are being opened, " +
             std::to_string(state_.waiting()) + " other callers wait";
  held.unlock();
  if (!cause.empty()) {
    message += "\n  the last attempt to connect: " + cause;
  }
  constexpr std::size_t shown = 5;
  for (std::size_t i = 0; i < who.size() && i < shown; ++i) {
    std::string_view const site = std::string_view{"\n  at "};
    message += "\n  held for " + in_seconds(who[i].held) + " by " +
               call_site(who[i].where).substr(site.size());
  }
  throw pool_timeout(message, std::move(cause), who, where);
}

/// Who has a connection, the longest first.
inline std::vector<lease_holder> pool_core::holders(time_point now) const {
  std::vector<lease_holder> found;
  for (auto const& entry : entries_) {
    if (entry->state == slot_state::leased && !entry->doomed && entry->taken != time_point{}) {
      auto const held = now - entry->taken;
      auto at = found.begin();
      while (at != found.end() && at->held >= held) {
        ++at;
      }
      found.insert(at, {.where = entry->where, .held = held});
    }
  }
  return found;
}

}  // namespace pqscope::detail

#endif
