#ifndef PQSCOPE_ASIO_HPP
#define PQSCOPE_ASIO_HPP

/// \file
/// The asynchronous wing, on standalone Asio, or on Boost.Asio where `PQSCOPE_BOOST_ASIO` is
/// defined: the same sessions, for programs that wait for many things with few threads.

#include <pqscope/async/connection.hpp>
#include <pqscope/async/engine.hpp>
#include <pqscope/async/lease.hpp>
#include <pqscope/async/listener.hpp>
#include <pqscope/async/session.hpp>
#include <pqscope/async/shared_connections.hpp>
#include <pqscope/async/unique_session.hpp>
#include <pqscope/async/with_session.hpp>
#include <pqscope/pqscope.hpp>

namespace pqscope::async {

/// Calls `work()` so that the blocking functions of pqscope that it uses do not block, and answers
/// what it returns: wherever it waits for a server, a pool, or a pause, others go on meanwhile.
/// For what has no asynchronous form of its own, such as `create_all` or `resolve`. See `run` of
/// `async::statements` for what it may not do.
template <class Work>
auto run(asio::any_io_executor executor, Work work,
         std::source_location where = std::source_location::current()) {
  using returned = std::invoke_result_t<Work&>;
  auto on = std::make_shared<detail::fiber>(executor);
  return operation<returned>{std::move(executor),
                             detail::run_on(std::move(on), std::move(work), where)};
}

}  // namespace pqscope::async

#endif
