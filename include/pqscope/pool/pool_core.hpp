#ifndef PQSCOPE_POOL_POOL_CORE_HPP
#define PQSCOPE_POOL_POOL_CORE_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/connection/notices.hpp>
#include <pqscope/connection/type_catalogue.hpp>
#include <pqscope/error/pool_error.hpp>
#include <pqscope/libpq/coarse_clock.hpp>
#include <pqscope/pool/acquire_options.hpp>
#include <pqscope/pool/pool_entry.hpp>
#include <pqscope/pool/pool_options.hpp>
#include <pqscope/pool/pool_state.hpp>
#include <pqscope/pool/pool_stats.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// The blocking, thread-safe driver of a `pool_state`: does what that says with connections.
///
/// Lives as long as its `pool` or what that has given out, whichever is longer. The lock is held
/// for the moves of the state only: connecting, checking, cleaning, closing and hooks happen
/// outside.
class pool_core {
 public:
  pool_core(config to, pool_options options);
  ~pool_core() = default;
  pool_core(pool_core const&) = delete;
  pool_core& operator=(pool_core const&) = delete;

  /// An idle connection, where that takes no more than to hand it out; null where it takes more.
  pool_entry* acquire_at_once(std::source_location const& where) noexcept {
    return takes_no_more_ && !inherited() ? take_idle(where, false) : nullptr;
  }
  /// Takes back a connection that was not used, where that takes no more; false where it does.
  bool give_back_at_once(pool_entry& entry) noexcept {
    if (!takes_no_more_ || entry.touched.load(std::memory_order_relaxed) || inherited()) {
      return false;
    }
    lock const held{mutex_};
    bool const done = state_.returned_unused(entry);
    users_ -= done ? 1U : 0U;
    return done;
  }
  /// A connection, ready to be used, which is the caller's until `give_back`.
  pool_entry& acquire(acquire_options const& options, std::source_location const& where);
  /// The same if one is idle; else null.
  pool_entry* try_acquire(std::source_location const& where);
  /// Takes a connection back in whatever state it is in.
  void give_back(pool_entry& entry) noexcept;

  /// Opens connections until there are `min_size`.
  void warm_up(acquire_options const& options, std::source_location const& where);
  /// Closes what has been idle too long or lived too long.
  void maintain(std::source_location const& where);
  void retire(std::source_location const& where);
  void retarget(config to, std::source_location const& where);
  void resize(std::size_t min_size, std::size_t max_size, std::source_location const& where);
  /// Ends the pool for callers; true once every connection has come back. After `timeout` those
  /// that have not are cancelled, and cut with their next statement.
  bool close(std::optional<std::chrono::nanoseconds> timeout) noexcept;
  /// The `pool` is gone: ends, too, as soon as nobody needs it any more.
  void orphan() noexcept;
  /// In a child made by fork(2): lets go of the connections, which are the parent's. False if they
  /// cannot be reached, for another thread was at it when the process was copied.
  bool abandon_after_fork() noexcept;

  pool_stats stats() const;
  std::shared_ptr<config const> target() const;
  pool_options const& options() const noexcept { return options_; }
  bool inherited() const noexcept { return process_ != fork_count.load(std::memory_order_relaxed); }

 private:
  using lock = std::unique_lock<std::mutex>;
  using time_point = libpq::clock::time_point;

  /// How a connection was found that is to be handed out.
  enum class finding : unsigned char {
    alive,
    dead,
    unanswered,  ///< the caller's time was over before it had answered
    not_asked,   ///< that was over already
  };
  /// What a connection that came back is good for.
  enum class verdict : unsigned char {
    keep,      ///< everything
    lost,      ///< nothing: it is dead or gone
    discard,   ///< nothing: nobody knows what is left on it
    outdated,  ///< nothing, and those made at the same time are not either
  };
  /// How an attempt to connect ended, if it did.
  struct attempt_end {
    bool connected = false;
    bool may_come_up = false;  // it failed, and another one may not
    std::exception_ptr failure{};
  };

  static pool_rules rules_for(pool_options const& options) noexcept;

  void require_own_process(std::source_location const& where) const;
  static pool_entry& entry_of(pool_slot& slot) noexcept { return static_cast<pool_entry&>(slot); }
  pool_step idle_step() const noexcept {
    return options_.health_check == health_check::none ? pool_step::use : pool_step::check;
  }
  void add_slots(std::size_t count);

  pool_entry& acquire_one(acquire_options const& options, bool& waited,
                          std::source_location const& where);
  pool_entry& acquire_slowly(bool served, acquire_options const& options, time_point until,
                             std::source_location const& where);
  pool_entry* count_in() noexcept;
  pool_entry* take_idle(std::source_location const& where, bool waits) noexcept;
  void count_out(bool had_one, std::uint64_t pool_stats::* reason) noexcept;
  pool_entry& wait_for_one(pool_caller& caller, acquire_options const& options, time_point until,
                           std::source_location const& where);
  void wait_for_turn(lock& held, pool_caller& caller, acquire_options const& options,
                     time_point until, std::source_location const& where);
  bool open_one(lock& held, pool_caller& caller, acquire_options const& options, time_point until,
                std::source_location const& where);
  bool fill_one(lock& held, acquire_options const& options, time_point until,
                std::source_location const& where);
  attempt_end attempt(lock& held, pool_entry& entry, libpq::limit const& bound,
                      std::source_location const& where);
  bool drive_attempt(pool_entry& entry, config const& target, std::uint64_t generation,
                     libpq::limit const& bound, std::source_location const& where);
  void equip(pool_entry& entry, std::source_location const& where);
  time_point limit_of(acquire_options const& options) const noexcept;
  static bool is_over(acquire_options const& options) noexcept;
  bool pings(acquire_options const& options) const noexcept;
  bool is_out_of_time(acquire_options const& options, time_point until) const noexcept;
  finding look_at(pool_entry& entry, acquire_options const& options, time_point until,
                  std::source_location const& where);
  bool make_ready(pool_entry& entry, pool_step step, acquire_options const& options,
                  time_point until, std::source_location const& where);
  bool prepare(pool_entry& entry, std::source_location const& where);
  void put_back(lock& held, pool_entry& entry) noexcept;
  void drop(pool_entry& entry, bool dead) noexcept;
  [[noreturn]] void give_up(lock& held, pool_caller& caller, acquire_options const& options,
                            time_point until, std::source_location const& where);
  [[noreturn]] void throw_timeout(lock& held, std::string message,
                                  std::source_location const& where);
  std::vector<lease_holder> holders(time_point now) const;

  verdict clean(pool_entry& entry) noexcept;
  verdict tidy(pool_entry& entry);
  void undo(connection_core& core, char const* text, std::uint64_t pool_stats::* counter);
  void reset(connection_core& core);
  void close_connection(pool_entry& entry) noexcept;
  void await_return(lock& held, time_point until) noexcept;
  void close_doomed(lock& held, bool thorough = false) noexcept;
  void wake(lock const& held) noexcept;
  void leave(lock& held) noexcept;
  void tell_problem(pool_entry const& entry, std::string_view what) noexcept;

  pool_options const options_;
  /// Nobody watches, nothing is checked, no hook is called.
  bool const takes_no_more_ = options_.observer == nullptr &&
                              options_.health_check == health_check::none &&
                              !options_.before_acquire && !options_.after_release;
  unsigned const process_ = fork_generation();
  std::shared_ptr<type_registry> const types_ = std::make_shared<type_registry>();
  mutable std::mutex mutex_;
  pool_state state_;
  std::vector<std::unique_ptr<pool_entry>> entries_;
  std::shared_ptr<config const> target_;
  pool_stats counts_;
  std::string last_error_;  // of a connect, since one succeeded
  pool_closer* closers_ = nullptr;
  std::size_t users_ = 0;  // leases, and threads in a member
  bool orphaned_ = false;
};

}  // namespace pqscope::detail

#include <pqscope/pool/pool_acquire.hpp>
#include <pqscope/pool/pool_control.hpp>
#include <pqscope/pool/pool_open.hpp>
#include <pqscope/pool/pool_return.hpp>

#endif
