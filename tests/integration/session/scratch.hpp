#ifndef PQSCOPE_TESTS_INTEGRATION_SESSION_SCRATCH_HPP
#define PQSCOPE_TESTS_INTEGRATION_SESSION_SCRATCH_HPP

#include <pqscope/connection/config.hpp>

#include <string>
#include <vector>

#include "support/database.hpp"

namespace support {

/// A schema of the test's own with a table `t (id int PRIMARY KEY, v int)`, dropped at its end.
struct scratch {
  std::string schema = unique_name("session");
  witness outside;

  scratch() {
    outside.execute("CREATE SCHEMA " + schema);
    outside.execute("CREATE TABLE " + table() + " (id int PRIMARY KEY, v int)");
  }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  ~scratch() { outside.execute("DROP SCHEMA " + schema + " CASCADE"); }

  std::string table() const { return schema + ".t"; }
  /// The database, with this schema as the place of `t` and as the application's name.
  pqscope::config db() const {
    return test_config()
        .with("options", "-c search_path=" + schema)
        .with("application_name", schema);
  }
  /// What others see in `t`.
  long long count() { return outside.count(table()); }
  /// The ids that others see in `t`.
  std::vector<std::string> ids() {
    return outside.column("SELECT id FROM " + table() + " ORDER BY id");
  }
  /// How many connections `db()` has.
  long long backends() {
    return outside.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1",
                          {schema});
  }
};

}  // namespace support

#endif
