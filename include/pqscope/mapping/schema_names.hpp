#ifndef PQSCOPE_MAPPING_SCHEMA_NAMES_HPP
#define PQSCOPE_MAPPING_SCHEMA_NAMES_HPP

#include <pqscope/connection/loops.hpp>
#include <pqscope/mapping/table.hpp>
#include <pqscope/sql/hash.hpp>
#include <pqscope/sql/identifier.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// Columns by their names.
using column_names = std::vector<std::string_view>;

/// The name PostgreSQL would give something that belongs to columns of a table: `users_name_key`.
/// Where that has more than 63 bytes it is cut, and a hash of the whole stands before the label.
inline std::string object_name(std::string_view table, column_names const& columns,
                               std::string_view label) {
  constexpr std::size_t hash_digits = 8;
  std::string name{table};
  for (std::string_view const column : columns) {
    name.append("_").append(column);
  }
  if (name.size() + 1 + label.size() > identifier::max_size) {
    std::uint64_t hash = hash_sql(name);
    std::size_t kept = identifier::max_size - label.size() - hash_digits - 2;
    while ((static_cast<unsigned char>(name[kept]) & 0xC0U) == 0x80U) {
      --kept;  // not into the middle of a character
    }
    name.resize(kept);
    name += '_';
    for (std::size_t i = 0; i < hash_digits; ++i, hash >>= 4U) {
      name += "0123456789abcdef"[hash & 15U];
    }
  }
  return name.append("_").append(label);
}

/// Names of the constraints and indexes of several tables: each only once in a schema.
///
/// A template so that only programs that work with schemas compile it.
template <class = void>
class schema_names {
 public:
  /// A name that no other has, made from the table and its columns; numbered where it is taken.
  std::string make(table_view const& table, column_names const& columns, std::string_view label) {
    std::string name = object_name(table.name, columns, label);
    for (int number = 1; !take(table, name); ++number) {
      name = object_name(table.name, columns, std::string{label} + std::to_string(number));
    }
    return name;
  }
  /// Takes a name, if it is free.
  bool take(table_view const& table, std::string_view name) {
    std::string whole = std::string{table.schema} + '\0' + std::string{name};
    if (contains(taken_, whole)) {
      return false;
    }
    taken_.push_back(std::move(whole));
    return true;
  }

 private:
  std::vector<std::string> taken_;
};

}  // namespace pqscope::detail

#endif
