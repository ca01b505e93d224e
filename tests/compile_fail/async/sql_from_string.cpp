// expect: execute
#include <pqscope/asio.hpp>

#include <string>

asio::awaitable<void> snippet(pqscope::async::session& s, std::string const& text) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  co_await s.execute(text);
#else
  co_await s.execute(pqscope::dynamic_sql{text});
#endif
}
