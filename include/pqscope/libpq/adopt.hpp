#ifndef PQSCOPE_LIBPQ_ADOPT_HPP
#define PQSCOPE_LIBPQ_ADOPT_HPP

#include <libpq-fe.h>

#include <pqscope/libpq/handles.hpp>

namespace pqscope::libpq {

/// Sets whether libpq may block when it sends; operations need it not to.
inline void set_blocking(connection_handle const& connection, bool blocks) noexcept {
  PQsetnonblocking(connection.get(), blocks ? 0 : 1);
}

/// Lets `receive` have every notice of a connection, with `context`; null drops them silently,
/// where libpq itself would print them to the standard error stream.
inline void receive_notices(connection_handle const& connection, PQnoticeReceiver receive,
                            void* context) noexcept {
  PQsetNoticeReceiver(connection.get(), receive ? receive : [](void*, PGresult const*) {}, context);
}

}  // namespace pqscope::libpq

#endif
