#ifndef PQSCOPE_TRANSACTION_SCOPE_STATE_HPP
#define PQSCOPE_TRANSACTION_SCOPE_STATE_HPP

#include <pqscope/connection/cleanup_limits.hpp>
#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/observer.hpp>
#include <pqscope/connection/scope_link.hpp>
#include <pqscope/libpq/wait.hpp>
#include <pqscope/transaction/hooks.hpp>
#include <pqscope/transaction/options.hpp>

#include <source_location>
#include <string>

namespace pqscope::detail {

/// What a scope is made of. It stays where it is while the scope object may move.
struct scope_state : scope_link {
  connection_core* core = nullptr;
  scope_state* outer = nullptr;  // the same as parent, with its type
  std::string savepoint;         // quoted name; empty for a transaction
  transaction_options options;   // of a transaction
  detail::hooks hooks;
  std::source_location where;
  std::string label;
  libpq::clock::time_point started{};
  bool has_child = false;
  bool disordered = false;  // an enclosing scope was to be ended before it

  /// Whether its end is the outcome that hooks wait for; in a sandbox that of each transaction is.
  bool is_outermost() const noexcept { return outer == nullptr || outer->sandbox; }
};

}  // namespace pqscope::detail

#endif
