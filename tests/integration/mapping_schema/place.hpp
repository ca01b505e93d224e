#ifndef PQSCOPE_TESTS_INTEGRATION_MAPPING_SCHEMA_PLACE_HPP
#define PQSCOPE_TESTS_INTEGRATION_MAPPING_SCHEMA_PLACE_HPP

#include <pqscope/connection/config.hpp>

#include <string>
#include <vector>

#include "support/database.hpp"

namespace support {

/// An empty schema of the test's own, dropped at its end.
struct place {
  std::string schema = unique_name("place");
  witness outside;

  place() {
    outside.execute("CREATE SCHEMA " + schema);
    outside.execute("SET search_path = " + schema);
  }
  place(place const&) = delete;
  place& operator=(place const&) = delete;
  ~place() { outside.execute("DROP SCHEMA IF EXISTS " + schema + " CASCADE"); }

  /// The database, with this schema as the search path.
  pqscope::config db() const { return test_config().with("options", "-c search_path=" + schema); }

  /// The relations in it, without those that belong to a table.
  std::vector<std::string> tables() {
    return outside.column("SELECT relname FROM pg_class WHERE relnamespace = '" + schema +
                          "'::regnamespace AND relkind IN ('r', 'p', 'v') ORDER BY 1");
  }
  /// The constraints in it.
  std::vector<std::string> constraints() {
    return outside.column("SELECT conname FROM pg_constraint WHERE connamespace = '" + schema +
                          "'::regnamespace ORDER BY 1");
  }
  /// The indexes in it.
  std::vector<std::string> indexes() {
    return outside.column("SELECT relname FROM pg_class WHERE relnamespace = '" + schema +
                          "'::regnamespace AND relkind IN ('i', 'I') ORDER BY 1");
  }
  /// The enum types in it.
  std::vector<std::string> enums() {
    return outside.column("SELECT typname FROM pg_type WHERE typnamespace = '" + schema +
                          "'::regnamespace AND typtype = 'e' ORDER BY 1");
  }
};

}  // namespace support

#endif
