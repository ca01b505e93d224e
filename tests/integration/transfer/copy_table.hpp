#ifndef PQSCOPE_TESTS_INTEGRATION_TRANSFER_COPY_TABLE_HPP
#define PQSCOPE_TESTS_INTEGRATION_TRANSFER_COPY_TABLE_HPP

#include <pqscope/sql/identifier.hpp>
#include <pqscope/transfer/copy_options.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "support/database.hpp"

namespace support {

/// A schema of the test's own with a table `t`, dropped at its end, seen from another connection.
struct copy_table {
  std::string schema = unique_name("copy");
  witness outside;

  explicit copy_table(std::string const& columns) {
    outside.execute("CREATE SCHEMA " + schema);
    outside.execute("CREATE TABLE " + name() + " (" + columns + ")");
  }
  /// One whose columns need something else first; `{}` stands for the schema.
  copy_table(std::string const& before, std::string const& columns) {
    outside.execute("CREATE SCHEMA " + schema);
    outside.execute(filled(before));
    outside.execute("CREATE TABLE " + name() + " (" + filled(columns) + ")");
  }
  copy_table(copy_table const&) = delete;
  copy_table& operator=(copy_table const&) = delete;
  ~copy_table() { outside.execute("DROP SCHEMA " + schema + " CASCADE"); }

  std::string name() const { return schema + ".t"; }
  pqscope::copy_target target() const { return pqscope::identifier{schema, "t"}; }
  /// All rows as text, in the order they came.
  std::vector<std::string> rows() {
    return outside.column("SELECT t::text FROM " + name() + " t ORDER BY t.ctid");
  }
  /// An expression over all rows.
  std::string text(std::string const& expression) {
    return outside.text("SELECT " + expression + " FROM " + name());
  }
  long long number(std::string const& expression) {
    return outside.number("SELECT " + expression + " FROM " + name());
  }

 private:
  std::string filled(std::string text) const {
    for (auto at = text.find("{}"); at != std::string::npos; at = text.find("{}")) {
      text.replace(at, 2, schema);
    }
    return text;
  }
};

}  // namespace support

#endif
