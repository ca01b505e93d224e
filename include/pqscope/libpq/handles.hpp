#ifndef PQSCOPE_LIBPQ_HANDLES_HPP
#define PQSCOPE_LIBPQ_HANDLES_HPP

#include <libpq-fe.h>

#include <pqscope/libpq/features.hpp>
#include <pqscope/libpq/handle.hpp>

namespace pqscope::libpq {

/// Ends a connection: sends Terminate where it can, closes the socket, frees the memory.
struct finish_connection {
  /// \param connection a connection in any state
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};

/// Frees a result and every text it handed out.
struct clear_result {
  /// \param result a result
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};

/// Frees an array of connection options.
struct free_options {
  /// \param options what `PQconninfoParse`, `PQconndefaults` or `PQconninfo` returned
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

/// Frees memory that libpq allocated: texts, row data of COPY, notifications.
struct free_memory {
  /// \param memory what libpq says to free with `PQfreemem`
  void operator()(void* memory) const noexcept { PQfreemem(memory); }
};

/// Frees what is needed to cancel a statement.
struct free_cancel {
#if PQSCOPE_HAS_ASYNC_CANCEL
  /// \param cancel what `PQcancelCreate` returned
  void operator()(PGcancelConn* cancel) const noexcept { PQcancelFinish(cancel); }
#else
  /// \param cancel what `PQgetCancel` returned
  void operator()(PGcancel* cancel) const noexcept { PQfreeCancel(cancel); }
#endif
};

/// Owns a connection.
using connection_handle = handle<PGconn, finish_connection>;
/// Owns a result.
using result_handle = handle<PGresult, clear_result>;
/// Owns an array of connection options.
using options_handle = handle<PQconninfoOption, free_options>;
/// Owns a text that libpq allocated.
using text_handle = handle<char, free_memory>;
/// Owns a notification.
using notify_handle = handle<PGnotify, free_memory>;
#if PQSCOPE_HAS_ASYNC_CANCEL
/// Owns a cancel request.
using cancel_handle = handle<PGcancelConn, free_cancel>;
#else
/// Owns what a cancel request needs to know.
using cancel_handle = handle<PGcancel, free_cancel>;
#endif

static_assert(sizeof(result_handle) == sizeof(PGresult*), "a handle is no larger than its pointer");

}  // namespace pqscope::libpq

#endif
