// expect: would outlive the rows it refers to
#include <pqscope/asio.hpp>

#include <string_view>

asio::awaitable<std::size_t> snippet(pqscope::async::session& s) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  co_return (co_await s.query<std::string_view>("SELECT 'text'")).one().size();
#else
  auto const rows = co_await s.query<std::string_view>("SELECT 'text'");
  co_return rows.one().size();
#endif
}
