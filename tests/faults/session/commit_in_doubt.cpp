#include <pqscope/connection/connection.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/session_objects.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/transaction/resolve.hpp>
#include <pqscope/with_session.hpp>

#include <libpq-fe.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/eventually.hpp"

using pqscope::commit_in_doubt;
using pqscope::connection_lost;
using pqscope::on_in_doubt;
using pqscope::session;
using pqscope::session_options;
using pqscope::with_session;
using pqscope::testing::faulty_proxy;
using support::eventually;
using support::scratch;

using namespace std::chrono_literals;

namespace {

struct t {
  int id{};
  std::optional<int> v{};
};

// A scope through a proxy whose COMMIT is lost, and what it left behind.
struct doubtful {
  scratch here;
  faulty_proxy proxy{here.db()};
  int calls = 0;
  std::vector<std::string> hooks;

  // Loses the `nth` COMMIT before the server gets it, or once it has carried it out.
  void lose_commit(bool carried_out) {
    carried_out ? proxy.cut_after("COMMIT") : proxy.cut_before("COMMIT");
  }
  auto work() {
    return [this](session& s) {
      ++calls;
      s.after_commit([this] { hooks.emplace_back("committed"); });
      s.after_rollback([this] { hooks.emplace_back("rolled back"); });
      s.execute("INSERT INTO t VALUES ($1)", calls);
      return calls;
    };
  }
};

}  // namespace

TEST_CASE("a lost COMMIT is reported with the transaction's id, runs no hook and is not repeated") {
  bool const carried_out = GENERATE(false, true);
  bool const on_connection = GENERATE(false, true);
  doubtful d;
  pqscope::connection conn{d.proxy.config()};
  d.lose_commit(carried_out);
  session_options const options{.retry = {.attempts = 5, .base_delay = 1ms}};
  try {
    on_connection ? with_session(conn, options, d.work())
                  : with_session(d.proxy.config(), options, d.work());
    FAIL("a doubtful commit was reported as a success");
  } catch (commit_in_doubt const& doubt) {
    CHECK_FALSE(doubt.is_retryable());
    REQUIRE(doubt.transaction_id());
    auto const start = std::chrono::steady_clock::now();
    CHECK(pqscope::resolve(d.here.db(), doubt, 10s) ==
          (carried_out ? pqscope::resolution::committed : pqscope::resolution::aborted));
    CHECK(std::chrono::steady_clock::now() - start < 1s);
  }
  CHECK(d.calls == 1);
  CHECK(d.hooks.empty());
  CHECK(d.here.count() == (carried_out ? 1 : 0));
}

TEST_CASE(
    "a COMMIT whose answer was lost is found out to have happened, for a config and a connection") {
  bool const on_connection = GENERATE(false, true);
  doubtful d;
  pqscope::connection conn{d.proxy.config()};
  d.lose_commit(true);
  session_options const options{.retry = {.attempts = 5, .base_delay = 1ms},
                                .on_in_doubt = on_in_doubt::resolve};
  CHECK((on_connection ? with_session(conn, options, d.work())
                       : with_session(d.proxy.config(), options, d.work())) == 1);
  CHECK(d.calls == 1);
  CHECK(d.hooks == std::vector<std::string>{"committed"});
  CHECK(d.here.count() == 1);
}

TEST_CASE(
    "a COMMIT that did not arrive is found out, and the work is run again on a new connection") {
  doubtful d;
  d.lose_commit(false);
  CHECK(with_session(
            d.proxy.config(),
            {.retry = {.attempts = 2, .base_delay = 1ms}, .on_in_doubt = on_in_doubt::resolve},
            d.work()) == 2);
  CHECK(d.hooks == std::vector<std::string>{"rolled back", "committed"});
  CHECK(d.here.ids() == std::vector<std::string>{"2"});
}

TEST_CASE("a COMMIT that did not arrive is a lost connection where there is no further attempt") {
  bool const on_connection = GENERATE(false, true);
  doubtful d;
  pqscope::connection conn{d.proxy.config()};
  d.lose_commit(false);
  session_options const options{.retry = {.attempts = on_connection ? 5 : 1},
                                .on_in_doubt = on_in_doubt::resolve};
  try {
    on_connection ? with_session(conn, options, d.work())
                  : with_session(d.proxy.config(), options, d.work());
    FAIL("a commit that was lost was reported as a success");
  } catch (connection_lost const& failure) {
    CHECK(std::string{failure.what()}.find("rolled back") != std::string::npos);
    CHECK(failure.is_retryable());
  }
  CHECK(d.calls == 1);
  CHECK(d.hooks == std::vector<std::string>{"rolled back"});
  CHECK(d.here.count() == 0);
}

TEST_CASE("objects are what they were loaded as where a COMMIT is found out not to have happened") {
  bool const carried_out = GENERATE(false, true);
  doubtful d;
  d.here.outside.execute("INSERT INTO " + d.here.table() + " VALUES (1, 10)");
  pqscope::tracked<t> changed;
  pqscope::tracked<t> added;
  d.lose_commit(carried_out);
  try {
    with_session(d.proxy.config(), {.on_in_doubt = on_in_doubt::resolve}, [&](session& s) {
      changed = s.get<t>(1);
      changed->v = 20;
      added = s.add(t{.id = 2, .v = {}});
    });
    CHECK(carried_out);
  } catch (connection_lost const&) {
    CHECK_FALSE(carried_out);
  }
  CHECK(changed->v == (carried_out ? 20 : 10));
  with_session(d.here.db(), [&](session& s) {
    s.refresh(changed);
    CHECK(changed->v == (carried_out ? 20 : 10));
    if (carried_out) {
      s.refresh(added);
    } else {
      CHECK_THROWS_AS(s.refresh(added), pqscope::usage_error);
    }
  });
}

TEST_CASE("commit() in the work finds out as well") {
  doubtful d;
  d.lose_commit(true);
  with_session(d.proxy.config(), {.on_in_doubt = on_in_doubt::resolve}, [&](session& s) {
    d.work()(s);
    s.commit();
    CHECK(d.hooks == std::vector<std::string>{"committed"});
    CHECK_FALSE(s.is_active());
  });
  CHECK(d.here.count() == 1);
}

TEST_CASE("work whose own commit() was in doubt is not run again, whatever it throws then") {
  bool const carried_out = GENERATE(false, true);
  doubtful d;
  d.lose_commit(carried_out);
  CHECK_THROWS_AS(with_session(d.proxy.config(), {.retry = {.attempts = 5, .base_delay = 1ms}},
                               [&](session& s) {
                                 d.work()(s);
                                 try {
                                   s.commit();
                                 } catch (commit_in_doubt const&) {
                                   throw connection_lost("the log cannot be written either");
                                 }
                               }),
                  connection_lost);
  CHECK(d.calls == 1);
  CHECK(d.hooks.empty());
  CHECK(d.here.count() == (carried_out ? 1 : 0));
}

TEST_CASE("work whose own prepare() was in doubt is not run again, whatever it throws then") {
  bool const carried_out = GENERATE(false, true);
  doubtful d;
  std::string const gid = support::unique_name("gid");
  carried_out ? d.proxy.cut_after("PREPARE") : d.proxy.cut_before("PREPARE");
  CHECK_THROWS_AS(with_session(d.proxy.config(), {.retry = {.attempts = 5, .base_delay = 1ms}},
                               [&](session& s) {
                                 d.work()(s);
                                 try {
                                   s.prepare(gid);
                                 } catch (commit_in_doubt const&) {
                                   throw connection_lost("the log cannot be written either");
                                 }
                               }),
                  connection_lost);
  CHECK(d.calls == 1);
  CHECK(d.hooks.empty());
  if (carried_out) {
    d.here.outside.execute("ROLLBACK PREPARED '" + gid + "'");
  }
}

TEST_CASE("what happens to a transaction nobody asked the id of stays in doubt") {
  doubtful d;
  d.lose_commit(true);
  try {
    with_session(d.proxy.config(),
                 {.retry = {.attempts = 3}, .on_in_doubt = on_in_doubt::resolve, .identify = false},
                 d.work());
    FAIL("a doubtful commit was reported as a success");
  } catch (commit_in_doubt const& doubt) {
    CHECK_FALSE(doubt.transaction_id());
  }
  CHECK(d.calls == 1);
  CHECK(d.hooks.empty());
}

TEST_CASE("a server that stays away until the deadline leaves the commit in doubt") {
  doubtful d;
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(
      with_session(
          d.proxy.config(),
          {.retry = {.attempts = 3}, .deadline = 400ms, .on_in_doubt = on_in_doubt::resolve},
          [&](session& s) {
            int const value = d.work()(s);
            d.lose_commit(true);
            d.proxy.refuse();
            return value;
          }),
      commit_in_doubt);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(d.calls == 1);
  CHECK(d.hooks.empty());
  CHECK(d.here.count() == 1);
}

TEST_CASE("a password that cannot be had a second time leaves the commit in doubt") {
  doubtful d;
  auto db = d.proxy.config();
  int asked = 0;
  db.password = pqscope::password_source{[&]() -> std::string {
    if (++asked > 1) {
      throw std::runtime_error("the vault is closed");
    }
    return "unused";
  }};
  d.lose_commit(true);
  CHECK_THROWS_AS(with_session(db, {.on_in_doubt = on_in_doubt::resolve}, d.work()),
                  commit_in_doubt);
  CHECK(asked == 2);
}

TEST_CASE("a stop request ends the search for the truth") {
  doubtful d;
  std::stop_source stop;
  std::jthread stopper;
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(with_session(d.proxy.config(),
                               {.on_in_doubt = on_in_doubt::resolve, .stop = stop.get_token()},
                               [&](session& s) {
                                 d.work()(s);
                                 d.lose_commit(true);
                                 d.proxy.refuse();
                                 stopper = std::jthread{[&] {
                                   eventually([&] { return d.proxy.open_connections() == 0; });
                                   stop.request_stop();
                                 }};
                               }),
                  pqscope::error);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(d.hooks.empty());
}

TEST_CASE("an adopted connection has nowhere to ask: its commit stays in doubt") {
  doubtful d;
  auto conn = pqscope::connection::adopt(PQconnectdb(d.proxy.url().c_str()));
  d.lose_commit(true);
  CHECK_THROWS_AS(with_session(conn, {.on_in_doubt = on_in_doubt::resolve}, d.work()),
                  commit_in_doubt);
  CHECK(d.hooks.empty());
}

TEST_CASE("resolve answers in time whatever the deadline is") {
  auto const db = support::test_config();
  commit_in_doubt const unknown{std::nullopt, "lost"};
  CHECK(pqscope::resolve(db, unknown, 1h) == pqscope::resolution::unknown);
  auto const id = with_session(db, [](session& s) {
    return std::stoull(s.query<std::string>("SELECT pg_current_xact_id()::text").one());
  });
  commit_in_doubt const known{id, "lost"};
  CHECK(pqscope::resolve(db, known, std::chrono::milliseconds::max()) ==
        pqscope::resolution::committed);
  CHECK(pqscope::resolve(db, known, 0ms) == pqscope::resolution::unknown);
  CHECK(pqscope::resolve(db, known, -1ms) == pqscope::resolution::unknown);
}
