#ifndef PQSCOPE_CONNECTION_STATEMENTS_HPP
#define PQSCOPE_CONNECTION_STATEMENTS_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/mapped_statements.hpp>
#include <pqscope/connection/result.hpp>
#include <pqscope/connection/row_collector.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/types/parameter_list.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/types.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <source_location>
#include <string_view>
#include <utility>

namespace pqscope {

/// A statement as an object with types; defined in `pqscope/mapping/statement.hpp`.
template <class Signature>
class statement;

// What moves data: declared here as members, defined in the headers under transfer/.
template <class Row>
class row_stream;
namespace detail {
template <class Range>
struct sql_for_records;
}
template <class Row>
class cursor;
struct cursor_options;
template <class Row>
class copy_rows;
class copy_target;
struct copy_options;
struct copy_csv_options;
struct copy_text_options;

/// What carries out statements: the common face of `connection`, `transaction`, `savepoint` and
/// `session`.
///
/// Every call is one statement in one round trip (a BEGIN or SAVEPOINT that is due rides with it)
/// and returns when the server has answered. The SQL is a string literal, checked while compiling
/// against the number of arguments, or a `dynamic_sql`. Arguments travel beside it, never in it:
/// any type with a `codec`, `std::optional` of one, `nullptr`. Text arguments leave their type to
/// the server.
///
/// Errors, all below `pqscope::error`: what the server answers as a `server_error` of the class of
/// its SQLSTATE; `connection_lost`; `deadline_exceeded`, `operation_cancelled`; `usage_error` for
/// what is misused here; for typed queries `type_mismatch`. They name the caller's file and line.
template <class Self>
class statements : public mapped_statements<Self> {
 public:
  /// Carries out a statement and returns its rows, in text format, and its command tag.
  template <class... Args>
  result execute(sql<Args...> text, Args const&... arguments) {
    parameter_pack const bound(text.where(), arguments...);
    return result{send(text.view(), bound.view(), libpq::value_format::text)};
  }
  /// The same for text made at run time.
  template <class... Args>
  result execute(dynamic_sql const& text, Args const&... arguments) {
    parameter_pack const bound(text.where(), arguments...);
    return result{send(text.view(), bound.view(), libpq::value_format::text)};
  }
  /// The same for a number of parameters known only at run time, at most 65535.
  result execute(dynamic_sql const& text, parameter_list const& arguments) {
    return result{send(text.view(), arguments.view(), libpq::value_format::text)};
  }

  /// Keeps a statement, and copies of its arguments, until something else is sent, and carries it
  /// out then, ahead of that and in the same round trip; nobody looks at what it returns. At the
  /// latest COMMIT takes it along: a whole session of deferred statements costs one round trip.
  ///
  ///     s.defer("INSERT INTO log (line) VALUES ($1)", line);
  ///
  /// Its error leaves the call that sent it, `commit()` or the end of `with_session` included, and
  /// names this call's file and line; as any error it fails the transaction. A savepoint's
  /// `commit()` sends what was deferred inside it. What is left without a commit is never sent.
  ///
  /// Where BEGIN and COMMIT share a round trip, the transaction's id is asked for on the way: if
  /// the connection is lost before that answer, `commit_in_doubt` cannot tell it. A session with
  /// `on_in_doubt::resolve` makes a round trip of its own before COMMIT for that reason.
  ///
  /// No round trip of its own. \throws usage_error outside a transaction, for COPY, DEALLOCATE,
  /// DISCARD and transaction commands
  template <class... Args>
  void defer(sql<Args...> text, Args const&... arguments) {
    parameter_pack const bound(text.where(), arguments...);
    self().core_for(text.where()).defer(text.view(), bound.view());
  }
  /// The same for text made at run time.
  template <class... Args>
  void defer(dynamic_sql const& text, Args const&... arguments) {
    parameter_pack const bound(text.where(), arguments...);
    self().core_for(text.where()).defer(text.view(), bound.view());
  }
  /// The same for a number of parameters known only at run time, at most 65535.
  void defer(dynamic_sql const& text, parameter_list const& arguments) {
    self().core_for(text.where()).defer(text.view(), arguments.view());
  }

  /// Carries out a statement and returns its rows as `Row`: a type with a `codec`, a `std::tuple`
  /// or `std::pair` by position, an aggregate struct by name; `query<A, B>` as tuples of `A` and
  /// `B`. Values arrive in binary format.
  ///
  /// A column whose type was made by users (an enum, a composite, an extension's) is checked with
  /// what the server tells of it. That costs a round trip behind the statement's own, the first
  /// time that the connection meets the type; in a pool one for each connection, with which it also
  /// comes to know what the others have learnt of that database. A type that was changed is asked
  /// for again where it does not fit any more. See `learn_types`.
  ///
  /// \throws type_mismatch if columns and row do not fit; the statement has been carried out then
  template <class... Row, class... Args>
  [[nodiscard]] auto query(sql<Args...> text, Args const&... arguments)
      -> rows<detail::row_of_t<Row...>> {
    static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in query<int, std::string>");
    parameter_pack const bound(text.where(), arguments...);
    return read<detail::row_of_t<Row...>>(text.view(), bound.view());
  }
  /// The same for text made at run time.
  template <class... Row, class... Args>
  [[nodiscard]] auto query(dynamic_sql const& text, Args const&... arguments)
      -> rows<detail::row_of_t<Row...>> {
    static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in query<int, std::string>");
    parameter_pack const bound(text.where(), arguments...);
    return read<detail::row_of_t<Row...>>(text.view(), bound.view());
  }
  /// The same for a number of parameters known only at run time, at most 65535.
  template <class... Row>
  [[nodiscard]] auto query(dynamic_sql const& text, parameter_list const& arguments)
      -> rows<detail::row_of_t<Row...>> {
    return read<detail::row_of_t<Row...>>(text.view(), arguments.view());
  }

  /// Carries out a statement that is declared as an object, with its types; see `statement`.
  /// Defined in `pqscope/mapping/statement.hpp`.
  template <class Row, class... Declared, class... Args>
  result execute(statement<Row(Declared...)> const& text, Args const&... arguments);
  /// The same for a statement that returns rows.
  template <class Row, class... Declared, class... Args>
  [[nodiscard]] auto query(statement<Row(Declared...)> const& text, Args const&... arguments)
      -> rows<detail::declared_row_t<Row>>;
  /// Keeps such a statement until something else is sent, as `defer` above.
  template <class Row, class... Declared, class... Args>
  void defer(statement<Row(Declared...)> const& text, Args const&... arguments);
  /// The rows of such a statement as they arrive; this and the cursors below are defined in
  /// `pqscope/mapping/statement_transfer.hpp`.
  template <class Row, class... Declared, class... Args>
  [[nodiscard]] auto stream(statement<Row(Declared...)> const& text, Args const&... arguments)
      -> row_stream<detail::declared_row_t<Row>>;
  /// A cursor for such a statement.
  template <class Row, class... Declared, class... Args>
    requires(!std::same_as<Args, cursor_options> && ...)
  [[nodiscard]] auto cursor(statement<Row(Declared...)> const& text, Args const&... arguments)
      -> pqscope::cursor<detail::declared_row_t<Row>>;
  /// The same with options.
  template <class Row, class... Declared, class... Args>
  [[nodiscard]] auto cursor(statement<Row(Declared...)> const& text, cursor_options const& options,
                            Args const&... arguments)
      -> pqscope::cursor<detail::declared_row_t<Row>>;

  /// Has the connection learn what these types are, which users or extensions made, the types that
  /// they are made of, and arrays of them. For what may not ask when it meets them: `stream` and
  /// `copy_out`; and to pay for it beforehand, as in the pool's `after_connect`.
  ///
  ///     db.learn_types({"mood", "app.address", "hstore"});
  ///
  /// A name is written as in SQL, and found in the search path. One round trip.
  /// \throws server_error (`undefined_object`) for a type that there is not
  void learn_types(std::initializer_list<std::string_view> names,
                   std::source_location where = std::source_location::current()) {
    detail::learn_named_types(self().core_for(where), names, where);
  }

  /// The rows of a statement as they arrive, in constant memory; see `row_stream`. Defined in
  /// `pqscope/transfer/stream.hpp`.
  template <class... Row, class... Args>
  [[nodiscard]] auto stream(sql<Args...> text, Args const&... arguments)
      -> row_stream<detail::row_of_t<Row...>>;
  /// The same for text made at run time.
  template <class... Row, class... Args>
  [[nodiscard]] auto stream(dynamic_sql const& text, Args const&... arguments)
      -> row_stream<detail::row_of_t<Row...>>;

  /// Declares a cursor on the server, to read a query's rows in pages; see `cursor`. Defined in
  /// `pqscope/transfer/cursor.hpp`. One round trip.
  /// \throws usage_error outside a transaction
  template <class... Row, class... Args>
    requires(!std::same_as<Args, cursor_options> && ...)
  [[nodiscard]] auto cursor(sql<Args...> text, Args const&... arguments)
      -> pqscope::cursor<detail::row_of_t<Row...>>;
  /// The same with options. \throws usage_error outside a transaction unless WITH HOLD
  template <class... Row, class... Args>
  [[nodiscard]] auto cursor(sql<Args...> text, cursor_options const& options,
                            Args const&... arguments) -> pqscope::cursor<detail::row_of_t<Row...>>;
  /// The same for text made at run time.
  template <class... Row, class... Args>
    requires(!std::same_as<Args, cursor_options> && ...)
  [[nodiscard]] auto cursor(dynamic_sql const& text, Args const&... arguments)
      -> pqscope::cursor<detail::row_of_t<Row...>>;
  /// The same for text made at run time, with options.
  template <class... Row, class... Args>
  [[nodiscard]] auto cursor(dynamic_sql const& text, cursor_options const& options,
                            Args const&... arguments) -> pqscope::cursor<detail::row_of_t<Row...>>;
  /// Takes over a cursor that is open on the server, such as a `refcursor` that a function
  /// returned, by its name, quoted here; it is closed as others are. No round trip. Of the options
  /// `fetch` and `with_hold` count.
  /// \throws usage_error outside a transaction unless WITH HOLD
  template <class... Row>
  [[nodiscard]] auto adopt_cursor(std::string_view name, cursor_options const& options,
                                  std::source_location where = std::source_location::current())
      -> pqscope::cursor<detail::row_of_t<Row...>>;
  /// The same, fetching 1000 rows at once.
  template <class... Row>
  [[nodiscard]] auto adopt_cursor(std::string_view name,
                                  std::source_location where = std::source_location::current())
      -> pqscope::cursor<detail::row_of_t<Row...>>;

  /// Carries out one statement for each record of a range; answers how many rows were affected in
  /// sum. Defined in `pqscope/transfer/execute_many.hpp`.
  ///
  ///     s.execute_many("INSERT INTO t (a, b) VALUES ($1, $2)", records);
  ///
  /// A record is a `std::tuple`, `std::pair` or aggregate struct, whose fields are `$1`, `$2` and
  /// so on in their order, or a single value; the number of placeholders is checked while
  /// compiling. `records` is any input range, also a lazy one or a generator, and gone through
  /// once, while earlier records are on their way: memory does not grow with their number. It may
  /// not use this connection.
  ///
  /// Records for a plain INSERT of one row, `VALUES ($1, $2)`, go many at a time, as arrays that
  /// the server unnests, where they are many (a range that knows of 4096, else from 1000 on) and
  /// that is exactly the same to the table; about 1 MiB of them is kept then.
  ///
  /// One round trip; none without records. Where records went many at a time, an error takes one or
  /// two more, to find the record. All or nothing: outside a transaction it is one of its
  /// own, and a CALL may not commit in it. An error names the record by its number, counted from
  /// 0; inside a transaction it fails that as any statement's does. What the range throws arrives
  /// unchanged and before any other error: no record has an effect then, and the transaction goes
  /// on. So it does after a deadline that came before the last record was sent.
  ///
  /// \throws usage_error for COPY, transaction commands, and values PostgreSQL cannot hold
  template <class Range>
  std::uint64_t execute_many(typename detail::sql_for_records<Range>::type text, Range&& records);
  /// The same for text made at run time. \throws usage_error if placeholders and values differ in
  /// number
  template <class Range>
  std::uint64_t execute_many(dynamic_sql const& text, Range&& records);

  /// Copies records into the columns of a table with COPY, the fastest way into the server; answers
  /// how many rows it took. Defined in `pqscope/transfer/copy_in.hpp`.
  ///
  ///     s.copy_in("t", {"a", "b"}, records);
  ///
  /// A record is a `std::tuple`, `std::pair` or aggregate struct, whose fields go into `columns` in
  /// their order, or a single value; no `columns` are all that are not generated. `records` is any
  /// input range, also a lazy one or a generator, and gone through once; about 64 KiB are in memory
  /// at a time, and a record. It may not use this connection; the rows of another one's `copy_out`
  /// will do.
  ///
  /// Values travel in binary format, which knows no casts: a column has the type of the C++ type,
  /// domains their base type, or is wider (`int` into `bigint`, `float` into `double precision`).
  /// Texts and enums go into text types, enums, `json` and `jsonb`; for any other column all of the
  /// records travel as text, if each of their types has a text form.
  ///
  /// All or nothing. An error of the server's tells the line in its `context()`, once all records
  /// have been sent, and fails an open transaction as any statement's does. What the range, or
  /// `on_progress`, throws arrives unchanged, nothing is inserted, and the transaction goes on.
  /// Three round trips: one with what is due (a BEGIN) for the columns, one until the server is
  /// ready for the data, one at the end.
  ///
  /// \throws usage_error before the COPY if records and columns do not fit, with all that is wrong;
  ///         for values PostgreSQL cannot hold, naming the record, counted from 0, and the column
  template <class Range, class Options = copy_options>
  std::uint64_t copy_in(copy_target const& table, std::initializer_list<std::string_view> columns,
                        Range&& records, Options options = {},
                        std::source_location where = std::source_location::current());
  /// Copies CSV from a stream, from where it is to its end, into a table; answers how many rows the
  /// server took. Data goes through in blocks of 64 KiB, in the client's encoding. Errors as
  /// `copy_in`; a stream that fails throws what it throws, or `std::ios_base::failure`. Two round
  /// trips, and one ahead of them in a transaction. Defined in `pqscope/transfer/copy_text.hpp`.
  template <class Options = copy_csv_options>
  std::uint64_t copy_in_csv(copy_target const& table, std::istream& from, Options options = {},
                            std::source_location where = std::source_location::current());
  /// The same for the text format of COPY.
  template <class Options = copy_text_options>
  std::uint64_t copy_in_text(copy_target const& table, std::istream& from, Options options = {},
                             std::source_location where = std::source_location::current());

  /// The rows of a query by COPY, in binary format, as they arrive; see `copy_rows`. Defined in
  /// `pqscope/transfer/copy_out.hpp`.
  ///
  ///     for (auto [id, name] : s.copy_out<int, std::string_view>("SELECT id, name FROM t")) { }
  template <class... Row, class Options = copy_options>
  [[nodiscard]] auto copy_out(sql<> text, Options options = {})
      -> copy_rows<detail::row_of_t<Row...>>;
  /// The same for text made at run time.
  template <class... Row, class Options = copy_options>
  [[nodiscard]] auto copy_out(dynamic_sql const& text, Options options = {})
      -> copy_rows<detail::row_of_t<Row...>>;
  /// Writes the rows of a query to a stream as CSV; answers how many there were. Data goes through
  /// in blocks of 64 KiB, in the client's encoding. A stream that fails throws what it throws, or
  /// `std::ios_base::failure`; the transaction goes on then. One round trip, and one ahead of it in
  /// a transaction. Defined in `pqscope/transfer/copy_text.hpp`.
  template <class Options = copy_csv_options>
  std::uint64_t copy_out_csv(sql<> text, std::ostream& to, Options options = {});
  /// The same for text made at run time.
  template <class Options = copy_csv_options>
  std::uint64_t copy_out_csv(dynamic_sql const& text, std::ostream& to, Options options = {});
  /// The same in the text format of COPY.
  template <class Options = copy_text_options>
  std::uint64_t copy_out_text(sql<> text, std::ostream& to, Options options = {});
  /// The same for text made at run time.
  template <class Options = copy_text_options>
  std::uint64_t copy_out_text(dynamic_sql const& text, std::ostream& to, Options options = {});

  /// Carries out several statements in one round trip: those that `body(pipeline&)` asks for. Their
  /// answers take the place of the handles in what it returns; see `pqscope::pipeline`. Defined in
  /// `pqscope/transfer/pipeline.hpp`.
  ///
  ///     auto [a, b] = s.pipeline([](auto& p) {
  ///       return std::tuple{p.template query<int>("SELECT 1"), p.execute("DELETE FROM t")};
  ///     });
  template <class Body>
  auto pipeline(Body&& body, std::source_location where = std::source_location::current());

  /// Sends a notification to those who listen to `channel` (see `listener`), whose name is taken as
  /// it stands; they get it once the transaction has committed, and never if it does not. One round
  /// trip; `defer("SELECT pg_notify($1, $2)", …)` has none. Source: PostgreSQL, "NOTIFY".
  /// \throws invalid_parameter_value for an empty name, one of more than 63 bytes, and a payload of
  ///         8,000 bytes or more
  void notify(std::string_view channel, std::string_view payload = {},
              std::source_location where = std::source_location::current()) {
    constexpr sql<std::string_view, std::string_view> text = "SELECT pg_catalog.pg_notify($1, $2)";
    sql_view here = text.view();
    here.where = where;
    parameter_pack const bound(where, channel, payload);
    send(here, bound.view(), libpq::value_format::text);
  }

  /// Carries out any number of statements, separated by semicolons, without parameters. Outside a
  /// transaction they are one unit, unless they hold transaction commands of their own. What they
  /// return is dropped. A BEGIN that is due costs a round trip of its own here.
  void execute_script(dynamic_sql const& text) {
    libpq::request request{.kind = libpq::request_kind::script, .text = text.view().text};
    self().core_for(text.where()).run(std::move(request), text.view());
  }

 protected:
  statements() = default;
  statements(statements const&) = default;
  statements& operator=(statements const&) = default;
  ~statements() = default;

 private:
  Self& self() noexcept { return static_cast<Self&>(*this); }

  template <class... Row>
  auto open_cursor(sql_view const& text, cursor_options const& options,
                   libpq::parameters const& bound) -> pqscope::cursor<detail::row_of_t<Row...>>;

  template <class Row>
  rows<Row> read(sql_view const& text, libpq::parameters const& bound) {
    libpq::request request{
        .text = text.text, .parameters = bound, .format = libpq::value_format::binary};
    detail::connection_core& core = self().core_for(text.where);
    return {detail::collect_rows<Row, detail::row_shape<Row>>(core, std::move(request), text),
            text.where};
  }

  libpq::result_handle send(sql_view const& text, libpq::parameters const& bound,
                            libpq::value_format format) {
    libpq::request request{.text = text.text, .parameters = bound, .format = format};
    return self().core_for(text.where).run(std::move(request), text);
  }
};

}  // namespace pqscope

#endif
