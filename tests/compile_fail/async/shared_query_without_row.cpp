// expect: say what a row is
#include <pqscope/asio.hpp>

asio::awaitable<void> snippet(pqscope::async::shared_connections& all) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  co_await all.query("SELECT 1");
#else
  co_await all.query<int>("SELECT 1");
#endif
}
