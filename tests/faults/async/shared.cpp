#include <pqscope/asio.hpp>
#include <pqscope/error/conditions.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/testing/temporary_cluster.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faults/async/proxy_in_front.hpp"
#include "integration/async/shared_db.hpp"
#include "integration/pool/pool_db.hpp"
#include "support/misbehaviours.hpp"

using pqscope::connection_lost;
using pqscope::async::session;
using pqscope::async::shared_connections;
using pqscope::async::shared_options;
using support::held_lock;
using support::shared_db;

using texts = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

// Shared connections behind a proxy, which is in front of the server of the tests.
struct proxied : support::proxy_in_front {
  shared_db t;

  explicit proxied(shared_options options = {}, pqscope::pool_options pool = {})
      : t{through(), options, std::move(pool)} {}

  // Runs until the server has been asked to cancel what nobody waits for, which is soon.
  void run_into_cancel() {
    auto const until = std::chrono::steady_clock::now() + 200ms;
    support::run_until(*t.io, [&] { return std::chrono::steady_clock::now() >= until; });
  }
};

// One whose connections give the server much time to react to a cancel request.
pqscope::pool_options patient() {
  return {.after_connect = [](pqscope::connection& made) {
    made.core_for({}).patience.recovery = 60s;
  }};
}

// Callers who insert one row each, and what became of them.
struct inserters {
  shared_db& t;
  std::vector<std::string> outcomes;

  explicit inserters(shared_db& on) : t{on} {}
  // The caller of this number asks for something else, by which a fault is met.
  std::vector<support::started<void>> start(int count, int odd = -1) {
    outcomes.assign(static_cast<std::size_t>(count), "");
    return t.start_many(count, [this, odd](int n) { return insert(n, n == odd); });
  }
  asio::awaitable<void> insert(int n, bool odd) {
    std::string& outcome = outcomes[static_cast<std::size_t>(n)];
    try {
      if (odd) {
        co_await t.all->execute("INSERT /* odd */ INTO t VALUES ($1)", n);
      } else {
        co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
      }
      outcome = "done";
    } catch (connection_lost const& failure) {
      outcome = failure.connection_usable() ? "usable?" : "lost";
    } catch (pqscope::server_error const& failure) {
      outcome = failure.connection_usable() ? "server_error" : "last word";
    } catch (pqscope::error const& failure) {
      outcome = failure.what();
    }
  }
  // How many ended so.
  std::ptrdiff_t count(std::string const& outcome) const {
    return std::count(outcomes.begin(), outcomes.end(), outcome);
  }
  // What was reported as done is there, and nothing ended but so or lost.
  void check() {
    auto const ids = t.here.ids();
    for (std::size_t n = 0; n < outcomes.size(); ++n) {
      INFO(n << ": " << outcomes[n]);
      bool const there = std::find(ids.begin(), ids.end(), std::to_string(n)) != ids.end();
      bool const expected = outcomes[n] == "done" || outcomes[n] == "lost";
      REQUIRE(expected);
      REQUIRE((there || outcomes[n] != "done"));
    }
  }
};

void wait_for_all(std::vector<support::started<void>>& callers) {
  for (auto& each : callers) {
    each.get();
  }
}

}  // namespace

TEST_CASE("those who share connections are not kept by one that cannot be opened beside them") {
  proxied p{{.connections = 2}};
  p.t.run_many(1, [&](int n) -> asio::awaitable<void> {
    co_await p.t.all->query<int>("SELECT $1::int4", n);
  });
  p.proxy.refuse();
  inserters all{p.t};
  for (auto& each : all.start(20)) {
    each.get();
  }
  CHECK(all.outcomes == texts(20, "done"));
  p.t.run_out();
  p.proxy.refuse(false);
  p.t.ensure_usable();
}

TEST_CASE("a connection that is cut in a batch fails what was sent on it, and nothing else") {
  proxied p{{.connections = 1, .under_way = 8}};
  bool const warm = GENERATE(false, true);
  bool const after = GENERATE(false, true);
  int const odd = GENERATE(0, 5, 23);
  if (warm) {
    p.t.run([&]() -> asio::awaitable<void> {
      co_await p.t.all->execute("INSERT INTO t VALUES ($1)", -1);
      co_await p.t.all->execute("INSERT /* odd */ INTO t VALUES ($1)", -2);
    });
    p.t.run_out();
  }
  after ? p.proxy.cut_after("/* odd */") : p.proxy.cut_before("/* odd */");
  inserters all{p.t};
  auto callers = all.start(24, odd);
  wait_for_all(callers);
  all.check();
  CHECK(all.outcomes[static_cast<std::size_t>(odd)] == "lost");
  CHECK(all.count("lost") <= 8);
  CHECK(all.count("done") >= 16);
  CHECK(p.proxy.armed() == 0);
  p.t.ensure_usable();
}

TEST_CASE(
    "a connection that is cut at any message to the server hangs nobody, and lies to nobody") {
  for (int nth = 1; nth <= 40; ++nth) {
    INFO(nth);
    proxied p{{.connections = 2, .under_way = 4}};
    p.proxy.cut_before_client_message('\0', nth);
    inserters all{p.t};
    auto callers = all.start(12);
    wait_for_all(callers);
    p.proxy.disarm();
    all.check();
    REQUIRE(all.count("lost") <= 4);
    p.t.ensure_usable();
  }
}

TEST_CASE(
    "a connection that is cut at any message of the server hangs nobody, and lies to nobody") {
  for (int nth = 1; nth <= 60; nth += 2) {
    INFO(nth);
    proxied p{{.connections = 1, .under_way = 4}};
    p.t.run([&]() -> asio::awaitable<void> { co_await p.t.all->execute("SELECT 1"); });
    p.t.run_out();
    p.proxy.cut_after_server_message('\0', nth);
    inserters all{p.t};
    auto callers = all.start(12);
    wait_for_all(callers);
    p.proxy.disarm();
    all.check();
    REQUIRE(all.count("lost") <= 4);
    p.t.ensure_usable();
  }
}

TEST_CASE("a connection that is cut in a row of a large result loses it, and those behind it") {
  proxied p{{.connections = 1}};
  p.proxy.cut_before_server_message('D', 5000);
  auto large = p.t.start([&]() -> asio::awaitable<void> {
    co_await p.t.all->query<int>("SELECT generate_series(1, 100000)");
  });
  inserters all{p.t};
  auto callers = all.start(5);
  CHECK_THROWS_AS(large.get(), connection_lost);
  wait_for_all(callers);
  all.check();
  p.t.ensure_usable();
}

TEST_CASE("connections that have ended while they were idle are replaced, and nobody notices") {
  proxied p{{.connections = 2}};
  for (int round = 0; round < 4; ++round) {
    inserters all{p.t};
    p.t.here.outside.execute("TRUNCATE " + p.t.here.table());
    auto callers = all.start(20);
    wait_for_all(callers);
    CHECK(all.count("done") == 20);
    p.t.run_out();
    if (round % 2 == 0) {
      p.proxy.cut_all();
    } else {
      for (auto const& pid :
           p.t.here.outside.column("SELECT pid FROM pg_stat_activity WHERE application_name = '" +
                                   p.t.here.schema + "'")) {
        p.t.here.outside.terminate(std::stoi(pid));
      }
    }
  }
  p.t.ensure_usable();
}

TEST_CASE("a backend that is terminated has what was sent to it fail, and nothing else") {
  shared_db t{{.connections = 1, .under_way = 6}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  std::string word;
  auto waits = t.start([&]() -> asio::awaitable<void> {
    try {
      co_await t.all->execute("SELECT pg_advisory_xact_lock($1)", number);
    } catch (pqscope::admin_shutdown const& failure) {
      word = failure.connection_usable() ? "usable" : failure.sqlstate();
    }
  });
  t.run_until_blocked();
  inserters all{t};
  auto callers = all.start(20);
  t.turn();
  t.here.outside.execute(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE wait_event_type = "
      "'Lock' AND application_name = '" +
      t.here.schema + "'");
  waits.get();
  wait_for_all(callers);
  CHECK(word == "57P01");
  CHECK(all.count("done") == 15);
  CHECK(all.count("lost") + all.count("last word") == 5);
  CHECK(t.here.count() == 15);
  t.ensure_usable();
}

TEST_CASE("a server that is restarted while connections are shared is used again") {
  pqscope::testing::temporary_cluster cluster;
  asio::io_context io;
  pqscope::async::engine db{io, cluster.config()};
  shared_connections all{db, {.connections = 2}};
  int answered = 0;
  bool restarted = false;
  std::vector<support::started<void>> callers;
  auto const work = [&]() -> asio::awaitable<void> {
    while (!restarted || answered < 2000) {
      try {
        auto const rows = co_await all.query<int>("SELECT 5");
        REQUIRE(rows.one() == 5);
        ++answered;
      } catch (pqscope::connection_error const&) {  // if it was under way
      } catch (pqscope::server_error const&) {
      }
    }
  };
  for (int n = 0; n < 10; ++n) {
    callers.push_back(support::start(io, work));
  }
  support::run_until(io, [&] { return answered > 100; });
  cluster.restart();
  restarted = true;
  answered = 0;
  for (auto& each : callers) {
    each.get();
  }
  CHECK(answered >= 2000);
  support::run_out(io);
  CHECK(db.stats().primary.in_use == 0);
}

TEST_CASE("a server that falls silent has those with a deadline fail in time") {
  proxied p{{.connections = 1, .under_way = 4, .deadline = 400ms}};
  p.t.run([&]() -> asio::awaitable<void> { co_await p.t.all->execute("SELECT 1"); });
  p.t.run_out();
  p.proxy.stall();
  int late = 0;
  auto callers = p.t.start_many(10, [&](int n) -> asio::awaitable<void> {
    try {
      co_await p.t.all->execute("INSERT INTO t VALUES ($1)", n);
      FAIL("there was an answer");
    } catch (pqscope::deadline_exceeded const&) {
      ++late;
    }
  });
  auto const begun = std::chrono::steady_clock::now();
  wait_for_all(callers);
  CHECK(late == 10);
  CHECK(std::chrono::steady_clock::now() - begun < 10s);
  p.proxy.resume();
  p.t.ensure_usable();
}

TEST_CASE("who is cancelled goes on at once though the server has fallen silent") {
  proxied p{{.connections = 1, .under_way = 3}};
  p.t.run([&]() -> asio::awaitable<void> { co_await p.t.all->execute("SELECT 1"); });
  p.t.run_out();
  p.proxy.stall();
  asio::cancellation_signal signal;
  auto cancelled = p.t.start(
      [&]() -> asio::awaitable<void> { co_await p.t.all->execute("INSERT INTO t VALUES (100)"); },
      signal.slot());
  inserters all{p.t};
  auto callers = all.start(8);
  p.t.turn();
  signal.emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(cancelled.get(), pqscope::operation_cancelled);
  CHECK(all.count("") == 8);
  // the connection is given up for the sake of those behind; others are asked for anew
  support::run_until(*p.t.io, [&] { return all.count("lost") == 2; });
  p.proxy.resume();
  wait_for_all(callers);
  all.check();
  CHECK(all.count("done") == 6);
  p.t.ensure_usable();
}

TEST_CASE("nobody is late while the server is asked in vain to cancel something") {
  proxied p{{.connections = 1, .deadline = 2s}, patient()};
  p.t.run([&]() -> asio::awaitable<void> { co_await p.t.all->execute("SELECT 1"); });
  p.t.run_out();
  p.proxy.stall();
  asio::cancellation_signal signals[2];
  std::vector<support::started<void>> cancelled;
  for (auto& each : signals) {
    cancelled.push_back(p.t.start(
        [&]() -> asio::awaitable<void> { co_await p.t.all->execute("INSERT INTO t VALUES (100)"); },
        each.slot()));
  }
  auto sent = p.t.start_insert(101);
  p.t.turn();
  auto const begun = std::chrono::steady_clock::now();
  signals[0].emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(cancelled[0].get(), pqscope::operation_cancelled);
  p.run_into_cancel();
  auto not_sent = p.t.start_insert(102);
  signals[1].emit(asio::cancellation_type::terminal);
  CHECK_THROWS_AS(cancelled[1].get(), pqscope::operation_cancelled);
  CHECK_THROWS_AS(sent.get(), pqscope::deadline_exceeded);
  CHECK_THROWS_AS(not_sent.get(), pqscope::deadline_exceeded);
  CHECK(std::chrono::steady_clock::now() - begun < 20s);
  p.proxy.resume();
  p.t.ensure_usable();
}

TEST_CASE("nobody is late while what is carried out by itself is cancelled in vain") {
  proxied p{{.connections = 1, .deadline = 400ms}, patient()};
  p.t.run([&]() -> asio::awaitable<void> { co_await p.t.all->execute("SELECT 1"); });
  p.t.run_out();
  p.proxy.stall();
  auto const begun = std::chrono::steady_clock::now();
  auto alone = p.t.start([&]() -> asio::awaitable<void> {
    co_await p.t.all->execute("DO $$ BEGIN INSERT INTO t VALUES (1); END $$");
  });
  p.t.turn();
  auto behind = p.t.start_insert(2);
  CHECK_THROWS_AS(behind.get(), pqscope::deadline_exceeded);
  CHECK(std::chrono::steady_clock::now() - begun < 10s);
  p.proxy.resume();
  alone.wait();
  p.t.ensure_usable();
}

TEST_CASE("a server that cannot be reached is told of to every caller") {
  support::absent_server absent;
  shared_db t{[&](support::scratch const& in) { return absent.config(in.db()); },
              {.connections = 3},
              {.connect_retry = {.attempts = 1, .base_delay = 1ms, .max_delay = 1ms}}};
  int failed = 0;
  t.run_many(30, [&](int n) -> asio::awaitable<void> {
    for (int k = 0; k < 2; ++k) {
      try {
        co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
      } catch (pqscope::connection_error const&) {
        ++failed;
      }
    }
  });
  CHECK(failed == 60);
  t.run_out();
  CHECK(t.db.stats().primary.in_use == 0);
}

TEST_CASE("callers who share wait for a server that comes up") {
  proxied p{{.connections = 2},
            {.connect_retry = {.attempts = INT_MAX, .base_delay = 10ms, .max_delay = 20ms}}};
  p.proxy.refuse();
  inserters all{p.t};
  auto callers = all.start(20);
  support::run_until(*p.t.io, [&] { return p.t.db.stats().primary.connect_errors > 1; });
  CHECK(all.count("") == 20);
  p.proxy.refuse(false);
  wait_for_all(callers);
  CHECK(all.count("done") == 20);
  p.t.ensure_usable();
}

TEST_CASE("a pool that is closed fails those who wait, and has those under way answered") {
  shared_db t{{.connections = 1, .under_way = 2}, {.max_size = 1}};
  long long const number = support::unique_lock_number();
  held_lock lock{number};
  auto waits = t.start_waiting(number);
  t.run_until_blocked();
  std::vector<std::string> outcomes;
  auto callers = t.start_many(10, [&](int n) -> asio::awaitable<void> {
    try {
      co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
      outcomes.emplace_back("done");
    } catch (pqscope::pool_closed const&) {
      outcomes.emplace_back("closed");
    }
  });
  t.turn();
  CHECK_FALSE(t.db.blocking().pool().close());
  lock.release();
  waits.get();
  wait_for_all(callers);
  CHECK(t.here.count() == std::count(outcomes.begin(), outcomes.end(), "done"));
  CHECK_THROWS_AS(t.start_insert(100).get(), pqscope::pool_closed);
  t.run_out();
  CHECK(t.db.stats().primary.size == 0);
}

TEST_CASE("a pool that is closed while callers wait for a connection tells all of them") {
  shared_db t{{.connections = 2}, {.max_size = 1}};
  auto lease = std::optional{t.db.blocking().acquire()};
  int closed = 0;
  auto callers = t.start_many(10, [&](int n) -> asio::awaitable<void> {
    try {
      co_await t.all->execute("INSERT INTO t VALUES ($1)", n);
    } catch (pqscope::pool_closed const&) {
      ++closed;
    }
  });
  support::run_until(*t.io, [&] { return t.db.stats().primary.waiting > 0; });
  CHECK_FALSE(t.db.blocking().pool().close());
  wait_for_all(callers);
  CHECK(closed == 10);
  t.run_out();
  lease.reset();
  CHECK(t.here.count() == 0);
}

TEST_CASE("a pool that is cut ends callers who never stop to share its connections") {
  shared_db t{{.connections = 1}, {.max_size = 1}};
  bool closed = false;
  auto callers = t.start_many(4, [&](int n) -> asio::awaitable<void> {
    try {
      for (;;) {
        co_await t.all->query<int>("SELECT $1::int4", n);
      }
    } catch (pqscope::error const&) {
      closed = true;
    }
  });
  support::run_until(*t.io, [&] { return t.seen.details().size() > 100; });
  t.db.blocking().pool().close(0ms);
  std::size_t const before = t.seen.details().size();
  wait_for_all(callers);
  CHECK(closed);
  CHECK(t.seen.details().size() - before <= 64);
  t.run_out();
  CHECK(t.db.stats().primary.size == 0);
}

namespace {

// Shared connections with a server that plays a script.
struct scripted {
  support::scripted_server server;
  asio::io_context io;
  pqscope::async::engine db;
  shared_connections all;

  explicit scripted(support::script what, shared_options options)
      : server{std::move(what)},
        db{io, pqscope::config::from_url(server.url()), impatient()},
        all{db, options} {}

  static pqscope::engine_options impatient() {
    pqscope::engine_options options;
    options.pool.statement_cache = 0;
    options.pool.after_connect = [](pqscope::connection& made) {
      made.core_for({}).patience = {.drain = 60ms, .recovery = 60ms};
    };
    return options;
  }
  // What becomes of callers who all ask at once.
  std::vector<std::string> ask(int count) {
    std::vector<std::string> outcomes(static_cast<std::size_t>(count));
    std::vector<support::started<void>> callers;
    for (int n = 0; n < count; ++n) {
      callers.push_back(support::start(io, [this, &outcomes, n]() -> asio::awaitable<void> {
        std::string& outcome = outcomes[static_cast<std::size_t>(n)];
        try {
          auto const result = co_await all.execute("SELECT 1");
          outcome = result.command_tag();
        } catch (connection_lost const&) {
          outcome = "lost";
        } catch (pqscope::deadline_exceeded const&) {
          outcome = "late";
        } catch (pqscope::server_error const& failure) {
          outcome = failure.connection_usable() ? "error" : "lost";
        }
      }));
    }
    for (auto& each : callers) {
      each.get();
    }
    support::run_out(io);
    return outcomes;
  }
};

}  // namespace

TEST_CASE("servers that misbehave towards a shared connection crash and hang nothing") {
  for (auto const& [name, what] : support::misbehaviours::at_statement()) {
    for (int const before : {0, 2}) {
      INFO(name << ", behind " << before);
      support::script plot;
      for (int n = 0; n < before; ++n) {
        plot.answer(support::misbehaviours::rows(n + 1));
      }
      plot.answer(what);
      shared_options options{.connections = 1, .under_way = 8};
      if (name == "silence") {
        options.deadline = 200ms;
      }
      scripted t{std::move(plot), options};
      auto const outcomes = t.ask(6);
      for (int n = 0; n < before; ++n) {
        std::string const& answered = outcomes[static_cast<std::size_t>(n)];
        // a reset takes with it what has arrived and was not read
        bool const may_be_reset =
            what.after == support::then::close || what.after == support::then::reset;
        bool const is_lost = may_be_reset && answered == "lost";
        REQUIRE((is_lost || answered == "SELECT " + std::to_string(n + 1)));
      }
      std::string const& its = outcomes[static_cast<std::size_t>(before)];
      INFO(its);
      std::string expected = "lost";
      if (name == "silence") {
        expected = "late";
      } else if (name == "ERROR without SQLSTATE" || name == "second result fails") {
        expected = "error";
      } else if (name == "unknown status") {
        expected = "SELECT 1";  // libpq tells the status of the last transaction only
      }
      bool const as_expected = its == expected;
      CHECK(as_expected);
      for (auto const& each : outcomes) {
        CHECK_FALSE(each.empty());
      }
      CHECK(t.db.stats().primary.in_use == 0);
    }
  }
}

TEST_CASE("an answer too many is nobody's, and its connection is given up") {
  using namespace support;
  bool const with_result = GENERATE(false, true);
  scripted t{script{}
                 .answer(misbehaviours::rows(1))
                 .answer({misbehaviours::rows(2).bytes +
                          (with_result ? misbehaviours::rows(9).bytes : wire::ready_for_query())})
                 .answer(misbehaviours::rows(3))
                 .answer(misbehaviours::rows(4)),
             {.connections = 1, .under_way = 8}};
  auto const outcomes = t.ask(4);
  CHECK(outcomes[0] == "SELECT 1");
  CHECK(outcomes[1] == "SELECT 2");
  CHECK((outcomes[2] == "lost" || (with_result && outcomes[2] == "SELECT 9")));
  CHECK((outcomes[3] == "lost" || (with_result && outcomes[3] == "SELECT 3")));
  CHECK(t.db.stats().primary.in_use == 0);
}

TEST_CASE("an error without the end of its transaction has the connection given up") {
  using namespace support;
  scripted t{script{}
                 .answer(misbehaviours::rows(1))
                 .answer({wire::error_response("ERROR", "22012", "division by zero"), then::hang}),
             {.connections = 1, .under_way = 8}};
  auto const outcomes = t.ask(4);
  CHECK(outcomes[0] == "SELECT 1");
  CHECK(outcomes[1] != "");
  CHECK(outcomes[2] == "lost");
  CHECK(outcomes[3] == "lost");
  CHECK(t.db.stats().primary.in_use == 0);
}
