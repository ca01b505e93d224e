#ifndef PQSCOPE_MAPPING_STATEMENT_SHAPE_HPP
#define PQSCOPE_MAPPING_STATEMENT_SHAPE_HPP

#include <pqscope/connection/row_shape.hpp>
#include <pqscope/mapping/statement.hpp>
#include <pqscope/mapping/statement_arguments.hpp>
#include <pqscope/sql/sql_view.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/user_type.hpp>

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// Whether a built-in type is one that C++ has a type for, so that a text in its place is a
/// mistake. Of such types that have none (`regclass`, `tsquery`) a text is the way to write them.
constexpr bool has_type_in_cpp(oid_t type) noexcept {
  switch (type) {
    case oid::boolean:
    case oid::bytea:
    case oid::int2:
    case oid::int4:
    case oid::int8:
    case oid::oid:
    case oid::xid:
    case oid::xid8:
    case oid::float4:
    case oid::float8:
    case oid::numeric:
    case oid::date:
    case oid::time:
    case oid::timestamp:
    case oid::timestamptz:
    case oid::interval:
    case oid::uuid:
    case oid::cidr:
    case oid::inet:
    case oid::macaddr:
    case oid::macaddr8:
    case oid::bit:
    case oid::varbit:
    case oid::int4range:
    case oid::int8range:
    case oid::numrange:
    case oid::daterange:
    case oid::tsrange:
    case oid::tstzrange:
    case oid::int4multirange:
    case oid::int8multirange:
    case oid::nummultirange:
    case oid::datemultirange:
    case oid::tsmultirange:
    case oid::tstzmultirange:
      return true;
    default:
      return element_type(type) != oid::none;
  }
}

/// How one argument of a statement looks, for code that is no template.
struct argument_shape {
  std::string_view type_name;                   ///< what the C++ type is in PostgreSQL
  oid_t declared;                               ///< what the server is told; 0: it says itself
  bool (*goes_into)(oid_t, type_table const*);  ///< for which types it says it fits
};

template <class T>
argument_shape argument_shape_of() noexcept {
  using codec_type = codec_for<non_null_t<T>>;
  return {codec_type::name, codec_type::parameter_type, [](oid_t type, type_table const* types) {
            oid_t const below = below_domains(type, types);
            if constexpr (!requires { codec_type::accepts(below); }) {
              return true;  // it is never a result, so there is nothing to compare it with
            } else if constexpr (is_sent_as_text<T>) {
              return codec_type::accepts(below) || !has_type_in_cpp(below);
            } else {
              return codec_type::parameter_type != oid::none ||
                     codec_accepts<codec_type>(below, types);
            }
          }};
}

/// A statement that is declared as an object, for code that is no template.
struct statement_shape {
  sql_view text{};
  std::vector<field_shape> fields{};
  std::vector<bool> nullable{};  ///< for each field, whether it can be NULL
  bool by_name = false;
  bool returns_rows = false;
  std::vector<argument_shape> arguments{};
};

template <class Row>
struct nullable_fields {
  static std::vector<bool> list() { return {is_nullable<Row>}; }
};
template <class... Fields>
struct nullable_fields<std::tuple<Fields...>> {
  static std::vector<bool> list() { return {is_nullable<Fields>...}; }
};
template <class A, class B>
struct nullable_fields<std::pair<A, B>> : nullable_fields<std::tuple<A, B>> {};
template <row_struct Row>
struct nullable_fields<Row> : nullable_fields<field_types<Row>> {};

template <class Row, class... Args>
statement_shape shape_of_statement(statement<Row(Args...)> const& statement) {
  statement_shape shape{.text = statement.view(),
                        .arguments = {argument_shape_of<std::remove_cvref_t<Args>>()...}};
  if constexpr (!std::is_void_v<Row>) {
    auto const fields = row_shape<Row>::fields();
    shape.fields.assign(fields.begin(), fields.end());
    shape.nullable = nullable_fields<Row>::list();
    shape.by_name = row_shape<Row>::by_name;
    shape.returns_rows = true;
  }
  return shape;
}

}  // namespace pqscope::detail

#endif
