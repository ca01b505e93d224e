#ifndef PQSCOPE_ASYNC_ASIO_HPP
#define PQSCOPE_ASYNC_ASIO_HPP

/// \file
/// Which Asio: the standalone one, or Boost's where `PQSCOPE_BOOST_ASIO` is defined. Either has to
/// have cancellation slots: Asio 1.20, Boost 1.78.

#ifdef PQSCOPE_BOOST_ASIO

// Older versions do not know that Clang has coroutines.
#if defined(__clang__) && !defined(BOOST_ASIO_HAS_CO_AWAIT) && \
    !defined(BOOST_ASIO_DETAIL_CONFIG_HPP)
#define BOOST_ASIO_HAS_CO_AWAIT 1
#endif

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/version.hpp>

#ifndef BOOST_ASIO_HAS_CO_AWAIT
#error "Boost.Asio has no coroutines: define BOOST_ASIO_HAS_CO_AWAIT before including it"
#endif
static_assert(BOOST_ASIO_VERSION >= 102000, "pqscope: Boost.Asio 1.78 or later is needed");

/// \cond
namespace pqscope::async {
namespace asio = ::boost::asio;
using error_code = ::boost::system::error_code;
}  // namespace pqscope::async
/// \endcond

#else

// Older versions do not know that Clang has coroutines.
#if defined(__clang__) && !defined(ASIO_HAS_CO_AWAIT) && !defined(ASIO_DETAIL_CONFIG_HPP)
#define ASIO_HAS_CO_AWAIT 1
#endif

#include <asio/any_io_executor.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/dispatch.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/recycling_allocator.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>

#ifndef ASIO_HAS_CO_AWAIT
#error "Asio has no coroutines: define ASIO_HAS_CO_AWAIT before including it"
#endif
static_assert(ASIO_VERSION >= 102000, "pqscope: Asio 1.20 or later is needed");

/// \cond
namespace pqscope::async {
namespace asio = ::asio;
using error_code = std::error_code;
}  // namespace pqscope::async
/// \endcond

#endif

#endif
