#ifndef PQSCOPE_TESTING_SOCKETS_HPP
#define PQSCOPE_TESTING_SOCKETS_HPP

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <pqscope/testing/file_descriptor.hpp>
#include <pqscope/testing/harness_error.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace pqscope::testing::detail {

/// A TCP socket bound to 127.0.0.1, at `port` or, for 0, at a free one. It may share the port with
/// other sockets made here as long as only one of them listens: holding one that does not listen
/// keeps a port reserved while connecting to it is refused.
inline file_descriptor bind_loopback(std::uint16_t port = 0) {
  file_descriptor fd(::socket(AF_INET, SOCK_STREAM, 0));
  if (!fd) {
    throw_system_error("cannot make a socket");
  }
  set_nonblocking(fd.get());
  int const on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::bind(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
    throw_system_error("cannot bind to 127.0.0.1:" + std::to_string(port));
  }
  return fd;
}

/// The port a TCP socket is bound to.
inline std::uint16_t port_of(file_descriptor const& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw_system_error("cannot read a socket's address");
  }
  return ntohs(address.sin_port);
}

/// A port of 127.0.0.1 nobody uses at the moment.
inline std::uint16_t free_loopback_port() {
  return port_of(bind_loopback());
}

/// Makes a bound socket accept connections.
inline void listen_on(file_descriptor const& fd) {
  if (::listen(fd.get(), 128) != 0) {
    throw_system_error("cannot listen on a socket");
  }
}

/// Fills in the address of the unix-domain socket `path`.
inline sockaddr_un unix_address(std::string const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw harness_error("the socket name " + path + " is too long");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

/// Listens on the unix-domain socket `path`; replaces one left there.
inline file_descriptor listen_on_unix(std::string const& path) {
  sockaddr_un const address = unix_address(path);
  file_descriptor fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (!fd) {
    throw_system_error("cannot make a socket");
  }
  set_nonblocking(fd.get());
  ::unlink(path.c_str());
  if (::bind(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
    throw_system_error("cannot bind to " + path);
  }
  listen_on(fd);
  return fd;
}

/// The next waiting connection of a listening socket, non-blocking; empty if there is none.
inline file_descriptor accept_from(file_descriptor const& listener) {
  file_descriptor fd(::accept(listener.get(), nullptr, nullptr));
  if (fd) {
    set_nonblocking(fd.get());
    int const on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return fd;
}

/// Starts to connect to a PostgreSQL server as libpq would: a `host` with a leading slash is the
/// folder of a unix-domain socket, any other a name or address. Non-blocking: the connection stands
/// once the socket is writable and has no pending error. Empty if it failed at once.
inline file_descriptor connect_to(std::string const& host, std::uint16_t port) {
  if (host.starts_with('/')) {
    sockaddr_un const address = unix_address(host + "/.s.PGSQL." + std::to_string(port));
    file_descriptor fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    set_nonblocking(fd.get());
    if (::connect(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
      fd.close();
    }
    return fd;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  std::string const service = std::to_string(port);
  if (::getaddrinfo(host.c_str(), service.c_str(), &hints, &list) != 0 || !list) {
    return {};
  }
  file_descriptor fd(::socket(list->ai_family, list->ai_socktype, list->ai_protocol));
  if (fd) {
    set_nonblocking(fd.get());
    int const on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd.get(), list->ai_addr, list->ai_addrlen) != 0 && errno != EINPROGRESS) {
      fd.close();
    }
  }
  ::freeaddrinfo(list);
  return fd;
}

/// Closes a TCP connection by a reset instead of an orderly end.
inline void reset_connection(file_descriptor& fd) noexcept {
  linger const at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd.close();
}

}  // namespace pqscope::testing::detail

#endif
