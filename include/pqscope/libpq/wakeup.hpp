#ifndef PQSCOPE_LIBPQ_WAKEUP_HPP
#define PQSCOPE_LIBPQ_WAKEUP_HPP

#include <sys/socket.h>
#include <unistd.h>

#include <stop_token>

namespace pqscope::libpq {

/// Two sockets of which one becomes readable when somebody writes to the other: how another thread
/// wakes a poll(2). Both are non-blocking and closed on exec. Where the process has no descriptor
/// left there are none, and nobody is woken.
class wakeup_pipe {
 public:
  /// Makes them.
  wakeup_pipe() noexcept {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_) != 0) {
      ends_[0] = ends_[1] = -1;
    }
  }
  wakeup_pipe(wakeup_pipe const&) = delete;
  wakeup_pipe& operator=(wakeup_pipe const&) = delete;
  ~wakeup_pipe() {
    for (int const end : ends_) {
      if (end >= 0) {
        ::close(end);
      }
    }
  }

  /// The descriptor to poll for input; -1 if there is none.
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

  /// The descriptor to poll for input; -1 if the process had none left.
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
