#ifndef PQSCOPE_MAPPING_SCHEMA_COMPARISON_HPP
#define PQSCOPE_MAPPING_SCHEMA_COMPARISON_HPP

#include <pqscope/connection/loops.hpp>
#include <pqscope/mapping/schema_catalog.hpp>
#include <pqscope/mapping/schema_difference.hpp>
#include <pqscope/mapping/schema_text.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// Finds the differences between one table of the database and what is declared, and says them.
///
/// What follows from another difference is left out: a constraint over a column that the other side
/// does not have, a default that reads differently because the column's type does.
///
/// A template over `found_table` so that only programs that compare schemas compile it.
template <class Table>
class table_comparison {
 public:
  table_comparison(table_view const& table, Table actual, Table declared,
                   std::vector<schema_difference>& out)
      : table_{table}, actual_{std::move(actual)}, declared_{std::move(declared)}, out_{out} {}

  void compare() {
    for (found_column const& wanted : declared_.columns) {
      found_column const* const there = find(actual_, wanted.name);
      if (there == nullptr) {
        add(schema_difference_kind::missing_column, wanted.name,
            "column " + quoted_name(wanted.name) + " (" + described(wanted) +
                ") is not in the database");
      } else {
        compare(*there, wanted);
      }
    }
    for (found_column const& there : actual_.columns) {
      if (find(declared_, there.name) == nullptr) {
        add(schema_difference_kind::extra_column, there.name,
            "column " + quoted_name(there.name) + " (" + described(there) +
                ") is in the database only");
      }
    }
    drop_equal_parts();
    drop_consequences(actual_, declared_);
    drop_consequences(declared_, actual_);
    compare_parts();
  }

 private:
  static found_column const* find(Table const& in, std::string_view name) {
    for (found_column const& each : in.columns) {
      if (each.name == name) {
        return &each;
      }
    }
    return nullptr;
  }
  static std::string described(found_column const& column) {
    return column.type + (column.not_null ? " NOT NULL" : "") + (column.value.empty() ? "" : " ") +
           column.value;
  }

  void add(schema_difference_kind kind, std::string_view column, std::string const& what) {
    std::string name{table_.schema};
    name.append(name.empty() ? "" : ".").append(table_.name);
    out_.push_back(
        {kind, std::move(name), std::string{column}, "table " + quoted_name(table_) + ": " + what});
  }

  void compare(found_column const& there, found_column const& wanted) {
    std::string const column = "column " + quoted_name(there.name);
    bool const same_type = there.type == wanted.type;
    if (!same_type) {
      add(schema_difference_kind::type, there.name,
          column + " is " + there.type + " in the database, declared is " + wanted.type);
    }
    if (there.not_null != wanted.not_null) {
      add(schema_difference_kind::nullability, there.name,
          column + (there.not_null ? " is NOT NULL in the database, declared is that it takes NULL"
                                   : " takes NULL in the database, declared is NOT NULL"));
    }
    bool const is_consequence = !same_type && !there.value.empty() && !wanted.value.empty();
    if (there.value != wanted.value && !is_consequence) {
      auto const value = [](found_column const& of) {
        return of.value.empty() ? std::string{"no default"} : of.value;
      };
      add(schema_difference_kind::default_value, there.name,
          column + " has " + value(there) + " in the database, declared is " + value(wanted));
    }
  }

  /// The first part of the database for which `test` answers true.
  template <class Test>
  auto find_part(Test const& test) {
    auto at = actual_.parts.begin();
    while (at != actual_.parts.end() && !test(*at)) {
      ++at;
    }
    return at;
  }

  /// Drops what both sides have, under whatever name.
  void drop_equal_parts() {
    std::erase_if(declared_.parts, [&](found_part const& wanted) {
      auto const at = find_part([&](found_part const& there) {
        return there.kind == wanted.kind && there.text == wanted.text;
      });
      bool const found = at != actual_.parts.end();
      if (found) {
        actual_.parts.erase(at);
      }
      return found;
    });
  }

  static void drop_consequences(Table& from, Table const& other) {
    std::erase_if(from.parts, [&](found_part const& part) {
      return any_of(part.columns,
                    [&](std::string const& column) { return find(other, column) == nullptr; });
    });
  }

  static schema_difference_kind kind_of(found_part const& part) {
    switch (part.kind) {
      case 'p':
        return schema_difference_kind::primary_key;
      case 'u':
        return schema_difference_kind::unique;
      case 'c':
        return schema_difference_kind::check;
      case 'f':
        return schema_difference_kind::foreign_key;
      case 'x':
        return schema_difference_kind::exclusion;
      default:
        return schema_difference_kind::index;
    }
  }
  static std::string named(found_part const& part) {
    return (part.kind == 'i' ? "index " : "constraint ") + quoted_name(part.name);
  }
  void add(found_part const& part, std::string const& what) {
    add(kind_of(part), part.columns.size() == 1 ? part.columns[0] : std::string{}, what);
  }
  /// Whether a part over the same columns may read differently because their types do.
  bool has_other_type(found_part const& part) const {
    return any_of(part.columns, [&](std::string const& column) {
      return find(actual_, column)->type != find(declared_, column)->type;
    });
  }

  void compare_parts() {
    for (found_part const& wanted : declared_.parts) {
      auto const at = find_part([&](found_part const& there) {
        return there.kind == wanted.kind && (wanted.kind == 'p' || there.name == wanted.name);
      });
      if (at == actual_.parts.end()) {
        add(wanted, named(wanted) + ", " + wanted.text + ", is not in the database");
        continue;
      }
      if (at->columns != wanted.columns || !has_other_type(wanted)) {
        add(wanted,
            named(*at) + " is " + at->text + " in the database, declared is " + wanted.text);
      }
      actual_.parts.erase(at);
    }
    for (found_part const& there : actual_.parts) {
      add(there, named(there) + ", " + there.text + ", is in the database only");
    }
  }

  table_view const& table_;
  Table actual_;
  Table declared_;
  std::vector<schema_difference>& out_;
};

}  // namespace pqscope::detail

#endif
