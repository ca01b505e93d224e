// expect: sql_has_more_placeholders_than_arguments
#include <pqscope/asio.hpp>

asio::awaitable<void> snippet(pqscope::async::session& s) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  co_await s.execute("INSERT INTO mytable (name, age) VALUES ($1, $2)", "John");
#else
  co_await s.execute("INSERT INTO mytable (name, age) VALUES ($1, $2)", "John", 7);
#endif
}
