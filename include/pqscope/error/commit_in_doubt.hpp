#ifndef PQSCOPE_ERROR_COMMIT_IN_DOUBT_HPP
#define PQSCOPE_ERROR_COMMIT_IN_DOUBT_HPP

#include <pqscope/error/error.hpp>
#include <pqscope/error/server_moment.hpp>

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>

namespace pqscope {

/// The connection was lost after COMMIT, or PREPARE TRANSACTION, was sent and before its answer
/// came: whether the transaction was persisted is not known here.
///
/// The server knows: `resolve()` asks it by the transaction's id, and `prepared_transactions()`
/// tells whether it was prepared. Running the transaction again without asking can make its effects
/// happen twice, so it is not retryable.
class commit_in_doubt : public error {
 public:
  /// Makes an error about the transaction of this id, lost for `reason` (one sentence, no full
  /// stop). A transaction that had no id yet, or did not ask for it, has none to give. `identified`
  /// is a moment at which the transaction had its id and had not ended. `prepares` says that it was
  /// to be prepared, not committed.
  explicit commit_in_doubt(std::optional<std::uint64_t> transaction_id, std::string const& reason,
                           std::source_location where = {},
                           std::optional<server_moment> identified = {}, bool prepares = false)
      : error(summary(transaction_id, reason, prepares), where),
        transaction_id_(transaction_id),
        identified_(identified) {}

  /// The server's id of the transaction (`pg_current_xact_id()`), where it is known.
  std::optional<std::uint64_t> transaction_id() const noexcept { return transaction_id_; }
  /// When the server told that id, where it is known. A server that crashes can give the same id
  /// to another transaction later; this tells `resolve()` which of the two is meant.
  std::optional<server_moment> identified() const noexcept { return identified_; }

  /// False: the connection is lost.
  bool connection_usable() const noexcept override { return false; }

 private:
  static std::string summary(std::optional<std::uint64_t> id, std::string const& reason,
                             bool prepares) {
    std::string text = prepares ? "PREPARE TRANSACTION" : "COMMIT";
    text += " was sent and its answer did not arrive: the transaction may or may not have been ";
    text += prepares ? "prepared" : "persisted";
    if (!reason.empty()) {
      text += "\n  reason: " + reason;
    }
    if (prepares) {
      text += "\n  pqscope::prepared_transactions() tells whether it was";
    } else if (id) {
      text += "\n  transaction " + std::to_string(*id) +
              ": pqscope::resolve() asks the server what became of it";
    } else {
      text += "\n  its id is not known: look for its effects before running it again";
    }
    return text;
  }

  std::optional<std::uint64_t> transaction_id_;
  std::optional<server_moment> identified_;
};

}  // namespace pqscope

#endif
