// expect: a statement that is declared with a row is carried out by query
#include <pqscope/asio.hpp>

inline constexpr pqscope::statement<int(int)> twice{"SELECT $1 * 2"};

asio::awaitable<void> snippet(pqscope::async::shared_connections& all) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  co_await all.execute(twice, 1);
#else
  co_await all.query(twice, 1);
#endif
}
