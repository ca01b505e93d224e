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
/// hold already, but for the limit of each operation, which can be another one.
class session_limits {
 public:
  /// Puts them on `core`, whose own are kept.
  void narrow(connection_core& core, std::optional<libpq::clock::time_point> deadline,
              std::stop_token const& stop) {
    core_ = &core;
    before_ = core.limits;
    deadline_ = deadline.value_or(libpq::never);
    apply();
    if (!core.limits.stop.stop_possible()) {
      core.limits.stop = stop;
    } else if (stop.stop_possible() && !(stop == core.limits.stop)) {
      core.limits.stop = stops_.emplace(core.limits.stop, stop).token();
    }
  }

  /// The limit of each operation, in place of the connection's; its own where there is none.
  void each(libpq::clock::duration limit) noexcept {
    own_.each = limit;
    apply();
  }
  /// A limit of all operations from now on.
  void until(libpq::clock::time_point limit) noexcept {
    own_.until = limit;
    apply();
  }
  /// Takes these two away.
  void lift() noexcept {
    own_ = {};
    apply();
  }
  /// What an operation that starts now is bound by, before there is a connection.
  libpq::clock::time_point now(std::optional<libpq::clock::time_point> deadline) const {
    libpq::clock::time_point const own = own_.now().deadline;
    return deadline && *deadline < own ? *deadline : own;
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
  void apply() noexcept {
    if (core_ == nullptr) {
      return;
    }
    core_->limits.each = own_.each ? own_.each : before_.each;
    core_->limits.until = before_.until;
    for (libpq::clock::time_point const limit : {deadline_, own_.until}) {
      core_->limits.until = limit < core_->limits.until ? limit : core_->limits.until;
    }
  }

  connection_core* core_ = nullptr;
  operation_limits before_;
  operation_limits own_;
  libpq::clock::time_point deadline_ = libpq::never;
  std::optional<joined_stop> stops_;
};

}  // namespace pqscope::detail

#endif
