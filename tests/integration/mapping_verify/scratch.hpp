#ifndef PQSCOPE_TESTS_INTEGRATION_MAPPING_VERIFY_SCRATCH_HPP
#define PQSCOPE_TESTS_INTEGRATION_MAPPING_VERIFY_SCRATCH_HPP

#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/verify.hpp>
#include <pqscope/sql/dynamic_sql.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

namespace mapping_verify {

/// A connection with tables of its own.
struct scratch {
  pqscope::connection db{support::test_config()};

  explicit scratch(std::string const& tables = "") {
    db.execute_script(
        pqscope::dynamic_sql{"CREATE TEMP TABLE users (id bigint PRIMARY KEY, name text NOT NULL, "
                             "email varchar(80), age integer);"
                             "CREATE TEMP TABLE posts (id bigint PRIMARY KEY, author bigint NOT "
                             "NULL, title text NOT NULL);" +
                             tables});
  }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  ~scratch() { support::ensure_usable(db); }
};

/// The problems of statements, each as one text.
template <class On, class... Statements>
std::vector<std::string> problems(On& on, Statements const&... statements) {
  std::vector<std::string> found;
  for (pqscope::mismatch const& each : pqscope::find_mismatches(on, statements...)) {
    found.push_back(each.problem);
  }
  return found;
}

/// The only problem of statements.
template <class On, class... Statements>
std::string problem(On& on, Statements const&... statements) {
  std::vector<std::string> const found = problems(on, statements...);
  CAPTURE(found);
  CHECK(found.size() == 1);
  return found.empty() ? "" : found.front();
}

}  // namespace mapping_verify

#endif
