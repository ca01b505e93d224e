#ifndef PQSCOPE_CONNECTION_CORE_LEFTOVERS_HPP
#define PQSCOPE_CONNECTION_CORE_LEFTOVERS_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/server_error.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/status.hpp>

#include <source_location>
#include <string>
#include <utility>

namespace pqscope::detail {

/// What the server keeps for a connection and could not be told to free, since rows were arriving
/// or the transaction had failed. Each use of the connection frees it first, if it can.
///
/// A template so that only programs that use it compile it.
template <class = void>
class core_leftovers {
 public:
  /// Adds something; frees it at once if that can be.
  static void add(connection_core& core, leftover&& added) {
    std::source_location const where = added.where;
    core.leftovers_.push_back(std::move(added));
    core.free_leftovers_ = &free;
    if (core.status() != connection_status::busy) {
      try {
        core_use const frees{core, where};
      } catch (connection_lost const&) {  // all of it went with the connection, which was told
      }
    }
  }

 private:
  /// Frees them in round trips ahead of whatever is queued; nothing in a failed transaction. What
  /// time does not suffice for is kept.
  static void free(connection_core& core) noexcept {
    libpq::transaction_state const state = libpq::state_of(core.handle_);
    bool const inside = state == libpq::transaction_state::open;
    if (!inside && state != libpq::transaction_state::idle) {
      return;
    }
    statement_queue queued = std::exchange(core.queue_, {});
    scope_link* const scope = std::exchange(core.innermost, nullptr);  // errors are not its own
    try {
      while (!core.leftovers_.empty()) {
        free_one(core, core.leftovers_.back(), inside);
        core.leftovers_.pop_back();
      }
      core.free_leftovers_ = nullptr;
    } catch (...) {
      if (core.last_end_ != exchange_end::unsent) {
        core.notices_.problem_in_flight(problem);
      }
    }
    core.last_end_ = exchange_end::unsent;
    core.requests_.clear();
    core.innermost = scope;
    core.queue_ = std::move(queued);
  }

  static void free_one(connection_core& core, leftover const& each, bool inside) {
    auto const send = [&](std::string const& text) {
      sql_view const shown{.text = text.c_str(), .size = text.size(), .where = each.where};
      return core.send({.text = shown.text}, shown, statement_origin::internal);
    };
    try {
      // an error would fail the transaction; outside of one it does no harm, and tells the same
      if (!inside || libpq::result_view{send(each.asks)}.rows() > 0) {
        send(each.frees);
      }
    } catch (server_error const& failure) {
      if (failure.sqlstate() != "34000") {  // there is no such cursor any more
        core.notices_.problem_in_flight(problem);
      }
    }
  }

  static constexpr char const* problem = "freeing what was left on the server";
};

}  // namespace pqscope::detail

#endif
