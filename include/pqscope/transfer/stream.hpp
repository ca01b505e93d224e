#ifndef PQSCOPE_TRANSFER_STREAM_HPP
#define PQSCOPE_TRANSFER_STREAM_HPP

#include <pqscope/connection/add_row.hpp>
#include <pqscope/connection/core_stream.hpp>
#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/row_plan.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/types/parameters.hpp>

#include <array>
#include <cstddef>
#include <source_location>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// The rows of a statement as they arrive, decoded one by one: memory does not grow with their
/// number.
///
///     for (auto [id, name] : s.stream<std::int64_t, std::string_view>("SELECT id, name FROM big"))
///     {
///       if (id == wanted) break;  // the statement is cancelled, the transaction goes on
///     }
///
/// Rows are as for `query<Row>`; columns and types are checked once, when the first row, or the
/// end, has arrived. A `std::string_view` or `std::span` in a row holds until the next one is
/// looked at.
///
/// The server cannot be asked meanwhile what a type is that users made. One that the connection has
/// not met is taken as its values come by a C++ enum, a composite and the like, whose codec makes
/// sure of each, and is a `type_mismatch` for what needs to know it, such as a `std::string` or an
/// array of a domain; see `learn_types`.
///
/// While it is open the connection is busy: any other statement on it throws `connection_busy`.
/// Leaving it before its end, by a `break` or an exception, drops what is about to come or cancels
/// the statement on the server, whose effects are undone then; the transaction is unharmed. One
/// round trip, and where it was cancelled in a transaction one more. An error in the middle is
/// thrown when the row is asked for; it fails the transaction as any statement's does. A deadline
/// or stop that comes too late to cancel the statement is thrown, too, unless all rows are there.
///
/// With libpq 17 or later rows are handed over 256 at a time: the first is seen once all of them,
/// or the last row, have arrived, and none of those that an error interrupts is.
///
/// To be gone through once. Neither copied nor moved; ends before its connection and scope. One
/// thread at a time.
template <class Row>
class row_stream {
  using shape = detail::row_shape<Row>;

 public:
  /// Used by `stream`: sends the statement.
  row_stream(detail::connection_core& core, libpq::request&& statement, sql_view const& text)
      : where_{text.where}, source_{core, std::move(statement), text} {
    look();
    libpq::result_view const first = rows_ > 0 ? view_ : source_.end();
    auto const fields = shape::fields();
    types_ = detail::plan_row(first, fields, shape::by_name, plan_, where_,
                              detail::types_of(core, false));
  }
  row_stream(row_stream const&) = delete;
  row_stream& operator=(row_stream const&) = delete;
  ~row_stream() = default;

  /// Goes through the rows; each increment may wait for the server.
  class iterator {
   public:
    using value_type = Row;                            ///< a decoded row
    using difference_type = std::ptrdiff_t;            ///< for the standard library
    using iterator_concept = std::input_iterator_tag;  ///< to be gone through once

    /// Of no stream.
    iterator() noexcept = default;
    /// Used by `begin()`.
    explicit iterator(row_stream& of) noexcept : of_{&of} {}

    /// Decodes the row. \throws decode_error that names column and row
    Row operator*() const { return of_->read(); }
    /// Goes to the next row. Errors as for any statement.
    iterator& operator++() {
      of_->advance();
      return *this;
    }
    /// The same.
    void operator++(int) { ++*this; }
    /// Whether there are no more rows.
    bool operator==(std::default_sentinel_t) const noexcept { return of_->at_end(); }

   private:
    row_stream* of_ = nullptr;
  };

  /// The row that has not been gone past yet.
  iterator begin() noexcept { return iterator{*this}; }
  /// Behind the last row.
  std::default_sentinel_t end() const noexcept { return {}; }

  /// All rows that are left, decoded as they arrive: no whole result is held beside them.
  std::vector<Row> all() {
    static_assert(!detail::refers_to_result<Row>,
                  "pqscope: a std::string_view or span would outlive the row it refers to: read "
                  "std::string");
    std::vector<Row> rows;
    for (; !at_end(); advance()) {
      detail::add_row(rows, [this] { return read(); });
    }
    return rows;
  }

  /// Not for users: decodes the row that `begin()` points to.
  Row current() const { return read(); }
  /// Not for users: whether there is one.
  bool has_row() const noexcept { return !at_end(); }
  /// Not for users: goes to the next row where it takes no waiting; else false, and `await_row` is
  /// to be called.
  bool step_at_hand() noexcept {
    if (++row_ < rows_) {
      return true;
    }
    rows_ = 0;
    view_ = {};
    bool const arrived = source_.next_at_hand();
    if (arrived) {
      look();
    }
    return arrived;
  }
  /// Not for users: goes on after that.
  void await_row() {
    source_.wait_for_next();
    look();
  }

  /// Leaves it now; does nothing when it has ended.
  void close() noexcept {
    source_.leave();
    look();
  }

 private:
  bool at_end() const noexcept { return row_ >= rows_; }

  /// Begins with the rows that have arrived.
  void look() noexcept {
    before_ += static_cast<std::size_t>(row_);
    row_ = 0;
    view_ = source_.rows();
    rows_ = view_.rows();
  }

  void advance() {
    if (++row_ >= rows_) {
      rows_ = 0;  // where it throws it has ended
      view_ = {};
      source_.next();
      look();
    }
  }

  Row read() const {
    detail::row_reader<shape::size> const reader{view_, plan_, row_, types_.get()};
    try {
      return shape::make(reader);
    } catch (decode_error& failure) {
      reader.locate(failure, where_, before_);
      throw;
    }
  }

  std::source_location where_;
  detail::core_stream source_;
  std::array<detail::column_plan, shape::size> plan_{};
  detail::shared_types types_;
  libpq::result_view view_;  // of those that have arrived together
  std::size_t before_ = 0;   // how many there were before those
  int row_ = 0;              // of these
  int rows_ = 0;             // how many these are
};

template <class Self>
template <class... Row, class... Args>
auto statements<Self>::stream(sql<Args...> text, Args const&... arguments)
    -> row_stream<detail::row_of_t<Row...>> {
  static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in stream<int, std::string>");
  parameter_pack const bound(text.where(), arguments...);
  libpq::request request{
      .text = text.view().text, .parameters = bound.view(), .format = libpq::value_format::binary};
  return {self().core_for(text.where()), std::move(request), text.view()};
}

template <class Self>
template <class... Row, class... Args>
auto statements<Self>::stream(dynamic_sql const& text, Args const&... arguments)
    -> row_stream<detail::row_of_t<Row...>> {
  static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in stream<int, std::string>");
  parameter_pack const bound(text.where(), arguments...);
  libpq::request request{
      .text = text.view().text, .parameters = bound.view(), .format = libpq::value_format::binary};
  return {self().core_for(text.where()), std::move(request), text.view()};
}

}  // namespace pqscope

#endif
