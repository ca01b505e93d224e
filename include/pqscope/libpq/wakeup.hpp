#ifndef PQSCOPE_LIBPQ_WAKEUP_HPP
#define PQSCOPE_LIBPQ_WAKEUP_HPP

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stop_token>
#include <system_error>

namespace pqscope::libpq {

/// A pipe whose reading end becomes readable when somebody writes to it: how another thread wakes
/// a poll(2). Both ends are non-blocking and closed on exec.
class wakeup_pipe {
 public:
  /// \throws std::system_error where the process has no descriptor left
  wakeup_pipe() {
    if (::pipe(ends_) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe");
    }
    for (int const end : ends_) {
      ::fcntl(end, F_SETFD, FD_CLOEXEC);
      ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
  }
  wakeup_pipe(wakeup_pipe const&) = delete;
  wakeup_pipe& operator=(wakeup_pipe const&) = delete;
  ~wakeup_pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  /// The descriptor to poll for input.
  int socket() const noexcept { return ends_[0]; }
  /// Makes `socket()` readable, for good. Safe in any thread and in a signal handler.
  void wake() noexcept {
    char const byte = 1;
    [[maybe_unused]] auto const written = ::write(ends_[1], &byte, 1);
  }

 private:
  int ends_[2] = {-1, -1};
};

/// A descriptor that becomes readable when a stop is requested.
class stop_wakeup {
 public:
  /// \param token the token to watch; already stopped is fine
  explicit stop_wakeup(std::stop_token const& token) : callback_{token, wake{&pipe_}} {}

  /// The descriptor to poll for input.
  int socket() const noexcept { return pipe_.socket(); }

 private:
  struct wake {
    wakeup_pipe* pipe;
    void operator()() const noexcept { pipe->wake(); }
  };
  wakeup_pipe pipe_;
  std::stop_callback<wake> callback_;
};

}  // namespace pqscope::libpq

#endif
