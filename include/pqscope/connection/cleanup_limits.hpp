#ifndef PQSCOPE_CONNECTION_CLEANUP_LIMITS_HPP
#define PQSCOPE_CONNECTION_CLEANUP_LIMITS_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/operation_limits.hpp>
#include <pqscope/connection/recovery.hpp>
#include <pqscope/libpq/wait.hpp>

#include <chrono>
#include <utility>

namespace pqscope::detail {

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
