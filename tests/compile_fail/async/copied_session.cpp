// expect: deleted
#include <pqscope/asio.hpp>

asio::awaitable<void> snippet(pqscope::async::session& s) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  pqscope::async::session copy = s;
#else
  pqscope::async::session& copy = s;
#endif
  co_await copy.execute("SELECT 1");
}
