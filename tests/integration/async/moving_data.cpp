#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;

using texts = std::vector<std::string>;
using records = std::vector<std::tuple<int, int>>;

TEST_CASE("an asynchronous cursor fetches, moves and closes") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    pqscope::cursor_options const options{.fetch = 10, .scrollable = true};
    auto rows = co_await s.cursor<int>("SELECT generate_series(1, 100)", options);
    CHECK_FALSE(rows.name().empty());
    auto const first = co_await rows.fetch_one();
    CHECK(first == 1);
    auto const some = co_await rows.fetch(5);
    CHECK(some == std::vector<int>{2, 3, 4, 5, 6});
    auto const back = co_await rows.fetch_backward(2);
    CHECK(back == std::vector<int>{5, 4});
    auto const moved = co_await rows.move_to(50);
    CHECK(moved);
    auto const behind = co_await rows.fetch_one();
    CHECK(behind == 51);
    auto const over = co_await rows.move(9);
    CHECK(over == 9);
    auto const rest = co_await rows.fetch_all();
    CHECK(rest.size() == 40);
    auto const none = co_await rows.fetch_one();
    CHECK_FALSE(none);
    co_await rows.close();
    co_await s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("statements are carried out between the pages of an asynchronous cursor") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    auto rows = co_await s.cursor<int>("SELECT generate_series(1, $1)", 10);
    int n = 0;
    while (auto const row = co_await rows.fetch_one()) {
      co_await s.execute("INSERT INTO t VALUES ($1)", *row);
      ++n;
    }
    CHECK(n == 10);
  });
  CHECK(t.here.count() == 10);
  t.ensure_usable();
}

TEST_CASE("an asynchronous cursor that goes open is closed by the next operation") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    {
      auto rows = co_await s.cursor<int>("SELECT generate_series(1, 100)");
      co_await rows.fetch(3);
    }
    auto const open =
        co_await s.query<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE name <> ''");
    CHECK(open.one() == 0);
    auto rows = co_await s.cursor<int>("SELECT generate_series(1, 100)");
    auto other = std::move(rows);
    bool refused = false;
    try {
      co_await rows.fetch(1);
    } catch (pqscope::usage_error const&) {
      refused = true;
    }
    CHECK(refused);
    auto const one = co_await other.fetch(1);
    CHECK(one.size() == 1);
  });
  t.ensure_usable();
}

TEST_CASE("an asynchronous execute_many takes ranges that stay and ranges that are given away") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    records const mine{{1, 10}, {2, 20}};
    auto const stayed = co_await s.execute_many("INSERT INTO t VALUES ($1, $2)", mine);
    CHECK(stayed == 2);
    auto later = s.execute_many("INSERT INTO t VALUES ($1, $2)", records{{3, 30}, {4, 40}});
    auto const given = co_await std::move(later);
    CHECK(given == 2);
    bool failed = false;
    try {
      co_await with_session(s, [](session& n) -> asio::awaitable<void> {
        auto all = n.execute_many("INSERT INTO t VALUES ($1, $2)", records{{5, 50}, {1, 0}});
        co_await std::move(all);
      });
    } catch (pqscope::unique_violation const&) {
      failed = true;
    }
    CHECK(failed);
  });
  CHECK(t.here.ids() == texts{"1", "2", "3", "4"});
  t.ensure_usable();
}

TEST_CASE("an asynchronous copy_in takes ranges that stay and ranges that are given away") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    records mine;
    for (int n = 0; n < 5000; ++n) {
      mine.emplace_back(n, n);
    }
    auto first = s.copy_in("t", {"id", "v"}, mine);
    auto const stayed = co_await std::move(first);
    CHECK(stayed == 5000);
    auto later = s.copy_in("t", {"id", "v"}, records{{-1, 1}, {-2, 2}});
    auto const given = co_await std::move(later);
    CHECK(given == 2);
  });
  CHECK(t.here.count() == 5002);
  t.ensure_usable();
}

TEST_CASE("an asynchronous copy_in that fails inserts nothing, and leaves its session usable") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    bool failed = false;
    try {
      co_await with_session(s, [](session& n) -> asio::awaitable<void> {
        auto copy = n.copy_in("t", {"id", "v"}, records{{1, 1}, {1, 2}});
        co_await std::move(copy);
      });
    } catch (pqscope::unique_violation const&) {
      failed = true;
    }
    CHECK(failed);
    co_await s.execute("INSERT INTO t VALUES (5)");
  });
  CHECK(t.here.ids() == texts{"5"});
  t.ensure_usable();
}

TEST_CASE("asynchronous copies in CSV go through standard streams") {
  async_db t;
  std::ostringstream out;
  t.session([&](session& s) -> asio::awaitable<void> {
    std::istringstream in{"1,10\n2,20\n"};
    auto const came = co_await s.copy_in_csv("t", in);
    CHECK(came == 2);
    auto const went = co_await s.copy_out_csv("SELECT id, v FROM t ORDER BY id", out);
    CHECK(went == 2);
  });
  CHECK(out.str() == "1,10\n2,20\n");
  t.ensure_usable();
}

TEST_CASE("an asynchronous pipeline makes one round trip") {
  async_db t;
  t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("SELECT 1");
    t.seen.clear();
    auto const [two, inserted] = co_await s.pipeline([](auto& p) {
      return std::tuple{p.template query<int>("SELECT 2"), p.execute("INSERT INTO t VALUES (1)")};
    });
    CHECK(t.seen.round_trips() == 1);
    CHECK(two.one() == 2);
    CHECK(inserted.affected_rows() == 1);
  });
  CHECK(t.here.count() == 1);
  t.ensure_usable();
}

TEST_CASE("blocking work on a session runs on its fiber, and its result and errors come back") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    auto const sum = co_await s.run([](pqscope::session& on) {
      int total = 0;
      for (int const each : on.stream<int>("SELECT generate_series(1, 1000)")) {
        total += each;
        if (each == 100) {
          break;
        }
      }
      return total;
    });
    CHECK(sum == 5050);
    bool failed = false;
    try {
      co_await s.run([](pqscope::session& on) {
        pqscope::with_session(on, [](pqscope::session& n) {
          n.execute("INSERT INTO t VALUES (1)");
          throw std::runtime_error{"mine"};
        });
      });
    } catch (std::runtime_error const& mine) {
      failed = std::string{mine.what()} == "mine";
    }
    CHECK(failed);
    co_await s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}

TEST_CASE("scripts, text made at run time and statement objects are carried out asynchronously") {
  async_db t;
  static constexpr pqscope::statement<int(int)> twice{"SELECT $1 * 2"};
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute_script(
        pqscope::dynamic_sql{"INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)"});
    auto const rows = co_await s.query(twice, 21);
    CHECK(rows.one() == 42);
    auto const inserted = co_await s.execute(pqscope::dynamic_sql{"INSERT INTO t VALUES ($1)"}, 3);
    CHECK(inserted.affected_rows() == 1);
    co_await s.defer("INSERT INTO t VALUES ($1)", 4);
    co_await s.defer(pqscope::dynamic_sql{"INSERT INTO t VALUES ($1)"}, 5);
  });
  CHECK(t.here.ids() == texts{"1", "2", "3", "4", "5"});
  t.ensure_usable();
}
