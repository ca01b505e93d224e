#ifndef PQSCOPE_TESTING_PROXY_STATE_HPP
#define PQSCOPE_TESTING_PROXY_STATE_HPP

#include <poll.h>
#include <pqscope/connection/loops.hpp>
#include <pqscope/testing/file_descriptor.hpp>
#include <pqscope/testing/poll_thread.hpp>
#include <pqscope/testing/proxy_link.hpp>
#include <pqscope/testing/sockets.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pqscope::testing::detail {

/// Everything a faulty_proxy's thread owns: the listening socket and the connections.
class proxy_state {
 public:
  /// Will connect to the server at `host` and `port` (see connect_to) for each client. Listens on a
  /// socket in folder `socket_folder` if that is not empty, else on a free port of 127.0.0.1.
  proxy_state(std::string host, std::uint16_t port, std::string const& socket_folder)
      : upstream_host_(std::move(host)), upstream_port_(port) {
    if (socket_folder.empty()) {
      reservation_ = bind_loopback();
      port_ = port_of(reservation_);
    } else {
      port_ = 5432;
      socket_path_ = socket_folder + "/.s.PGSQL." + std::to_string(port_);
    }
    listen();
  }

  /// Where it listens.
  std::uint16_t port() const noexcept { return port_; }
  /// Faults, counters and log. Only for the thread.
  proxy_ledger& ledger() noexcept { return ledger_; }
  /// How many clients there have been.
  std::size_t connections() const noexcept { return connections_; }
  /// Counts the clients anew.
  void forget_connections() noexcept { connections_ = 0; }
  /// How many clients there are now.
  std::size_t open_connections() const noexcept { return links_.size(); }

  /// Accepts clients.
  void listen() {
    if (listener_) {
      return;
    }
    if (!socket_path_.empty()) {
      listener_ = listen_on_unix(socket_path_);
      return;
    }
    file_descriptor listener = bind_loopback(port_);
    listen_on(listener);
    listener_ = std::move(listener);
  }

  /// Has new clients refused by the system; the port stays reserved.
  void refuse() noexcept { listener_.close(); }

  /// Cuts every connection.
  void cut_all() {
    for (auto& link : links_) {
      link->cut();
    }
    sweep();
  }

  /// Ends every stall.
  void resume() {
    ledger_.stalled = false;
    for (auto& link : links_) {
      link->resume();
    }
    sweep();
  }

  /// For poll_thread.
  std::optional<poll_clock::time_point> watch(std::vector<pollfd>& polled) {
    listener_index_ = polled.size();
    polled.push_back({ledger_.stalled ? -1 : listener_.get(), POLLIN, 0});
    std::optional<poll_clock::time_point> first;
    for (auto& link : links_) {
      auto const due = link->watch(polled);
      first = first && due ? pqscope::detail::least(*first, *due) : first ? first : due;
    }
    return first;
  }

  /// For poll_thread.
  void handle(std::vector<pollfd> const& polled) {
    for (auto& link : links_) {
      link->handle(polled);
    }
    sweep();
    if (polled[listener_index_].revents != 0) {
      while (file_descriptor client = accept_from(listener_)) {
        accept(std::move(client));
      }
    }
  }

 private:
  void accept(file_descriptor client) {
    ++connections_;
    file_descriptor server = connect_to(upstream_host_, upstream_port_);
    if (server) {
      links_.push_back(std::make_unique<proxy_link>(connections_, std::move(client),
                                                    std::move(server), ledger_));
    }
  }

  void sweep() {
    std::erase_if(links_, [](auto const& link) { return link->closed(); });
  }

  std::string upstream_host_;
  std::uint16_t upstream_port_;
  std::string socket_path_;
  std::uint16_t port_ = 0;
  file_descriptor reservation_;
  file_descriptor listener_;
  std::size_t listener_index_ = 0;
  proxy_ledger ledger_;
  std::size_t connections_ = 0;
  std::vector<std::unique_ptr<proxy_link>> links_;
};

}  // namespace pqscope::testing::detail

#endif
