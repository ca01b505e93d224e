#ifndef PQSCOPE_CONNECTION_CORE_GUARD_HPP
#define PQSCOPE_CONNECTION_CORE_GUARD_HPP

#include <pqscope/connection/cleanup_limits.hpp>
#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/connection_status.hpp>
#include <pqscope/libpq/status.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

namespace pqscope::detail {

/// The use of a connection by what moves data, which keeps it busy until it ends, and the savepoint
/// that goes ahead of it in a transaction, be that one begun by hand. Where data is left before its
/// end that savepoint is rolled back to, and the transaction goes on.
///
/// It may outlive the connection, and knows when it does.
class core_guard {
 public:
  /// Takes the connection; `savepoint` is the name. Sends nothing.
  core_guard(connection_core& core, char const* savepoint, std::source_location const& where)
      : core_{core},
        savepoint_{savepoint},
        where_{where},
        use_{std::in_place, core, where},
        anchor_{core.anchor()} {
    libpq::transaction_state const state = libpq::state_of(core.handle());
    wanted_ = core.innermost != nullptr ? state != libpq::transaction_state::failed
                                        : state == libpq::transaction_state::open;
  }

  /// Whether the savepoint is to go ahead.
  bool wanted() const noexcept { return wanted_; }
  /// Whether it was carried out.
  void placed(bool was) noexcept { placed_ = was; }
  /// Whether the connection is still in use here.
  bool holds() const noexcept { return use_.has_value(); }
  /// Whether the connection is closed, or in other hands.
  bool is_gone() const noexcept { return anchor_->core == nullptr || !core_.handle(); }

  /// After the end, or when it was left before that: lets go of the connection, and takes the
  /// savepoint away. What failed since is undone.
  void leave() noexcept {
    let_go();
    restore();
  }
  /// After an error. In a sandbox a statement that fails is undone alone.
  void fail() noexcept {
    let_go();
    if (!is_gone() && core_.innermost != nullptr && core_.innermost->sandbox) {
      restore();
    }
  }

 private:
  void let_go() noexcept {
    if (use_ && anchor_->core == nullptr) {
      use_->forget();
    }
    use_.reset();
  }

  void restore() noexcept {
    if (!std::exchange(placed_, false) || is_gone()) {
      return;
    }
    try {
      std::string release = std::string{"RELEASE SAVEPOINT "} + savepoint_;
      if (core_.status() == connection_status::in_failed_transaction) {
        cleanup_limits const limits{core_};
        core_.queue(std::string{"ROLLBACK TO SAVEPOINT "} + savepoint_, nullptr);
        core_.control(release.c_str(), where_);
        core_.first_error.reset();
      } else if (core_.status() == connection_status::in_transaction) {
        core_.queue(std::move(release), nullptr);
      }
    } catch (...) {
      core_.notices().problem_in_flight("what moved data could not be left in order");
    }
  }

  connection_core& core_;
  char const* savepoint_;
  std::source_location where_;
  std::optional<core_use> use_;
  std::shared_ptr<core_anchor> anchor_;  // behind that: who is refused touches nothing
  bool wanted_ = false;
  bool placed_ = false;
};

}  // namespace pqscope::detail

#endif
