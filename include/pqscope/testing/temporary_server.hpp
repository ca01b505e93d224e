#ifndef PQSCOPE_TESTING_TEMPORARY_SERVER_HPP
#define PQSCOPE_TESTING_TEMPORARY_SERVER_HPP

#include <signal.h>

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
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::testing {

/// How a server is asked to end.
enum class shutdown_mode {
  fast,       ///< sessions are ended, everything is written: a clean stop
  immediate,  ///< all processes quit at once, the next start recovers: a crash
};

namespace detail {

/// What a temporary_server has to know of itself.
struct server_setup {
  std::string superuser;                                        ///< name of the superuser
  std::string password;                                         ///< the superuser's; empty: none
  std::vector<std::pair<std::string, std::string>> settings{};  ///< last in postgresql.conf
  bool tcp = false;                                             ///< listen on 127.0.0.1 too
  std::filesystem::path bindir{};                               ///< empty: looked for
  std::filesystem::path parent_folder{};                        ///< where the folder is made
  std::chrono::milliseconds start_timeout{};                    ///< limit of each start
};

}  // namespace detail

/// A PostgreSQL server in a temporary folder: what a temporary_cluster and a temporary_standby have
/// in common.
///
/// The destructor stops it and removes the folder, also while an exception is in flight, and never
/// throws. The server listens on a unix-domain socket in its folder, which only its owner can
/// reach, and on TCP only if asked. Started by root it runs as user `postgres`, else `nobody`;
/// otherwise as oneself. No shell is involved, and the PG* variables of the environment are not
/// seen by the server.
///
/// Should this process die, the server stops too, on Linux and if the main thread started it; the
/// folder stays behind then. In a forked child the object is inert.
///
/// Thread safety: what `config()`, `url()` and the other descriptions answer never changes, any
/// thread may ask; `start`, `stop` and `restart` are for one thread at a time.
class temporary_server {
 public:
  temporary_server(temporary_server const&) = delete;
  temporary_server& operator=(temporary_server const&) = delete;

  /// How to reach it through its unix-domain socket: database `postgres`, as superuser.
  pqscope::config config() const { return config_for(socket_directory()); }
  /// The same through 127.0.0.1. Throws harness_error if option `tcp` is off.
  pqscope::config tcp_config() const {
    if (!setup_.tcp) {
      throw harness_error("this temporary server does not listen on TCP; set .tcp = true");
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
  /// The data directory.
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
  /// Starts a stopped server at the same address with the same data, and returns once it accepts
  /// connections; does nothing when it is running. Throws harness_error, with the end of the log,
  /// where it is not ready in time.
  void start();
  /// Stops the server as `mode` says and starts it again.
  void restart(shutdown_mode mode = shutdown_mode::fast) {
    stop(mode);
    start();
  }

 protected:
  /// A folder, and nothing in it yet. Throws harness_error where the programs are missing.
  explicit temporary_server(detail::server_setup setup);
  ~temporary_server() { stop(); }

  /// What it was made with.
  detail::server_setup const& setup() const noexcept { return setup_; }
  /// Whom the server runs as, and who owns its files.
  std::optional<detail::account> const& account() const noexcept { return account_; }
  /// The folder all of it lies in.
  std::filesystem::path const& folder() const noexcept { return folder_.path(); }
  /// Runs one of PostgreSQL's programs to its end, as the server's user. Throws harness_error, with
  /// the end of its output, where it fails or takes longer than a start may.
  void run(std::string const& program, std::vector<std::string> arguments) const;
  /// Starts the server in the finished data directory for the first time, at a port of its own;
  /// `conf` is the start of its postgresql.conf. Throws as `start()` does.
  void start_first(std::string_view conf);

 private:
  pqscope::config config_for(std::string const& host) const;
  bool ready() const;

  detail::server_setup setup_;
  std::optional<detail::account> account_;
  detail::temporary_folder folder_;
  std::filesystem::path bindir_;
  std::uint16_t port_ = 5432;
  detail::child_process server_;
};

inline temporary_server::temporary_server(detail::server_setup setup)
    : setup_(std::move(setup)),
      account_(detail::account_for_server()),
      folder_(setup_.parent_folder, account_),
      bindir_(detail::find_bindir(setup_.bindir, folder_.path())) {
  if (socket_directory().size() + sizeof("/.s.PGSQL.65535") > 107) {
    throw harness_error("a socket in " + socket_directory() +
                        " would have a name of more than 107 bytes; set .parent_folder");
  }
}

inline pqscope::config temporary_server::config_for(std::string const& host) const {
  pqscope::config where;
  where.host = host;
  where.port = port_;
  where.dbname = "postgres";
  where.user = setup_.superuser;
  if (!setup_.password.empty()) {
    where.password = setup_.password;
  }
  return where;
}

inline void temporary_server::run(std::string const& program,
                                  std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), detail::find_program(program, bindir_).string());
  std::filesystem::path const output = folder_.path() / (program + ".log");
  detail::child_process child;
  child.start({.arguments = std::move(arguments),
               .working_directory = folder_.path(),
               .output = output,
               .run_as = account_});
  if (!child.wait(setup_.start_timeout) || !child.succeeded()) {
    throw harness_error(program + " did not succeed; its output ends:\n" +
                        std::string(detail::tail(detail::file_text(output))));
  }
}

inline void temporary_server::start_first(std::string_view conf) {
  for (int attempts = setup_.tcp ? 5 : 1;; --attempts) {
    port_ = setup_.tcp ? detail::free_loopback_port() : std::uint16_t{5432};
    std::string text(conf);
    text += detail::setting_line("unix_socket_directories", socket_directory());
    text += detail::setting_line("listen_addresses", setup_.tcp ? "127.0.0.1" : "");
    text += detail::setting_line("port", std::to_string(port_));
    for (auto const& [name, value] : setup_.settings) {
      text += detail::setting_line(name, value);
    }
    detail::write_file(data_directory() / "postgresql.conf", text, account_);
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

inline void temporary_server::stop(shutdown_mode mode) noexcept {
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

inline bool temporary_server::ready() const {
  // Line 1 of the lock file is the postmaster's process id, line 8 its state.
  std::string const lock = detail::file_text(data_directory() / "postmaster.pid");
  return detail::line_of(lock, 1) == std::to_string(server_.id()) &&
         (detail::line_of(lock, 8).starts_with("ready") ||
          detail::line_of(lock, 8).starts_with("standby"));
}

inline void temporary_server::start() {
  if (server_.running()) {
    return;
  }
  server_.start({.arguments = {(bindir_ / "postgres").string(), "-D", data_directory().string()},
                 .working_directory = data_directory(),
                 .output = folder_.path() / "server.log",
                 .run_as = account_});
  auto const deadline = std::chrono::steady_clock::now() + setup_.start_timeout;
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
