#ifndef PQSCOPE_TESTING_TEMPORARY_CLUSTER_HPP
#define PQSCOPE_TESTING_TEMPORARY_CLUSTER_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/testing/child_process.hpp>
#include <pqscope/testing/cluster_files.hpp>
#include <pqscope/testing/harness_error.hpp>
#include <pqscope/testing/postgres_programs.hpp>
#include <pqscope/testing/sockets.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pqscope::testing {

/// How a server is asked to end.
enum class shutdown_mode {
  fast,       ///< sessions are ended, everything is written: a clean stop
  immediate,  ///< all processes quit at once, the next start recovers: a crash
};

/// What a temporary_cluster is to be like. Everything has a default.
struct temporary_cluster_options {
  /// Name of the superuser.
  std::string superuser = "postgres";
  /// The superuser's password; empty: none.
  std::string password = {};
  /// Authentication method of every connection `hba` does not speak of: `trust`, `scram-sha-256`…
  std::string auth = "trust";
  /// Lines for the top of pg_hba.conf; the first that matches a connection decides.
  std::vector<std::string> hba = {};
  /// Settings for postgresql.conf, any value unquoted; they come after, and so win over, those
  /// made for speed (`fsync` and `full_page_writes` off: a crash of the server is survived, one of
  /// the machine is not) and `max_prepared_transactions = 20`.
  std::vector<std::pair<std::string, std::string>> settings = {};
  /// Whether it also listens on 127.0.0.1, at a free port.
  bool tcp = false;
  /// PEM file with the server's certificate; set: TLS is on. Copied, as are the next two.
  std::filesystem::path ssl_certificate = {};
  /// PEM file with the private key of `ssl_certificate`.
  std::filesystem::path ssl_key = {};
  /// PEM file with the authorities that certify clients; may be left out.
  std::filesystem::path ssl_authority = {};
  /// Folder of PostgreSQL's programs; empty: looked for in PATH, by `pg_config --bindir`, and where
  /// distributions put them, newest first.
  std::filesystem::path bindir = {};
  /// Where the temporary folder is made. A short path, for socket names end at 107 bytes.
  std::filesystem::path parent_folder = "/tmp";
  /// Further arguments for initdb, for example `--data-checksums`.
  std::vector<std::string> initdb_arguments = {};
  /// How long initdb, and each start, may take.
  std::chrono::milliseconds start_timeout = std::chrono::seconds(60);
};

/// A PostgreSQL server of one's own in a temporary folder, for the time of a test.
///
/// The constructor makes a cluster (UTF-8, locale `C.UTF-8`), starts it and returns once it accepts
/// connections, about a second later; the destructor stops it and removes the folder, also while an
/// exception is in flight, and never throws. The server listens on a unix-domain socket in its
/// folder, which only its owner can reach, and on TCP only if asked. Started by root it runs as
/// user `postgres`, else `nobody`; otherwise as oneself. No shell is involved, and the PG*
/// variables of the environment are not seen by the server.
///
/// Should this process die, the server stops too, on Linux and if the main thread started it; the
/// folder stays behind then. In a forked child the object is inert.
///
/// Thread safety: what `config()`, `url()` and the other descriptions answer never changes, any
/// thread may ask; `start`, `stop` and `restart` are for one thread at a time.
class temporary_cluster {
 public:
  /// A running server with the given options. Throws harness_error, with the end of the log, where
  /// the programs are missing or the server does not start in time.
  explicit temporary_cluster(temporary_cluster_options options = {});
  temporary_cluster(temporary_cluster const&) = delete;
  temporary_cluster& operator=(temporary_cluster const&) = delete;
  /// Stops the server (see stop) and removes the folder.
  ~temporary_cluster() { stop(); }

  /// How to reach it through its unix-domain socket: database `postgres`, as superuser.
  pqscope::config config() const { return config_for(socket_directory()); }
  /// The same through 127.0.0.1. Throws harness_error if option `tcp` is off.
  pqscope::config tcp_config() const {
    if (!options_.tcp) {
      throw harness_error("this temporary_cluster does not listen on TCP; set .tcp = true");
    }
    return config_for("127.0.0.1");
  }
  /// `config()` as a URL.
  std::string url() const { return config().url(); }
  /// `tcp_config()` as a URL. Throws as that does.
  std::string tcp_url() const { return tcp_config().url(); }

  /// The folder the socket lies in; what libpq takes as `host`.
  std::string socket_directory() const { return folder_.path().string(); }
  /// The port; without TCP a part of the socket's name only.
  std::uint16_t port() const noexcept { return port_; }
  /// The cluster's data directory.
  std::filesystem::path data_directory() const { return folder_.path() / "data"; }
  /// The folder of PostgreSQL's programs in use.
  std::filesystem::path const& bindir() const noexcept { return bindir_; }
  /// What the server has written to its log so far.
  std::string log() const { return detail::file_text(folder_.path() / "server.log"); }

  /// Whether the server's main process is there.
  bool running() noexcept { return server_.running(); }
  /// Ends the server; does nothing when it is not running. Waits ten seconds, then goes from fast
  /// to immediate, and after ten more kills it. Never throws.
  void stop(shutdown_mode mode = shutdown_mode::fast) noexcept;
  /// Starts a stopped server at the same address with the same data; does nothing when it is
  /// running. Throws harness_error, with the end of the log, where it is not ready in time.
  void start();
  /// Stops the server as `mode` says and starts it again.
  void restart(shutdown_mode mode = shutdown_mode::fast) {
    stop(mode);
    start();
  }

 private:
  pqscope::config config_for(std::string const& host) const;
  void make_cluster();
  void write_settings() const;
  void copy_certificates(std::string& conf) const;
  void launch();
  bool ready() const;

  temporary_cluster_options options_;
  std::optional<detail::account> account_;
  detail::temporary_folder folder_;
  std::filesystem::path bindir_;
  std::uint16_t port_ = 5432;
  detail::child_process server_;
};

inline temporary_cluster::temporary_cluster(temporary_cluster_options options)
    : options_(std::move(options)),
      account_(detail::account_for_server()),
      folder_(options_.parent_folder, account_),
      bindir_(detail::find_bindir(options_.bindir, folder_.path())) {
  if (socket_directory().size() + sizeof("/.s.PGSQL.65535") > 107) {
    throw harness_error("a socket in " + socket_directory() +
                        " would have a name of more than 107 bytes; set .parent_folder");
  }
  make_cluster();
  for (int attempts = options_.tcp ? 5 : 1;; --attempts) {
    port_ = options_.tcp ? detail::free_loopback_port() : std::uint16_t{5432};
    write_settings();
    try {
      start();
      return;
    } catch (harness_error const&) {
      // The free port may have found another user meanwhile.
      if (attempts == 1 || log().find("could not bind") == std::string::npos) {
        throw;
      }
    }
  }
}

inline pqscope::config temporary_cluster::config_for(std::string const& host) const {
  pqscope::config where;
  where.host = host;
  where.port = port_;
  where.dbname = "postgres";
  where.user = options_.superuser;
  if (!options_.password.empty()) {
    where.password = options_.password;
  }
  return where;
}

inline void temporary_cluster::make_cluster() {
  std::vector<std::string> arguments{(bindir_ / "initdb").string(),
                                     "--pgdata=" + data_directory().string(),
                                     "--username=" + options_.superuser,
                                     "--auth=trust",
                                     "--encoding=UTF8",
                                     "--locale=C.UTF-8",
                                     "--no-sync",
                                     "--no-instructions"};
  if (!options_.password.empty()) {
    std::filesystem::path const file = folder_.path() / "password";
    detail::write_file(file, options_.password + '\n', account_);
    arguments.push_back("--pwfile=" + file.string());
  }
  arguments.insert(arguments.end(), options_.initdb_arguments.begin(),
                   options_.initdb_arguments.end());
  std::filesystem::path const output = folder_.path() / "initdb.log";
  detail::child_process initdb;
  initdb.start({.arguments = std::move(arguments),
                .working_directory = folder_.path(),
                .output = output,
                .run_as = account_});
  if (!initdb.wait(options_.start_timeout) || !initdb.succeeded()) {
    throw harness_error("initdb did not succeed; its output ends:\n" +
                        std::string(detail::tail(detail::file_text(output))));
  }
  std::error_code ignored;
  std::filesystem::remove(folder_.path() / "password", ignored);
  std::filesystem::copy_file(data_directory() / "postgresql.conf", folder_.path() / "initial.conf");
}

inline void temporary_cluster::copy_certificates(std::string& conf) const {
  auto const copy = [&](std::filesystem::path const& source, char const* name,
                        char const* setting) {
    if (!source.empty()) {
      std::string const text = detail::file_text(source);
      if (text.empty()) {
        throw harness_error("cannot read " + source.string());
      }
      detail::write_file(data_directory() / name, text, account_);
      conf += detail::setting_line(setting, name);
    }
  };
  copy(options_.ssl_certificate, "server.crt", "ssl_cert_file");
  copy(options_.ssl_key, "server.key", "ssl_key_file");
  copy(options_.ssl_authority, "root.crt", "ssl_ca_file");
  conf += options_.ssl_certificate.empty() ? "" : "ssl = on\n";
}

inline void temporary_cluster::write_settings() const {
  std::string conf = detail::file_text(folder_.path() / "initial.conf");
  conf += "\nfsync = off\nfull_page_writes = off\nmax_prepared_transactions = 20\n";
  conf += detail::setting_line("unix_socket_directories", socket_directory());
  conf += detail::setting_line("listen_addresses", options_.tcp ? "127.0.0.1" : "");
  conf += detail::setting_line("port", std::to_string(port_));
  copy_certificates(conf);
  for (auto const& [name, value] : options_.settings) {
    conf += detail::setting_line(name, value);
  }
  detail::write_file(data_directory() / "postgresql.conf", conf, account_);

  std::string hba;
  for (std::string const& line : options_.hba) {
    hba += line + '\n';
  }
  for (char const* database : {"all", "replication"}) {
    for (char const* origin : {"local", "host"}) {
      std::string const address = *origin == 'h' ? " all " : " ";
      hba += std::string(origin) + ' ' + database + " all" + address + options_.auth + '\n';
    }
  }
  detail::write_file(data_directory() / "pg_hba.conf", hba, account_);
}

inline void temporary_cluster::stop(shutdown_mode mode) noexcept {
  constexpr std::chrono::seconds patience(10);
  if (mode == shutdown_mode::fast) {
    server_.send(SIGINT);
    if (server_.wait(patience)) {
      return;
    }
  }
  server_.send(SIGQUIT);
  if (!server_.wait(patience)) {
    server_.send(SIGKILL);
    server_.wait(patience);
  }
}

inline bool temporary_cluster::ready() const {
  // Line 1 of the lock file is the postmaster's process id, line 8 its state.
  std::string const lock = detail::file_text(data_directory() / "postmaster.pid");
  return detail::line_of(lock, 1) == std::to_string(server_.id()) &&
         (detail::line_of(lock, 8).starts_with("ready") ||
          detail::line_of(lock, 8).starts_with("standby"));
}

inline void temporary_cluster::launch() {
  server_.start({.arguments = {(bindir_ / "postgres").string(), "-D", data_directory().string()},
                 .working_directory = data_directory(),
                 .output = folder_.path() / "server.log",
                 .run_as = account_});
}

inline void temporary_cluster::start() {
  if (server_.running()) {
    return;
  }
  launch();
  auto const deadline = std::chrono::steady_clock::now() + options_.start_timeout;
  while (!ready()) {
    bool const late = std::chrono::steady_clock::now() >= deadline;
    // wait() pauses a moment between two looks, and notices at once that the server has given up.
    if (late || server_.wait(std::chrono::milliseconds(2))) {
      stop(shutdown_mode::immediate);
      throw harness_error(std::string(late ? "the temporary server was not ready in time"
                                           : "the temporary server did not start") +
                          "; its log ends:\n" + std::string(detail::tail(log())));
    }
  }
}

}  // namespace pqscope::testing

#endif
