#ifndef PQSCOPE_ASYNC_ROW_STREAM_HPP
#define PQSCOPE_ASYNC_ROW_STREAM_HPP

#include <pqscope/async/fiber.hpp>
#include <pqscope/async/leftovers.hpp>
#include <pqscope/async/operation.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/transfer/stream.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace pqscope::async {

namespace detail {

/// A stream of rows and those of its rows that have arrived and were not handed out.
template <class Row>
struct open_rows {
  std::unique_ptr<pqscope::row_stream<Row>> source;  ///< lives and ends on the fiber
  std::vector<Row> rows;                             ///< at hand
  std::size_t next = 0;                              ///< of these
  std::exception_ptr failure;                        ///< behind these
  bool at_row = false;                               ///< the source has a row that was not read
  bool ended = false;                                ///< nothing is behind these
  bool awaited = false;                              ///< somebody is at it

  /// Reads what has arrived, and waits for a row if none has. On the fiber.
  void read() {
    rows.clear();
    next = 0;
    try {
      if (!at_row) {
        source->await_row();
      }
      at_row = false;
      while (source->has_row()) {
        pqscope::detail::add_row(rows, [this] { return source->current(); });
        if (!source->step_at_hand()) {
          return;
        }
        if (rows.size() == most && source->has_row()) {
          at_row = true;
          return;
        }
      }
      end();
    } catch (fiber_abandoned const&) {
      throw;
    } catch (...) {
      failure = std::current_exception();
      end();
    }
  }
  /// Nothing will be read any more: leaves what the server still sends. On the fiber.
  void end() noexcept {
    ended = true;
    source.reset();
  }

 private:
  static constexpr std::size_t most = 1024;
};

/// Who is at a stream, from the first wait of what it was asked for to the end: also where a wait
/// is over and nobody has gone on yet. One at a time.
template <class Row>
class stream_turn {
 public:
  stream_turn(std::shared_ptr<open_rows<Row>> const& of, std::source_location const& where)
      : of_{of} {
    if (of_ == nullptr) {
      throw usage_error("the stream was closed or moved from", where);
    }
    if (std::exchange(of_->awaited, true)) {
      throw connection_busy("an operation of it has not completed yet", where);
    }
  }
  stream_turn(stream_turn const&) = delete;
  stream_turn& operator=(stream_turn const&) = delete;
  ~stream_turn() { of_->awaited = false; }

 private:
  std::shared_ptr<open_rows<Row>> of_;
};

}  // namespace detail

/// The rows of a statement as they arrive, as `pqscope::row_stream`:
///
///     auto rows = co_await s.stream<std::int64_t, std::string>("SELECT id, name FROM big");
///     while (auto row = co_await rows.next()) {
///       auto& [id, name] = *row;
///     }
///
/// What has arrived is handed out without waiting for more; up to 1,024 rows are decoded at a time.
/// Rows own what they hold. An error comes behind the rows before it.
///
/// While it is open any other statement throws `connection_busy`, as does asking it for something
/// while another caller is at it. One that goes before its end is
/// left by the next operation of its session or connection, as an early `break` leaves a blocking
/// one: the transaction is unharmed. Move-only; ends before its session.
template <class Row>
class row_stream {
  static_assert(!pqscope::detail::refers_to_result<Row>,
                "pqscope: a std::string_view or span would outlive the row it refers to: read "
                "std::string");

 public:
  /// Used by `stream`.
  row_stream(std::shared_ptr<detail::fiber> on, std::shared_ptr<detail::leftovers> left,
             std::shared_ptr<detail::open_rows<Row>> rows) noexcept
      : on_{std::move(on)}, left_{std::move(left)}, rows_{std::move(rows)} {}
  row_stream(row_stream&&) noexcept = default;
  /// Leaves this one, takes the other's place.
  row_stream& operator=(row_stream&& other) noexcept {
    leave();
    on_ = std::move(other.on_);
    left_ = std::move(other.left_);
    rows_ = std::move(other.rows_);
    return *this;
  }
  ~row_stream() { leave(); }

  /// The next row; nothing behind the last one.
  asio::awaitable<std::optional<Row>> next(
      std::source_location where = std::source_location::current()) {
    detail::stream_turn<Row> const mine{rows_, where};
    co_await fill(where);
    if (rows_->next == rows_->rows.size()) {
      co_return std::nullopt;
    }
    co_return std::optional<Row>{std::move(rows_->rows[rows_->next++])};
  }
  /// The next rows, as many as have arrived, at least one; none behind the last one.
  asio::awaitable<std::vector<Row>> next_rows(
      std::source_location where = std::source_location::current()) {
    detail::stream_turn<Row> const mine{rows_, where};
    co_await fill(where);
    co_return take();
  }
  /// All rows that are left.
  asio::awaitable<std::vector<Row>> all(
      std::source_location where = std::source_location::current()) {
    detail::stream_turn<Row> const mine{rows_, where};
    std::vector<Row> rows;
    for (;;) {
      co_await fill(where);
      std::vector<Row> some = take();
      if (some.empty()) {
        co_return rows;
      }
      rows.insert(rows.end(), std::make_move_iterator(some.begin()),
                  std::make_move_iterator(some.end()));
    }
  }
  /// Leaves it now; does nothing when it has ended.
  asio::awaitable<void> close(std::source_location where = std::source_location::current()) {
    if (rows_ != nullptr) {
      detail::stream_turn<Row> const mine{rows_, where};
      co_await detail::run_on(on_, [this] { rows_->end(); }, where);
      rows_.reset();
    }
  }

 private:
  asio::awaitable<void> fill(std::source_location where) {
    while (rows_->next == rows_->rows.size()) {
      if (rows_->failure) {
        std::rethrow_exception(std::exchange(rows_->failure, nullptr));
      }
      if (rows_->ended) {
        co_return;
      }
      co_await detail::run_on(on_, [this] { rows_->read(); }, where);
    }
  }

  /// The rows at hand.
  std::vector<Row> take() {
    std::vector<Row> some = std::move(rows_->rows);
    some.erase(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(rows_->next));
    rows_->rows.clear();
    rows_->next = 0;
    return some;
  }

  void leave() noexcept {
    if (rows_ != nullptr && !rows_->ended) {
      left_->add(std::move(rows_));
    }
    rows_.reset();
  }

  std::shared_ptr<detail::fiber> on_;
  std::shared_ptr<detail::leftovers> left_;
  std::shared_ptr<detail::open_rows<Row>> rows_;
};

}  // namespace pqscope::async

#endif
