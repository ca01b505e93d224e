#ifndef PQSCOPE_LIBPQ_CANCEL_THREAD_HPP
#define PQSCOPE_LIBPQ_CANCEL_THREAD_HPP

#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <utility>

#include <pqscope/libpq/features.hpp>
#include <pqscope/libpq/handles.hpp>

#if !PQSCOPE_HAS_ASYNC_CANCEL

namespace pqscope::libpq {

/// Runs the blocking cancel of libpq 14 to 16 beside the caller, who polls `socket()`.
///
/// The only thread of the library. It is joined when it has finished; where it has not by the time
/// this object goes, it is left to finish alone with what it owns: it cannot be interrupted.
class cancel_thread {
 public:
  /// \param cancel what to run; empty: nothing
  explicit cancel_thread(cancel_handle cancel) noexcept
      : work_{cancel ? new(std::nothrow) job{std::move(cancel)} : nullptr} {}
  cancel_thread(cancel_thread const&) = delete;
  cancel_thread& operator=(cancel_thread const&) = delete;
  ~cancel_thread() {
    if (running_) {
      ::pthread_detach(thread_);
    }
    close_socket();
    if (work_) {
      work_->let_go();
    }
  }

  /// Begins, not before an earlier run has finished; false where the process has no thread or
  /// descriptor left.
  bool start() noexcept {
    int ends[2];
    if (!work_ || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
      return false;
    }
    socket_ = ends[0];
    work_->socket = ends[1];
    work_->owners.fetch_add(1, std::memory_order_relaxed);
    delivered_ = false;
    // signals stay with the threads of the application
    sigset_t all;
    sigset_t previous;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &previous);
    running_ = ::pthread_create(&thread_, nullptr, run, work_) == 0;
    ::pthread_sigmask(SIG_SETMASK, &previous, nullptr);
    if (!running_) {
      ::close(ends[1]);
      close_socket();
      work_->let_go();
    }
    return running_;
  }

  /// The descriptor to poll for input while it runs.
  int socket() const noexcept { return socket_; }
  /// Whether the cancel has come back; never blocks longer than the thread takes to end.
  bool finished() noexcept {
    if (!running_) {
      return true;
    }
    char answer = 0;
    if (::recv(socket_, &answer, 1, 0) < 0) {
      return false;
    }
    delivered_ = answer == 1;
    ::pthread_join(thread_, nullptr);
    running_ = false;
    close_socket();
    return true;
  }
  /// Whether the server took note of it.
  bool delivered() const noexcept { return delivered_; }

 private:
  struct job {
    explicit job(cancel_handle what) noexcept : cancel{std::move(what)} {}
    void let_go() noexcept {
      if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete this;
      }
    }
    cancel_handle cancel;
    int socket = -1;
    std::atomic<int> owners{1};
  };

  static void* run(void* argument) noexcept {
    auto* const work = static_cast<job*>(argument);
    char reason[256];
    char const answer = PQcancel(work->cancel.get(), reason, sizeof reason) != 0 ? 1 : 2;
    int const socket = work->socket;
    work->let_go();
    ::send(socket, &answer, 1, MSG_NOSIGNAL);
    ::close(socket);
    return nullptr;
  }

  void close_socket() noexcept {
    if (socket_ >= 0) {
      ::close(socket_);
      socket_ = -1;
    }
  }

  job* work_;
  pthread_t thread_{};
  int socket_ = -1;
  bool running_ = false;
  bool delivered_ = false;
};

}  // namespace pqscope::libpq

#endif

#endif
