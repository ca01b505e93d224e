#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "integration/async/async_db.hpp"

using pqscope::async::session;
using pqscope::async::with_session;
using support::async_db;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

struct odd {
  std::string what;
};

}  // namespace

TEST_CASE(
    "an asynchronous session commits when its coroutine returns, and returns what that does") {
  async_db t;
  CHECK(t.session([](session& s) -> asio::awaitable<int> {
    co_await s.execute("INSERT INTO t VALUES (1, 10)");
    auto const rows = co_await s.query<int>("SELECT v FROM t");
    co_return rows.one();
  }) == 10);
  CHECK(t.here.ids() == texts{"1"});
  t.ensure_usable();
}

TEST_CASE("an asynchronous session returns void, references and what can only be moved") {
  async_db t;
  t.session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (1)"); });
  int mine = 5;
  int& same = t.session([&mine](session& s) -> asio::awaitable<std::reference_wrapper<int>> {
    co_await s.execute("INSERT INTO t VALUES (2)");
    co_return std::ref(mine);
  });
  CHECK(&same == &mine);
  auto const owned = t.session([](session& s) -> asio::awaitable<std::unique_ptr<int>> {
    co_await s.execute("INSERT INTO t VALUES (3)");
    co_return std::make_unique<int>(7);
  });
  CHECK(*owned == 7);
  CHECK(t.here.count() == 3);
  t.ensure_usable();
}

TEST_CASE("an exception leaves an asynchronous session unchanged, after the rollback") {
  async_db t;
  try {
    t.session([](session& s) -> asio::awaitable<void> {
      co_await s.execute("INSERT INTO t VALUES (1)");
      throw odd{"mine"};
    });
    FAIL("nothing was thrown");
  } catch (odd const& same) {
    CHECK(same.what == "mine");
  }
  CHECK(t.seen.statements() == texts{"BEGIN", "INSERT INTO t VALUES (1)", "ROLLBACK"});
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("a server's error arrives as its own class, with the place in the caller's file") {
  async_db t;
  try {
    t.session([](session& s) -> asio::awaitable<void> {
      co_await s.execute("INSERT INTO t VALUES (1)");
      co_await s.execute("INSERT INTO t VALUES (1)");
    });
    FAIL("nothing was thrown");
  } catch (pqscope::unique_violation const& failure) {
    CHECK(failure.violates("t_pkey"));
    CHECK(std::string{failure.where().file_name()}.ends_with("sessions.cpp"));
  }
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("throwing rollback leaves an asynchronous session without an error or an effect") {
  async_db t;
  CHECK(t.session([](session& s) -> asio::awaitable<int> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    throw pqscope::rollback{};
  }) == 0);
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (2)");
    co_await s.rollback();
    CHECK_FALSE(s.is_active());
  });
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("an asynchronous session that was committed has ended") {
  async_db t;
  t.session([&](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await s.commit();
    CHECK(t.here.count() == 1);
    CHECK_FALSE(s.is_active());
    bool refused = false;
    try {
      co_await s.execute("SELECT 1");
    } catch (pqscope::usage_error const&) {
      refused = true;
    }
    CHECK(refused);
  });
  t.ensure_usable();
}

TEST_CASE("an error that the coroutine swallows still rolls its session back, and says so") {
  async_db t;
  CHECK_THROWS_AS(t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    try {
      co_await s.execute("SELECT 1 / 0");
    } catch (pqscope::division_by_zero const&) {
    }
  }),
                  pqscope::transaction_rolled_back);
  CHECK(t.here.count() == 0);
  t.ensure_usable();
}

TEST_CASE("an empty asynchronous session takes no connection and makes no round trip") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    CHECK(s.is_active());
    CHECK(s.attempt() == 1);
    CHECK(s.status() == pqscope::connection_status::idle);
    co_return;
  });
  CHECK_THROWS_AS(t.session([](session&) -> asio::awaitable<void> {
    throw odd{};
    co_return;
  }),
                  odd);
  t.session([](session& s) -> asio::awaitable<void> {
    co_await with_session(s, [](session&) -> asio::awaitable<void> { co_return; });
  });
  CHECK(t.seen.connects() == 0);
  CHECK(t.seen.round_trips() == 0);
  CHECK(t.db.stats().primary.requests == 0);
  t.ensure_usable();
}

TEST_CASE("an asynchronous session makes the round trips of a blocking one") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> { co_await s.execute("SELECT 1"); });
  t.seen.clear();
  t.session(
      [](session& s) -> asio::awaitable<void> { co_await s.execute("INSERT INTO t VALUES (1)"); });
  CHECK(t.seen.round_trips() == 2);
  auto const asynchronous = t.seen.statements();
  t.seen.clear();
  pqscope::with_session(t.db.blocking(),
                        [](pqscope::session& s) { s.execute("INSERT INTO t VALUES (2)"); });
  CHECK(t.seen.round_trips() == 2);
  CHECK(asynchronous.size() == t.seen.statements().size());
  t.seen.clear();
  t.session(
      [](session& s) -> asio::awaitable<void> { co_await s.defer("INSERT INTO t VALUES (3)"); });
  CHECK(t.seen.round_trips() == 1);
  t.seen.clear();
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (4)");
    co_await s.query<int>("SELECT id FROM t");
    co_await with_session(s, [](session& n) -> asio::awaitable<void> {
      co_await n.execute("INSERT INTO t VALUES (5)");
    });
  });
  CHECK(t.seen.round_trips() == 4);
  CHECK(t.here.count() == 5);
  t.ensure_usable();
}

TEST_CASE("options reach the transaction of an asynchronous session") {
  async_db t;
  t.session({.isolation = pqscope::isolation::serializable,
             .access = pqscope::access::read_only,
             .label = "mine"},
            [](session& s) -> asio::awaitable<void> {
              CHECK(s.label() == "mine");
              auto const level = co_await s.query<std::string>("SHOW transaction_isolation");
              CHECK(level.one() == "serializable");
              auto const read_only = co_await s.query<std::string>("SHOW transaction_read_only");
              CHECK(read_only.one() == "on");
            });
  t.ensure_usable();
}

TEST_CASE("an asynchronous session is run again after a serialization failure") {
  async_db t;
  std::vector<int> attempts;
  int const last = t.session(
      {.retry = {.attempts = 5, .base_delay = 1ms}}, [&](session& s) -> asio::awaitable<int> {
        attempts.push_back(s.attempt());
        co_await s.execute("INSERT INTO t VALUES ($1)", s.attempt());
        if (s.attempt() < 3) {
          co_await s.execute(
              "DO $$ BEGIN RAISE EXCEPTION 'collided' USING ERRCODE = '40001'; END $$");
        }
        co_return s.attempt();
      });
  CHECK(last == 3);
  CHECK(attempts == std::vector<int>{1, 2, 3});
  CHECK(t.here.ids() == texts{"3"});
  t.ensure_usable();
}

TEST_CASE("the last attempt's error leaves an asynchronous session") {
  async_db t;
  int calls = 0;
  CHECK_THROWS_AS(
      t.session({.retry = {.attempts = 2, .base_delay = 1ms}},
                [&](session& s) -> asio::awaitable<void> {
                  ++calls;
                  co_await s.execute(
                      "DO $$ BEGIN RAISE EXCEPTION 'stuck' USING ERRCODE = '40P01'; END $$");
                }),
      pqscope::deadlock_detected);
  CHECK(calls == 2);
  t.ensure_usable();
}

TEST_CASE("an asynchronous session whose connection is killed is run again on another one") {
  async_db t;
  std::vector<int> pids;
  t.session({.retry = {.attempts = 3, .base_delay = 1ms}},
            [&](session& s) -> asio::awaitable<void> {
              auto const pid = co_await s.query<int>("SELECT pg_backend_pid()");
              pids.push_back(pid.one());
              co_await s.execute("INSERT INTO t VALUES ($1)", s.attempt());
              if (s.attempt() == 1) {
                t.here.outside.terminate(pids.back());
              }
              co_await s.execute("INSERT INTO t VALUES ($1)", s.attempt() + 10);
            });
  REQUIRE(pids.size() == 2);
  CHECK(pids[0] != pids[1]);
  CHECK(t.here.ids() == texts{"2", "12"});
  t.ensure_usable();
}

TEST_CASE("nested asynchronous sessions are savepoints") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    auto const inner = co_await with_session(s, [](session& n) -> asio::awaitable<int> {
      co_await n.execute("INSERT INTO t VALUES (2)");
      co_await with_session(n, [](session& m) -> asio::awaitable<void> {
        co_await m.execute("INSERT INTO t VALUES (3)");
      });
      co_return 2;
    });
    CHECK(inner == 2);
    bool failed = false;
    try {
      co_await with_session(s, [](session& n) -> asio::awaitable<void> {
        co_await n.execute("INSERT INTO t VALUES (4)");
        co_await n.execute("INSERT INTO t VALUES (1)");
      });
    } catch (pqscope::unique_violation const&) {
      failed = true;
    }
    CHECK(failed);
    co_await with_session(s, [](session& n) -> asio::awaitable<void> {
      co_await n.execute("INSERT INTO t VALUES (5)");
      throw pqscope::rollback{};
    });
    co_await s.execute("INSERT INTO t VALUES (6)");
  });
  CHECK(t.here.ids() == texts{"1", "2", "3", "6"});
  t.ensure_usable();
}

TEST_CASE("a nested asynchronous session that begins on an empty one takes the connection") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    bool failed = false;
    try {
      co_await with_session(s, [](session& n) -> asio::awaitable<void> {
        co_await n.execute("INSERT INTO t VALUES (1)");
        throw odd{};
      });
    } catch (odd const&) {
      failed = true;
    }
    CHECK(failed);
    co_await s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}

TEST_CASE("the outer asynchronous session cannot be used while a nested one lives") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    co_await s.execute("INSERT INTO t VALUES (1)");
    co_await with_session(s, [&s](session& n) -> asio::awaitable<void> {
      co_await n.execute("INSERT INTO t VALUES (2)");
      bool refused = false;
      try {
        co_await s.execute("INSERT INTO t VALUES (3)");
      } catch (pqscope::usage_error const&) {
        refused = true;
      }
      CHECK(refused);
      co_await n.execute("INSERT INTO t VALUES (4)");
    });
  });
  CHECK(t.here.ids() == texts{"1", "2", "4"});
  t.ensure_usable();
}

TEST_CASE("hooks of an asynchronous session run once its end is known") {
  async_db t;
  texts said;
  t.session([&](session& s) -> asio::awaitable<void> {
    s.after_commit([&] { said.emplace_back("committed"); });
    s.after_rollback([&] { said.emplace_back("never"); });
    co_await s.execute("INSERT INTO t VALUES (1)");
    CHECK(said.empty());
  });
  CHECK_THROWS_AS(t.session([&](session& s) -> asio::awaitable<void> {
    s.after_commit([&] { said.emplace_back("never"); });
    s.after_rollback([&] { said.emplace_back("rolled back"); });
    co_await s.execute("INSERT INTO t VALUES (2)");
    throw odd{};
  }),
                  odd);
  CHECK(said == texts{"committed", "rolled back"});
  t.ensure_usable();
}

TEST_CASE("a hook of an asynchronous session may open a blocking session, which does not block") {
  async_db t;
  t.session([&](session& s) -> asio::awaitable<void> {
    s.after_commit([&] {
      pqscope::with_session(t.db.blocking(),
                            [](pqscope::session& o) { o.execute("INSERT INTO t VALUES (2)"); });
    });
    co_await s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(t.here.count() == 2);
  t.ensure_usable();
}

TEST_CASE("an operation that is not awaited does nothing") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    {
      auto const never = s.execute("INSERT INTO t VALUES (1)");
    }
    co_await s.execute("INSERT INTO t VALUES (2)");
  });
  CHECK(t.here.ids() == texts{"2"});
  t.ensure_usable();
}

TEST_CASE("arguments are kept by an operation, and bound as they are") {
  async_db t;
  t.session([](session& s) -> asio::awaitable<void> {
    auto later = [&s] {
      std::string const name(100, 'x');
      std::optional<int> const nothing;
      return s.query<std::string, std::optional<int>, std::string>(
          "SELECT $1::text, $2::int4, $3::text", name, nothing, "literal");
    }();
    auto const rows = co_await std::move(later);
    auto const [name, nothing, literal] = rows.one();
    CHECK(name == std::string(100, 'x'));
    CHECK_FALSE(nothing);
    CHECK(literal == "literal");
  });
  t.ensure_usable();
}
