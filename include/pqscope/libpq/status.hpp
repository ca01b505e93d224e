#ifndef PQSCOPE_LIBPQ_STATUS_HPP
#define PQSCOPE_LIBPQ_STATUS_HPP

#include <libpq-fe.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include <pqscope/libpq/handles.hpp>

namespace pqscope::libpq {

/// Where the server says a connection stands in its transaction.
enum class transaction_state : unsigned char {
  idle = PQTRANS_IDLE,        ///< outside any transaction
  active = PQTRANS_ACTIVE,    ///< a statement is being carried out
  open = PQTRANS_INTRANS,     ///< inside a transaction
  failed = PQTRANS_INERROR,   ///< inside one in which a statement failed: only its end is possible
  unknown = PQTRANS_UNKNOWN,  ///< the connection is bad, or the server sent nonsense
};

/// The transaction state of the last ReadyForQuery, or `active` while one is awaited.
inline transaction_state state_of(connection_handle const& connection) noexcept {
  return static_cast<transaction_state>(PQtransactionStatus(connection.get()));
}

/// Whether a connection is in pipeline mode, where nothing else than pipelines works.
inline bool is_pipelined(connection_handle const& connection) noexcept {
  return PQpipelineStatus(connection.get()) != PQ_PIPELINE_OFF;
}

/// Whether libpq believes the connection to be alive: it has not seen it fail, no more.
inline bool is_alive(connection_handle const& connection) noexcept {
  return connection && PQstatus(connection.get()) == CONNECTION_OK;
}

/// Looks whether a connection that nothing is asked of is still there, and reads what the server
/// has sent meanwhile: notices reach their receiver, a last FATAL among them. No round trip; one
/// system call where nothing has arrived.
inline bool look_alive(connection_handle const& connection) noexcept {
  if (!is_alive(connection)) {
    return false;
  }
  // libpq reads once and reports the end of the stream only the next time: look behind it
  for (int looks = 0; looks < 64; ++looks) {
    char byte = 0;
    auto const got = ::recv(PQsocket(connection.get()), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && errno != EINTR) {
      return errno == EAGAIN;
    }
    if (got == 0) {
      return false;
    }
    if (got > 0) {
      if (PQconsumeInput(connection.get()) == 0) {
        return false;
      }
      PQisBusy(connection.get());  // has it parsed
      if (!is_alive(connection)) {
        return false;
      }
    }
  }
  return true;
}

/// An error of libpq's without white space at its end, and without the line "invalid socket" there:
/// libpq adds it each time it is asked of a connection it has closed, for the reason before it. An
/// error of that line alone, or one in another language, is left as it is.
inline std::string_view without_aftermath(std::string_view message) noexcept {
  constexpr std::string_view aftermath = "\ninvalid socket";
  for (;;) {
    while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) {
      message.remove_suffix(1);
    }
    if (!message.ends_with(aftermath)) {
      return message;
    }
    message.remove_suffix(aftermath.size());
  }
}

/// The text of libpq's last error on a connection, `without_aftermath`; lives until the next
/// operation.
inline std::string_view error_text(connection_handle const& connection) noexcept {
  char const* text = PQerrorMessage(connection.get());
  return without_aftermath(text ? text : "");
}

/// Number of the server process behind a connection, 0 where it has none.
inline int backend_pid(connection_handle const& connection) noexcept {
  return PQbackendPID(connection.get());
}

/// Version of the server as libpq counts it: 150004 is 15.4; 0 on a bad connection.
inline int server_version(connection_handle const& connection) noexcept {
  return PQserverVersion(connection.get());
}

/// A setting that the server reports by itself (`server_version`, `TimeZone`, `in_hot_standby`…),
/// empty where it does not. Lives until the next operation. No round trip.
inline std::string_view parameter_status(connection_handle const& connection,
                                         char const* name) noexcept {
  char const* value = PQparameterStatus(connection.get(), name);
  return value ? value : "";
}

/// Cuts a connection whose state is no longer known: nothing more is sent, and the server sees the
/// end of it at once. The handle keeps its memory; `is_alive` turns false with the next operation.
inline void cut(connection_handle const& connection) noexcept {
  if (int const socket = connection ? PQsocket(connection.get()) : -1; socket >= 0) {
    ::shutdown(socket, SHUT_RDWR);
  }
}

/// Gives up a connection inherited by fork(2): frees its memory and this process's descriptor, but
/// sends nothing on the socket, which belongs to the parent.
inline void abandon_after_fork(connection_handle& connection) noexcept {
  if (!connection) {
    return;
  }
  if (int const socket = PQsocket(connection.get()); socket >= 0) {
    // libpq sends Terminate to its descriptor when it is freed: let it be another one
    if (int const sink = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); sink >= 0) {
      ::dup2(sink, socket);
      ::close(sink);
    } else {
      static_cast<void>(connection.release());
      return;
    }
  }
  connection.reset();
}

}  // namespace pqscope::libpq

#endif
