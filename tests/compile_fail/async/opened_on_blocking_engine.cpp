// expect: with_session
#include <pqscope/asio.hpp>

asio::awaitable<void> snippet(pqscope::async::engine& db) {
  auto const work = [](pqscope::async::session&) -> asio::awaitable<void> { co_return; };
#ifdef PQSCOPE_MUST_NOT_COMPILE
  co_await pqscope::async::with_session(db.blocking(), work);
#else
  co_await pqscope::async::with_session(db, work);
#endif
}
