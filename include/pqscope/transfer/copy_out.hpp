#ifndef PQSCOPE_TRANSFER_COPY_OUT_HPP
#define PQSCOPE_TRANSFER_COPY_OUT_HPP

#include <pqscope/connection/core_copy.hpp>
#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/row_plan.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/libpq/copy.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/transfer/copy_data.hpp>
#include <pqscope/transfer/copy_options.hpp>
#include <pqscope/transfer/copy_query.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/user_type.hpp>
#include <pqscope/types/wire_value.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {
namespace detail {

/// The binary COPY data of a query, row by row.
///
/// A template so that only programs that read rows by COPY compile it.
template <class = void>
class copy_reader {
 public:
  /// Asks for the query's columns. Sends no COPY yet.
  copy_reader(connection_core& core, sql_view const& text, copy_options options)
      : query_{query_to_copy(text)}, options_{std::move(options)}, copy_{core, text.where} {
    std::vector<libpq::request> questions;
    questions.push_back(
        {.kind = libpq::request_kind::prepare, .text = query_.c_str(), .is_own = true});
    questions.push_back({.kind = libpq::request_kind::describe,
                         .text = query_.c_str(),
                         .is_own = true,
                         .is_prompt = true});
    auto const answers = copy_.ask(std::move(questions), text.str());
    columns_ = libpq::described_rows(answers[1]);
  }

  /// The query's columns.
  libpq::result_view columns() const noexcept { return libpq::result_view{columns_}; }

  /// Begins the COPY.
  void begin() { copy_.begin("COPY (" + query_ + ") TO STDOUT (FORMAT binary)"); }

  /// Goes on to the next row, whose values come into `values`; false at the end.
  bool next(std::span<copied_value> values) {
    for (;;) {
      switch (data_.next(values)) {
        case copy_step::row:
          ++done_.rows;
          tell(64 * 1024);
          return true;
        case copy_step::message:
          if (!copy_.next()) {
            return finish();
          }
          done_.bytes += copy_.row().size();
          data_.give(copy_.row());
          break;
        case copy_step::fault:
          copy_.throw_violated();
      }
    }
  }

  /// How many rows there were so far.
  std::uint64_t rows() const noexcept { return done_.rows; }

 private:
  bool finish() {
    if (!std::exchange(is_done_, true)) {
      tell(0);
    }
    return false;
  }

  void tell(std::uint64_t step) {
    if (options_.on_progress && done_.bytes - told_ >= step) {
      told_ = done_.bytes;
      options_.on_progress(done_);
    }
  }

  std::string query_;
  copy_options options_;
  core_copy_out copy_;
  libpq::result_handle columns_;
  copy_data<> data_;
  copy_progress done_;
  std::uint64_t told_ = 0;
  bool is_done_ = false;
};

/// Reads the fields of a row that was copied, and knows which one it is at when an error occurs.
template <std::size_t Size>
struct copied_row_reader {
  std::array<column_plan, Size> const& plan;
  std::array<copied_value, Size> const& values;
  type_table const* types;
  int& column;

  template <class T>
  T get(std::size_t field) const {
    column = plan[field].column;
    copied_value const from = values[static_cast<std::size_t>(column)];
    if (from.size < 0) {
      return null_value<T>();
    }
    return decode_value<T>(
        wire_value{from.data, static_cast<std::size_t>(from.size), plan[field].type, types});
  }
};

}  // namespace detail

/// The rows of a query by COPY: binary values, decoded as they arrive; memory does not grow with
/// their number.
///
/// Rows, columns and types are as for `query<Row>`; they are checked before the COPY begins, types
/// made by users as a `row_stream` does: the connection has to have met or learnt them. A
/// `std::string_view` or `std::span` in a row holds until the next one is looked at.
///
/// While it is open the connection is busy. Leaving it before its end, by a `break` or an
/// exception, drops what is about to come or cancels the COPY on the server; the transaction is
/// unharmed. An error in the middle is thrown when the row is asked for, and fails the transaction
/// as any statement's does. Two round trips, the first with what is due (a BEGIN). A deadline
/// limits each wait for rows.
///
/// To be gone through once, as an input range; it can be the source of another connection's
/// `copy_in`. Neither copied nor moved; ends before its connection and scope. One thread at a time.
template <class Row>
class copy_rows {
  using shape = detail::row_shape<Row>;

 public:
  /// Used by `copy_out`: begins, and waits for the first row.
  copy_rows(detail::connection_core& core, sql_view const& text, copy_options options)
      : where_{text.where}, source_{core, text, std::move(options)} {
    auto const fields = shape::fields();
    types_ = detail::plan_row(source_.columns(), fields, shape::by_name, plan_, text.where,
                              detail::types_of(core, false));
    source_.begin();
    advance();
  }
  copy_rows(copy_rows const&) = delete;
  copy_rows& operator=(copy_rows const&) = delete;
  ~copy_rows() = default;

  /// Goes through the rows; each increment may wait for the server.
  class iterator {
   public:
    /// A decoded row.
    using value_type = Row;
    /// For the standard library.
    using difference_type = std::ptrdiff_t;
    /// To be gone through once.
    using iterator_concept = std::input_iterator_tag;

    iterator() noexcept = default;
    /// Used by `begin()`.
    explicit iterator(copy_rows& of) noexcept : of_{&of} {}

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
    bool operator==(std::default_sentinel_t) const noexcept { return of_->at_end_; }

   private:
    copy_rows* of_ = nullptr;
  };

  /// The row that has not been gone past yet.
  iterator begin() noexcept { return iterator{*this}; }
  /// Behind the last row.
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  void advance() {
    at_end_ = true;  // also where an error comes
    at_end_ = !source_.next(values_);
  }

  Row read() const {
    int column = 0;
    detail::copied_row_reader<shape::size> const reader{plan_, values_, types_.get(), column};
    try {
      return shape::make(reader);
    } catch (decode_error& failure) {
      failure.locate(source_.columns().column_name(column), source_.rows() - 1, where_);
      throw;
    }
  }

  std::source_location where_;
  detail::copy_reader<> source_;
  std::array<detail::column_plan, shape::size> plan_{};
  std::array<detail::copied_value, shape::size> values_{};
  detail::shared_types types_;
  bool at_end_ = false;
};

template <class Self>
template <class... Row, class Options>
auto statements<Self>::copy_out(sql<> text, Options options)
    -> copy_rows<detail::row_of_t<Row...>> {
  static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in copy_out<int, std::string>");
  return {self().core_for(text.where()), text.view(), copy_options{std::move(options)}};
}

template <class Self>
template <class... Row, class Options>
auto statements<Self>::copy_out(dynamic_sql const& text, Options options)
    -> copy_rows<detail::row_of_t<Row...>> {
  static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in copy_out<int, std::string>");
  return {self().core_for(text.where()), text.view(), copy_options{std::move(options)}};
}

}  // namespace pqscope

#endif
