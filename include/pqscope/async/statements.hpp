#ifndef PQSCOPE_ASYNC_STATEMENTS_HPP
#define PQSCOPE_ASYNC_STATEMENTS_HPP

#include <pqscope/async/cursor.hpp>
#include <pqscope/async/kept_argument.hpp>
#include <pqscope/async/operation.hpp>
#include <pqscope/async/row_stream.hpp>
#include <pqscope/async/typed_query.hpp>
#include <pqscope/connection/result.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/mapping/queries.hpp>
#include <pqscope/mapping/statement.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/transfer/copy_in.hpp>
#include <pqscope/transfer/copy_text.hpp>
#include <pqscope/transfer/execute_many.hpp>
#include <pqscope/transfer/pipeline.hpp>
#include <pqscope/types/parameter_list.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope::async {

/// What carries out statements without blocking: the common face of `async::connection` and
/// `async::session`. Each is `pqscope::statements`' of the same name, with the same SQL, arguments,
/// rows, errors and round trips, as an `operation`: nothing happens before that is awaited.
///
/// Arguments are copied, since the statement begins later; what a `std::string_view` or
/// `std::span` among them refers to stays the caller's, until the operation has completed. Ranges
/// are referred to, unless they are given away as rvalues.
///
/// One operation at a time: another one meanwhile is a `connection_busy`.
template <class Self>
class statements {
 public:
  /// Calls `work(on)` with the blocking `pqscope::session` or `pqscope::connection` behind this
  /// one, and answers what it returns. It can use all of it, in loops and branches, and does not
  /// block: wherever it waits for the server others go on meanwhile. For what has no asynchronous
  /// form of its own.
  ///
  ///     auto n = co_await s.run([](pqscope::session& s) {
  ///       std::int64_t sum = 0;
  ///       for (auto [id, name] : s.stream<std::int64_t, std::string_view>("SELECT id, name FROM
  ///       t"))
  ///         sum += id;
  ///       return sum;
  ///     });
  ///
  /// It runs on a stack of 256 KiB, and may go on in another thread of the executor's after a
  /// wait: it holds no `std::mutex` meanwhile, and uses no thread-local variable.
  template <class Work>
  auto run(Work work, std::source_location where = std::source_location::current()) {
    return self().perform(
        [own_work = std::move(work)](auto& on) mutable -> decltype(auto) { return own_work(on); },
        where);
  }

  /// As `pqscope::statements::execute`.
  template <class... Args>
  operation<result> execute(sql<Args...> text, Args const&... arguments) {
    return self().perform([text, ... kept = detail::kept_argument<Args>{arguments}](
                              auto& on) { return on.execute(text, kept.get()...); },
                          text.where());
  }
  /// The same for text made at run time.
  template <class... Args>
  operation<result> execute(dynamic_sql text, Args const&... arguments) {
    auto const where = text.where();
    return self().perform(
        [own_text = std::move(text), ... kept = detail::kept_argument<Args>{arguments}](auto& on) {
          return on.execute(own_text, kept.get()...);
        },
        where);
  }
  /// The same for a statement that is declared as an object.
  template <class Row, class... Declared, class... Args>
  operation<result> execute(statement<Row(Declared...)> const& text, Args const&... arguments) {
    return self().perform([text, ... kept = detail::kept_argument<Args>{arguments}](
                              auto& on) { return on.execute(text, kept.get()...); },
                          text.where());
  }

  /// As `pqscope::statements::query`: all rows are here when it completes.
  template <class... Row, class... Args>
  auto query(sql<Args...> text, Args const&... arguments) {
    return self().perform([text, ... kept = detail::kept_argument<Args>{arguments}](
                              auto& on) { return on.template query<Row...>(text, kept.get()...); },
                          text.where());
  }
  /// The same for text made at run time.
  template <class... Row, class... Args>
  auto query(dynamic_sql text, Args const&... arguments) {
    auto const where = text.where();
    return self().perform(
        [own_text = std::move(text), ... kept = detail::kept_argument<Args>{arguments}](auto& on) {
          return on.template query<Row...>(own_text, kept.get()...);
        },
        where);
  }
  /// The same for a statement that is declared as an object.
  template <class Row, class... Declared, class... Args>
  auto query(statement<Row(Declared...)> const& text, Args const&... arguments) {
    return self().perform([text, ... kept = detail::kept_argument<Args>{arguments}](
                              auto& on) { return on.query(text, kept.get()...); },
                          text.where());
  }

  /// As `pqscope::statements::defer`. No round trip of its own, but a session may take its
  /// connection.
  template <class... Args>
  operation<void> defer(sql<Args...> text, Args const&... arguments) {
    return self().perform([text, ... kept = detail::kept_argument<Args>{arguments}](
                              auto& on) { on.defer(text, kept.get()...); },
                          text.where());
  }
  /// The same for text made at run time.
  template <class... Args>
  operation<void> defer(dynamic_sql text, Args const&... arguments) {
    auto const where = text.where();
    return self().perform(
        [own_text = std::move(text), ... kept = detail::kept_argument<Args>{arguments}](auto& on) {
          on.defer(own_text, kept.get()...);
        },
        where);
  }

  /// As `pqscope::statements::stream`: the rows as they arrive, in constant memory; completes when
  /// the first have.
  template <class... Row, class... Args>
  auto stream(sql<Args...> text, Args const&... arguments)
      -> operation<row_stream<pqscope::detail::row_of_t<Row...>>> {
    return self().template open_stream<pqscope::detail::row_of_t<Row...>>(
        [text, ... kept = detail::kept_argument<Args>{arguments}](auto& on) {
          return on.template stream<Row...>(text, kept.get()...);
        },
        text.where());
  }
  /// The same for text made at run time.
  template <class... Row, class... Args>
  auto stream(dynamic_sql text, Args const&... arguments)
      -> operation<row_stream<pqscope::detail::row_of_t<Row...>>> {
    auto const where = text.where();
    return self().template open_stream<pqscope::detail::row_of_t<Row...>>(
        [own_text = std::move(text), ... kept = detail::kept_argument<Args>{arguments}](auto& on) {
          return on.template stream<Row...>(own_text, kept.get()...);
        },
        where);
  }

  /// As `pqscope::statements::cursor`.
  template <class... Row, class... Args>
    requires(!std::same_as<Args, cursor_options> && ...)
  auto cursor(sql<Args...> text, Args const&... arguments)
      -> operation<async::cursor<pqscope::detail::row_of_t<Row...>>> {
    return self().template open_cursor<pqscope::detail::row_of_t<Row...>>(
        [text, ... kept = detail::kept_argument<Args>{arguments}](auto& on) {
          return on.template cursor<Row...>(text, kept.get()...);
        },
        text.where());
  }
  /// The same with options.
  template <class... Row, class... Args>
  auto cursor(sql<Args...> text, cursor_options const& options, Args const&... arguments)
      -> operation<async::cursor<pqscope::detail::row_of_t<Row...>>> {
    return self().template open_cursor<pqscope::detail::row_of_t<Row...>>(
        [text, options, ... kept = detail::kept_argument<Args>{arguments}](auto& on) {
          return on.template cursor<Row...>(text, options, kept.get()...);
        },
        text.where());
  }

  /// As `pqscope::statements::execute_many`.
  template <class Range>
  operation<std::uint64_t> execute_many(typename pqscope::detail::sql_for_records<Range>::type text,
                                        Range&& records) {
    return self().perform(
        [text, kept = detail::kept_range<Range>{std::forward<Range>(records)}](auto& on) mutable {
          return on.template execute_many<Range>(text, std::forward<Range>(kept.get()));
        },
        text.where());
  }
  /// As `pqscope::statements::copy_in`.
  template <class Range>
  operation<std::uint64_t> copy_in(copy_target const& table,
                                   std::initializer_list<std::string_view> columns, Range&& records,
                                   std::source_location where = std::source_location::current()) {
    return copy_in(table, columns, std::forward<Range>(records), copy_options{}, where);
  }
  /// The same with options.
  template <class Range>
  operation<std::uint64_t> copy_in(copy_target const& table,
                                   std::initializer_list<std::string_view> columns, Range&& records,
                                   copy_options options,
                                   std::source_location where = std::source_location::current()) {
    return self().perform(
        [table, own_columns = std::vector<std::string>(columns.begin(), columns.end()),
         kept = detail::kept_range<Range>{std::forward<Range>(records)},
         own_options = std::move(options), where](auto& on) mutable {
          pqscope::detail::require_columns<Range>(own_columns.size(), where);
          std::vector<std::string_view> const names(own_columns.begin(), own_columns.end());
          return pqscope::detail::copy_records_in<Range>(on.core_for(where), table, names,
                                                         kept.get(), std::move(own_options), where);
        },
        where);
  }
  /// As `pqscope::statements::copy_in_csv`; the stream is read from as it is, and may block.
  operation<std::uint64_t> copy_in_csv(
      copy_target const& table, std::istream& from,
      std::source_location where = std::source_location::current()) {
    return copy_in_csv(table, from, copy_csv_options{}, where);
  }
  /// The same with options.
  operation<std::uint64_t> copy_in_csv(
      copy_target const& table, std::istream& from, copy_csv_options options,
      std::source_location where = std::source_location::current()) {
    return self().perform(
        [table, &from, own_options = std::move(options), where](auto& on) mutable {
          return on.copy_in_csv(table, from, std::move(own_options), where);
        },
        where);
  }
  /// As `pqscope::statements::copy_out_csv`; the stream is written to as it is, and may block.
  operation<std::uint64_t> copy_out_csv(sql<> text, std::ostream& to) {
    return copy_out_csv(text, to, copy_csv_options{});
  }
  /// The same with options.
  operation<std::uint64_t> copy_out_csv(sql<> text, std::ostream& to, copy_csv_options options) {
    return self().perform(
        [text, &to, own_options = std::move(options)](auto& on) mutable {
          return on.copy_out_csv(text, to, std::move(own_options));
        },
        text.where());
  }

  /// As `pqscope::statements::pipeline`.
  template <class Body>
  auto pipeline(Body body, std::source_location where = std::source_location::current()) {
    return self().perform([own_body = std::move(body),
                           where](auto& on) mutable { return on.pipeline(own_body, where); },
                          where);
  }
  /// As `pqscope::statements::notify`.
  operation<void> notify(std::string channel, std::string payload = {},
                         std::source_location where = std::source_location::current()) {
    return self().perform([own_channel = std::move(channel), own_payload = std::move(payload),
                           where](auto& on) { on.notify(own_channel, own_payload, where); },
                          where);
  }
  /// As `pqscope::statements::execute_script`.
  operation<void> execute_script(dynamic_sql text) {
    auto const where = text.where();
    return self().perform([own_text = std::move(text)](auto& on) { on.execute_script(own_text); },
                          where);
  }

  /// As `pqscope::mapped_statements::select`; `all`, `first` and the like are operations.
  template <class T>
  [[nodiscard]] auto select() {
    return detail::typed_query{self(), [](auto& on) { return on.template select<T>(); }};
  }
  /// As `pqscope::mapped_statements::find`.
  template <class T, class Condition>
  [[nodiscard]] auto find(Condition const& condition) {
    return select<T>().where(condition);
  }
  /// As `pqscope::mapped_statements::update`.
  template <class T>
  [[nodiscard]] auto update() {
    return detail::typed_query{self(), [](auto& on) { return on.template update<T>(); }};
  }
  /// As `pqscope::mapped_statements::erase`.
  template <class T>
  [[nodiscard]] auto erase() {
    return detail::typed_query{self(), [](auto& on) { return on.template erase<T>(); }};
  }
  /// As `pqscope::mapped_statements::insert`.
  template <class T>
  operation<T> insert(T row, std::source_location where = std::source_location::current()) {
    return self().perform([own_row = std::move(row), where](
                              auto& on) mutable { return on.insert(std::move(own_row), where); },
                          where);
  }
  /// As `pqscope::mapped_statements::upsert`.
  template <class T, class... Conflict>
  auto upsert(T row, Conflict... conflict) {
    return self().perform(
        [own_row = std::move(row), ... own_conflict = std::move(conflict)](auto& on) mutable {
          return on.upsert(std::move(own_row), std::move(own_conflict)...);
        },
        std::source_location{});
  }

 protected:
  statements() = default;
  statements(statements const&) = default;
  statements(statements&&) noexcept = default;
  statements& operator=(statements const&) = default;
  statements& operator=(statements&&) noexcept = default;
  ~statements() = default;

 private:
  Self& self() noexcept { return static_cast<Self&>(*this); }
};

}  // namespace pqscope::async

#endif
