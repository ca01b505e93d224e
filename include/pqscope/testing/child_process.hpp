#ifndef PQSCOPE_TESTING_CHILD_PROCESS_HPP
#define PQSCOPE_TESTING_CHILD_PROCESS_HPP

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <pqscope/testing/file_descriptor.hpp>
#include <pqscope/testing/harness_error.hpp>

#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#if !defined(_GNU_SOURCE)
extern "C" char** environ;
#endif

namespace pqscope::testing::detail {

/// The user a child process runs as.
struct account {
  uid_t user;   ///< user id
  gid_t group;  ///< primary group id
};

/// Whom PostgreSQL is to run as: nobody in particular (empty) for an ordinary user; for root,
/// whom PostgreSQL refuses, the account `postgres`, else `nobody`.
inline std::optional<account> account_for_server() {
  if (::geteuid() != 0) {
    return std::nullopt;
  }
  for (char const* name : {"postgres", "nobody"}) {
    std::array<char, 4096> buffer;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) == 0 && found) {
      return account{entry.pw_uid, entry.pw_gid};
    }
  }
  throw harness_error("PostgreSQL does not run as root, and there is no user postgres or nobody");
}

/// What to start, and how.
struct child_options {
  std::vector<std::string> arguments;       ///< the program's absolute path, then its arguments
  std::filesystem::path working_directory;  ///< where it runs
  std::filesystem::path output;             ///< file its stdout and stderr are appended to
  std::optional<account> run_as;            ///< user to become; empty: stay
};

/// A started program, neither copyable nor movable; killed and reaped by the destructor if still
/// running.
///
/// It gets no descriptor but /dev/null and its output, none of the PG* and LC_* variables, default
/// signal handling and a session of its own. On Linux it is sent SIGQUIT (PostgreSQL: stop at once)
/// when this process dies, provided that the main thread started it: the kernel watches threads,
/// and a child of another one would end with that thread. A forked copy of this process leaves it
/// alone.
class child_process {
 public:
  /// Nothing started yet.
  child_process() = default;
  child_process(child_process const&) = delete;
  child_process& operator=(child_process const&) = delete;
  ~child_process() {
    if (running()) {
      send(SIGKILL);
      wait(std::chrono::minutes(1));
    }
  }

  /// Starts a program; nothing may be running. Throws harness_error where that fails.
  void start(child_options const& options);

  /// Its process id; meaningful while running().
  pid_t id() const noexcept { return pid_; }

  /// Whether it has been started and has not ended; reaps it once it has. False in a forked copy of
  /// the process that started it.
  bool running() noexcept {
    if (owner_ != ::getpid()) {
      return false;
    }
    if (pid_ > 0) {
      int status = 0;
      pid_t const reaped = ::waitpid(pid_, &status, WNOHANG);
      if (reaped == pid_ || (reaped < 0 && errno == ECHILD && ::kill(pid_, 0) != 0)) {
        pid_ = -1;
        status_ = reaped < 0 ? 0 : status;
      }
    }
    return pid_ > 0;
  }

  /// Waits until it has ended, `limit` at most; answers whether it has.
  bool wait(std::chrono::milliseconds limit) noexcept {
    auto const deadline = std::chrono::steady_clock::now() + limit;
    while (running()) {
      if (std::chrono::steady_clock::now() >= deadline) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  /// Sends it a signal; does nothing when it is not running.
  void send(int signal) noexcept {
    if (running()) {
      ::kill(pid_, signal);
    }
  }

  /// Whether it has ended by itself with exit code 0.
  bool succeeded() const noexcept {
    return pid_ < 0 && WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
  }

 private:
  [[noreturn]] static void become(char* const* arguments, char* const* variables,
                                  child_options const& options, int output, int report,
                                  pid_t parent, bool watched) noexcept;

  pid_t pid_ = -1;
  pid_t owner_ = -1;
  int status_ = 0;
};

/// The environment without what would steer PostgreSQL's programs.
inline std::vector<char*> environment_for_child() {
  std::vector<char*> kept;
  for (char** variable = environ; variable && *variable; ++variable) {
    std::string_view const text = *variable;
    if (!text.starts_with("PG") && !text.starts_with("LC_") && !text.starts_with("LANG")) {
      kept.push_back(*variable);
    }
  }
  kept.push_back(nullptr);
  return kept;
}

inline void child_process::start(child_options const& options) {
  file_descriptor const output(
      ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!output) {
    throw_system_error("cannot write " + options.output.string());
  }
  std::vector<char*> arguments;
  for (std::string const& argument : options.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  std::vector<char*> variables = environment_for_child();
  pipe_ends report = make_pipe();
  pid_t const parent = ::getpid();
#if defined(__linux__)
  bool const watched = ::syscall(SYS_gettid) == parent;
#else
  bool const watched = false;
#endif

  pid_t const child = ::fork();
  if (child < 0) {
    throw_system_error("cannot start a process");
  }
  if (child == 0) {
    become(arguments.data(), variables.data(), options, output.get(), report.write.get(), parent,
           watched);
  }
  pid_ = child;
  owner_ = parent;
  report.write.close();
  int failure = 0;
  ssize_t got = 0;
  do {
    got = ::read(report.read.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof failure) {
    wait(std::chrono::minutes(1));
    throw harness_error("cannot run " + options.arguments.front() + ": " + system_text(failure));
  }
}

// Runs between fork and exec: nothing here may allocate or take a lock.
inline void child_process::become(char* const* arguments, char* const* variables,
                                  child_options const& options, int output, int report,
                                  pid_t parent, bool watched) noexcept {
  auto const check = [&report](bool fine) {
    if (!fine) {
      int const code = errno;
      [[maybe_unused]] ssize_t const written = ::write(report, &code, sizeof code);
      ::_exit(127);
    }
  };
  // Both may lie below 4 where the caller has closed its standard descriptors.
  int const high_output = ::fcntl(output, F_DUPFD, 10);
  int const high_report = ::fcntl(report, F_DUPFD, 10);
  int const null = ::open("/dev/null", O_RDONLY);
  check(high_output >= 0 && high_report >= 0 && null >= 0);
  check(::dup2(null, 0) == 0 && ::dup2(high_output, 1) == 1 && ::dup2(high_output, 2) == 2);
  check(::dup2(high_report, 3) == 3 && ::fcntl(3, F_SETFD, FD_CLOEXEC) == 0);
  report = 3;
#if defined(SYS_close_range)
  bool const closed = ::syscall(SYS_close_range, 4U, ~0U, 0U) == 0;
#else
  bool const closed = false;
#endif
  for (int fd = 4; !closed && fd < 4096; ++fd) {
    ::close(fd);
  }

  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int const signal : {SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2}) {
    ::signal(signal, SIG_DFL);
  }
  ::setsid();
  if (options.run_as) {
    check(::setgroups(1, &options.run_as->group) == 0);
    check(::setgid(options.run_as->group) == 0 && ::setuid(options.run_as->user) == 0);
  }
#if defined(__linux__)
  // After setuid, which clears it. A parent that died before this line never signals.
  if (watched) {
    check(::prctl(PR_SET_PDEATHSIG, SIGQUIT) == 0);
    if (::getppid() != parent) {
      ::_exit(127);
    }
  }
#else
  static_cast<void>(watched);
  static_cast<void>(parent);
#endif
  check(::chdir(options.working_directory.c_str()) == 0);
  ::execve(arguments[0], arguments, variables);
  check(false);
  ::_exit(127);
}

}  // namespace pqscope::testing::detail

#endif
