#ifndef PQSCOPE_TRANSACTION_SCOPE_STATE_HPP
#define PQSCOPE_TRANSACTION_SCOPE_STATE_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/observer.hpp>
#include <pqscope/connection/operation_limits.hpp>
#include <pqscope/connection/scope_link.hpp>
#include <pqscope/libpq/wait.hpp>
#include <pqscope/transaction/hooks.hpp>
#include <pqscope/transaction/options.hpp>

#include <chrono>
#include <source_location>
#include <string>
#include <utility>

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

/// For the time of a destructor, limits of its own: those of the caller may have passed.
///
/// ROLLBACK takes the server no time. It has as long as any operation of the connection may take,
/// two seconds at most, and then as long again for its answer to come after all.
class cleanup_limits {
 public:
  explicit cleanup_limits(connection_core& core) noexcept
      : core_{core}, limits_{core.limits}, patience_{core.patience} {
    using std::chrono::milliseconds;
    libpq::clock::duration bound = longest;
    if (limits_.each && *limits_.each < bound) {
      bound = *limits_.each > shortest ? *limits_.each : shortest;
    }
    core.limits = {.until = libpq::clock::now() + bound};
    if (core.patience.recovery > longest) {
      core.patience.recovery = longest;
    }
  }
  cleanup_limits(cleanup_limits const&) = delete;
  cleanup_limits& operator=(cleanup_limits const&) = delete;
  ~cleanup_limits() {
    core_.limits = std::move(limits_);
    core_.patience = patience_;
  }

 private:
  static constexpr std::chrono::milliseconds shortest{100};
  static constexpr std::chrono::milliseconds longest{2000};

  connection_core& core_;
  operation_limits limits_;
  patience patience_;
};

}  // namespace pqscope::detail

#endif
