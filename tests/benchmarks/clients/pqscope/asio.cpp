// W8 as a program on Asio writes it: each caller is a coroutine that takes a connection of the
// engine's pool for each row, or asks for it on connections that all share.

#include <pqscope/asio.hpp>

#include "../concurrent.hpp"

#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>

#include "../bench.hpp"

namespace {

struct work {
  bench::random_ids ids;
  std::size_t left = 0;
  std::uint64_t sum = 0;
};

asio::awaitable<void> look_up(pqscope::async::engine& db, work& todo) {
  while (todo.left > 0) {
    --todo.left;
    auto on = co_await db.acquire();
    auto const found = co_await on.query<bench::row>(
        "SELECT id, name, score, at FROM bench_rows WHERE id = $1", todo.ids.next());
    todo.sum += bench::digest(found.one());
  }
}

asio::awaitable<void> look_up(pqscope::async::shared_connections& db, work& todo) {
  while (todo.left > 0) {
    --todo.left;
    auto const found = co_await db.query<bench::row>(
        "SELECT id, name, score, at FROM bench_rows WHERE id = $1", todo.ids.next());
    todo.sum += bench::digest(found.one());
  }
}

template <class Database>
std::uint64_t run(asio::io_context& io, Database& db, bench::random_ids& ids, std::size_t count) {
  work todo{.ids = ids, .left = count};
  for (std::size_t i = 0; i < bench::callers; ++i) {
    asio::co_spawn(io, look_up(db, todo), [](std::exception_ptr failure) {
      if (failure) {
        std::rethrow_exception(failure);
      }
    });
  }
  io.run();
  io.restart();
  ids = todo.ids;
  return todo.sum;
}

void on_asio(bench::task& todo) {
  asio::io_context io{1};
  pqscope::async::engine db{
      io.get_executor(), pqscope::config{}, {.pool = {.max_size = bench::lines}}};
  bench::random_ids ids{todo.rows};
  run(io, db, ids, todo.warm_up);
  todo.start();
  todo.checksum = run(io, db, ids, todo.count);
  todo.stop();
}

template <int Spin>
void shared(bench::task& todo) {
  asio::io_context io{1};
  pqscope::async::engine db{
      io.get_executor(), pqscope::config{}, {.pool = {.spin = std::chrono::microseconds{Spin}}}};
  pqscope::async::shared_connections all{db};
  bench::random_ids ids{todo.rows};
  run(io, all, ids, todo.warm_up);
  todo.start();
  todo.checksum = run(io, all, ids, todo.count);
  todo.stop();
}

bench::variant const variants[] = {
    {"w8_asio", on_asio},
    {"w8_shared", shared<0>},
    {"w8_shared_spin", shared<20>},
};

}  // namespace
