#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/unique_session.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::session;
using pqscope::unique_session;
using pqscope::usage_error;
using support::scratch;

static_assert(!std::is_copy_constructible_v<unique_session>);
static_assert(!std::is_copy_assignable_v<unique_session>);
static_assert(std::is_nothrow_move_constructible_v<unique_session>);
static_assert(std::is_nothrow_move_assignable_v<unique_session>);
static_assert(!std::is_constructible_v<unique_session, connection>);
static_assert(!std::is_constructible_v<unique_session, int&>);

namespace {

unique_session begin(pqscope::config const& db) {
  return unique_session{db, {.isolation = pqscope::isolation::serializable}};
}

}  // namespace

TEST_CASE("a session without a lambda commits when it is told to") {
  scratch here;
  auto s = begin(here.db());
  s.execute("INSERT INTO t VALUES ($1)", 1);
  s->execute("INSERT INTO t VALUES ($1)", 2);
  CHECK(s.query<std::string>("SHOW transaction_isolation").one() == "serializable");
  CHECK(here.count() == 0);
  s.commit();
  CHECK(here.count() == 2);
  CHECK_FALSE(s.is_active());
  CHECK_THROWS_AS(s.execute("SELECT 1"), usage_error);
  CHECK_THROWS_AS(s.commit(), usage_error);
}

TEST_CASE(
    "a session without a lambda that is not committed is rolled back, and its connection freed") {
  scratch here;
  connection conn{here.db()};
  conn.deadline(std::chrono::seconds{30});
  {
    unique_session s{conn, {.deadline = std::chrono::seconds{20}}};
    s.execute("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(pqscope::transaction{conn}, usage_error);
  }
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
  unique_session again{conn};
  again.execute("INSERT INTO t VALUES (1)");
  again.rollback();
  CHECK(here.count() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("a session without a lambda takes no connection before its first statement") {
  scratch here;
  pqscope::testing::faulty_proxy proxy{here.db()};
  {
    unique_session s{proxy.config()};
    unique_session nested{s};
    CHECK(s.status() == pqscope::connection_status::idle);
    nested.commit();
    s.commit();
  }
  CHECK(proxy.connections() == 0);
  unique_session s{proxy.config()};
  s.execute("INSERT INTO t VALUES (1)");
  s.commit();
  CHECK(proxy.round_trips() == 2);
}

TEST_CASE("a session without a lambda moves, in the middle of its work too") {
  scratch here;
  unique_session first{here.db()};
  first.execute("INSERT INTO t VALUES (1)");
  unique_session second{std::move(first)};
  CHECK_FALSE(first.is_active());  // NOLINT(bugprone-use-after-move)
  CHECK(first.status() == pqscope::connection_status::closed);
  CHECK_THROWS_AS(first.execute("SELECT 1"), usage_error);
  CHECK_THROWS_AS(first->execute("SELECT 1"), usage_error);
  CHECK_THROWS_AS(first.commit(), usage_error);
  CHECK_THROWS_AS(first.attempt(), usage_error);
  second.execute("INSERT INTO t VALUES (2)");
  unique_session third{here.db()};
  third.execute("INSERT INTO t VALUES (3)");
  third = std::move(second);
  third.commit();
  CHECK(here.ids() == std::vector<std::string>{"1", "2"});
}

TEST_CASE("scopes of every kind nest in a session without a lambda, and it in them") {
  scratch here;
  connection conn{here.db()};
  unique_session s{conn};
  pqscope::with_session(s, [](session& n) { n.execute("INSERT INTO t VALUES (1)"); });
  {
    pqscope::savepoint sp{s};
    sp.execute("INSERT INTO t VALUES (2)");
  }
  {
    unique_session nested{s};
    nested.execute("INSERT INTO t VALUES (3)");
    CHECK_THROWS_AS(s.execute("SELECT 1"), usage_error);
    nested.commit();
  }
  {
    unique_session nested{*s};
    nested.execute("INSERT INTO t VALUES (4)");
  }
  s.commit();
  pqscope::transaction tx{conn};
  unique_session in_transaction{tx};
  in_transaction.execute("INSERT INTO t VALUES (5)");
  in_transaction.commit();
  tx.commit();
  CHECK(here.ids() == std::vector<std::string>{"1", "3", "5"});
  support::ensure_usable(conn);
}

TEST_CASE("a nested session that outlives the one it is in refuses every use") {
  scratch here;
  for (bool const begun : {false, true}) {
    std::optional<unique_session> nested;
    {
      unique_session outer{here.db()};
      nested.emplace(outer);
      if (begun) {
        nested->execute("INSERT INTO t VALUES (1)");
      }
    }
    CHECK_THROWS_AS(nested->execute("SELECT 1"), usage_error);
    CHECK_THROWS_AS(nested->commit(), usage_error);
    nested.reset();
  }
  CHECK(here.count() == 0);
}

TEST_CASE("a session without a lambda has the members of a session") {
  scratch here;
  unique_session s{here.db(), {.label = "manual"}};
  int committed = 0;
  s.after_commit([&] { ++committed; });
  s.after_rollback([&] { committed += 10; });
  CHECK(s.label() == "manual");
  CHECK(s.attempt() == 1);
  s.execute("INSERT INTO t VALUES (1)");
  CHECK(s.transaction_id());
  CHECK(s.backend_pid() > 0);
  CHECK(s.native_handle() != nullptr);
  CHECK_FALSE(s.canceller().cancel());
  CHECK(s.status() == pqscope::connection_status::in_transaction);
  s.deadline(std::chrono::milliseconds{20});
  {
    pqscope::savepoint inner{s};
    CHECK_THROWS_AS(inner.execute("SELECT pg_sleep(30)"), pqscope::deadline_exceeded);
  }
  s.deadline(std::nullopt);
  s.commit();
  CHECK(committed == 1);
}
