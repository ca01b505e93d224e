// A hundred callers, four connections, one thread: sessions on Asio.

#include <pqscope/asio.hpp>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

// [order]
asio::awaitable<std::int64_t> order(pqscope::async::engine& db, std::string item, int count) {
  co_return co_await pqscope::async::with_session(
      db, [&](pqscope::async::session& s) -> asio::awaitable<std::int64_t> {
        co_await s.execute("UPDATE stock SET left_over = left_over - $2 WHERE item = $1", item,
                           count);
        auto const ids = co_await s.query<std::int64_t>(
            "INSERT INTO orders (item, count) VALUES ($1, $2) RETURNING id", item, count);
        co_return ids.one();
      });  // committed, connection back in the pool
}
// [order]

// [stream]
asio::awaitable<std::int64_t> ordered(pqscope::async::engine& db) {
  co_return co_await pqscope::async::with_session(
      db, [](pqscope::async::session& s) -> asio::awaitable<std::int64_t> {
        std::int64_t sum = 0;
        auto rows = co_await s.stream<std::string, int>("SELECT item, count FROM orders");
        while (auto row = co_await rows.next()) {
          sum += std::get<int>(*row);
        }
        co_return sum;
      });
}
// [stream]

// [timeout]
asio::awaitable<bool> patient(pqscope::async::engine& db, std::chrono::milliseconds longest) {
  asio::steady_timer timer{co_await asio::this_coro::executor, longest};
  auto const first =
      co_await (db.run([](pqscope::session& s) { s.execute("SELECT pg_sleep(60)"); }) ||
                timer.async_wait(asio::use_awaitable));
  co_return first.index() == 0;
}
// [timeout]

// [shared]
asio::awaitable<int> left_over(pqscope::async::shared_connections& lookups, std::string item) {
  auto const rows =
      co_await lookups.query<int>("SELECT left_over FROM stock WHERE item = $1", item);
  co_return rows.one();
}
// [shared]

asio::awaitable<void> tour(pqscope::async::engine& db) {
  // [run]
  co_await db.run([](pqscope::session& s) {
    s.execute("CREATE TABLE stock (item text PRIMARY KEY, left_over int CHECK (left_over >= 0))");
    s.execute("CREATE TABLE orders (id bigserial, item text, count int)");
    s.execute("INSERT INTO stock VALUES ('tea', 100)");
  });
  // [run]

  int refused = 0;
  int open = 0;
  asio::steady_timer all_done{co_await asio::this_coro::executor,
                              asio::steady_timer::time_point::max()};
  for (int i = 0; i < 110; ++i) {
    ++open;
    // [token]
    asio::co_spawn(co_await asio::this_coro::executor, order(db, "tea", 1),
                   [&](std::exception_ptr failure, std::int64_t) {
                     refused += failure ? 1 : 0;
                     if (--open == 0) {
                       all_done.cancel();
                     }
                   });
    // [token]
  }
  asio::error_code cancelled;
  co_await all_done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  std::cout << "orders refused: " << refused << '\n'
            << "ordered: " << co_await ordered(db) << '\n'
            << "connections: " << db.stats().primary.size << '\n';

  pqscope::async::shared_connections lookups{db};
  std::int64_t sum = 0;
  for (int i = 0; i < 1000; ++i) {
    ++open;
    asio::co_spawn(co_await asio::this_coro::executor, left_over(lookups, "tea"),
                   [&](std::exception_ptr failure, int left) {
                     sum += failure ? 1 : left;
                     if (--open == 0) {
                       all_done.cancel();
                     }
                   });
  }
  co_await all_done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  std::cout << "left over, in a thousand eyes: " << sum << '\n';

  bool const waited = co_await patient(db, 50ms);
  std::cout << (waited ? "a minute has passed\n" : "that took too long, and was cancelled\n");
}

}  // namespace

int main() {
  char const* const url = std::getenv("DATABASE_URL");
  // [engine]
  asio::io_context io;
  pqscope::async::engine db{
      io, pqscope::config::from_url(url ? url : "postgresql:///"), {.pool = {.max_size = 4}}};
  asio::co_spawn(io, tour(db), [](std::exception_ptr failure) {
    if (failure) {
      std::rethrow_exception(failure);
    }
  });
  io.run();
  // [engine]
}
