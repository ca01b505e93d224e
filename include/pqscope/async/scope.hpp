#ifndef PQSCOPE_ASYNC_SCOPE_HPP
#define PQSCOPE_ASYNC_SCOPE_HPP

#include <pqscope/async/cursor.hpp>
#include <pqscope/async/fiber.hpp>
#include <pqscope/async/leftovers.hpp>
#include <pqscope/async/operation.hpp>
#include <pqscope/async/row_stream.hpp>
#include <pqscope/async/statements.hpp>

#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace pqscope::async::detail {

/// What carries out statements on a fiber: `Self::behind()` is a pointer of some kind to the
/// blocking scope behind it, which operations keep.
template <class Self>
class scope : public statements<Self> {
 public:
  using is_asynchronous = void;  ///< so that it is told from the blocking one

  /// Where its operations run, and their handlers by default.
  asio::any_io_executor get_executor() const noexcept { return executor_; }

  /// Not for users: has the fiber call `work(blocking scope)`.
  template <class Work>
  auto perform(Work work, std::source_location const& where) {
    using returned = std::invoke_result_t<Work&, decltype(*behind(where))>;
    auto task = [own_work = std::move(work), target = behind(where),
                 left = left_]() mutable -> returned {
      left->leave();
      return own_work(*target);
    };
    return operation<returned>{executor_, run_on(fiber_, std::move(task), where)};
  }
  /// Not for users: opens a stream.
  template <class Row, class Open>
  operation<row_stream<Row>> open_stream(Open open, std::source_location const& where) {
    auto begin = [own_open = std::move(open), target = behind(where), on = fiber_,
                  left = left_]() mutable {
      left->leave();
      auto rows = std::make_shared<open_rows<Row>>();
      rows->source.reset(new pqscope::row_stream<Row>(own_open(*target)));
      rows->at_row = rows->source->has_row();
      if (!rows->at_row) {
        rows->end();
      }
      return row_stream<Row>{on, left, std::move(rows)};
    };
    return {executor_, run_on(fiber_, std::move(begin), where)};
  }
  /// Not for users: opens a cursor.
  template <class Row, class Open>
  operation<cursor<Row>> open_cursor(Open open, std::source_location const& where) {
    auto begin = [own_open = std::move(open), target = behind(where), on = fiber_,
                  executor = executor_, left = left_]() mutable {
      left->leave();
      return cursor<Row>{on, executor, left,
                         std::make_shared<pqscope::cursor<Row>>(own_open(*target))};
    };
    return {executor_, run_on(fiber_, std::move(begin), where)};
  }
  /// Not for users.
  std::shared_ptr<fiber> const& on() const noexcept { return fiber_; }
  /// Not for users.
  std::shared_ptr<leftovers> const& left() const noexcept { return left_; }

 protected:
  scope(asio::any_io_executor executor, std::shared_ptr<fiber> on,
        std::shared_ptr<leftovers> left = std::make_shared<leftovers>())
      : executor_{std::move(executor)}, fiber_{std::move(on)}, left_{std::move(left)} {}
  scope(scope const&) = delete;
  scope(scope&&) noexcept = default;
  scope& operator=(scope const&) = delete;
  scope& operator=(scope&&) noexcept = default;
  ~scope() = default;

 private:
  auto behind(std::source_location const& where) const {
    return static_cast<Self const*>(this)->behind(where);
  }

  asio::any_io_executor executor_;
  std::shared_ptr<fiber> fiber_;
  std::shared_ptr<leftovers> left_;
};

}  // namespace pqscope::async::detail

#endif
