#ifndef PQSCOPE_MAPPING_EXECUTOR_HPP
#define PQSCOPE_MAPPING_EXECUTOR_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/result.hpp>
#include <pqscope/connection/row_collector.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/mapping/arguments.hpp>
#include <pqscope/mapping/text_writer.hpp>

#include <cstdint>
#include <source_location>
#include <utility>

namespace pqscope::detail {

/// What a typed query is carried out on: a connection, transaction, savepoint or session, which has
/// to outlive it; or nothing, for one that is only looked at.
class executor {
 public:
  executor() = default;
  template <class Scope>
  static executor of(Scope& scope) noexcept {
    executor made;
    made.scope_ = &scope;
    made.core_ = [](void* on, std::source_location const& where) -> connection_core& {
      return static_cast<Scope*>(on)->core_for(where);
    };
    return made;
  }

  connection_core& core(std::source_location const& where) const {
    if (scope_ == nullptr) {
      throw usage_error(
          "the query was not made by a connection, transaction or session, so that "
          "it can only be looked at",
          where);
    }
    return core_(scope_, where);
  }

 private:
  void* scope_ = nullptr;
  connection_core& (*core_)(void*, std::source_location const&) = nullptr;
};

/// How many rows a query is expected to have: `many` are decoded as they arrive.
enum class row_number : bool { few, many };

/// Reads the rows of a query. `give(binder)` adds its values.
template <class Text, class Row, class Shape, row_number Number = row_number::few, class Give>
rows<Row, Shape> read_query(executor const& on, std::source_location const& where,
                            Give const& give) {
  argument_pack<Text::parameters> const bound{where, give};
  sql_view const text = sql_of<Text>(where);
  libpq::request request{
      .text = text.text, .parameters = bound.view(), .format = libpq::value_format::binary};
  connection_core& core = on.core(where);
  if constexpr (Number == row_number::many) {
    return {collect_rows<Row, Shape>(core, std::move(request), text), where};
  } else {
    return {core.run(std::move(request), text), where, types_of(core)};
  }
}

/// Carries out a query without rows; answers how many it affected.
template <class Text, class Give>
std::uint64_t execute_query(executor const& on, std::source_location const& where,
                            Give const& give) {
  argument_pack<Text::parameters> const bound{where, give};
  sql_view const text = sql_of<Text>(where);
  libpq::request request{.text = text.text, .parameters = bound.view()};
  return result{on.core(where).run(std::move(request), text)}.affected_rows();
}

/// Keeps a query without rows until something else is sent; see `statements::defer`.
template <class Text, class Give>
void defer_query(executor const& on, std::source_location const& where, Give const& give) {
  argument_pack<Text::parameters> const bound{where, give};
  on.core(where).defer(sql_of<Text>(where), bound.view());
}

}  // namespace pqscope::detail

#endif
