#ifndef PQSCOPE_POOL_POOL_STATE_HPP
#define PQSCOPE_POOL_POOL_STATE_HPP

#include <pqscope/connection/reconnect.hpp>
#include <pqscope/libpq/wait.hpp>
#include <pqscope/pool/pool_slot.hpp>
#include <pqscope/pool/pool_waiter.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pqscope::detail {

/// The numbers a pool goes by.
struct pool_rules {
  std::size_t min_size = 0;
  std::size_t max_size = 1;
  std::size_t max_waiting = SIZE_MAX;
  bool checks = true;  ///< a connection is to be checked before it is used
  libpq::clock::duration max_lifetime = libpq::clock::duration::max();  ///< `max()`: for ever
  libpq::clock::duration idle_timeout = libpq::clock::duration::max();  ///< `max()`: for ever
  libpq::clock::duration base_delay = std::chrono::milliseconds{100};   ///< after a failed connect
  libpq::clock::duration max_delay = std::chrono::seconds{10};          ///< and at most
  /// How long one may connect before a second one may too.
  libpq::clock::duration growth_pause = std::chrono::milliseconds{250};
  /// How long an attempt to connect that was left is kept for somebody to go on with it.
  libpq::clock::duration parking_time = std::chrono::seconds{1};
};

/// The pool without connections, threads and clock: says who is to do what.
///
/// Its driver calls one member for each thing that happens, under a lock of its own, and does what
/// the answers say outside of that lock; those in `next_woken()` have something new to do. The
/// rules:
///
/// - An idle connection goes to who asks, the one used last first. One that comes back goes to the
///   first in the queue. Nobody overtakes.
/// - Without one, the first in the queue who does not connect already does so, as long as there is
///   room. One at a time, unless that one takes long; after a failure not before a pause that
///   doubles.
/// - `retire()` has every connection that exists closed: idle ones now, others when they come back.
/// - Who has leased a slot has it until `returned` or `vacated`: none is ever lost.
class pool_state {
 public:
  using time_point = libpq::clock::time_point;
  using duration = libpq::clock::duration;

  explicit pool_state(pool_rules const& rules) noexcept : rules_{rules} {}
  pool_state(pool_state const&) = delete;
  pool_state& operator=(pool_state const&) = delete;

  /// Adds a place for a connection; there are to be `rules().max_size` of them.
  void add(pool_slot& vacant) noexcept { vacant_.add(vacant); }

  /// An idle connection for somebody who does not wait; null if there is none, or others do.
  pool_slot* take(time_point now) noexcept;
  /// Somebody wants a connection. Who begins to connect sets `step` back to `wait`. Where `step` is
  /// not `full` or `closed` they are in the queue until it is `use` or `check`, or they `leave`.
  void request(pool_waiter& waiter, time_point now) noexcept;
  /// They want none any more, or have what they want. What they were opening they park or vacate.
  /// Those who wait on may have to look at `next_turn` again: it is for `next_woken` to say who.
  void leave(pool_waiter& waiter) noexcept;
  /// Gives those in the queue what there is to give; for times when nothing else happens.
  void advance(time_point now) noexcept;
  /// When `advance` may have something to give although nothing happens; `never` if it has not. It
  /// comes nearer only with moves after which somebody who waits is in `next_woken()`.
  time_point next_turn() const noexcept;
  /// Takes one of those who have something new to do off their list; null if there is none.
  pool_waiter* next_woken() noexcept;

  /// A place to open one more connection for, until there are `rules().min_size`; null then.
  pool_slot* fill(time_point now) noexcept;

  /// The connection for an opened slot is there; it is leased from now on, to whoever opened it,
  /// who has left the queue.
  void connected(pool_slot& slot, time_point now, std::uint64_t random) noexcept;
  /// There is none, and another attempt waits for the pause to end.
  void connect_failed(pool_slot& slot, time_point now, std::uint64_t random) noexcept;
  /// Whoever was connecting leaves it unfinished.
  void park(pool_slot& slot, time_point now) noexcept;
  /// A connection was found dead when it was to be handed out: all that are as old are retired.
  /// True if it was the first to be found.
  bool lost(pool_slot const& slot) noexcept;

  /// A leased connection comes back, in order. True if it is kept; else it is to be closed, and
  /// `vacated` to be called then.
  bool returned(pool_slot& slot, time_point now) noexcept;
  /// A leased connection that was not used comes back at once: it has been idle all along. False,
  /// and nothing done, where that is not all there is to it; then `returned` says more.
  bool returned_unused(pool_slot& slot) noexcept {
    if (closed_ || queue_.first() != nullptr || slot.generation != generation_ || is_surplus()) {
      return false;
    }
    --leased_;
    slot.state = slot_state::idle;
    idle_.add(slot);
    return true;
  }
  /// A slot has no connection any more.
  void vacated(pool_slot& slot, time_point now) noexcept;
  /// Whether `next_doomed` has something. May say so where it has not.
  bool has_doomed(time_point now) const noexcept {
    return !stale_.empty() || !parked_.empty() ||
           (idle_.oldest() != nullptr && is_doomed(*idle_.oldest(), now));
  }
  /// An idle or parked connection that is to be closed, as `returned` has it; null if there is
  /// none. With `thorough` all are looked at, else those that have been idle longest.
  pool_slot* next_doomed(time_point now, bool thorough = false) noexcept;

  /// Has all connections that exist replaced.
  void retire() noexcept { ++generation_; }
  /// Other numbers; the driver has added slots, where there are to be more.
  void resize(std::size_t min_size, std::size_t max_size, time_point now) noexcept;
  /// No connection is given out any more.
  void close() noexcept;
  bool is_closed() const noexcept { return closed_; }
  /// Forgets the pause after a failed connect.
  void forget_failures() noexcept {
    failures_ = 0;
    next_attempt_ = {};
  }

  pool_rules const& rules() const noexcept { return rules_; }
  std::uint64_t generation() const noexcept { return generation_; }
  std::size_t size() const noexcept { return idle() + opening() + leased_; }
  std::size_t idle() const noexcept { return idle_.size() + stale_.size(); }
  std::size_t leased() const noexcept { return leased_; }
  std::size_t opening() const noexcept { return opening_.size() + parked_.size(); }
  std::size_t waiting() const noexcept { return queue_.size(); }
  unsigned failures() const noexcept { return failures_; }
  /// Whether the pause after a failed connect lasts.
  bool pauses(time_point now) const noexcept { return failures_ > 0 && now < next_attempt_; }

 private:
  bool is_stale(pool_slot const& slot, time_point now) const noexcept {
    return slot.generation != generation_ || now >= slot.expires;
  }
  bool has_room() const noexcept {
    return parked_.empty() ? !vacant_.empty() && size() < rules_.max_size
                           : size() <= rules_.max_size;
  }
  bool is_surplus() const noexcept { return size() - doomed_ > rules_.max_size; }
  bool is_overcrowded() const noexcept;
  bool is_doomed(pool_slot const& slot, time_point now) const noexcept {
    bool const unused =
        now - slot.since >= rules_.idle_timeout && idle() + leased_ - doomed_ > rules_.min_size;
    return unused || is_stale(slot, now) || is_surplus() || closed_;
  }
  bool is_abandoned(pool_slot const& parked, time_point now) const noexcept;
  pool_step idle_step() const noexcept { return rules_.checks ? pool_step::check : pool_step::use; }
  pool_slot* take_idle(time_point now) noexcept;
  pool_slot* take_to_open(time_point now) noexcept;
  void open(pool_slot& slot, time_point now) noexcept;
  void doom(pool_slot& slot) noexcept;
  void lease(pool_slot& slot, time_point now) noexcept;
  void take_back(pool_waiter& waiter) noexcept;
  void give(pool_waiter& waiter, pool_step step, pool_slot* slot) noexcept;
  void wake(pool_waiter& waiter) noexcept;
  void remind() noexcept;

  pool_rules rules_;
  slot_list vacant_;
  slot_list idle_;
  slot_list stale_;  // idle too, but not to be used any more
  slot_list parked_;
  slot_list opening_;
  std::size_t leased_ = 0;
  std::size_t doomed_ = 0;  // of those
  waiter_queue queue_;
  pool_waiter* first_woken_ = nullptr;
  pool_waiter* last_woken_ = nullptr;
  std::uint64_t generation_ = 1;
  unsigned failures_ = 0;  // connects that failed since the last one that did not
  time_point next_attempt_{};
  bool closed_ = false;
};

/// A connection's lifetime, up to a tenth shorter, so that not all end at the same moment.
inline libpq::clock::duration jittered_lifetime(libpq::clock::duration lifetime,
                                                std::uint64_t random) noexcept {
  return lifetime - lifetime / 10 / 1024 * static_cast<int>(random % 1025);
}

}  // namespace pqscope::detail

#include <pqscope/pool/pool_state_moves.hpp>

#endif
