#ifndef PQSCOPE_TESTING_FILE_DESCRIPTOR_HPP
#define PQSCOPE_TESTING_FILE_DESCRIPTOR_HPP

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <pqscope/testing/harness_error.hpp>

namespace pqscope::testing::detail {

/// The text of `errno` value `code`, safe in any thread.
inline std::string system_text(int code) {
  // There are two functions of this name in the wild, told apart by what they return.
  struct reader {
    static char const* text(int, char const* buffer) { return buffer; }
    static char const* text(char const* returned, char const*) { return returned; }
  };
  char buffer[256] = "unknown error";
  return reader::text(::strerror_r(code, buffer, sizeof buffer), buffer);
}

/// Throws a harness_error "<what>: <text of errno>".
[[noreturn]] inline void throw_system_error(std::string const& what, int code = errno) {
  throw harness_error(what + ": " + system_text(code));
}

/// Owns one file descriptor; move-only, -1 when empty.
class file_descriptor {
 public:
  /// An empty one.
  file_descriptor() = default;
  /// Takes ownership of `fd`; a negative number means empty.
  explicit file_descriptor(int fd) noexcept : fd_(fd) {}
  /// Takes over; `other` is empty afterwards.
  file_descriptor(file_descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  /// Closes what it has and takes over; `other` is empty afterwards.
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~file_descriptor() { close(); }

  /// The number, -1 when empty.
  int get() const noexcept { return fd_; }
  /// Whether it owns a descriptor.
  explicit operator bool() const noexcept { return fd_ >= 0; }
  /// Closes what it owns, keeps `errno`.
  void close() noexcept {
    if (fd_ >= 0) {
      int const saved = errno;
      ::close(std::exchange(fd_, -1));
      errno = saved;
    }
  }

 private:
  int fd_ = -1;
};

/// Makes `fd` non-blocking and closed on exec.
inline void set_nonblocking(int fd) {
  int const flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    throw_system_error("cannot set flags of a descriptor");
  }
}

/// The two ends of a pipe, both closed on exec.
struct pipe_ends {
  file_descriptor read;   ///< the reading end
  file_descriptor write;  ///< the writing end
};

/// A new pipe, closed on exec.
inline pipe_ends make_pipe() {
  int fds[2];
  if (::pipe(fds) != 0) {
    throw_system_error("cannot make a pipe");
  }
  pipe_ends ends{file_descriptor(fds[0]), file_descriptor(fds[1])};
  ::fcntl(fds[0], F_SETFD, FD_CLOEXEC);
  ::fcntl(fds[1], F_SETFD, FD_CLOEXEC);
  return ends;
}

}  // namespace pqscope::testing::detail

#endif
