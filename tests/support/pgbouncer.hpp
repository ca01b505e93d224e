#ifndef PQSCOPE_TESTS_SUPPORT_PGBOUNCER_HPP
#define PQSCOPE_TESTS_SUPPORT_PGBOUNCER_HPP

#include <libpq-fe.h>
#include <signal.h>
#include <unistd.h>
#include <pqscope/connection/config.hpp>
#include <pqscope/testing/child_process.hpp>
#include <pqscope/testing/cluster_files.hpp>
#include <pqscope/testing/harness_error.hpp>
#include <pqscope/testing/postgres_programs.hpp>
#include <pqscope/testing/sockets.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/raw_connection.hpp"

namespace support {

namespace harness = pqscope::testing::detail;

/// How a pgbouncer is set up.
struct pgbouncer_options {
  std::string mode = "transaction";  ///< or `session`, `statement`
  int pool_size = 1;                 ///< connections to the server, for each database
  /// Further lines of its section `[pgbouncer]`; they win.
  std::vector<std::pair<std::string, std::string>> settings{};
};

/// A PgBouncer of the test's own in front of a server: a process with its files in a temporary
/// folder, and listening on a unix-domain socket there. It asks for no password and logs everybody
/// in as the user of the server's config. Killed and removed by its destructor; started by root it
/// runs as `postgres` or `nobody`, because PgBouncer refuses root.
class pgbouncer {
 public:
  /// Whether there is a PgBouncer on this machine; where not, a test says SKIP.
  static bool available() { return program().has_value(); }

  /// One that accepts clients. Throws harness_error, with the end of its log, where it does not
  /// start, or where the server cannot be reached.
  explicit pgbouncer(pqscope::config const& server, pgbouncer_options const& options = {})
      : account_(harness::account_for_server()), folder_("/tmp", account_) {
    write_settings(server, options);
    start();
  }

  /// How to connect through it: the server's database and user.
  pqscope::config config() const {
    return {.host = folder_.path().string(), .port = port, .dbname = database_, .user = user_};
  }
  /// `config()` as a URL.
  std::string url() const { return config().url(); }
  /// Its own console, for `SHOW POOLS` and the like; knows the simple protocol only.
  std::string console_url() const {
    pqscope::config console = config();
    console.dbname = "pgbouncer";
    return console.url();
  }
  /// What it has written to its log so far.
  std::string log() const { return harness::file_text(log_file()); }
  /// Its version, such as `1.18.0`.
  std::string version() const {
    std::string const said = raw_connection(console_url()).exec("SHOW VERSION");
    return said.substr(said.rfind(' ') + 1);
  }
  /// How many clients wait for a connection to the server.
  int waiting() const;

  /// Kills it, and so every connection through it.
  void stop() noexcept {
    process_.send(SIGKILL);
    process_.wait(std::chrono::minutes(1));
  }
  /// Starts a stopped one again, at the same address.
  void start();

 private:
  static constexpr int port = 6432;

  /// Where it is; distributions put it where only root's PATH leads.
  static std::optional<std::filesystem::path> program() {
    auto folders = harness::folders_of_path();
    folders.insert(folders.end(), {"/usr/sbin", "/usr/local/sbin"});
    for (auto const& folder : folders) {
      if (::access((folder / "pgbouncer").c_str(), X_OK) == 0) {
        return folder / "pgbouncer";
      }
    }
    return std::nullopt;
  }

  std::filesystem::path settings_file() const { return folder_.path() / "pgbouncer.ini"; }
  std::filesystem::path log_file() const { return folder_.path() / "pgbouncer.log"; }
  void write_settings(pqscope::config const& server, pgbouncer_options const& options);

  std::optional<harness::account> account_;
  harness::temporary_folder folder_;
  std::string database_;
  std::string user_;
  harness::child_process process_;
};

inline void pgbouncer::write_settings(pqscope::config const& server,
                                      pgbouncer_options const& options) {
  // What the config leaves open is libpq's to say.
  raw_connection const direct(server.url());
  if (!direct.ok()) {
    throw pqscope::testing::harness_error("no server behind PgBouncer: " + direct.error());
  }
  database_ = PQdb(direct.get());
  user_ = PQuser(direct.get());

  std::string text = "[databases]\n* =";
  auto const add = [&text](char const* key, std::string const& value) {
    text += std::string(" ") + key + "='";
    for (char const c : value) {
      text += c == '\'' ? "''" : std::string(1, c);
    }
    text += '\'';
  };
  add("host", PQhost(direct.get()));
  add("port", PQport(direct.get()));
  add("user", user_);
  if (std::string const password = PQpass(direct.get()); !password.empty()) {
    add("password", password);
  }
  text += "\n[pgbouncer]\nauth_type = any\nlisten_port = " + std::to_string(port) +
          "\nunix_socket_dir = " + folder_.path().string() + "\nadmin_users = " + user_ +
          "\npool_mode = " + options.mode +
          "\ndefault_pool_size = " + std::to_string(options.pool_size) +
          "\nserver_tls_sslmode = prefer\nserver_login_retry = 0.1\nserver_round_robin = 0\n";
  for (auto const& [name, value] : options.settings) {
    text += name + " = " + value + '\n';
  }
  harness::write_file(settings_file(), text, account_);
}

inline void pgbouncer::start() {
  auto const where = program();
  if (!where) {
    throw pqscope::testing::harness_error("there is no PgBouncer here");
  }
  process_.start({.arguments = {where->string(), settings_file().string()},
                  .working_directory = folder_.path(),
                  .output = log_file(),
                  .run_as = account_});
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!harness::connect_to(folder_.path().string(), port)) {
    bool const late = std::chrono::steady_clock::now() >= deadline;
    if (late || process_.wait(std::chrono::milliseconds(2))) {
      throw pqscope::testing::harness_error("PgBouncer did not start; its log ends:\n" +
                                            std::string(harness::tail(log())));
    }
  }
}

inline int pgbouncer::waiting() const {
  raw_connection const console(console_url());
  PGresult* const pools = PQexec(console.get(), "SHOW POOLS");
  int const database = PQfnumber(pools, "database");
  int const waiting = PQfnumber(pools, "cl_waiting");
  int found = 0;
  for (int row = 0; row < PQntuples(pools); ++row) {
    if (PQgetvalue(pools, row, database) == database_) {
      found += std::atoi(PQgetvalue(pools, row, waiting));
    }
  }
  PQclear(pools);
  return found;
}

}  // namespace support

#endif
