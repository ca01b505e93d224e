#ifndef PQSCOPE_TESTING_TEMPORARY_STANDBY_HPP
#define PQSCOPE_TESTING_TEMPORARY_STANDBY_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/cluster_files.hpp>
#include <pqscope/testing/harness_error.hpp>
#include <pqscope/testing/postgres_programs.hpp>
#include <pqscope/testing/temporary_cluster.hpp>
#include <pqscope/testing/temporary_server.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace pqscope::testing {

/// What a temporary_standby is to be like. Everything has a default.
struct temporary_standby_options {
  /// The name the primary knows it by, in `pg_stat_replication` and `synchronous_standby_names`.
  /// Several standbys of one primary want a name each, to be told apart.
  std::string application_name = "standby";
  /// Settings for postgresql.conf, any value unquoted; they win over the primary's.
  std::vector<std::pair<std::string, std::string>> settings = {};
  /// Whether it also listens on 127.0.0.1, at a free port; that the primary does says nothing.
  bool tcp = false;
  /// Where the temporary folder is made. A short path, for socket names end at 107 bytes.
  std::filesystem::path parent_folder = "/tmp";
  /// How long the copying, each start and a promotion may take.
  std::chrono::milliseconds start_timeout = std::chrono::seconds(60);
};

/// A hot standby of a temporary_cluster that follows it by streaming replication, in a temporary
/// folder of its own, for tests of fail-over and of reading from replicas.
///
/// The constructor copies the running primary with pg_basebackup, through its unix-domain socket,
/// and returns once the copy accepts read-only sessions, after one to two seconds; see
/// temporary_server for the rest. It has the primary's users, passwords, pg_hba.conf, certificates
/// and settings, those by `ALTER SYSTEM` included, but for `synchronous_standby_names`, which is
/// empty: once promoted it waits for nobody. It tries ten times a second to reach a primary that is
/// away.
///
/// Replication is asynchronous. To make the primary wait for it, once it is there:
///
///     pqscope::connection admin{primary.config()};
///     admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
///     admin.execute("SELECT pg_reload_conf()");
///
/// Only the primary's address is kept: primary and standby may be stopped, restarted and destroyed
/// in any order. It has no replication slot: a primary that throws away what a stopped standby has
/// not read yet (`wal_keep_size`, checkpoints) cannot be followed any more. A primary that was
/// stopped does not become a standby of the promoted one.
class temporary_standby : public temporary_server {
 public:
  /// A running standby of a running primary. Throws harness_error, with the end of the log or of
  /// what pg_basebackup said, where the copy is refused or does not start in time.
  explicit temporary_standby(temporary_cluster const& primary,
                             temporary_standby_options const& options = {});

  /// Ends recovery, and returns once it accepts writes; it follows nobody from now on, whether or
  /// not the primary still runs. Sessions on it stay. Throws harness_error where it is not running,
  /// is promoted already, or takes too long.
  void promote();

  /// Waits until it shows all that was committed on the primary before this call, asynchronous
  /// commits included. Makes a connection to each; the primary gets a transaction with a logical
  /// message (prefix `pqscope`), which no synchronous standby is waited for with. Throws
  /// harness_error after `limit`, and what connecting throws.
  void wait_for_replay(std::chrono::milliseconds limit = std::chrono::seconds(30)) const;

 private:
  std::string copy_primary() const;

  pqscope::config primary_;
};

inline temporary_standby::temporary_standby(temporary_cluster const& primary,
                                            temporary_standby_options const& options)
    : temporary_server({.superuser = primary.config().user.value(),
                        .password = primary.config().get("password").value_or(""),
                        .settings = options.settings,
                        .tcp = options.tcp,
                        .bindir = primary.bindir(),
                        .parent_folder = options.parent_folder,
                        .start_timeout = options.start_timeout}),
      primary_(primary.config().with("application_name", options.application_name)) {
  start_first(copy_primary());
}

// Answers the start of its postgresql.conf.
inline std::string temporary_standby::copy_primary() const {
  run("pg_basebackup", {"--pgdata=" + data_directory().string(), "--dbname=" + primary_.conninfo(),
                        "--wal-method=stream", "--checkpoint=fast", "--no-sync", "--no-password"});
  // Written here and not by --write-recovery-conf, whose place, postgresql.auto.conf, would win
  // over the settings of the options.
  detail::write_file(data_directory() / "standby.signal", "", account());

  std::filesystem::path const altered = data_directory() / "postgresql.auto.conf";
  std::string kept;
  std::string const all = detail::file_text(altered);
  for (std::string_view rest = all; !rest.empty();) {
    std::string_view const line = detail::line_of(rest, 1);
    if (!line.starts_with("synchronous_standby_names")) {
      kept.append(line) += '\n';
    }
    rest.remove_prefix(line.size() + (line.size() < rest.size() ? 1 : 0));
  }
  detail::write_file(altered, kept, account());

  return detail::file_text(data_directory() / "postgresql.conf") +
         "\nsynchronous_standby_names = ''\nwal_retrieve_retry_interval = 100ms\n" +
         detail::setting_line("primary_conninfo", primary_.conninfo());
}

inline void temporary_standby::promote() {
  auto const seconds = std::chrono::ceil<std::chrono::seconds>(setup().start_timeout).count();
  run("pg_ctl", {"promote", "--wait", "--silent", "--timeout=" + std::to_string(seconds),
                 "--pgdata=" + data_directory().string()});
}

inline void temporary_standby::wait_for_replay(std::chrono::milliseconds limit) const {
  auto const deadline = std::chrono::steady_clock::now() + limit;
  connection primary{pqscope::config(primary_).with("options", "-c synchronous_commit=local"),
                     {.deadline = limit}};
  // Flushes what is before it; the server's own positions may lie behind asynchronous commits, or
  // ahead of the last record by the header of a page.
  primary.execute("SELECT pg_logical_emit_message(true, 'pqscope', 'wait_for_replay')");
  auto const written = primary.query<std::string>("SELECT pg_current_wal_lsn()::text").one();
  connection standby{config(), {.deadline = limit}};
  while (
      !standby.query<bool>("SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", written).one()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      throw harness_error("the standby has not replayed up to " + written +
                          " in time; its log ends:\n" + std::string(detail::tail(log())));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace pqscope::testing

#endif
