#ifndef PQSCOPE_ASYNC_CURSOR_HPP
#define PQSCOPE_ASYNC_CURSOR_HPP

#include <pqscope/async/fiber.hpp>
#include <pqscope/async/leftovers.hpp>
#include <pqscope/async/operation.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/transfer/cursor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace pqscope::async {

/// A cursor on the server; each member is `pqscope::cursor`'s of the same name, as an operation.
///
///     auto rows = co_await s.cursor<user>("SELECT …", {.fetch = 1000});
///     while (auto each = co_await rows.fetch_one()) { … }
///
/// One that goes while it is open is closed by the next operation of its session or connection.
/// Move-only; ends before its session.
template <class Row>
class cursor {
  template <class Work>
  auto perform(Work work, std::source_location const& where) {
    require(where);
    auto task = [call = std::move(work), of = cursor_]() mutable { return call(*of); };
    using returned = decltype(task());
    return operation<returned>{executor_, detail::run_on(on_, std::move(task), where)};
  }

 public:
  /// Used by `cursor`.
  cursor(std::shared_ptr<detail::fiber> on, asio::any_io_executor executor,
         std::shared_ptr<detail::leftovers> left,
         std::shared_ptr<pqscope::cursor<Row>> opened) noexcept
      : on_{std::move(on)},
        executor_{std::move(executor)},
        left_{std::move(left)},
        cursor_{std::move(opened)} {}
  cursor(cursor&&) noexcept = default;
  /// Closes this one, takes the other's place.
  cursor& operator=(cursor&& other) noexcept {
    leave();
    on_ = std::move(other.on_);
    executor_ = std::move(other.executor_);
    left_ = std::move(other.left_);
    cursor_ = std::move(other.cursor_);
    return *this;
  }
  ~cursor() { leave(); }

  /// The next rows, at most `count`.
  operation<std::vector<Row>> fetch(std::size_t count,
                                    std::source_location where = std::source_location::current()) {
    return perform([count, where](auto& on) { return on.fetch(count, where); }, where);
  }
  /// The next row; nothing behind the last one.
  operation<std::optional<Row>> fetch_one(
      std::source_location where = std::source_location::current()) {
    return perform([where](auto& on) { return on.fetch_one(where); }, where);
  }
  /// All rows that are left, in pages.
  operation<std::vector<Row>> fetch_all(
      std::source_location where = std::source_location::current()) {
    return perform([where](auto& on) { return on.fetch_all(where); }, where);
  }
  /// The rows before the one read last, the nearest first.
  operation<std::vector<Row>> fetch_backward(
      std::size_t count, std::source_location where = std::source_location::current()) {
    return perform([count, where](auto& on) { return on.fetch_backward(count, where); }, where);
  }
  /// Goes over rows without reading them.
  operation<std::uint64_t> move(std::int64_t by,
                                std::source_location where = std::source_location::current()) {
    return perform([by, where](auto& on) { return on.move(by, where); }, where);
  }
  /// Goes to a row.
  operation<bool> move_to(std::int64_t row,
                          std::source_location where = std::source_location::current()) {
    return perform([row, where](auto& on) { return on.move_to(row, where); }, where);
  }
  /// Closes it.
  operation<void> close(std::source_location where = std::source_location::current()) {
    return perform([](auto& on) { on.close(); }, where);
  }
  /// Its name on the server, not quoted. \throws usage_error if it was moved from
  std::string const& name() const {
    require({});
    return cursor_->name();
  }

 private:
  void require(std::source_location const& where) const {
    if (cursor_ == nullptr) {
      throw usage_error("the cursor was moved from", where);
    }
  }
  void leave() noexcept {
    if (cursor_ != nullptr) {
      left_->add(std::move(cursor_));
    }
  }

  std::shared_ptr<detail::fiber> on_;
  asio::any_io_executor executor_;
  std::shared_ptr<detail::leftovers> left_;
  std::shared_ptr<pqscope::cursor<Row>> cursor_;
};

}  // namespace pqscope::async

#endif
