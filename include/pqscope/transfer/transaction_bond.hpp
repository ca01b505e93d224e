#ifndef PQSCOPE_TRANSFER_TRANSACTION_BOND_HPP
#define PQSCOPE_TRANSFER_TRANSACTION_BOND_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/error/usage_error.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope::detail {

/// What ties something that the server keeps for a transaction, such as a cursor, to that
/// transaction and its connection. It may outlive both, and knows when it does.
class transaction_bond {
 public:
  /// Tied to nothing.
  transaction_bond() noexcept = default;
  /// Tied to the transaction that is open now.
  explicit transaction_bond(connection_core& core)
      : anchor_{core.anchor()}, endings_{core.endings}, undone_{core.undone} {}

  /// The connection; null once it is gone or in other hands.
  connection_core* core() const noexcept { return anchor_ ? anchor_->core : nullptr; }
  /// Whether that transaction is still open, as far as the connection knows.
  bool holds() const noexcept { return core() != nullptr && core()->endings == endings_; }
  /// Whether a savepoint was rolled back to meanwhile: what was made inside it is gone.
  bool undone() const noexcept { return core() != nullptr && core()->undone != undone_; }

  /// The connection.
  /// \throws usage_error if it is gone; if the transaction is over, unless `may_survive` it
  connection_core& require(std::string_view what, bool may_survive,
                           std::source_location const& where) const {
    if (core() == nullptr) {
      throw usage_error("the " + std::string{what} +
                            " was moved from, or its connection is gone or in other hands",
                        where);
    }
    if (!may_survive && !holds()) {
      throw usage_error("the transaction of the " + std::string{what} + " has ended", where);
    }
    return *core();
  }

  /// Lets a statement that frees something ride with whatever is sent next, where that cannot do
  /// harm: where the transaction goes on, and what it frees is there. Otherwise the server has
  /// freed it, or will with the transaction.
  void let_go(std::string text) const noexcept {
    if (!holds() || undone() || core()->status() != connection_status::in_transaction) {
      return;
    }
    try {
      core()->queue(std::move(text), nullptr);
    } catch (...) {  // no memory: the end of the transaction frees it
    }
  }

 private:
  std::shared_ptr<core_anchor> anchor_;
  std::uint64_t endings_ = 0;
  std::uint64_t undone_ = 0;
};

/// Whether statements belong to a transaction that goes on after them.
inline bool has_transaction(connection_core const& core) noexcept {
  return core.innermost != nullptr ? !core.innermost->sandbox
                                   : core.status() != connection_status::idle;
}

/// Refuses what needs a transaction where there is none.
inline void require_open_transaction(connection_core const& core, std::string_view what,
                                     std::source_location const& where) {
  if (!has_transaction(core)) {
    throw usage_error(std::string{what} + " needs a transaction: there is none", where);
  }
}

/// For what a destructor sends: the limits of the connection, and two seconds at most.
class destructor_limits {
 public:
  explicit destructor_limits(connection_core& core) noexcept
      : core_{core}, until_{core.limits.until}, recovery_{core.patience.recovery} {
    auto const latest = libpq::clock::now() + longest;
    core.limits.until = until_ < latest ? until_ : latest;
    core.patience.recovery = recovery_ < longest ? recovery_ : longest;
  }
  destructor_limits(destructor_limits const&) = delete;
  destructor_limits& operator=(destructor_limits const&) = delete;
  ~destructor_limits() {
    core_.limits.until = until_;
    core_.patience.recovery = recovery_;
  }

 private:
  static constexpr std::chrono::milliseconds longest{2000};

  connection_core& core_;
  libpq::clock::time_point until_;
  std::chrono::milliseconds recovery_;
};

}  // namespace pqscope::detail

#endif
