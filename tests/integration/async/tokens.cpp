#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <asio/bind_executor.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <exception>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

TEST_CASE("a session is begun with a callback, which gets its result or its exception") {
  async_db t;
  std::optional<int> got;
  std::exception_ptr failure;
  with_session(t.db, [](session& s) -> asio::awaitable<int> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_return 7;
  })([&](std::exception_ptr error, int value) {
    failure = error;
    got = value;
  });
  CHECK_FALSE(got);
  t.run_out();
  CHECK_FALSE(failure);
  CHECK(got == 7);
  with_session(t.db, [](session& s) -> asio::awaitable<int> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_return 8;
  })([&](std::exception_ptr error, int) { failure = error; });
  t.run_out();
  REQUIRE(failure);
  CHECK_THROWS_AS(std::rethrow_exception(failure), pqscope::unique_violation);
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a session is begun with use_future, from a thread that is not the executor's") {
  async_db t;
  auto future = with_session(t.db, [](session& s) -> asio::awaitable<std::string> {
    auto const rows = co_await s.query<std::string>("SELECT 'here'");
    co_return rows.one();
  })(asio::use_future);
  auto failing = with_session(t.db, [](session& s) -> asio::awaitable<void> {
    co_await s.execute("SELECT 1 / 0");
  })(asio::use_future);
  std::jthread thread{[&] { t.run_out(); }};
  CHECK(future.get() == "here");
  CHECK_THROWS_AS(failing.get(), pqscope::division_by_zero);
  thread.join();
  t.ensure_usable();
}

TEST_CASE("a session is begun with detached") {
  async_db t;
  with_session(t.db, [](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
  })(asio::detached);
  CHECK(t.here.count() == 0);
  t.run_out();
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("operations are awaited with use_awaitable and as_tuple") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)")(asio::use_awaitable);
    auto const [failure, result] =
        co_await s.execute("SELECT 2 AS two")(asio::experimental::as_tuple(asio::use_awaitable));
    CHECK_FALSE(failure);
    CHECK(result[0]["two"].as<int>() == 2);
  });
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a statement is begun with a callback, in a session of an object") {
  async_db t;
  auto s = t.db.begin();
  texts said;
  s.execute("INSERT INTO t VALUES (1)")([&](std::exception_ptr first, pqscope::result) {
    said.emplace_back(first ? "failed" : "inserted");
    s.query<int>("SELECT id FROM t")([&](std::exception_ptr second, auto const& rows) {
      said.emplace_back(second ? "failed" : std::to_string(rows.one()));
      s.commit()(
          [&](std::exception_ptr third) { said.emplace_back(third ? "failed" : "committed"); });
    });
  });
  t.run_out();
  CHECK(said == texts{"inserted", "1", "committed"});
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a statement is begun with use_future, in a session of an object") {
  async_db t;
  auto s = t.db.begin();
  auto inserted = s.execute("INSERT INTO t VALUES (1)")(asio::use_future);
  t.run_out();
  CHECK(inserted.get().affected_rows() == 1);
  auto refused = s.execute("INSERT INTO t VALUES (1)")(asio::use_future);
  t.run_out();
  CHECK_THROWS_AS(refused.get(), pqscope::unique_violation);
  auto rolled_back = s.rollback()(asio::use_future);
  t.run_out();
  rolled_back.get();
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a handler runs on the executor that is associated with it") {
  async_db t;
  asio::thread_pool elsewhere{1};
  std::promise<std::thread::id> told;
  auto const here = std::this_thread::get_id();
  std::thread::id of_pool;
  asio::post(elsewhere, [&] { of_pool = std::this_thread::get_id(); });
  auto s = t.db.begin();
  s.execute("INSERT INTO t VALUES (1)")(
      asio::bind_executor(elsewhere, [&](std::exception_ptr, pqscope::result const&) {
        told.set_value(std::this_thread::get_id());
      }));
  t.run_out();
  auto const where = told.get_future().get();
  elsewhere.join();
  CHECK(where != here);
  CHECK(where == of_pool);
  auto committed = s.commit()(asio::use_future);
  t.run_out();
  committed.get();
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("a coroutine on another executor goes on there after each statement") {
  async_db t;
  asio::thread_pool elsewhere{1};
  auto strand = asio::make_strand(elsewhere);
  auto const here = std::this_thread::get_id();
  int wrong = 0;
  auto done = asio::co_spawn(
      strand,
      [&]() -> asio::awaitable<void> {
        auto s = t.db.begin();
        for (int n = 0; n < 5; ++n) {
          co_await s.execute("INSERT INTO t VALUES ($1)", n);
          wrong += strand.running_in_this_thread() ? 0 : 1;
          wrong += std::this_thread::get_id() == here ? 1 : 0;
        }
        co_await s.commit();
        co_await with_session(t.db, [&](session& each) -> asio::awaitable<void> {
          co_await each.execute("INSERT INTO t VALUES (10)");
          wrong += strand.running_in_this_thread() ? 0 : 1;
        });
        wrong += strand.running_in_this_thread() ? 0 : 1;
      },
      asio::use_future);
  while (done.wait_for(0s) != std::future_status::ready) {
    t.io->restart();
    t.io->run_for(1ms);
  }
  done.get();
  CHECK(wrong == 0);
  CHECK(t.here.count() == 6);
  t.ensure_usable();
}

TEST_CASE("a handler that throws out of the io_context leaves everything usable") {
  async_db t;
  auto s = t.db.begin();
  s.execute("INSERT INTO t VALUES (1)")(
      [](std::exception_ptr, pqscope::result const&) { throw std::runtime_error{"mine"}; });
  CHECK_THROWS_AS(t.run_out(), std::runtime_error);
  auto inserted = s.execute("INSERT INTO t VALUES (2)")(asio::use_future);
  t.run_out();
  inserted.get();
  s.commit()([](std::exception_ptr) { throw 5; });
  CHECK_THROWS_AS(t.run_out(), int);
  with_session(t.db, [](session& each) -> asio::awaitable<void> {
    co_await each.execute("INSERT INTO t VALUES (3)");
  })([](std::exception_ptr) { throw 6; });
  CHECK_THROWS_AS(t.run_out(), int);
  t.run_out();
  CHECK(t.here.ids() == texts{"1", "2", "3"});
  t.ensure_usable();
}

TEST_CASE("an operation that is refused before it begins tells its handler, not its caller") {
  async_db t;
  auto s = t.db.begin();
  std::exception_ptr second;
  s.execute("INSERT INTO t VALUES (1)")(asio::detached);
  s.execute("INSERT INTO t VALUES (2)")(
      [&](std::exception_ptr failure, pqscope::result const&) { second = failure; });
  CHECK_FALSE(second);
  t.run_out();
  REQUIRE(second);
  CHECK_THROWS_AS(std::rethrow_exception(second), pqscope::connection_busy);
  auto committed = s.commit()(asio::use_future);
  t.run_out();
  committed.get();
  CHECK(t.here.ids() == texts{"1"});
  t.ensure_usable();
}

TEST_CASE("an operation begun with a slot is cancelled alone") {
  async_db t;
  long long const number = support::unique_lock_number();
  support::held_lock lock{number};
  auto s = t.db.begin();
  asio::cancellation_signal signal;
  std::exception_ptr failure;
  bool completed = false;
  s.execute("SELECT pg_advisory_lock($1)", number)(asio::bind_cancellation_slot(
      signal.slot(), [&](std::exception_ptr error, pqscope::result const&) {
        failure = error;
        completed = true;
      }));
  t.run_until_blocked();
  signal.emit(asio::cancellation_type::terminal);
  support::run_until(*t.io, [&] { return completed; });
  REQUIRE(failure);
  CHECK_THROWS_AS(std::rethrow_exception(failure), pqscope::operation_cancelled);
  auto rolled_back = s.rollback()(asio::use_future);
  t.run_out();
  rolled_back.get();
  t.ensure_usable();
}
