#ifndef PQSCOPE_POOL_POOL_OPEN_HPP
#define PQSCOPE_POOL_POOL_OPEN_HPP

/// \file
/// How a pool opens a connection; included by `pool_core.hpp`.

#include <pqscope/connection/random.hpp>
#include <pqscope/connection/reconnect.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool_core.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope::detail {

/// Opens a connection for the caller's slot; true if it has it then. Else the caller was given
/// another one meanwhile, or has to wait on.
inline bool pool_core::open_one(lock& held, pool_caller& caller, acquire_options const& options,
                                time_point until, std::source_location const& where) {
  pool_entry& entry = entry_of(*caller.opening);
  caller.step = pool_step::wait;
  caller.interrupt = std::stop_source{};
  if (caller.stopped) {
    caller.interrupt.request_stop();
  }
  attempt_end const end =
      attempt(held, entry, {.deadline = until, .stop = caller.interrupt.get_token()}, where);
  wake(held);
  caller.interrupt = std::stop_source{std::nostopstate};
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
      caller.stopped = caller.stopped || libpq::clock::now() < until;  // nothing else ends it early
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
    reason = failure.bare_message();
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
  entry.open.emplace(connection::of((*attempt)->finish(drove,
                                                       {.observer = options_.observer,
                                                        .statement_cache = options_.statement_cache,
                                                        .spin = options_.spin},
                                                       where)));
  entry.open->core_for(where).types.share(types_);
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

}  // namespace pqscope::detail

#endif
