#ifndef PQSCOPE_TESTING_POLL_THREAD_HPP
#define PQSCOPE_TESTING_POLL_THREAD_HPP

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <pqscope/testing/file_descriptor.hpp>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope::testing::detail {

/// The clock of everything that waits here.
using poll_clock = std::chrono::steady_clock;

/// A thread that polls descriptors for a `Handler` and runs other threads' tasks between two polls,
/// so that the handler is only ever touched by one thread at a time.
///
/// The handler has `std::optional<poll_clock::time_point> watch(std::vector<pollfd>&)`, which adds
/// the descriptors to poll and answers when to look again at the latest, and
/// `void handle(std::vector<pollfd> const&)`, called after each poll. Neither may block or throw.
/// It must outlive this object, whose destructor ends the thread.
template <class Handler>
class poll_thread {
 public:
  /// Starts the thread, in which all signals are blocked.
  explicit poll_thread(Handler& handler) : handler_(handler), wake_(make_pipe()) {
    set_nonblocking(wake_.read.get());
    set_nonblocking(wake_.write.get());
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      thread_ = std::thread([this] { loop(); });
    } catch (...) {
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  poll_thread(poll_thread const&) = delete;
  poll_thread& operator=(poll_thread const&) = delete;
  ~poll_thread() {
    run([this] { stopping_ = true; });
    thread_.join();
  }

  /// Runs `task` on the thread, waits for it, and answers or throws what it did. Any other thread
  /// may call this.
  template <class Task>
  std::invoke_result_t<Task&> run(Task task) {
    if constexpr (std::is_void_v<std::invoke_result_t<Task&>>) {
      run_erased(task);
    } else {
      std::optional<std::invoke_result_t<Task&>> answer;
      run_erased([&] { answer.emplace(task()); });
      return std::move(*answer);
    }
  }

 private:
  void run_erased(std::function<void()> const& task) {
    std::unique_lock lock(mutex_);
    free_.wait(lock, [this] { return task_ == nullptr; });
    std::exception_ptr failure;
    bool done = false;
    std::function<void()> const guarded = [&] {
      try {
        task();
      } catch (...) {
        failure = std::current_exception();
      }
      done = true;
    };
    task_ = &guarded;
    [[maybe_unused]] ssize_t const written = ::write(wake_.write.get(), "", 1);
    finished_.wait(lock, [&done] { return done; });
    lock.unlock();
    free_.notify_one();
    if (failure) {
      std::rethrow_exception(failure);
    }
  }

  void run_waiting_task() {
    std::lock_guard const lock(mutex_);
    if (task_) {
      (*std::exchange(task_, nullptr))();
      finished_.notify_all();
    }
  }

  void loop() {
    std::vector<pollfd> watched;
    while (!stopping_) {
      watched.assign(1, pollfd{wake_.read.get(), POLLIN, 0});
      auto const until = handler_.watch(watched);
      int timeout = -1;
      if (until) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(*until - poll_clock::now());
        timeout = left.count() > 0 ? static_cast<int>(left.count()) : 0;
      }
      ::poll(watched.data(), static_cast<nfds_t>(watched.size()), timeout);
      char ignored[64];
      while (::read(wake_.read.get(), ignored, sizeof ignored) > 0) {
      }
      handler_.handle(watched);
      run_waiting_task();
    }
  }

  Handler& handler_;
  pipe_ends wake_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::condition_variable finished_;
  std::function<void()> const* task_ = nullptr;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace pqscope::testing::detail

#endif
