#ifndef PQSCOPE_TESTING_PROXY_END_HPP
#define PQSCOPE_TESTING_PROXY_END_HPP

#include <poll.h>
#include <sys/socket.h>
#include <pqscope/testing/file_descriptor.hpp>
#include <pqscope/testing/poll_thread.hpp>
#include <pqscope/testing/sockets.hpp>

#include <cerrno>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::testing::detail {

/// One of the two sockets of a proxied connection with the bytes on their way to it.
class proxy_end {
 public:
  /// Speaks through `socket` from now on.
  explicit proxy_end(file_descriptor socket) : socket_(std::move(socket)) {}

  /// Lets `bytes` leave at `when`, not before.
  void send(std::string_view bytes, poll_clock::time_point when) {
    waiting_ += bytes.size();
    queue_.push_back({when, std::string(bytes)});
  }

  /// Adds the socket to what is polled, for reading too if `reading`; answers when something that
  /// waits may leave.
  std::optional<poll_clock::time_point> watch(std::vector<pollfd>& polled, bool reading) {
    bool const due = !queue_.empty() && queue_.front().when <= poll_clock::now();
    short const events = static_cast<short>((reading ? POLLIN : 0) | (due ? POLLOUT : 0));
    index_ = polled.size();
    polled.push_back({events ? socket_.get() : -1, events, 0});
    if (queue_.empty() || due) {
      return std::nullopt;
    }
    return queue_.front().when;
  }

  /// Whether poll says it has bytes, an end or an error.
  bool readable(std::vector<pollfd> const& polled) const {
    return (polled[index_].events & POLLIN) && (polled[index_].revents & ~POLLOUT);
  }

  /// Reads what has arrived, a piece at most; nothing (nullopt) once the peer has ended.
  std::optional<std::string> read() {
    std::string piece(65536, '\0');
    ssize_t const got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) {
      return std::string();
    }
    if (got <= 0) {
      return std::nullopt;
    }
    piece.resize(static_cast<std::size_t>(got));
    return piece;
  }

  /// Writes what is due, or everything if `all`; false once the peer takes no more.
  bool write(bool all = false) {
    auto const now = poll_clock::now();
    while (!queue_.empty() && (all || queue_.front().when <= now)) {
      std::string& bytes = queue_.front().bytes;
      ssize_t const sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        return errno == EAGAIN || errno == EINTR;
      }
      waiting_ -= static_cast<std::size_t>(sent);
      bytes.erase(0, static_cast<std::size_t>(sent));
      if (!bytes.empty()) {
        return true;
      }
      queue_.pop_front();
    }
    return true;
  }

  /// How many bytes wait.
  std::size_t waiting() const noexcept { return waiting_; }
  /// Forgets the bytes that wait, then closes, by a TCP reset if `reset`.
  void close(bool reset) noexcept {
    queue_.clear();
    waiting_ = 0;
    if (reset && socket_) {
      reset_connection(socket_);
    }
    socket_.close();
  }
  /// Whether it has been closed.
  bool closed() const noexcept { return !socket_; }

 private:
  struct parcel {
    poll_clock::time_point when;
    std::string bytes;
  };

  file_descriptor socket_;
  std::deque<parcel> queue_;
  std::size_t waiting_ = 0;
  std::size_t index_ = 0;
};

}  // namespace pqscope::testing::detail

#endif
