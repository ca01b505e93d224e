#ifndef PQSCOPE_POOL_POOL_STATE_MOVES_HPP
#define PQSCOPE_POOL_POOL_STATE_MOVES_HPP

/// \file
/// How a `pool_state` moves from one state to the next; included by `pool_state.hpp`.

#include <pqscope/pool/pool_state.hpp>

#include <cstddef>
#include <cstdint>

namespace pqscope::detail {

inline void pool_state::lease(pool_slot& slot, time_point now) noexcept {
  slot.state = slot_state::leased;
  slot.since = now;
  ++leased_;
}

/// Leases a slot for its connection to be closed.
inline void pool_state::doom(pool_slot& slot) noexcept {
  if (!slot.doomed) {
    slot.doomed = true;
    ++doomed_;
  }
}

/// The idle connection used last.
inline pool_slot* pool_state::take_idle(time_point now) noexcept {
  while (pool_slot* const slot = idle_.newest()) {
    idle_.remove(*slot);
    if (!is_stale(*slot, now)) {
      lease(*slot, now);
      return slot;
    }
    stale_.add(*slot);
  }
  return nullptr;
}

/// A slot to open a connection for, if the rules allow it now.
inline pool_slot* pool_state::take_to_open(time_point now) noexcept {
  bool const one_at_it = !opening_.empty() && now - opening_.newest()->since < rules_.growth_pause;
  if (one_at_it || pauses(now)) {
    return nullptr;
  }
  if (!has_room()) {
    return nullptr;
  }
  pool_slot* const slot = !parked_.empty() ? parked_.newest() : vacant_.newest();
  open(*slot, now);
  return slot;
}

inline void pool_state::open(pool_slot& slot, time_point now) noexcept {
  slot.resumed = slot.state == slot_state::parked;
  (slot.resumed ? parked_ : vacant_).remove(slot);
  slot.state = slot_state::opening;
  slot.generation = generation_;
  slot.since = now;
  opening_.add(slot);
}

/// Whether more are waiting than may: not those who connect, nor as many as connections can still
/// be opened, which takes its time, for one is opened after the other.
inline bool pool_state::is_overcrowded() const noexcept {
  if (rules_.max_waiting == SIZE_MAX) {
    return false;
  }
  std::size_t const taken = opening_.size() + leased_ - doomed_;
  bool const has_more = failures_ == 0 && taken < rules_.max_size;
  std::size_t const room = has_more ? rules_.max_size - taken : 0;
  std::size_t idly = 0;
  for (pool_waiter const* each = queue_.first(); each != nullptr; each = each->behind) {
    idly += each->opening == nullptr ? 1U : 0U;
  }
  return idly > room && idly - room > rules_.max_waiting;
}

inline pool_slot* pool_state::take(time_point now) noexcept {
  return closed_ || queue_.first() != nullptr ? nullptr : take_idle(now);
}

inline void pool_state::request(pool_waiter& waiter, time_point now) noexcept {
  waiter.step = pool_step::wait;
  waiter.slot = nullptr;
  if (closed_) {
    waiter.step = pool_step::closed;
    return;
  }
  queue_.add(waiter);
  advance(now);
  if (waiter.step == pool_step::wait && !waiter.first && is_overcrowded()) {
    queue_.remove(waiter);
    waiter.step = pool_step::full;
  }
}

inline void pool_state::leave(pool_waiter& waiter) noexcept {
  bool const was_queued = waiter.queued;
  if (was_queued) {
    queue_.remove(waiter);
  }
  if (waiter.woken) {
    pool_waiter* before = nullptr;
    for (pool_waiter* each = first_woken_; each != &waiter; each = each->next_woken) {
      before = each;
    }
    (before != nullptr ? before->next_woken : first_woken_) = waiter.next_woken;
    if (last_woken_ == &waiter) {
      last_woken_ = before;
    }
    waiter.woken = false;
    waiter.next_woken = nullptr;
  }
  if (was_queued) {
    remind();
  }
}

/// Has the first of those who only wait see to it that `next_turn` is not missed.
inline void pool_state::remind() noexcept {
  if (next_turn() == libpq::never) {
    return;
  }
  pool_waiter* waiter = queue_.first();
  while (waiter != nullptr && waiter->opening != nullptr) {
    waiter = waiter->behind;
  }
  if (waiter != nullptr) {
    wake(*waiter);
  }
}

inline void pool_state::wake(pool_waiter& waiter) noexcept {
  if (!waiter.woken) {
    waiter.woken = true;
    waiter.next_woken = nullptr;
    (last_woken_ != nullptr ? last_woken_->next_woken : first_woken_) = &waiter;
    last_woken_ = &waiter;
  }
}

inline pool_waiter* pool_state::next_woken() noexcept {
  pool_waiter* const waiter = first_woken_;
  if (waiter != nullptr) {
    first_woken_ = waiter->next_woken;
    if (first_woken_ == nullptr) {
      last_woken_ = nullptr;
    }
    waiter->woken = false;
    waiter->next_woken = nullptr;
  }
  return waiter;
}

/// A waiter that was told to connect has not begun, and is not to.
inline void pool_state::take_back(pool_waiter& waiter) noexcept {
  pool_slot& slot = *waiter.opening;
  waiter.opening = nullptr;
  opening_.remove(slot);
  slot.state = slot.resumed ? slot_state::parked : slot_state::vacant;
  (slot.resumed ? parked_ : vacant_).add(slot);
}

inline void pool_state::give(pool_waiter& waiter, pool_step step, pool_slot* slot) noexcept {
  if (waiter.step == pool_step::connect) {
    take_back(waiter);
  }
  waiter.step = step;
  if (step == pool_step::connect) {
    waiter.opening = slot;
  } else {
    queue_.remove(waiter);
    waiter.slot = slot;
  }
  wake(waiter);
}

inline void pool_state::advance(time_point now) noexcept {
  if (queue_.first() == nullptr || closed_) {
    return;
  }
  while (queue_.first() != nullptr) {
    pool_slot* const idle = take_idle(now);
    if (idle == nullptr) {
      break;
    }
    give(*queue_.first(), idle_step(), idle);
  }
  for (pool_waiter* waiter = queue_.first(); waiter != nullptr; waiter = waiter->behind) {
    if (waiter->opening == nullptr) {
      pool_slot* const slot = take_to_open(now);
      if (slot == nullptr) {
        remind();
        break;
      }
      give(*waiter, pool_step::connect, slot);
    }
  }
}

inline pool_state::time_point pool_state::next_turn() const noexcept {
  if (closed_ || !has_room()) {
    return libpq::never;
  }
  time_point turn{};
  if (!opening_.empty()) {
    turn = opening_.newest()->since + rules_.growth_pause;
  }
  if (failures_ > 0 && next_attempt_ > turn) {
    turn = next_attempt_;
  }
  return turn;
}

inline pool_slot* pool_state::fill(time_point now) noexcept {
  if (closed_ || size() - parked_.size() >= rules_.min_size) {
    return nullptr;
  }
  pool_slot* const slot = !parked_.empty() ? parked_.newest() : vacant_.newest();
  if (slot != nullptr) {
    open(*slot, now);
  }
  return slot;
}

inline void pool_state::connected(pool_slot& slot, time_point now, std::uint64_t random) noexcept {
  forget_failures();
  opening_.remove(slot);
  bool const endless = rules_.max_lifetime >= libpq::never - now;
  slot.expires = endless ? libpq::never : now + jittered_lifetime(rules_.max_lifetime, random);
  lease(slot, now);
  advance(now);
}

inline void pool_state::connect_failed(pool_slot& slot, time_point now,
                                       std::uint64_t random) noexcept {
  ++failures_;
  next_attempt_ = now + reconnect_pause(rules_.base_delay, rules_.max_delay, failures_, random);
  opening_.remove(slot);
  slot.state = slot_state::vacant;
  vacant_.add(slot);
  remind();
}

inline void pool_state::park(pool_slot& slot, time_point now) noexcept {
  opening_.remove(slot);
  slot.state = slot_state::parked;
  parked_.add(slot);
  advance(now);
}

inline bool pool_state::lost(pool_slot const& slot) noexcept {
  bool const first = slot.generation == generation_;
  if (first) {
    retire();
  }
  return first;
}

inline bool pool_state::returned(pool_slot& slot, time_point now) noexcept {
  if (closed_ || is_stale(slot, now) || is_surplus()) {
    doom(slot);
    return false;
  }
  --leased_;
  slot.state = slot_state::idle;
  slot.since = now;
  idle_.add(slot);
  advance(now);
  return true;
}

inline void pool_state::vacated(pool_slot& slot, time_point now) noexcept {
  if (slot.state == slot_state::opening) {
    opening_.remove(slot);
  } else {
    --leased_;
  }
  if (slot.doomed) {
    slot.doomed = false;
    --doomed_;
  }
  slot.state = slot_state::vacant;
  vacant_.add(slot);
  advance(now);
}

inline bool pool_state::is_abandoned(pool_slot const& parked, time_point now) const noexcept {
  return closed_ || is_surplus() || parked.generation != generation_ ||
         now - parked.since >= rules_.parking_time;
}

inline pool_slot* pool_state::next_doomed(time_point now, bool thorough) noexcept {
  if (thorough) {
    for (pool_slot* slot = idle_.oldest(); slot != nullptr;) {
      pool_slot& each = *slot;
      slot = slot->newer;
      if (is_stale(each, now)) {
        idle_.remove(each);
        stale_.add(each);
      }
    }
  }
  slot_list* list = &stale_;
  pool_slot* slot = stale_.oldest();
  if (slot == nullptr) {
    list = &idle_;
    slot = idle_.oldest();
    if (slot == nullptr || !is_doomed(*slot, now)) {
      list = &parked_;
      slot = parked_.oldest();
      if (slot == nullptr || !is_abandoned(*slot, now)) {
        return nullptr;
      }
    }
  }
  list->remove(*slot);
  lease(*slot, now);
  doom(*slot);
  return slot;
}

inline void pool_state::resize(std::size_t min_size, std::size_t max_size,
                               time_point now) noexcept {
  rules_.min_size = min_size;
  rules_.max_size = max_size;
  advance(now);
}

inline void pool_state::close() noexcept {
  closed_ = true;
  while (queue_.first() != nullptr) {
    give(*queue_.first(), pool_step::closed, nullptr);
  }
}

}  // namespace pqscope::detail

#endif
