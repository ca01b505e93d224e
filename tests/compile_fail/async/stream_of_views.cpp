// expect: would outlive the row it refers to
#include <pqscope/asio.hpp>

#include <string>
#include <string_view>

asio::awaitable<void> snippet(pqscope::async::session& s) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  auto rows = co_await s.stream<std::string_view>("SELECT 'text'");
#else
  auto rows = co_await s.stream<std::string>("SELECT 'text'");
#endif
  co_await rows.next();
}
