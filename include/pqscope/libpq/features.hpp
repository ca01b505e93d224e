#ifndef PQSCOPE_LIBPQ_FEATURES_HPP
#define PQSCOPE_LIBPQ_FEATURES_HPP

#include <libpq-fe.h>

/// \file
/// The one place that knows which libpq is there. libpq 14 is the floor; what came later is used
/// where the headers have it, and `PQSCOPE_OLDEST_LIBPQ` (defined by whoever builds) switches the
/// later features off, so that the older path can be tested with a newer libpq.

#if !defined(LIBPQ_HAS_PIPELINING)
#error "pqscope needs libpq 14 or later"
#endif

/// 1 where libpq can send a cancel request without blocking, else 0.
#if defined(LIBPQ_HAS_ASYNC_CANCEL) && !defined(PQSCOPE_OLDEST_LIBPQ)
#define PQSCOPE_HAS_ASYNC_CANCEL 1
#else
/// 1 where libpq can send a cancel request without blocking, else 0.
#define PQSCOPE_HAS_ASYNC_CANCEL 0
#endif

namespace pqscope::libpq {

/// Whether results can arrive in chunks of rows (`PQsetChunkedRowsMode`, libpq 17).
#if defined(LIBPQ_HAS_CHUNK_MODE) && !defined(PQSCOPE_OLDEST_LIBPQ)
inline constexpr bool has_chunked_rows = true;
#else
inline constexpr bool has_chunked_rows = false;
#endif

/// Whether a Sync can wait to be sent with what follows it (`PQsendPipelineSync`, libpq 17).
#if defined(LIBPQ_HAS_SEND_PIPELINE_SYNC) && !defined(PQSCOPE_OLDEST_LIBPQ)
inline constexpr bool has_unsent_sync = true;
#else
inline constexpr bool has_unsent_sync = false;
#endif

/// Whether a cancel request can be sent without blocking and encrypted (`PQcancelCreate`,
/// libpq 17).
inline constexpr bool has_async_cancel = PQSCOPE_HAS_ASYNC_CANCEL == 1;

}  // namespace pqscope::libpq

#endif
