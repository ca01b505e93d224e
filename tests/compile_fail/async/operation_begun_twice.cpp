// expect: operator()
#include <pqscope/asio.hpp>

#include <utility>

void snippet(pqscope::async::unique_session& s) {
  auto statement = s.execute("SELECT 1");
#ifdef PQSCOPE_MUST_NOT_COMPILE
  statement(asio::detached);
#else
  std::move(statement)(asio::detached);
#endif
}
