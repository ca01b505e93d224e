#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>

#include "integration/transaction/watched.hpp"

using namespace std::chrono_literals;
using pqscope::savepoint;
using pqscope::session;
using pqscope::transaction;
using pqscope::testing::faulty_proxy;
using support::test_config;
using support::watched;

namespace {

struct own {
  int number;
};

}  // namespace

TEST_CASE("the body throws and the backend is dead: the body's exception arrives") {
  watched w;
  support::witness outside;
  std::string calls;
  try {
    transaction tx{w.conn};
    tx.after_rollback([&] { calls += 'r'; });
    tx.execute("INSERT INTO t VALUES (1)");
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (2)");
    outside.terminate(w.conn.backend_pid());
    throw own{42};
  } catch (own const& arrived) {
    CHECK(arrived.number == 42);
  }
  CHECK(calls == "r");
  CHECK_FALSE(w.log.problems().empty());
  CHECK(w.conn.status() == pqscope::connection_status::broken);
}

TEST_CASE("the work of a session throws and the backend is dead: the work's exception arrives") {
  watched w;
  support::witness outside;
  try {
    pqscope::with_session(w.conn, {.retry = {.attempts = 3}}, [&](session& s) {
      s.execute("INSERT INTO t VALUES (1)");
      outside.terminate(w.conn.backend_pid());
      throw own{42};
    });
    FAIL("with_session returned");
  } catch (own const& arrived) {
    CHECK(arrived.number == 42);
  }
  CHECK_FALSE(w.log.problems().empty());
  CHECK(w.conn.status() == pqscope::connection_status::broken);
}

TEST_CASE("the body throws because the connection is lost: that is the exception that arrives") {
  faulty_proxy proxy{test_config()};
  watched w{proxy.config()};
  auto const work = [&] {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    proxy.cut_before("INSERT");
    tx.execute("INSERT INTO t VALUES (2)");
  };
  CHECK_THROWS_AS(work(), pqscope::connection_lost);
  CHECK(w.log.transactions() == std::vector{pqscope::transaction_end::rolled_back});
}

TEST_CASE("a destructor on a silent network gives the connection up within five seconds") {
  faulty_proxy proxy{test_config()};
  watched w{proxy.config()};
  auto start = std::chrono::steady_clock::now();
  try {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    proxy.stall();
    start = std::chrono::steady_clock::now();
    throw own{42};
  } catch (own const& arrived) {
    CHECK(arrived.number == 42);
  }
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(w.conn.status() == pqscope::connection_status::broken);
  CHECK(w.log.problems().size() == 1);
}

TEST_CASE("a destructor does not take longer than the operations of its connection may") {
  faulty_proxy proxy{test_config()};
  watched w{proxy.config()};
  w.conn.deadline(100ms);
  auto start = std::chrono::steady_clock::now();
  {
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (1)");
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (2)");
    proxy.stall();
    start = std::chrono::steady_clock::now();
  }
  CHECK(std::chrono::steady_clock::now() - start < 3s);
  CHECK(w.conn.status() == pqscope::connection_status::broken);
}
