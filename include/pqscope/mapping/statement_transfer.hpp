#ifndef PQSCOPE_MAPPING_STATEMENT_TRANSFER_HPP
#define PQSCOPE_MAPPING_STATEMENT_TRANSFER_HPP

#include <pqscope/libpq/request.hpp>
#include <pqscope/mapping/statement.hpp>
#include <pqscope/transfer/cursor.hpp>
#include <pqscope/transfer/pipeline.hpp>
#include <pqscope/transfer/stream.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

/// \file
/// Streams, cursors and pipelines of statements that are declared as objects.

namespace pqscope {

template <class Self>
template <class Row, class... Declared, class... Args>
auto statements<Self>::stream(statement<Row(Declared...)> const& text, Args const&... arguments)
    -> row_stream<detail::declared_row_t<Row>> {
  return detail::with_declared(
      detail::type_list<Declared...>{}, text.where(),
      [&](auto const&... values) {
        parameter_pack const bound(text.where(), values...);
        libpq::request request{.text = text.view().text,
                               .parameters = bound.view(),
                               .format = libpq::value_format::binary};
        return row_stream<Row>{self().core_for(text.where()), std::move(request), text.view()};
      },
      arguments...);
}

template <class Self>
template <class Row, class... Declared, class... Args>
  requires(!std::same_as<Args, cursor_options> && ...)
auto statements<Self>::cursor(statement<Row(Declared...)> const& text, Args const&... arguments)
    -> pqscope::cursor<detail::declared_row_t<Row>> {
  return cursor(text, cursor_options{}, arguments...);
}

template <class Self>
template <class Row, class... Declared, class... Args>
auto statements<Self>::cursor(statement<Row(Declared...)> const& text,
                              cursor_options const& options, Args const&... arguments)
    -> pqscope::cursor<detail::declared_row_t<Row>> {
  return detail::with_declared(
      detail::type_list<Declared...>{}, text.where(),
      [&](auto const&... values) {
        parameter_pack const bound(text.where(), values...);
        return open_cursor<Row>(text.view(), options, bound.view());
      },
      arguments...);
}

template <class Row, class... Declared, class... Args>
pipelined<result> pipeline::execute(statement<Row(Declared...)> const& text,
                                    Args const&... arguments) {
  static_assert(std::is_void_v<Row>,
                "pqscope: a statement that is declared with a row is carried out by query");
  return detail::with_declared(
      detail::type_list<Declared...>{}, text.where(),
      [&](auto const&... values) {
        return add<result>(text.view(), {}, libpq::value_format::text, values...);
      },
      arguments...);
}

template <class Row, class... Declared, class... Args>
auto pipeline::query(statement<Row(Declared...)> const& text, Args const&... arguments)
    -> pipelined<rows<detail::declared_row_t<Row>>> {
  return detail::with_declared(
      detail::type_list<Declared...>{}, text.where(),
      [&](auto const&... values) {
        return add<rows<Row>>(text.view(), {}, libpq::value_format::binary, values...);
      },
      arguments...);
}

}  // namespace pqscope

#endif
