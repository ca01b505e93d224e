#ifndef PQSCOPE_TESTS_SUPPORT_DATABASE_HPP
#define PQSCOPE_TESTS_SUPPORT_DATABASE_HPP

#include <libpq-fe.h>
#include <unistd.h>
#include <pqscope/testing/temporary_cluster.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// The cluster of this process, for test programs run without with_cluster.sh; started when first
/// asked for, stopped at the end of the process.
inline pqscope::testing::temporary_cluster& own_cluster() {
  static pqscope::testing::temporary_cluster cluster{
      pqscope::testing::temporary_cluster_options{.tcp = true}};
  return cluster;
}

/// The URL of the database integration tests use, as superuser: that of PQSCOPE_TEST_URL, else one
/// in `own_cluster()`. Tests share it and run side by side: see unique_name.
inline std::string test_url() {
  char const* given = std::getenv("PQSCOPE_TEST_URL");
  return given && *given ? given : own_cluster().url();
}

/// The same database through TCP on this machine; nothing where the tests run on a server that was
/// given to them.
inline std::optional<std::string> test_tcp_url() {
  char const* tcp = std::getenv("PQSCOPE_TEST_TCP_URL");
  if (tcp && *tcp) {
    return tcp;
  }
  char const* given = std::getenv("PQSCOPE_TEST_URL");
  return given && *given ? std::nullopt : std::optional(own_cluster().tcp_url());
}

/// The test database as a config.
inline pqscope::config test_config() {
  return pqscope::config::from_url(test_url());
}

/// A name nothing else in the server has: for tables, channels, slots, application names.
inline std::string unique_name(std::string_view prefix) {
  static std::atomic<int> counter{0};
  return std::string(prefix) + '_' + std::to_string(::getpid()) + '_' + std::to_string(++counter);
}

/// A connection of plain libpq that looks at the server from outside, independent of what is
/// tested. Throws std::runtime_error with libpq's text where something fails.
class witness {
 public:
  /// Connects to the test database.
  witness() : witness(test_url()) {}
  /// Connects to what a URL or connection string says.
  explicit witness(std::string const& conninfo) : conn_(PQconnectdb(conninfo.c_str())) {
    if (PQstatus(conn_.get()) != CONNECTION_OK) {
      throw std::runtime_error(PQerrorMessage(conn_.get()));
    }
    PQsetNoticeProcessor(conn_.get(), [](void*, char const*) {}, nullptr);
  }

  /// Runs one or more statements.
  void execute(std::string const& sql) { run(sql, {}); }
  /// The first value of the first row, `NULL` for a null; "" where there is no row. Parameters are
  /// passed as text.
  std::string text(std::string const& sql, std::vector<std::string> const& parameters = {}) {
    result const got = run(sql, parameters);
    if (PQntuples(got.get()) == 0 || PQnfields(got.get()) == 0) {
      return "";
    }
    return PQgetisnull(got.get(), 0, 0) ? "NULL" : PQgetvalue(got.get(), 0, 0);
  }
  /// The first value as a number; 0 where there is none.
  long long number(std::string const& sql, std::vector<std::string> const& parameters = {}) {
    return std::strtoll(text(sql, parameters).c_str(), nullptr, 10);
  }
  /// The first column of all rows.
  std::vector<std::string> column(std::string const& sql) {
    result const got = run(sql, {});
    std::vector<std::string> values;
    for (int row = 0; row < PQntuples(got.get()); ++row) {
      values.emplace_back(PQgetvalue(got.get(), row, 0));
    }
    return values;
  }
  /// How many rows a table has.
  long long count(std::string const& table) { return number("SELECT count(*) FROM " + table); }
  /// Whether a backend is still there.
  bool has_backend(int pid) {
    return number("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", {std::to_string(pid)}) >
           0;
  }
  /// Ends another session, and waits until it is gone.
  void terminate(int pid) { text("SELECT pg_terminate_backend($1, 10000)", {std::to_string(pid)}); }

 private:
  struct deleter {
    void operator()(PGconn* conn) const noexcept { PQfinish(conn); }
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  using result = std::unique_ptr<PGresult, deleter>;

  result run(std::string const& sql, std::vector<std::string> const& parameters) {
    std::vector<char const*> values;
    for (auto const& parameter : parameters) {
      values.push_back(parameter.c_str());
    }
    result got(parameters.empty()
                   ? PQexec(conn_.get(), sql.c_str())
                   : PQexecParams(conn_.get(), sql.c_str(), static_cast<int>(values.size()),
                                  nullptr, values.data(), nullptr, nullptr, 0));
    ExecStatusType const status = PQresultStatus(got.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw std::runtime_error(PQerrorMessage(conn_.get()));
    }
    return got;
  }

  std::unique_ptr<PGconn, deleter> conn_;
};

}  // namespace support

#endif
