#ifndef PQSCOPE_TESTING_TEMPORARY_CLUSTER_HPP
#define PQSCOPE_TESTING_TEMPORARY_CLUSTER_HPP

#include <pqscope/testing/cluster_files.hpp>
#include <pqscope/testing/harness_error.hpp>
#include <pqscope/testing/postgres_programs.hpp>
#include <pqscope/testing/temporary_server.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace pqscope::testing {

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
/// connections, about a second later; the destructor stops it and removes the folder. See
/// temporary_server for who runs it, how it is reached, and threads and forks.
///
/// It can be the primary of a temporary_standby, unless `settings` or `hba` take away what
/// replication needs.
class temporary_cluster : public temporary_server {
 public:
  /// A running server with the given options. Throws harness_error, with the end of the log, where
  /// the programs are missing or the server does not start in time.
  explicit temporary_cluster(temporary_cluster_options const& options = {});

 private:
  void make_cluster(temporary_cluster_options const& options) const;
  std::string copy_certificates(temporary_cluster_options const& options) const;
  void write_hba(temporary_cluster_options const& options) const;
};

inline temporary_cluster::temporary_cluster(temporary_cluster_options const& options)
    : temporary_server({.superuser = options.superuser,
                        .password = options.password,
                        .settings = options.settings,
                        .tcp = options.tcp,
                        .bindir = options.bindir,
                        .parent_folder = options.parent_folder,
                        .start_timeout = options.start_timeout}) {
  make_cluster(options);
  write_hba(options);
  std::string conf = detail::file_text(data_directory() / "postgresql.conf");
  conf += "\nfsync = off\nfull_page_writes = off\nmax_prepared_transactions = 20\n";
  conf += copy_certificates(options);
  start_first(conf);
}

inline void temporary_cluster::make_cluster(temporary_cluster_options const& options) const {
  std::vector<std::string> arguments{"--pgdata=" + data_directory().string(),
                                     "--username=" + options.superuser,
                                     "--auth=trust",
                                     "--encoding=UTF8",
                                     "--locale=C.UTF-8",
                                     "--no-sync",
                                     "--no-instructions"};
  std::filesystem::path const password = folder() / "password";
  if (!options.password.empty()) {
    detail::write_file(password, options.password + '\n', account());
    arguments.push_back("--pwfile=" + password.string());
  }
  arguments.insert(arguments.end(), options.initdb_arguments.begin(),
                   options.initdb_arguments.end());
  run("initdb", std::move(arguments));
  std::error_code ignored;
  std::filesystem::remove(password, ignored);
}

// Answers the settings that go with them.
inline std::string temporary_cluster::copy_certificates(
    temporary_cluster_options const& options) const {
  std::string conf;
  auto const copy = [&](std::filesystem::path const& source, char const* name,
                        char const* setting) {
    if (!source.empty()) {
      std::string const text = detail::file_text(source);
      if (text.empty()) {
        throw harness_error("cannot read " + source.string());
      }
      detail::write_file(data_directory() / name, text, account());
      conf += detail::setting_line(setting, name);
    }
  };
  copy(options.ssl_certificate, "server.crt", "ssl_cert_file");
  copy(options.ssl_key, "server.key", "ssl_key_file");
  copy(options.ssl_authority, "root.crt", "ssl_ca_file");
  return conf += options.ssl_certificate.empty() ? "" : "ssl = on\n";
}

inline void temporary_cluster::write_hba(temporary_cluster_options const& options) const {
  std::string hba;
  for (std::string const& line : options.hba) {
    hba += line + '\n';
  }
  for (char const* database : {"all", "replication"}) {
    for (char const* origin : {"local", "host"}) {
      std::string const address = *origin == 'h' ? " all " : " ";
      hba += std::string(origin) + ' ' + database + " all" + address + options.auth + '\n';
    }
  }
  detail::write_file(data_directory() / "pg_hba.conf", hba, account());
}

}  // namespace pqscope::testing

#endif
