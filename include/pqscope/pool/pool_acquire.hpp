#ifndef PQSCOPE_POOL_POOL_ACQUIRE_HPP
#define PQSCOPE_POOL_POOL_ACQUIRE_HPP

/// \file
/// How a pool hands out a connection; included by `pool_core.hpp`.

#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/pool_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool_core.hpp>
#include <pqscope/transaction/retry.hpp>

#include <algorithm>
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

/// Whether another attempt may succeed where a server, if it was one, refused with `sqlstate`: not
/// for wrong credentials, a database that is not there, or what it does not understand.
inline bool may_come_up(std::string_view sqlstate) noexcept {
  std::string_view const of = sqlstate.substr(0, 2);
  return of != "28" && of != "3D" && of != "42" && of != "22" && of != "0A";
}

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
  pool_entry* const entry = take_idle(where, true);
  try {
    if (entry != nullptr && make_ready(*entry, idle_step(), where)) {
      return *entry;
    }
    waited = true;
    return acquire_slowly(entry != nullptr, options, where);
  } catch (pool_timeout const&) {
    count_out(entry != nullptr, &pool_stats::timeouts);
    throw;
  } catch (...) {
    count_out(entry != nullptr, &pool_stats::errors);
    throw;
  }
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
  entry.touched = false;
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
                                             std::source_location const& where) {
  auto const start = libpq::clock::now();
  time_point until = time_after(options.timeout.value_or(options_.acquire_timeout));
  if (options.deadline && *options.deadline < until) {
    until = *options.deadline;
  }
  for (bool first = served;; first = true) {
    pool_caller caller;
    caller.first = first;
    pool_entry& entry = wait_for_one(caller, options, until, where);
    entry.touched = false;
    if (make_ready(entry, caller.step, where)) {
      auto const waited = libpq::clock::now() - start;
      lock const held{mutex_};
      counts_.acquired += served ? 0U : 1U;
      ++counts_.queued;
      counts_.wait_time += waited;
      counts_.longest_wait = std::max<std::chrono::nanoseconds>(counts_.longest_wait, waited);
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
                                     caller.wakes.notify_one();
                                     if (caller.interrupt) {
                                       caller.interrupt->request_stop();
                                     }
                                   }};
  lock held{mutex_};
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
  time_point const turn = std::min(until, state_.next_turn());
  if (turn == libpq::never) {
    caller.wakes.wait(held);
  } else {
    caller.wakes.wait_until(held, turn);
  }
  state_.advance(libpq::clock::now());
  wake(held);
}

/// Opens a connection for the caller's slot; true if it has it then. Else the caller was given
/// another one meanwhile, or has to wait on.
inline bool pool_core::open_one(lock& held, pool_caller& caller, acquire_options const& options,
                                time_point until, std::source_location const& where) {
  pool_entry& entry = entry_of(*caller.opening);
  caller.step = pool_step::wait;
  caller.interrupt.emplace();
  if (caller.stopped) {
    caller.interrupt->request_stop();
  }
  attempt_end const end =
      attempt(held, entry, {.deadline = until, .stop = caller.interrupt->get_token()}, where);
  wake(held);
  caller.interrupt.reset();
  caller.opening = nullptr;
  bool const served = !caller.queued;
  if (end.failure) {
    auto const attempts = static_cast<std::uint64_t>(options_.connect_retry.attempts);
    bool const again = end.may_come_up && options.waits_for_server &&
                       counts_.connect_errors - caller.errors_before < attempts;
    if (!served && !again) {
      state_.leave(caller);
      wake(held);
      std::rethrow_exception(end.failure);
    }
    return false;
  }
  state_.leave(caller);
  if (!end.connected) {
    state_.park(entry, libpq::clock::now());
    wake(held);
    close_doomed(held);
    if (!served) {
      give_up(held, caller, options, until, where);
    }
    return false;
  }
  state_.connected(entry, libpq::clock::now(), next_random());
  if (served && caller.slot != nullptr) {
    put_back(held, entry_of(*caller.slot));
  }
  caller.slot = &entry;
  wake(held);
  return true;
}

/// Gives a connection that was not used to the next one.
inline void pool_core::put_back(lock& held, pool_entry& entry) noexcept {
  if (!state_.returned(entry, libpq::coarse_now())) {
    ++counts_.expired;
    held.unlock();
    close_connection(entry);
    held.lock();
    state_.vacated(entry, libpq::coarse_now());
  }
  wake(held);
}

/// Tries to connect for a slot, without the lock. Where that fails the slot is vacant afterwards.
inline pool_core::attempt_end pool_core::attempt(lock& held, pool_entry& entry,
                                                 libpq::limit const& bound,
                                                 std::source_location const& where) {
  std::shared_ptr<config const> const target = target_;
  std::uint64_t const generation = entry.generation;
  held.unlock();
  attempt_end end;
  auto const start = libpq::clock::now();
  bool unreachable = false;
  std::string reason;
  try {
    end.connected = drive_attempt(entry, *target, generation, bound, where);
  } catch (connection_error const& failure) {
    end.failure = std::current_exception();
    unreachable = !entry.open;
    end.may_come_up = unreachable && may_come_up(failure.sqlstate());
    reason = failure.what();
  } catch (...) {
    end.failure = std::current_exception();
  }
  bool const opened = entry.open.has_value();
  if (end.failure) {
    close_connection(entry);  // there is one where `after_connect` has failed
  }
  held.lock();
  time_point const now = libpq::clock::now();
  counts_.connect_time += now - start;
  counts_.connects += opened ? 1U : 0U;
  if (end.connected) {
    last_error_.clear();
    entry.gate = entry.open->core_for(where).gate();
  } else if (unreachable) {
    ++counts_.connect_errors;
    last_error_ = std::move(reason);
    state_.connect_failed(entry, now, next_random());
  } else if (end.failure) {
    state_.vacated(entry, now);
  }
  return end;
}

/// Connects, as far as it gets within `bound`; true once it has.
inline bool pool_core::drive_attempt(pool_entry& entry, config const& target,
                                     std::uint64_t generation, libpq::limit const& bound,
                                     std::source_location const& where) {
  if (entry.attempt &&
      !entry.attempt->is_worthwhile(generation, libpq::clock::now(), pool_rules{}.parking_time)) {
    entry.attempt.reset();
  }
  if (!entry.attempt) {
    config to = target;
    options_.before_connect(to);
    entry.attempt =
        std::make_unique<pool_attempt>(std::move(to), options_.observer, generation, where);
  }
  libpq::drive_result const drove = (*entry.attempt)->drive(bound);
  if (drove != libpq::drive_result::done) {
    return false;
  }
  std::unique_ptr<pool_attempt> const attempt = std::move(entry.attempt);
  entry.open.emplace(connection::of((*attempt)->finish(
      drove, {.observer = options_.observer, .statement_cache = options_.statement_cache}, where)));
  equip(entry, where);
  return true;
}

/// Has the program's hook see a new connection, and notes how it left it.
inline void pool_core::equip(pool_entry& entry, std::source_location const& where) {
  options_.after_connect(*entry.open);
  if (entry.open->status() != connection_status::idle) {
    throw usage_error("the pool's after_connect left a connection that is not idle", where);
  }
  connection_core& core = entry.open->core_for(where);
  core.fitness = fitness::fit;
  core.listens = false;
  entry.limits = core.limits;
  entry.handlers = core.notices().handlers.size();
}

/// Makes sure that the connection can be handed out. Else its slot is vacant again.
inline bool pool_core::make_ready(pool_entry& entry, pool_step step,
                                  std::source_location const& where) {
  if (step == pool_step::check && !is_healthy(entry, where)) {
    drop(entry, true);
    return false;
  }
  return !options_.before_acquire || prepare(entry, where);
}

/// Has the program's hook see a connection before it is handed out. As `make_ready`.
inline bool pool_core::prepare(pool_entry& entry, std::source_location const& where) {
  bool good = false;
  entry.touched = true;
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

inline bool pool_core::is_healthy(pool_entry& entry, std::source_location const& where) {
  connection_core& core = entry.open->core_for(where);
  if (!core.look_alive()) {
    return false;
  }
  if (options_.health_check != health_check::ping) {
    return true;
  }
  operation_limits const before = core.limits;
  core.limits = {
      .each = saturated(std::chrono::ceil<std::chrono::milliseconds>(options_.ping_timeout))};
  bool answered = false;
  try {
    core.control("SELECT 1", where, statement_origin::internal);
    answered = true;
  } catch (error const&) {
  }
  core.limits = before;
  return answered;
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
  bool const stopped = caller.stopped;
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
      found.push_back({.where = entry->where, .held = now - entry->taken});
    }
  }
  std::sort(found.begin(), found.end(),
            [](lease_holder const& a, lease_holder const& b) { return a.held > b.held; });
  return found;
}

}  // namespace pqscope::detail

#endif
