#ifndef PQSCOPE_TESTS_INTEGRATION_ASYNC_SHARED_DB_HPP
#define PQSCOPE_TESTS_INTEGRATION_ASYNC_SHARED_DB_HPP

#include <pqscope/asio.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"

namespace support {

/// An asynchronous engine some of whose connections are shared.
struct shared_db : async_db {
  std::unique_ptr<pqscope::async::shared_connections> all;

  explicit shared_db(pqscope::async::shared_options options = {}, pqscope::pool_options pool = {})
      : async_db{engine_options(std::move(pool))},
        all{std::make_unique<pqscope::async::shared_connections>(db, options)} {}
  /// \param to makes the config from that of the schema
  template <class To>
  shared_db(To to, pqscope::async::shared_options options, pqscope::pool_options pool)
      : async_db{std::move(to), engine_options(std::move(pool))},
        all{std::make_unique<pqscope::async::shared_connections>(db, options)} {}

  /// Starts `count` callers at once: the coroutine `work(n)` for each n from 0.
  template <class Work>
  std::vector<started<void>> start_many(int count, Work work) {
    std::vector<started<void>> callers;
    for (int n = 0; n < count; ++n) {
      callers.push_back(start([work, n] { return work(n); }));
    }
    return callers;
  }
  /// The same, and runs them to their end.
  template <class Work>
  void run_many(int count, Work work) {
    for (auto& each : start_many(count, std::move(work))) {
      each.get();
    }
  }
  /// Starts a caller who inserts one row.
  started<void> start_insert(int id) {
    return start([this, id]() -> asio::awaitable<void> {
      co_await all->execute("INSERT INTO t VALUES ($1)", id);
    });
  }
  /// Starts a caller who waits for a lock that somebody else has.
  started<void> start_waiting(long long number, asio::cancellation_slot slot = {}) {
    return start(
        [this, number]() -> asio::awaitable<void> {
          co_await all->execute("SELECT pg_advisory_xact_lock($1)", number);
        },
        slot);
  }

  /// Runs what can be run without waiting.
  void turn() {
    io->restart();
    io->poll();
  }
  /// Requires that nothing is left to be run, that all connections are back in the pool, and that
  /// both sharing them and having one alone work.
  void ensure_usable() {
    run_out();
    REQUIRE(run([this]() -> asio::awaitable<int> {
              auto const rows = co_await all->query<int>("SELECT $1::int4", 42);
              co_return rows.one();
            }) == 42);
    run_out();
    async_db::ensure_usable();
  }

 private:
  static pqscope::engine_options engine_options(pqscope::pool_options&& pool) {
    pqscope::engine_options made;
    made.pool = std::move(pool);
    return made;
  }
};

}  // namespace support

#endif
