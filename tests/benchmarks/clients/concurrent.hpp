#ifndef PQSCOPE_TESTS_BENCHMARKS_CONCURRENT_HPP
#define PQSCOPE_TESTS_BENCHMARKS_CONCURRENT_HPP

// W8: callers that each want a row by its key, again and again, on fewer connections and one
// thread.

#include <sys/epoll.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <system_error>

namespace bench {

inline constexpr std::size_t callers = 32;
inline constexpr std::size_t lines = 8;

/// Waits for sockets, each with the number it was added by.
class event_queue {
 public:
  event_queue() : handle_{epoll_create1(EPOLL_CLOEXEC)} { check(handle_); }
  event_queue(event_queue const&) = delete;
  event_queue& operator=(event_queue const&) = delete;
  ~event_queue() { close(handle_); }

  void add(int socket, std::size_t number) { control(EPOLL_CTL_ADD, socket, number, EPOLLIN); }
  void change(int socket, std::size_t number, bool output) {
    control(EPOLL_CTL_MOD, socket, number, EPOLLIN | (output ? EPOLLOUT : 0U));
  }
  /// Calls `ready(number)` for each socket that is.
  template <class Ready>
  void wait(Ready const& ready) {
    epoll_event events[lines];
    int const count = epoll_wait(handle_, events, static_cast<int>(lines), -1);
    check(count);
    for (int i = 0; i < count; ++i) {
      ready(static_cast<std::size_t>(events[i].data.u64));
    }
  }

 private:
  static void check(int answer) {
    if (answer < 0) {
      throw std::system_error(errno, std::generic_category(), "epoll");
    }
  }
  void control(int what, int socket, std::size_t number, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.u64 = number}};
    check(epoll_ctl(handle_, what, socket, &event));
  }

  int handle_;
};

}  // namespace bench

#endif
