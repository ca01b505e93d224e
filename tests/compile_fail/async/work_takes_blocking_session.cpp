// expect: with_session
#include <pqscope/asio.hpp>

asio::awaitable<void> snippet(pqscope::async::engine& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  co_await pqscope::async::with_session(
      db, [](pqscope::session&) -> asio::awaitable<void> { co_return; });
#else
  co_await pqscope::async::with_session(
      db, [](pqscope::async::session&) -> asio::awaitable<void> { co_return; });
#endif
}
