#ifndef PQSCOPE_MAPPING_TO_DDL_HPP
#define PQSCOPE_MAPPING_TO_DDL_HPP

#include <pqscope/mapping/schema_plan.hpp>
#include <pqscope/mapping/schema_table.hpp>

#include <source_location>
#include <span>
#include <string>
#include <vector>

namespace pqscope {

namespace detail {

/// See `to_ddl`. A template so that only programs that call it compile it.
template <class = void>
std::string ddl_of(std::span<schema_table const> tables, std::source_location const& where) {
  std::string text;
  for (schema_enum const& each : enums_in(tables)) {
    text += create_enum(each) + ";\n";
  }
  std::vector<bool> const none(tables.size());
  for (std::string const& each : creation_plan<>{tables, none, where}.statements()) {
    text += each + ";\n";
  }
  return text;
}

}  // namespace detail

/// The statements by which `create_all<Ts…>` makes the tables of these structs where there is
/// nothing yet, each with a semicolon and a line break behind it. Sends nothing.
/// \throws usage_error if a constraint or an index was given a name of more than 63 bytes
template <class... Ts>
  requires(sizeof...(Ts) > 0)
std::string to_ddl(std::source_location where = std::source_location::current()) {
  return detail::ddl_of(detail::schema_of<Ts...>, where);
}

}  // namespace pqscope

#endif
