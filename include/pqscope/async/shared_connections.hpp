#ifndef PQSCOPE_ASYNC_SHARED_CONNECTIONS_HPP
#define PQSCOPE_ASYNC_SHARED_CONNECTIONS_HPP

#include <pqscope/async/engine.hpp>
#include <pqscope/async/kept_argument.hpp>
#include <pqscope/async/operation.hpp>
#include <pqscope/async/shared_hub.hpp>
#include <pqscope/async/shared_statement.hpp>
#include <pqscope/connection/operation_limits.hpp>
#include <pqscope/connection/result.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/mapping/statement.hpp>
#include <pqscope/mapping/statement_arguments.hpp>
#include <pqscope/pool/pool.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/types/parameters.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace pqscope::async {

/// How connections are shared.
struct shared_options {
  std::size_t connections = 2;  ///< of the pool, at most; as many as are of use
  /// How many statements there are under way on each, at most; others wait for their turn, and can
  /// still go to another connection.
  std::size_t under_way = 64;
  /// How long a statement may take, the wait for a connection included. Unset: as the connection's
  /// own limit says, which counts from when it is sent.
  std::optional<std::chrono::milliseconds> deadline{};
};

/// Connections of a pool on which the statements of independent callers travel together: each is a
/// transaction of its own, as on a `connection`, but nobody waits for the answer of another one
/// before his statement is sent.
///
///     pqscope::async::shared_connections lookups{db};
///     // in many coroutines
///     auto u = (co_await lookups.query<user>("SELECT … WHERE id = $1", 7)).one();
///
/// For many short statements at a time: two connections carry as many as dozens do that are leased
/// one by one, since what comes at the same time goes to the server, and comes back, in one piece.
/// What comes one by one costs what it does with a lease. A statement waits for those that were
/// sent before it on the same connection: long ones have no place here. Rows arrive as a whole.
///
/// Each statement goes to the connection with the fewest under way, and has a Sync of its own: an
/// error concerns it alone. They are prepared, and prepared anew where that is due, as on any
/// connection. What is no SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES, TABLE or WITH is
/// carried out by itself, once those before it have been answered. What is there to change the
/// session (SET, LISTEN, PREPARE, DECLARE, temporary tables) is refused with `usage_error`, as are
/// transaction commands and COPY; `set_config` and advisory locks of a session would be seen by
/// others, and are for the caller not to use.
///
/// Connections are taken from the pool while there is something to do, and go back at once when
/// there is nothing, or when others wait for one. When some have been answered it looks for further
/// answers for 20 µs before it sleeps, as long as that turns out to be worth it; or for as long as
/// the pool's `spin` says.
///
/// **Cancelling** a statement that has not been sent takes it back. One that was sent may be
/// carried out; the caller goes on at once. If the server is still at it 50 ms later it is
/// cancelled there; should that hit another statement, that one is carried out again, since nothing
/// of it was. One that is carried out by itself is cancelled as on any connection.
///
/// A connection that is lost fails those that were sent on it with `connection_lost`, or with what
/// the server said at the end: each may have been carried out, or not. Those that were not sent go
/// to another connection. Errors are those of `pqscope::statements`, with the caller's file and
/// line; where there is no connection to be had all who wait for it get the same one, with the line
/// of one of them.
///
/// Observers are told of a statement that is carried out again once more.
///
/// Thread-safe; copies share the same connections. Refers to its pool, or its engine, which
/// outlives it and its operations. It may outlive its io_context: what is under way then is
/// dropped, and it is of no use any more.
class shared_connections {
 public:
  using is_asynchronous = void;  ///< so that it is told from blocking ones

  /// Shares connections of the primary's pool. \throws usage_error for options that cannot be
  explicit shared_connections(engine& db, shared_options options = {},
                              std::source_location where = std::source_location::current())
      : shared_connections{db.get_executor(), db.blocking().pool(), options, where} {}
  /// Shares connections of any pool.
  shared_connections(asio::any_io_executor executor, pqscope::pool& from,
                     shared_options options = {},
                     std::source_location where = std::source_location::current())
      : hub_{std::make_shared<detail::shared_hub>(
            std::move(executor), from, require_any(options.connections, where),
            require_any(options.under_way, where), pqscope::detail::saturated(options.deadline))} {}

  /// Where its connections are served, and handlers run by default.
  asio::any_io_executor get_executor() const noexcept { return hub_->executor; }

  /// Carries out a statement: as `pqscope::statements::execute`.
  template <class... Args>
  operation<result> execute(sql<Args...> text, Args const&... arguments) {
    return ask<detail::shared_execution, result>(text, detail::kept_argument<Args>{arguments}...);
  }
  /// The same for text made at run time.
  template <class... Args>
  operation<result> execute(dynamic_sql text, Args const&... arguments) {
    return ask<detail::shared_execution, result>(std::move(text),
                                                 detail::kept_argument<Args>{arguments}...);
  }
  /// The same for a statement that is declared as an object.
  template <class Row, class... Declared, class... Args>
  operation<result> execute(statement<Row(Declared...)> const& text, Args const&... arguments) {
    static_assert(std::is_void_v<Row>,
                  "pqscope: a statement that is declared with a row is carried out by query");
    return ask_declared<detail::shared_execution, result>(
        text, pqscope::detail::type_list<Declared...>{}, arguments...);
  }

  /// Carries out a statement and answers its rows: as `pqscope::statements::query`.
  template <class... Row, class... Args>
  auto query(sql<Args...> text, Args const&... arguments)
      -> operation<rows<pqscope::detail::row_of_t<Row...>>> {
    static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in query<int, std::string>");
    using row = pqscope::detail::row_of_t<Row...>;
    return ask<detail::shared_query<row>, rows<row>>(text,
                                                     detail::kept_argument<Args>{arguments}...);
  }
  /// The same for text made at run time.
  template <class... Row, class... Args>
  auto query(dynamic_sql text, Args const&... arguments)
      -> operation<rows<pqscope::detail::row_of_t<Row...>>> {
    static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in query<int, std::string>");
    using row = pqscope::detail::row_of_t<Row...>;
    return ask<detail::shared_query<row>, rows<row>>(std::move(text),
                                                     detail::kept_argument<Args>{arguments}...);
  }
  /// The same for a statement that is declared as an object.
  template <class Row, class... Declared, class... Args>
  auto query(statement<Row(Declared...)> const& text, Args const&... arguments)
      -> operation<rows<pqscope::detail::declared_row_t<Row>>> {
    using row = pqscope::detail::declared_row_t<Row>;
    return ask_declared<detail::shared_query<row>, rows<row>>(
        text, pqscope::detail::type_list<Declared...>{}, arguments...);
  }

 private:
  static std::size_t require_any(std::size_t number, std::source_location const& where) {
    if (number == 0) {
      throw usage_error("shared connections need one connection, and one statement under way",
                        where);
    }
    return number;
  }

  template <class Statement, class Answer, class Text, class... Kept>
  operation<Answer> ask(Text text, Kept... kept) {
    return {hub_->executor,
            carry_out<Statement, Answer>(hub_, std::move(text), std::move(kept)...)};
  }
  template <class Statement, class Answer, class Text, class... Declared, class... Args>
  operation<Answer> ask_declared(Text const& text, pqscope::detail::type_list<Declared...> types,
                                 Args const&... arguments) {
    return pqscope::detail::with_declared(
        types, text.where(),
        [&](auto const&... values) {
          return ask<Statement, Answer>(
              text, detail::kept_argument<std::remove_cvref_t<decltype(values)>>{values}...);
        },
        arguments...);
  }

// GCC takes exception to the frames of its own coroutines.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

  template <class Statement, class Answer, class Text, class... Kept>
  static asio::awaitable<Answer> carry_out(std::shared_ptr<detail::shared_hub> hub, Text text,
                                           Kept... kept) {
    parameter_pack const bound(text.where(), kept.get()...);
    Statement asked{text.view(), bound.view()};
    co_await hub->async_carry_out(asked, asio::use_awaitable);
    co_return asked.take();
  }

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

  std::shared_ptr<detail::shared_hub> hub_;
};

}  // namespace pqscope::async

#endif
