#ifndef PQSCOPE_TESTS_INTEGRATION_TRANSACTION_WATCHED_HPP
#define PQSCOPE_TESTS_INTEGRATION_TRANSACTION_WATCHED_HPP

#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>

#include <string>
#include <vector>

#include "support/database.hpp"

namespace support {

/// The texts of statements, for comparing.
using texts = std::vector<std::string>;

/// A connection and the recorder that watches it; it has a temporary table `t (n int)`.
struct watched {
  pqscope::testing::recorder log;
  pqscope::connection conn;

  explicit watched(pqscope::config const& to = test_config()) : conn{to, {.observer = &log}} {
    conn.execute("CREATE TEMP TABLE t (n int PRIMARY KEY)");
    log.clear();
  }

  /// What is in the table, in order.
  std::vector<int> rows() { return conn.query<int>("SELECT n FROM t ORDER BY n").all(); }
};

/// A table that other connections see, dropped at the end.
struct shared_table {
  std::string name = unique_name("transaction");
  witness outside;

  explicit shared_table(std::string const& columns = "n int PRIMARY KEY") {
    outside.execute("CREATE TABLE " + name + " (" + columns + ")");
  }
  shared_table(shared_table const&) = delete;
  shared_table& operator=(shared_table const&) = delete;
  ~shared_table() { outside.execute("DROP TABLE " + name); }

  /// How many rows others see.
  long long count() { return outside.count(name); }
  /// An INSERT of one row.
  pqscope::dynamic_sql insert(int n) const {
    return pqscope::dynamic_sql{"INSERT INTO " + name + " VALUES (" + std::to_string(n) + ")"};
  }
};

}  // namespace support

#endif
