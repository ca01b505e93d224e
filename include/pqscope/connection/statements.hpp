#ifndef PQSCOPE_CONNECTION_STATEMENTS_HPP
#define PQSCOPE_CONNECTION_STATEMENTS_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/result.hpp>
#include <pqscope/connection/row_shape.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/types/parameter_list.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/types.hpp>

#include <source_location>
#include <utility>

namespace pqscope {

// What moves data: declared here as members, defined in the headers under transfer/.
template <class Row>
class row_stream;

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
class statements {
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

  /// Carries out a statement and returns its rows as `Row`: a type with a `codec`, a `std::tuple`
  /// by position, an aggregate struct by name; `query<A, B>` as tuples of `A` and `B`. Values
  /// arrive in binary format.
  ///
  /// \throws type_mismatch if columns and row do not fit; the statement has been carried out then
  template <class... Row, class... Args>
  [[nodiscard]] auto query(sql<Args...> text, Args const&... arguments)
      -> rows<detail::row_of_t<Row...>> {
    static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in query<int, std::string>");
    parameter_pack const bound(text.where(), arguments...);
    return {send(text.view(), bound.view(), libpq::value_format::binary), text.where()};
  }
  /// The same for text made at run time.
  template <class... Row, class... Args>
  [[nodiscard]] auto query(dynamic_sql const& text, Args const&... arguments)
      -> rows<detail::row_of_t<Row...>> {
    static_assert(sizeof...(Row) > 0, "pqscope: say what a row is, as in query<int, std::string>");
    parameter_pack const bound(text.where(), arguments...);
    return {send(text.view(), bound.view(), libpq::value_format::binary), text.where()};
  }
  /// The same for a number of parameters known only at run time, at most 65535.
  template <class... Row>
  [[nodiscard]] auto query(dynamic_sql const& text, parameter_list const& arguments)
      -> rows<detail::row_of_t<Row...>> {
    return {send(text.view(), arguments.view(), libpq::value_format::binary), text.where()};
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

  libpq::result_handle send(sql_view const& text, libpq::parameters const& bound,
                            libpq::value_format format) {
    libpq::request request{.text = text.text, .parameters = bound, .format = format};
    return self().core_for(text.where).run(std::move(request), text);
  }
};

}  // namespace pqscope

#endif
