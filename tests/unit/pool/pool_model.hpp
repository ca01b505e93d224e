#ifndef PQSCOPE_TESTS_UNIT_POOL_POOL_MODEL_HPP
#define PQSCOPE_TESTS_UNIT_POOL_POOL_MODEL_HPP

#include <pqscope/pool/pool_state.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pool_model {

using pqscope::detail::pool_rules;
using pqscope::detail::pool_slot;
using pqscope::detail::pool_state;
using pqscope::detail::pool_step;
using pqscope::detail::pool_waiter;
using pqscope::detail::slot_state;
using time_point = pool_state::time_point;
using duration = pool_state::duration;

/// The least time that passes; a tenth of it, and a 1024th of a fifth, are whole numbers.
inline constexpr duration tick = std::chrono::nanoseconds{102'400};
/// The random number that makes a pause exactly as long as the rules say.
inline constexpr std::uint64_t middle = 512;

/// What happens to a pool; `who` is a caller, a slot, or a size.
enum class happens : unsigned char {
  request,      ///< somebody away asks
  wake,         ///< a sleeper's condition variable, or its turn
  time_out,     ///< a sleeper's time is over
  give_up,      ///< a sleeper has seen too many failed connects
  connect,      ///< an attempt succeeds
  refuse,       ///< an attempt fails, and is to be repeated
  refuse_last,  ///< an attempt fails for good
  spoil,        ///< a hook refuses a new connection
  interrupt,    ///< an attempt is interrupted, or its time is over
  check_good,   ///< a connection is found alive
  check_bad,    ///< and is not
  reject,       ///< a hook wants another connection
  give_back,    ///< a lease ends in order
  give_broken,  ///< a lease ends with a dead connection
  give_old,     ///< a lease ends with a connection to what is a standby now
  closed,       ///< a connection that was to be closed is
  fill,         ///< somebody begins to warm up
  fill_good,    ///< and connects
  fill_bad,     ///< and does not
  fill_stops,   ///< and gives up
  pass,         ///< time passes
  retire,
  maintain,
  resize,
  close,
};

inline char const* name_of(happens what) {
  constexpr std::array names{"request",   "wake",        "time_out",  "give_up",     "connect",
                             "refuse",    "refuse_last", "spoil",     "interrupt",   "check_good",
                             "check_bad", "reject",      "give_back", "give_broken", "give_old",
                             "closed",    "fill",        "fill_good", "fill_bad",    "fill_stops",
                             "pass",      "retire",      "maintain",  "resize",      "close"};
  return names[static_cast<std::size_t>(what)];
}

struct event {
  happens what;
  unsigned char who = 0;
};

/// What a caller's thread is doing.
enum class doing : unsigned char {
  away,
  asking,
  sleeping,
  connecting,
  checking,
  holding,
  dropping
};

struct caller : pool_waiter {
  doing now = doing::away;
  bool told = false;         ///< sleeping: its condition variable was notified
  bool interrupted = false;  ///< connecting: its attempt is being stopped
  bool served = false;       ///< had a connection, or was told that the pool is closed, or full
  pool_slot* held = nullptr;
  time_point armed{};  ///< sleeping: until when
};

/// A pool without threads, which does with a `pool_state` what `pool_core` does: each stretch of a
/// thread between taking the lock and letting it go is one event.
class world {
 public:
  world(pool_rules const& rules, std::size_t slots, std::size_t callers)
      : state{rules}, slots_(slots), callers_(callers), ceiling_{rules.max_size} {
    for (auto& each : slots_) {
      state.add(each);
    }
  }

  /// Whether that can happen now; if so it has.
  bool apply(event const& e);
  /// What is wrong; null if nothing is.
  char const* fault() const;
  /// Whether somebody who sleeps would sleep on although there is something to have; changes it.
  char const* turn_fault();
  /// Whether everybody is served once nothing fails any more, and whether all ends; changes it.
  char const* ending_fault();
  /// Two worlds with the same key behave in the same way.
  std::string key() const;

  pool_state state;

 private:
  std::size_t number(pool_slot const* slot) const {
    return slot == nullptr ? 15 : static_cast<std::size_t>(slot - slots_.data());
  }
  std::size_t number(pool_waiter const* waiter) const {
    std::size_t i = 0;
    while (i < callers_.size() && &callers_[i] != waiter) {
      ++i;
    }
    return i;
  }

  void drain();
  void close_doomed(bool thorough = false);
  void go_on(caller& of);
  void ask(caller& of, bool first);
  void leave(caller& of);
  void go_away(caller& of);
  void put_back(pool_slot& slot);
  bool apply_to_caller(event const& e, caller& of);
  void end_attempt(happens how, caller& of);
  bool apply_to_filler(happens what);
  char const* slots_fault() const;
  char const* queue_fault() const;

  std::vector<pool_slot> slots_;
  std::vector<caller> callers_;
  std::vector<pool_slot*> closing_;  // leased, being closed by somebody who is no caller then
  pool_slot* filling_ = nullptr;
  std::vector<caller*> line_;  // the queue as it should be
  char const* broken_ = nullptr;
  time_point now_{std::chrono::hours{1}};
  std::size_t ceiling_;  // how many connections there may be
};

// What the driver does -----------------------------------------------------------------------

/// `pool_core::wake`.
inline void world::drain() {
  while (pool_waiter* const waiter = state.next_woken()) {
    auto& each = static_cast<caller&>(*waiter);
    if (each.now == doing::sleeping) {
      each.told = true;
    } else if (each.now == doing::connecting) {
      each.interrupted = true;
    } else if (each.now != doing::asking) {
      broken_ = "somebody who does not wait is woken";
    }
  }
}

inline void world::close_doomed(bool thorough) {
  while (pool_slot* const slot = state.next_doomed(now_, thorough)) {
    closing_.push_back(slot);
  }
}

/// The loop of `pool_core::wait_for_one`.
inline void world::go_on(caller& of) {
  switch (of.step) {
    case pool_step::use:
    case pool_step::check:
      of.held = of.slot;
      of.served = true;
      of.now = of.step == pool_step::check ? doing::checking : doing::holding;
      break;
    case pool_step::full:
    case pool_step::closed:
      of.served = true;
      go_away(of);
      break;
    case pool_step::connect:
      of.step = pool_step::wait;
      of.interrupted = false;
      of.now = doing::connecting;
      break;
    case pool_step::wait:
      of.told = false;
      of.armed = state.next_turn();
      of.now = doing::sleeping;
      break;
  }
}

inline void world::ask(caller& of, bool first) {
  static_cast<pool_waiter&>(of) = pool_waiter{};
  of.first = first;
  of.now = doing::asking;
  line_.insert(first ? line_.begin() : line_.end(), &of);
  state.request(of, now_);
  if (of.step == pool_step::full || of.step == pool_step::closed) {
    std::erase(line_, &of);
  }
  drain();
  if (of.step == pool_step::wait) {
    close_doomed();
  }
  go_on(of);
}

inline void world::leave(caller& of) {
  std::erase(line_, &of);
  state.leave(of);
}

inline void world::go_away(caller& of) {
  of.now = doing::away;
  of.held = nullptr;
}

inline void world::put_back(pool_slot& slot) {
  if (!state.returned(slot, now_)) {
    closing_.push_back(&slot);
  }
  drain();
}

/// `pool_core::open_one`, after the attempt.
inline void world::end_attempt(happens how, caller& of) {
  pool_slot& slot = *of.opening;
  if (how == happens::refuse || how == happens::refuse_last) {
    state.connect_failed(slot, now_, middle);
  } else if (how == happens::spoil) {
    state.vacated(slot, now_);
  }
  drain();
  of.opening = nullptr;
  bool const served = !of.queued;
  switch (how) {
    case happens::connect:
      leave(of);
      state.connected(slot, now_, middle);
      if (served && of.slot != nullptr) {
        put_back(*of.slot);
      }
      of.slot = &slot;
      drain();
      of.step = pool_step::use;
      go_on(of);
      break;
    case happens::interrupt:
      leave(of);
      state.park(slot, now_);
      drain();
      close_doomed();
      if (served) {
        go_on(of);
      } else {
        state.advance(now_);
        drain();
        go_away(of);
      }
      break;
    case happens::refuse:
      go_on(of);
      break;
    default:
      if (served) {
        go_on(of);
      } else {
        leave(of);
        drain();
        go_away(of);
      }
      break;
  }
}

inline bool world::apply_to_caller(event const& e, caller& of) {
  switch (e.what) {
    case happens::request: {
      if (of.now != doing::away) {
        return false;
      }
      of.served = false;
      if (pool_slot* const slot = state.take(now_)) {
        of.slot = slot;
        of.step = state.rules().checks ? pool_step::check : pool_step::use;
        go_on(of);
      } else {
        ask(of, false);
      }
      return true;
    }
    case happens::wake:
    case happens::time_out:
    case happens::give_up:
      if (of.now != doing::sleeping || (e.what == happens::wake && !of.told && of.armed > now_)) {
        return false;
      }
      of.now = doing::asking;
      state.advance(now_);
      drain();
      if (of.step == pool_step::wait && e.what != happens::wake) {
        leave(of);
        if (e.what == happens::time_out) {
          state.advance(now_);
        }
        drain();
        go_away(of);
      } else {
        go_on(of);
      }
      return true;
    case happens::connect:
    case happens::refuse:
    case happens::refuse_last:
    case happens::spoil:
    case happens::interrupt:
      if (of.now != doing::connecting) {
        return false;
      }
      end_attempt(e.what, of);
      return true;
    case happens::check_good:
      if (of.now != doing::checking) {
        return false;
      }
      of.now = doing::holding;
      return true;
    case happens::check_bad:
    case happens::reject:
      if (of.now != doing::checking) {
        return false;
      }
      of.now = doing::dropping;
      of.served = false;
      if (e.what == happens::check_bad) {
        state.lost(*of.held);
      }
      return true;
    case happens::give_back:
      if (of.now != doing::holding) {
        return false;
      }
      put_back(*of.held);
      close_doomed();
      go_away(of);
      return true;
    case happens::give_broken:
    case happens::give_old:
      if (of.now != doing::holding) {
        return false;
      }
      if (e.what == happens::give_old) {
        state.lost(*of.held);
      }
      state.vacated(*of.held, now_);
      drain();
      close_doomed();
      go_away(of);
      return true;
    default:
      return false;
  }
}

/// `pool_core::fill_one`.
inline bool world::apply_to_filler(happens what) {
  if (what == happens::fill) {
    filling_ = filling_ == nullptr ? state.fill(now_) : nullptr;
    return filling_ != nullptr;
  }
  if (filling_ == nullptr) {
    return false;
  }
  pool_slot& slot = *filling_;
  filling_ = nullptr;
  if (what == happens::fill_good) {
    state.connected(slot, now_, middle);
    put_back(slot);
  } else if (what == happens::fill_bad) {
    state.connect_failed(slot, now_, middle);
    drain();
  } else {
    state.park(slot, now_);
    drain();
    close_doomed();
  }
  return true;
}

inline bool world::apply(event const& e) {
  std::vector<caller*> const before = line_;
  bool possible = true;
  switch (e.what) {
    case happens::closed: {
      pool_slot* const slot = &slots_[e.who];
      if (std::erase(closing_, slot) == 0) {
        auto const of = std::find_if(callers_.begin(), callers_.end(), [&](caller const& each) {
          return each.now == doing::dropping && each.held == slot;
        });
        if (of == callers_.end()) {
          return false;
        }
        state.vacated(*slot, now_);
        drain();
        close_doomed();
        of->held = nullptr;
        ask(*of, true);
        break;
      }
      state.vacated(*slot, now_);
      drain();
      close_doomed();
      break;
    }
    case happens::fill:
      if (filling_ != nullptr) {
        return false;
      }
      [[fallthrough]];
    case happens::fill_good:
    case happens::fill_bad:
    case happens::fill_stops:
      possible = apply_to_filler(e.what);
      break;
    case happens::pass:
      now_ += tick;
      break;
    case happens::retire:
      state.retire();
      close_doomed(true);
      break;
    case happens::maintain:
      close_doomed(true);
      break;
    case happens::resize: {
      std::size_t const most = e.who;
      if (most == state.rules().max_size) {
        return false;
      }
      ceiling_ = std::max(most, ceiling_);
      state.resize(std::min(state.rules().min_size, most), most, now_);
      drain();
      close_doomed(true);
      break;
    }
    case happens::close:
      if (state.is_closed()) {
        return false;
      }
      state.close();
      drain();
      close_doomed(true);
      break;
    default:
      possible = apply_to_caller(e, callers_[e.who]);
      break;
  }
  if (!possible) {
    return false;
  }
  // Those who have left the queue without `leave` were served: nobody before them may be in it.
  bool waits = false;
  for (caller* const each : before) {
    bool const in_line = std::find(line_.begin(), line_.end(), each) != line_.end();
    if (in_line && !each->queued) {
      if (waits && each->step != pool_step::closed) {
        broken_ = "somebody was served before one who came earlier";
      }
    }
    waits = waits || each->queued;
  }
  std::erase_if(line_, [](caller const* each) { return !each->queued; });
  ceiling_ = std::max(state.rules().max_size, std::min(ceiling_, state.size()));
  return true;
}

// What must hold -----------------------------------------------------------------------------

inline char const* world::slots_fault() const {
  std::array<std::size_t, 5> count{};
  for (auto const& slot : slots_) {
    ++count[static_cast<std::size_t>(slot.state)];
    bool const listed = slot.state != slot_state::leased;
    for (pool_slot const* beside : {slot.newer, slot.older}) {
      if (beside != nullptr && (!listed || beside->state != slot.state)) {
        return "a slot is in the list of another state";
      }
    }
    if ((slot.newer != nullptr && slot.newer->older != &slot) ||
        (slot.older != nullptr && slot.older->newer != &slot)) {
      return "a list is torn";
    }
    std::size_t owners = filling_ == &slot ? 1 : 0;
    owners += static_cast<std::size_t>(std::count(closing_.begin(), closing_.end(), &slot));
    for (auto const& each : callers_) {
      bool const told_to = each.now == doing::sleeping && each.step == pool_step::connect;
      bool const opens = each.opening == &slot && (each.now == doing::connecting || told_to);
      bool const given = each.slot == &slot && !each.queued && each.step != pool_step::closed &&
                         (each.now == doing::connecting || each.now == doing::sleeping);
      bool const has = each.held == &slot && each.now != doing::away;
      owners += (opens ? 1U : 0U) + (given ? 1U : 0U) + (has ? 1U : 0U);
    }
    bool const owned = slot.state == slot_state::leased || slot.state == slot_state::opening;
    if (owners != (owned ? 1U : 0U)) {
      return owners > 1 ? "a slot has two owners"
             : owned    ? "a slot is lost: nobody has it"
                        : "somebody has a slot in vain";
    }
    if (slot.doomed && slot.state != slot_state::leased) {
      return "a slot is doomed that nobody closes";
    }
  }
  auto const of = [&](slot_state each) { return count[static_cast<std::size_t>(each)]; };
  if (state.idle() != of(slot_state::idle) || state.leased() != of(slot_state::leased) ||
      state.opening() != of(slot_state::opening) + of(slot_state::parked) ||
      state.size() + of(slot_state::vacant) != slots_.size()) {
    return "the counts are wrong";
  }
  return state.size() > ceiling_ ? "there are more connections than may be" : nullptr;
}

inline char const* world::queue_fault() const {
  if (state.waiting() != line_.size()) {
    return "the length of the queue is wrong";
  }
  pool_waiter const* before = nullptr;
  for (caller const* each : line_) {
    if (!each->queued || each->before != before || (before != nullptr && before->behind != each)) {
      return "the order of the queue is wrong";
    }
    before = each;
  }
  if (before != nullptr && before->behind != nullptr) {
    return "the queue has no end";
  }
  bool watched = false;
  bool needed = false;
  for (auto const& each : callers_) {
    bool const waits = each.step == pool_step::wait || each.step == pool_step::connect;
    if (each.now == doing::sleeping && waits != each.queued) {
      return "who waits is not queued, or who is served is";
    }
    if (each.woken) {
      return "somebody was to be woken and was not";
    }
    if (each.now == doing::sleeping && each.step != pool_step::wait && !each.told) {
      return "somebody has something to do and is not told";
    }
    if (each.now == doing::connecting && !each.queued && !each.interrupted) {
      return "somebody goes on connecting who has been served";
    }
    if ((each.now == doing::away || each.now == doing::holding) && each.queued) {
      return "somebody who has left is still listed";
    }
    if (each.now == doing::sleeping && each.step == pool_step::wait) {
      needed = true;
      watched = watched || each.told || each.armed <= state.next_turn();
    }
  }
  if (needed && !watched && state.next_turn() != pqscope::libpq::never) {
    return "nobody wakes when it is time to connect";
  }
  if (state.waiting() > 0) {
    for (auto const& slot : slots_) {
      if (slot.state == slot_state::idle && slot.generation == state.generation() &&
          now_ < slot.expires) {
        return "somebody waits while a connection is idle";
      }
    }
  }
  return nullptr;
}

inline char const* world::fault() const {
  if (broken_ != nullptr) {
    return broken_;
  }
  char const* const wrong = slots_fault();
  return wrong != nullptr ? wrong : queue_fault();
}

inline char const* world::turn_fault() {
  auto const idly = [&] {
    return std::count_if(line_.begin(), line_.end(),
                         [](caller const* each) { return each->opening == nullptr; });
  };
  auto const waiting = idly();
  if (waiting == 0) {
    return nullptr;
  }
  time_point const turn = state.next_turn();
  if (turn == pqscope::libpq::never) {
    return nullptr;
  }
  if (turn > now_) {
    state.advance(turn - duration{1});
    if (idly() != waiting) {
      return "there was something to have before the time came";
    }
  }
  state.advance(std::max(turn, now_));
  return idly() == waiting ? "there was nothing to have when the time came" : nullptr;
}

inline char const* world::ending_fault() {
  constexpr int patience = 60;
  bool const was_closed = state.is_closed();
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < callers_.size(); ++i) {
    if (callers_[i].now != doing::away && callers_[i].now != doing::holding) {
      waiting.push_back(i);
    }
  }
  auto const all = {happens::connect, happens::check_good, happens::give_back, happens::wake};
  int passed = 0;
  for (bool ended = false; !ended;) {
    bool moved = apply({happens::fill_good});
    for (unsigned char i = 0; i < slots_.size(); ++i) {
      moved = apply({happens::closed, i}) || moved;
    }
    for (unsigned char i = 0; i < callers_.size(); ++i) {
      for (happens const what : all) {
        moved = apply({what, i}) || moved;
      }
    }
    ended = closing_.empty() && std::all_of(callers_.begin(), callers_.end(), [](auto const& each) {
              return each.now == doing::away;
            });
    if (char const* const wrong = fault()) {
      return wrong;
    }
    if (!moved && !ended) {
      if (++passed > patience) {
        return "somebody waits for ever";
      }
      apply({happens::pass});
    }
  }
  for (std::size_t const i : waiting) {
    if (!callers_[i].served) {
      return "somebody left without an answer";
    }
  }
  if (state.waiting() != 0 || state.leased() != 0) {
    return "something is left when all have gone";
  }
  if (!was_closed) {
    apply({happens::close});
  }
  for (unsigned char i = 0; i < slots_.size(); ++i) {
    apply({happens::closed, i});
  }
  return state.size() != 0 ? "something is left of a closed pool" : nullptr;
}

inline std::string world::key() const {
  std::string key;
  auto const put = [&](auto value) { key += static_cast<char>(value); };
  auto const ticks = [&](duration span) {
    return std::clamp<std::int64_t>((span + tick - duration{1}) / tick, -1, 9);
  };
  for (auto const& slot : slots_) {
    put(slot.state);
    put((slot.doomed ? 2 : 0) + (slot.resumed ? 4 : 0) +
        (slot.generation == state.generation() ? 1 : 0));
    if (slot.state != slot_state::vacant && slot.state != slot_state::leased) {
      put(number(slot.newer));
      put(std::min<std::int64_t>((now_ - slot.since) / tick, 4));
    } else {
      put(slot.state == slot_state::leased ? 0U : number(slot.newer));
      put(0);
    }
    bool const counts = slot.state == slot_state::idle || slot.state == slot_state::leased;
    put(!counts || slot.expires == pqscope::libpq::never ? 9 : ticks(slot.expires - now_));
    put(std::count(closing_.begin(), closing_.end(), &slot) + (filling_ == &slot ? 2 : 0));
  }
  for (auto const& each : callers_) {
    put(each.now);
    if (each.now != doing::away) {
      put(each.step);
      put((each.told ? 1 : 0) + (each.interrupted ? 2 : 0) + (each.first ? 4 : 0));
      put(number(each.held));
      bool const in = each.now == doing::sleeping || each.now == doing::connecting;
      put(in ? number(each.slot) : 15U);
      put(in ? number(each.opening) : 15U);
      put(each.queued ? number(each.behind) : 14U);
      bool const arms = each.now == doing::sleeping && each.armed != pqscope::libpq::never;
      put(arms ? ticks(each.armed - now_) : 9);
    }
  }
  put(state.rules().min_size * 16 + state.rules().max_size);
  put(ceiling_ * 2 + (state.is_closed() ? 1U : 0U));
  put(std::min(state.failures(), 3U));
  int pause = 0;
  while (state.pauses(now_ + pause * tick)) {
    ++pause;
  }
  put(pause);
  return key;
}

}  // namespace pool_model

#endif
