// expect: with_session
#include <pqscope/asio.hpp>

asio::awaitable<int> snippet(pqscope::async::engine& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  co_return co_await pqscope::async::with_session(db, [](pqscope::async::session&) { return 1; });
#else
  co_return co_await pqscope::async::with_session(
      db, [](pqscope::async::session&) -> asio::awaitable<int> { co_return 1; });
#endif
}
