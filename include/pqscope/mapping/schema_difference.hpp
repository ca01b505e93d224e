#ifndef PQSCOPE_MAPPING_SCHEMA_DIFFERENCE_HPP
#define PQSCOPE_MAPPING_SCHEMA_DIFFERENCE_HPP

#include <string>

namespace pqscope {

/// What differs between structs and a database.
enum class schema_difference_kind {
  missing_table,   ///< a table is not in the database
  not_a_table,     ///< there is something else of that name, such as a view
  refused,         ///< the server does not accept how the table is declared
  missing_column,  ///< a column is in the struct only
  extra_column,    ///< a column is in the database only
  type,            ///< a column's type
  nullability,     ///< whether a column takes NULL
  default_value,   ///< a column's default, identity or generation
  primary_key,     ///< the primary key
  unique,          ///< a UNIQUE constraint
  check,           ///< a CHECK constraint
  foreign_key,     ///< a foreign key
  exclusion,       ///< an EXCLUDE constraint, which a struct cannot have
  index,           ///< an index
  missing_enum,    ///< an enum type is not in the database, or is none there
  enum_labels,     ///< the labels of an enum type, or their order
};

/// One difference between structs and a database; see `compare_schema`.
struct schema_difference {
  schema_difference_kind kind{};  ///< what differs
  std::string table{};    ///< the table, with its schema if it was given one; empty for enum types
  std::string column{};   ///< the column; empty where it is about more than one
  std::string message{};  ///< what it is, in words: both sides, with names

  /// Whether both say the same.
  friend bool operator==(schema_difference const&, schema_difference const&) = default;
};

}  // namespace pqscope

#endif
