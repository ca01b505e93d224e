#include <pqscope/asio.hpp>
#include <pqscope/error/conditions.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/strand.hpp>
#include <asio/use_future.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;

using namespace std::chrono_literals;

namespace {

// Runs an io_context with several threads until it has nothing left to do.
void run_with_threads(asio::io_context& io, int count) {
  std::vector<std::jthread> threads;
  for (int n = 0; n < count; ++n) {
    threads.emplace_back([&io] { io.run_for(support::async_limit * 3); });
  }
}

}  // namespace

TEST_CASE("sixty-four sessions of twenty statements go through four threads") {
  async_db t{{.pool = {.max_size = 8}}};
  std::vector<std::future<std::int64_t>> all;
  for (int n = 0; n < 64; ++n) {
    auto work = [n](session& s) -> asio::awaitable<std::int64_t> {
      std::int64_t sum = 0;
      for (int k = 0; k < 20; ++k) {
        auto const rows = co_await s.query<int>("SELECT $1::int4", n * 20 + k);
        sum += rows.one();
      }
      co_await s.execute("INSERT INTO t VALUES ($1)", n);
      co_return sum;
    };
    all.push_back(asio::co_spawn(
        asio::make_strand(*t.io),
        [&t, work]() -> asio::awaitable<std::int64_t> {
          co_return co_await with_session(t.db, work);
        },
        asio::use_future));
  }
  run_with_threads(*t.io, 4);
  std::int64_t sum = 0;
  for (auto& each : all) {
    REQUIRE(each.wait_for(0s) == std::future_status::ready);
    sum += each.get();
  }
  CHECK(sum == 1280 * 1279 / 2);
  CHECK(t.here.count() == 64);
  t.ensure_usable();
}

TEST_CASE("sessions that are begun without a strand go through four threads") {
  async_db t{{.pool = {.max_size = 4}}};
  std::vector<std::future<void>> all;
  for (int n = 0; n < 40; ++n) {
    auto work = [n](session& s) -> asio::awaitable<void> {
      auto rows = co_await s.stream<int>("SELECT generate_series(1, 3000)");
      int count = 0;
      while (auto const row = co_await rows.next()) {
        count += *row > 0 ? 1 : 0;
      }
      if (count != 3000) {
        throw std::runtime_error{"rows are missing"};
      }
      co_await with_session(s, [n](session& i) -> asio::awaitable<void> {
        co_await i.execute("INSERT INTO t VALUES ($1)", n);
      });
    };
    all.push_back(with_session(t.db, work)(asio::use_future));
  }
  run_with_threads(*t.io, 4);
  for (auto& each : all) {
    REQUIRE(each.wait_for(0s) == std::future_status::ready);
    each.get();
  }
  CHECK(t.here.count() == 40);
  t.ensure_usable();
}

TEST_CASE("sessions that are cancelled from other threads at any moment lose nothing") {
  async_db t{{.pool = {.max_size = 4}}};
  std::atomic<int> committed{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> failed{0};
  {
    auto const busy = asio::make_work_guard(*t.io);
    std::vector<std::jthread> threads;
    for (int n = 0; n < 3; ++n) {
      threads.emplace_back([&] { t.io->run(); });
    }
    for (int n = 0; n < 120; ++n) {
      auto strand = asio::make_strand(*t.io);
      auto signal = std::make_shared<asio::cancellation_signal>();
      std::promise<void> over;
      auto work = [n](session& s) -> asio::awaitable<void> {
        for (int k = 0; k < 5; ++k) {
          co_await s.execute("SELECT 1");
        }
        co_await s.execute("INSERT INTO t VALUES ($1)", n);
      };
      asio::post(strand, [&] {
        asio::co_spawn(
            strand, [&t, work]() -> asio::awaitable<void> { co_await with_session(t.db, work); },
            asio::bind_cancellation_slot(signal->slot(), [&](std::exception_ptr failure) {
              try {
                if (failure) {
                  std::rethrow_exception(failure);
                }
                ++committed;
              } catch (pqscope::operation_cancelled const&) {
                ++cancelled;
              } catch (std::system_error const&) {
                ++cancelled;
              } catch (...) {
                ++failed;
              }
              over.set_value();
            }));
      });
      asio::steady_timer timer{strand, std::chrono::microseconds{(n % 40) * 60}};
      timer.async_wait(asio::bind_executor(strand, [signal](std::error_code const&) {
        signal->emit(asio::cancellation_type::all);
      }));
      over.get_future().wait();
    }
    t.io->stop();
  }
  CHECK(committed + cancelled == 120);
  CHECK(failed == 0);
  CHECK(t.here.count() == committed);
  t.ensure_usable();
}

TEST_CASE("blocking threads and coroutines share a pool") {
  async_db t{{.pool = {.max_size = 3}}};
  std::vector<std::future<void>> all;
  for (int n = 0; n < 60; ++n) {
    all.push_back(with_session(t.db, [n](session& s) -> asio::awaitable<void> {
      co_await s.execute("INSERT INTO t VALUES ($1)", n);
    })(asio::use_future));
  }
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 2; ++n) {
      threads.emplace_back([&] { t.io->run(); });
      threads.emplace_back([&t, n] {
        for (int k = 0; k < 30; ++k) {
          pqscope::with_session(t.db.blocking(), [&](pqscope::session& s) {
            s.execute("INSERT INTO t VALUES ($1)", 1000 + n * 100 + k);
          });
        }
      });
    }
  }
  for (auto& each : all) {
    REQUIRE(each.wait_for(0s) == std::future_status::ready);
    each.get();
  }
  CHECK(t.here.count() == 120);
  t.ensure_usable();
}

TEST_CASE("sixty-four callers who share connections go through four threads") {
  async_db t{{.pool = {.max_size = 3}}};
  pqscope::async::shared_connections all{t.db, {.connections = 3, .under_way = 16}};
  std::vector<std::future<std::int64_t>> callers;
  for (int n = 0; n < 64; ++n) {
    callers.push_back(asio::co_spawn(
        asio::make_strand(*t.io),
        [&all, n]() -> asio::awaitable<std::int64_t> {
          std::int64_t sum = 0;
          for (int k = 0; k < 20; ++k) {
            auto const rows = co_await all.query<int>("SELECT $1::int4", n * 20 + k);
            sum += rows.one();
            try {
              if (k % 5 == 1) {
                co_await all.execute("SELECT 1 / ($1::int4 - $1)", k);
              } else if (k % 5 == 3) {
                co_await all.execute("DO $$ BEGIN END $$");
              } else if (k % 10 == 4) {
                co_await all.execute("SET work_mem = '1MB'");
              }
            } catch (pqscope::division_by_zero const&) {
            } catch (pqscope::usage_error const&) {
            }
          }
          co_await all.execute("INSERT INTO t VALUES ($1)", n);
          co_return sum;
        },
        asio::use_future));
  }
  run_with_threads(*t.io, 4);
  std::int64_t sum = 0;
  for (auto& each : callers) {
    REQUIRE(each.wait_for(0s) == std::future_status::ready);
    sum += each.get();
  }
  CHECK(sum == 1280 * 1279 / 2);
  CHECK(t.here.count() == 64);
  t.ensure_usable();
}

TEST_CASE("callers who share connections are cancelled from other threads at any moment") {
  async_db t{{.pool = {.max_size = 2}}};
  pqscope::async::shared_connections all{t.db, {.connections = 2, .under_way = 4}};
  std::atomic<int> inserted{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> failed{0};
  std::atomic<int> left{200};
  {
    auto busy = std::optional{asio::make_work_guard(*t.io)};
    std::vector<std::jthread> threads;
    for (int n = 0; n < 3; ++n) {
      threads.emplace_back([&] { t.io->run(); });
    }
    for (int n = 0; n < 200; ++n) {
      auto strand = asio::make_strand(*t.io);
      auto signal = std::make_shared<asio::cancellation_signal>();
      asio::post(strand, [&, strand, signal, n] {
        asio::co_spawn(
            strand,
            [&all, n]() -> asio::awaitable<void> {
              co_await all.execute("SELECT 1");
              if (n % 10 == 0) {
                co_await all.execute("SELECT pg_sleep(0.005)");
              } else if (n % 10 == 5) {
                co_await all.execute("DO $$ BEGIN PERFORM pg_sleep(0.002); END $$");
              }
              co_await all.execute("INSERT INTO t VALUES ($1)", n);
            },
            asio::bind_cancellation_slot(signal->slot(), [&, signal](std::exception_ptr failure) {
              try {
                if (failure) {
                  std::rethrow_exception(failure);
                }
                ++inserted;
              } catch (pqscope::operation_cancelled const&) {
                ++cancelled;
              } catch (std::system_error const&) {
                ++cancelled;
              } catch (...) {
                ++failed;
              }
              if (--left == 0) {
                busy.reset();
              }
            }));
      });
      auto timer =
          std::make_shared<asio::steady_timer>(strand, std::chrono::microseconds{(n % 40) * 200});
      timer->async_wait(asio::bind_executor(strand, [signal, timer](std::error_code const&) {
        signal->emit(asio::cancellation_type::all);
      }));
    }
  }
  CHECK(inserted + cancelled == 200);
  CHECK(failed == 0);
  CHECK(t.here.count() >= inserted);  // one that was cancelled may have been carried out
  t.ensure_usable();
}

TEST_CASE("callers who share connections, sessions and blocking threads share a pool") {
  async_db t{{.pool = {.max_size = 2}}};
  pqscope::async::shared_connections all{t.db, {.connections = 2}};
  std::vector<std::future<void>> callers;
  for (int n = 0; n < 40; ++n) {
    callers.push_back(asio::co_spawn(
        *t.io,
        [&, n]() -> asio::awaitable<void> {
          for (int k = 0; k < 10; ++k) {
            co_await all.execute("INSERT INTO t VALUES ($1)", n * 10 + k);
          }
          if (n % 4 == 0) {
            auto const work = [n](session& s) -> asio::awaitable<void> {
              co_await s.execute("INSERT INTO t VALUES ($1)", 1000 + n);
            };
            co_await with_session(t.db, work);
          }
        },
        asio::use_future));
  }
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 2; ++n) {
      threads.emplace_back([&] { t.io->run(); });
      threads.emplace_back([&t, n] {
        for (int k = 0; k < 10; ++k) {
          pqscope::with_session(t.db.blocking(), [&](pqscope::session& s) {
            s.execute("INSERT INTO t VALUES ($1)", 2000 + n * 100 + k);
          });
        }
      });
    }
  }
  for (auto& each : callers) {
    REQUIRE(each.wait_for(0s) == std::future_status::ready);
    each.get();
  }
  CHECK(t.here.count() == 430);
  t.ensure_usable();
}
