#ifndef PQSCOPE_ERROR_TRANSACTION_ROLLED_BACK_HPP
#define PQSCOPE_ERROR_TRANSACTION_ROLLED_BACK_HPP

#include <pqscope/error/error.hpp>
#include <pqscope/error/server_error.hpp>

#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

/// COMMIT was answered ROLLBACK: nothing of the transaction was persisted.
///
/// The server does so, and calls it a success, after a statement of the transaction has failed
/// and that error was caught. The *first* such error is carried along. The connection is idle and
/// usable.
class transaction_rolled_back : public error {
 public:
  /// Makes an error because of `first`; null where it is not known what failed.
  explicit transaction_rolled_back(std::shared_ptr<server_error const> first,
                                   std::source_location where = {})
      : error(summary(first.get()), where), first_(std::move(first)) {}

  /// Makes an error because of `first`, a copy of which is kept as a plain `server_error`.
  explicit transaction_rolled_back(server_error const& first, std::source_location where = {})
      : transaction_rolled_back(std::make_shared<server_error const>(first), where) {}

  /// Copies share the first error.
  transaction_rolled_back(transaction_rolled_back const&) noexcept = default;
  /// Copies share the first error.
  transaction_rolled_back& operator=(transaction_rolled_back const&) noexcept = default;

  /// The first error of the transaction; null where it is not known.
  ///
  /// Valid as long as this exception or a copy of it lives.
  server_error const* first_error() const noexcept { return first_.get(); }

  /// The first error's SQLSTATE; empty where it is not known. Valid as `first_error()` is.
  std::string_view sqlstate() const noexcept {
    return first_ ? first_->sqlstate() : std::string_view();
  }

  /// Whether the first error is.
  bool is_retryable() const noexcept override { return first_ && first_->is_retryable(); }

  /// Whether the first error does.
  bool violates(std::string_view constraint) const noexcept override {
    return first_ && first_->violates(constraint);
  }

 private:
  static std::string summary(server_error const* first) {
    std::string text =
        "the transaction was rolled back: COMMIT was answered ROLLBACK, nothing was persisted";
    if (!first) {
      return text + "; which statement had failed is not known";
    }
    text += "\n  first error: ";
    for (char const* c = first->what(); *c != '\0'; ++c) {
      text += *c;
      if (*c == '\n') {
        text += "  ";
      }
    }
    return text;
  }

  std::shared_ptr<server_error const> first_;
};

}  // namespace pqscope

#endif
