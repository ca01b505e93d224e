#ifndef PQSCOPE_POOL_POOL_CONTROL_HPP
#define PQSCOPE_POOL_POOL_CONTROL_HPP

/// \file
/// How a pool is made, changed and ended; included by `pool_core.hpp`.

#include <pqscope/connection/loops.hpp>
#include <pqscope/connection/pause.hpp>
#include <pqscope/connection/random.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/pool_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool_core.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace pqscope::detail {

inline pool_rules pool_core::rules_for(pool_options const& options) noexcept {
  using std::chrono::nanoseconds;
  constexpr std::chrono::milliseconds longest = std::chrono::hours{24};
  return {.min_size = options.min_size,
          .max_size = options.max_size,
          .max_waiting = options.max_waiting.value_or(SIZE_MAX),
          .checks = options.health_check != health_check::none,
          .max_lifetime = options.max_lifetime.value_or(nanoseconds::max()),
          .idle_timeout = options.idle_timeout.value_or(nanoseconds::max()),
          .base_delay = least<std::chrono::milliseconds>(options.connect_retry.base_delay, longest),
          .max_delay = least<std::chrono::milliseconds>(options.connect_retry.max_delay, longest)};
}

inline pool_core::pool_core(config to, pool_options options)
    : options_{std::move(options)},
      state_{rules_for(options_)},
      target_{std::make_shared<config const>(std::move(to))} {
  add_slots(options_.max_size);
}

inline void pool_core::add_slots(std::size_t count) {
  entries_.reserve(count);
  while (entries_.size() < count) {
    entries_.push_back(std::make_unique<pool_entry>());
    state_.add(*entries_.back());
  }
}

inline void pool_core::require_own_process(std::source_location const& where) const {
  if (inherited()) {
    throw usage_error(
        "the pool was made before fork(2), and its connections belong to the parent process: call "
        "dispose() in the child first",
        where);
  }
}

inline pool_entry* pool_core::try_acquire(std::source_location const& where) {
  require_own_process(where);
  acquire_options const plain;
  time_point const until = limit_of(plain);
  for (;;) {
    pool_entry* const entry = take_idle(where, false);
    try {
      if (entry == nullptr || make_ready(*entry, idle_step(), plain, until, where)) {
        return entry;
      }
    } catch (...) {
      count_out(true, &pool_stats::errors);
      throw;
    }
    lock held{mutex_};
    --counts_.requests;
    --counts_.acquired;
    leave(held);
    if (is_out_of_time(plain, until)) {
      return nullptr;
    }
  }
}

inline void pool_core::warm_up(acquire_options const& options, std::source_location const& where) {
  require_own_process(where);
  time_point const until = limit_of(options);
  lock held{mutex_};
  ++users_;
  try {
    while (fill_one(held, options, until, where)) {
    }
  } catch (...) {
    if (!held.owns_lock()) {
      held.lock();
    }
    leave(held);
    throw;
  }
  leave(held);
}

/// Opens one connection more; false if there are enough.
inline bool pool_core::fill_one(lock& held, acquire_options const& options, time_point until,
                                std::source_location const& where) {
  if (state_.is_closed()) {
    throw pool_closed("the pool is closed", where);
  }
  pool_slot* const slot = state_.fill(libpq::clock::now());
  if (slot == nullptr) {
    return false;
  }
  pool_entry& entry = entry_of(*slot);
  libpq::limit const bound{.deadline = until, .stop = options.stop};
  attempt_end const end = attempt(held, entry, bound, where);
  if (end.connected) {
    state_.connected(entry, libpq::clock::now(), next_random());
    put_back(held, entry);
    return true;
  }
  wake(held);
  if (end.failure && !(end.may_come_up && options.waits_for_server)) {
    std::rethrow_exception(end.failure);
  }
  bool in_time = false;
  if (end.failure) {
    auto const pause = state_.next_turn() - libpq::clock::now();
    held.unlock();
    in_time = pause_within(pause, bound);
    held.lock();
  } else {
    state_.park(entry, libpq::clock::now());
    wake(held);
    close_doomed(held);
  }
  if (!in_time) {
    if (options.stop.stop_requested()) {
      throw operation_cancelled("the warm-up of the pool was cancelled", true, where);
    }
    throw_timeout(held, "the pool could not be warmed up in time", where);
  }
  return true;
}

inline void pool_core::maintain(std::source_location const& where) {
  require_own_process(where);
  lock held{mutex_};
  ++users_;
  close_doomed(held, true);
  leave(held);
}

inline void pool_core::retire(std::source_location const& where) {
  require_own_process(where);
  lock held{mutex_};
  ++users_;
  state_.retire();
  ++counts_.retired;
  close_doomed(held, true);
  leave(held);
}

inline void pool_core::retarget(config to, std::source_location const& where) {
  require_own_process(where);
  auto next = std::make_shared<config const>(std::move(to));
  {
    lock const held{mutex_};
    target_.swap(next);
    state_.forget_failures();
    last_error_.clear();
    state_.advance(libpq::clock::now());
    wake(held);
  }
  retire(where);
}

inline void pool_core::resize(std::size_t min_size, std::size_t max_size,
                              std::source_location const& where) {
  require_own_process(where);
  pool_options asked;
  asked.min_size = min_size;
  asked.max_size = max_size;
  require_sensible(asked, where);
  lock held{mutex_};
  add_slots(max_size);
  ++users_;
  state_.resize(min_size, max_size, libpq::clock::now());
  wake(held);
  close_doomed(held, true);
  leave(held);
}

inline bool pool_core::close(std::optional<std::chrono::nanoseconds> timeout) noexcept {
  if (inherited()) {
    return true;
  }
  lock held{mutex_};
  ++users_;
  state_.close();
  wake(held);
  close_doomed(held, true);
  if (timeout) {
    await_return(held, time_after(*timeout));
  }
  bool const done = state_.size() == 0;
  std::vector<std::shared_ptr<cancel_gate>> gates;
  if (!done && timeout) {
    for (auto const& entry : entries_) {
      if (entry->gate) {
        gates.push_back(entry->gate);
      }
    }
  }
  held.unlock();
  libpq::limit const bound{.deadline = time_after(std::chrono::seconds{1})};  // for all together
  for (auto const& gate : gates) {
    gate->sever();
    gate->cancel(bound);
  }
  gates.clear();
  held.lock();
  leave(held);
  return done;
}

/// Waits until every connection has come back.
inline void pool_core::await_return(lock& held, time_point until) noexcept {
  pool_closer self;
  self.next = std::exchange(closers_, &self);
  while (state_.size() > 0 && libpq::clock::now() < until &&
         self.came_back.wait_until(held, until, true)) {
  }
  pool_closer** link = &closers_;
  while (*link != &self) {
    link = &(*link)->next;
  }
  *link = self.next;
}

inline void pool_core::orphan() noexcept {
  if (inherited()) {
    if (!abandon_after_fork()) {
      return;
    }
  }
  lock held{mutex_};
  ++users_;
  orphaned_ = true;
  state_.close();
  wake(held);
  close_doomed(held, true);
  leave(held);
}

inline bool pool_core::abandon_after_fork() noexcept {
  lock const held{mutex_, std::try_to_lock};
  if (!held) {
    return false;
  }
  for (auto const& entry : entries_) {
    if (entry->state != slot_state::leased) {
      entry->open.reset();
      entry->attempt.reset();
    }
  }
  return true;
}

inline pool_stats pool_core::stats() const {
  require_own_process({});
  lock const held{mutex_};
  pool_stats now = counts_;
  now.size = state_.size();
  now.idle = state_.idle();
  now.in_use = state_.leased();
  now.opening = state_.opening();
  now.waiting = state_.waiting();
  now.min_size = state_.rules().min_size;
  now.max_size = state_.rules().max_size;
  return now;
}

inline std::shared_ptr<config const> pool_core::target() const {
  lock held{mutex_, std::defer_lock};
  if (!inherited()) {  // a forked child may find it locked for ever
    held.lock();
  }
  return target_;
}

}  // namespace pqscope::detail

#endif
