#ifndef PQSCOPE_POOL_POOL_RETURN_HPP
#define PQSCOPE_POOL_POOL_RETURN_HPP

/// \file
/// How a connection comes back into its pool; included by `pool_core.hpp`.

#include <pqscope/pool/pool_core.hpp>

#include <exception>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope::detail {

inline void pool_core::give_back(pool_entry& entry) noexcept {
  if (inherited()) {
    entry.open.reset();  // the parent's: nothing is sent, and there is no lock to be relied on
    return;
  }
  bool const as_it_was = !entry.touched.load(std::memory_order_relaxed) && !options_.after_release;
  verdict const judged = as_it_was ? verdict::keep : clean(entry);
  bool keep = judged == verdict::keep;
  if (!keep) {
    close_connection(entry);
  }
  lock held{mutex_};
  time_point const now = libpq::coarse_now();
  counts_.usage_time += now - entry.taken;
  entry.taken = {};
  if (!keep) {
    counts_.lost += judged == verdict::lost ? 1U : 0U;
    counts_.discarded += judged == verdict::lost ? 0U : 1U;
    if (judged == verdict::outdated && state_.lost(entry)) {
      ++counts_.retired;
    }
  } else if (!state_.returned(entry, now)) {
    keep = false;
    ++counts_.expired;
    held.unlock();
    close_connection(entry);
    held.lock();
  }
  if (!keep) {
    state_.vacated(entry, now);
  }
  wake(held);
  if (state_.has_doomed(now)) {
    close_doomed(held);
  }
  leave(held);
}

/// Brings a connection into the state it was handed out in, or says why that is not possible.
inline pool_core::verdict pool_core::clean(pool_entry& entry) noexcept {
  if (!entry.open || entry.open->status() == connection_status::closed ||
      entry.open->native_handle() == nullptr) {
    return verdict::lost;  // closed by its user, or taken out of the lease
  }
  try {
    if (entry.open->core_for({}).gate() != entry.gate) {
      return verdict::lost;  // another one was put in its place
    }
    return tidy(entry);
  } catch (...) {
    tell_problem(entry, "a connection came back to its pool and could not be cleaned");
  }
  return verdict::discard;
}

inline pool_core::verdict pool_core::tidy(pool_entry& entry) {
  connection_core& core = entry.open->core_for({});
  connection_status const status = core.status();
  fitness const found = core.fitness;
  if (found == fitness::outdated) {
    return verdict::outdated;
  }
  if (status == connection_status::broken) {
    return verdict::lost;
  }
  if (found != fitness::fit) {
    return verdict::discard;
  }
  if (status == connection_status::busy) {
    tell_problem(entry, "a connection came back to its pool in the middle of a statement: closed");
    return verdict::discard;
  }
  if (libpq::is_pipelined(core.handle())) {
    tell_problem(entry, "a connection came back to its pool in pipeline mode: closed");
    return verdict::discard;
  }
  core.change_hands();
  patience const patience_before = core.patience;
  core.patience.recovery = std::chrono::milliseconds{0};  // one that does not answer is given up
  core.limits = {
      .each = saturated(std::chrono::ceil<std::chrono::milliseconds>(options_.reset_timeout))};
  if (status != connection_status::idle) {
    tell_problem(entry, "a connection came back to its pool inside a transaction: rolled back");
    undo(core, "ROLLBACK", &pool_stats::rolled_back);
  }
  if (core.listens) {
    tell_problem(entry, "a connection came back to its pool with a LISTEN: undone");
    undo(core, "UNLISTEN *", &pool_stats::unlistened);
    core.listens = false;
  }
  reset(core);
  if (options_.after_release) {
    bool const good = options_.after_release(*entry.open);
    if (!good || entry.open->status() != connection_status::idle) {
      return verdict::discard;
    }
  }
  if (core.status() != connection_status::idle) {
    return verdict::discard;
  }
  core.patience = patience_before;
  core.limits = entry.limits;
  core.notices().handlers.resize(entry.handlers);
  core.notices().watcher = options_.observer;
  if (entry.gate.use_count() > 2) {  // a canceller of the last user's is still about
    core.renew_gate();
    std::shared_ptr<cancel_gate> next = core.gate();
    lock const held{mutex_};
    entry.gate.swap(next);
  }
  return verdict::keep;
}

/// Carries out a statement that takes back what the last user has left, and counts that.
inline void pool_core::undo(connection_core& core, char const* text,
                            std::uint64_t pool_stats::* counter) {
  core.control(text, {}, statement_origin::internal);
  lock const held{mutex_};
  ++(counts_.*counter);
}

inline void pool_core::reset(connection_core& core) {
  switch (options_.reset) {
    case reset_policy::none:
      break;
    case reset_policy::light:
      core.control(
          "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; "
          "SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP",
          {}, statement_origin::internal, libpq::request_kind::script);
      break;
    case reset_policy::discard_all:
      core.control("DISCARD ALL", {}, statement_origin::internal);
      break;
  }
}

/// Closes the connection of a slot that is leased.
inline void pool_core::close_connection(pool_entry& entry) noexcept {
  if (options_.before_close && entry.open && entry.open->native_handle() != nullptr) {
    try {
      options_.before_close(*entry.open);
    } catch (...) {
      notice_board{options_.observer}.problem_in_flight("the pool's before_close failed");
    }
  }
  bool const existed = entry.open.has_value();
  entry.open.reset();
  entry.attempt.reset();
  std::shared_ptr<cancel_gate> gate;
  lock const held{mutex_};
  entry.gate.swap(gate);
  counts_.closed += existed ? 1U : 0U;
}

/// Closes what is not to be kept any longer, one at a time.
inline void pool_core::close_doomed(lock& held, bool thorough) noexcept {
  while (pool_slot* const slot = state_.next_doomed(libpq::coarse_now(), thorough)) {
    pool_entry& entry = entry_of(*slot);
    counts_.expired += entry.open ? 1U : 0U;
    held.unlock();
    close_connection(entry);
    held.lock();
    state_.vacated(entry, libpq::coarse_now());
    wake(held);
  }
}

/// Has those who have something new to do do it.
inline void pool_core::wake(lock const& /*held*/) noexcept {
  while (pool_waiter* const waiter = state_.next_woken()) {
    auto& caller = static_cast<pool_caller&>(*waiter);
    caller.wakes.notify();
    caller.interrupt.request_stop();
  }
}

/// The caller needs the pool no longer; nothing of it may be touched afterwards.
inline void pool_core::leave(lock& held) noexcept {
  --users_;
  if (state_.is_closed()) {
    for (pool_closer* each = closers_; each != nullptr; each = each->next) {
      each->came_back.notify();
    }
  }
  bool const last = orphaned_ && users_ == 0;
  held.unlock();
  if (last) {
    delete this;
  }
}

/// Tells the observer what was found amiss, and who had the connection.
inline void pool_core::tell_problem(pool_entry const& entry, std::string_view what) noexcept {
  if (options_.observer == nullptr) {
    return;
  }
  notice_board board{options_.observer};
  try {
    std::string text{what};
    if (std::current_exception()) {
      try {
        throw;
      } catch (std::exception const& failure) {
        text.append(": ").append(failure.what());
      } catch (...) {
        text += ": an exception of an unknown type";
      }
    }
    board.problem(text + "\n  it was taken" + call_site(entry.where));
  } catch (...) {
    board.problem(what);
  }
}

}  // namespace pqscope::detail

#endif
