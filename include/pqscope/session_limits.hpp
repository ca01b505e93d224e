#ifndef PQSCOPE_SESSION_LIMITS_HPP
#define PQSCOPE_SESSION_LIMITS_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/operation_limits.hpp>
#include <pqscope/libpq/limit.hpp>

#include <optional>
#include <stop_token>
#include <utility>

namespace pqscope::detail {

/// A stop token that is asked as soon as either of two is.
class joined_stop {
 public:
  joined_stop(std::stop_token first, std::stop_token second)
      : first_{std::move(first), relay{both_}}, second_{std::move(second), relay{both_}} {}
  joined_stop(joined_stop const&) = delete;
  joined_stop& operator=(joined_stop const&) = delete;

  std::stop_token token() const noexcept { return both_.get_token(); }

 private:
  struct relay {
    std::stop_source& to;
    void operator()() const noexcept { to.request_stop(); }
  };

  std::stop_source both_;
  std::stop_callback<relay> first_;
  std::stop_callback<relay> second_;
};

/// The limits a session puts on its connection while it lasts. They only ever narrow those that
/// hold already.
class session_limits {
 public:
  /// Puts them on `core`, whose own are kept.
  void narrow(connection_core& core, std::optional<libpq::clock::time_point> deadline,
              std::stop_token const& stop) {
    core_ = &core;
    before_ = core.limits;
    if (deadline && *deadline < core.limits.until) {
      core.limits.until = *deadline;
    }
    if (!core.limits.stop.stop_possible()) {
      core.limits.stop = stop;
    } else if (stop.stop_possible() && !(stop == core.limits.stop)) {
      core.limits.stop = stops_.emplace(core.limits.stop, stop).token();
    }
  }

  /// Takes them off; the connection has to exist still.
  void restore() noexcept {
    if (core_ != nullptr) {
      core_->limits = before_;
      forget();
    }
  }
  /// For a connection that is no more.
  void forget() noexcept {
    core_ = nullptr;
    stops_.reset();
  }

  /// What they are on; null before and after.
  connection_core* core() const noexcept { return core_; }

 private:
  connection_core* core_ = nullptr;
  operation_limits before_;
  std::optional<joined_stop> stops_;
};

}  // namespace pqscope::detail

#endif
