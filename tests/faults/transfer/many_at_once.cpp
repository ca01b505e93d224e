#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <chrono>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::connection_status;
using pqscope::session;
using pqscope::with_session;
using pqscope::testing::faulty_proxy;
using support::ensure_usable;
using support::scratch;

namespace {

auto ids(int count) {
  return std::views::iota(0, count);
}

auto ids_then(int at, auto function) {
  return std::views::iota(0) | std::views::transform([=](int i) {
           if (i == at) {
             function();
           }
           return i;
         });
}

constexpr auto two_statements = [](auto& p) {
  p.execute("INSERT INTO t VALUES (1)");
  p.execute("INSERT INTO t VALUES (2)");
};

}  // namespace

TEST_CASE("a connection lost before, among or behind the records inserts nothing of them") {
  scratch here;
  struct cut {
    char type;
    int nth;
  };
  for (cut const where : {cut{'P', 1}, cut{'B', 1}, cut{'B', 2}, cut{'B', 2000}, cut{'S', 1}}) {
    CAPTURE(where.type, where.nth);
    faulty_proxy proxy{here.db()};
    connection conn{proxy.config()};
    proxy.cut_before_client_message(where.type, where.nth);
    CHECK_THROWS_AS(conn.execute_many("INSERT INTO t VALUES (($1))", ids(20'000)),
                    pqscope::connection_lost);
    CHECK(conn.status() == connection_status::broken);
    CHECK(here.count() == 0);
  }
}

TEST_CASE("a connection lost among records that go many at a time inserts nothing of them") {
  scratch here;
  for (int const nth : {2, 3, 6, 12, 20}) {  // of about 50 statements
    for (bool const answers : {false, true}) {
      CAPTURE(nth, answers);
      faulty_proxy proxy{here.db()};
      connection conn{proxy.config()};
      if (answers) {
        proxy.cut_before_server_message('C', nth);
      } else {
        proxy.cut_before_client_message('B', nth);
      }
      CHECK_THROWS_AS(
          with_session(
              conn, [](session& s) { s.execute_many("INSERT INTO t VALUES ($1)", ids(200'000)); }),
          pqscope::connection_lost);
      CHECK(conn.status() == connection_status::broken);
      CHECK(here.count() == 0);
    }
  }
}

TEST_CASE("a connection lost while the record that failed is looked for inserts nothing") {
  scratch here;
  here.outside.execute("ALTER TABLE " + here.table() + " ADD CHECK (id <> 150000)");
  faulty_proxy proxy{here.db()};
  connection conn{proxy.config()};
  proxy.cut_before_client_message('S', 2);
  try {
    conn.execute_many("INSERT INTO t VALUES ($1)", ids(200'000));
    FAIL("a record fails, or the connection is lost");
  } catch (pqscope::error const& failure) {
    CHECK_FALSE(failure.connection_usable());
  }
  CHECK(conn.status() == connection_status::broken);
  CHECK(here.count() == 0);
}

TEST_CASE("a connection lost among the answers inserts nothing where they are not the last") {
  scratch here;
  for (int const nth : {1, 2, 500}) {
    CAPTURE(nth);
    faulty_proxy proxy{here.db()};
    connection conn{proxy.config()};
    proxy.cut_before_server_message('C', nth);
    CHECK_THROWS_AS(
        with_session(
            conn, [](session& s) { s.execute_many("INSERT INTO t VALUES (($1))", ids(200'000)); }),
        pqscope::connection_lost);
    CHECK(here.count() == 0);
  }
}

TEST_CASE("a backend ended in the middle of the records is told of as the server says it") {
  scratch here;
  connection conn{here.db()};
  int const pid = conn.backend_pid();
  auto const source = ids_then(5000, [&] { here.outside.terminate(pid); });
  try {
    conn.execute_many("INSERT INTO t VALUES ($1)", source);
    FAIL("the backend is gone");
  } catch (pqscope::error const& failure) {
    CHECK_FALSE(failure.connection_usable());
  }
  CHECK(conn.status() == connection_status::broken);
  CHECK(here.count() == 0);
}

TEST_CASE("the source's exception wins over a connection that is lost") {
  scratch here;
  connection conn{here.db()};
  int const pid = conn.backend_pid();
  auto const source = ids_then(5000, [&] {
    here.outside.terminate(pid);
    throw std::logic_error("mine");
  });
  CHECK_THROWS_AS(conn.execute_many("INSERT INTO t VALUES ($1)", source), std::logic_error);
  CHECK(conn.status() == connection_status::broken);
  CHECK(here.count() == 0);
}

TEST_CASE("a deadline that comes while records wait for a lock undoes them") {
  scratch here;
  connection conn{here.db()};
  support::witness locker;
  for (int const count : {1, 10, 300'000}) {
    CAPTURE(count);
    locker.execute("BEGIN; LOCK TABLE " + here.table());
    conn.deadline(100ms);
    try {
      conn.execute_many("INSERT INTO t VALUES ($1)", ids(count));
      FAIL("the table is locked");
    } catch (pqscope::deadline_exceeded const& failure) {
      CHECK(failure.connection_usable());
    }
    CHECK(conn.status() == connection_status::idle);
    locker.execute("COMMIT");
    CHECK(here.count() == 0);
    ensure_usable(conn);
  }
}

TEST_CASE("a deadline in a session fails its transaction, if it cancelled a record") {
  scratch here;
  connection conn{here.db()};
  support::witness locker;
  locker.execute("BEGIN; LOCK TABLE " + here.table());
  pqscope::transaction tx{conn};
  conn.deadline(100ms);
  CHECK_THROWS_AS(tx.execute_many("INSERT INTO t VALUES ($1)", ids(300'000)),
                  pqscope::deadline_exceeded);
  conn.deadline(std::nullopt);
  CHECK(conn.status() == connection_status::in_failed_transaction);
  tx.rollback();
  locker.execute("COMMIT");
  ensure_usable(conn);
}

TEST_CASE("a deadline that comes while the source makes records undoes them, and no more") {
  scratch here;
  connection conn{here.db()};
  pqscope::transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (-1)");
  conn.deadline(100ms);
  CHECK_THROWS_AS(tx.execute_many("INSERT INTO t VALUES ($1)", std::views::iota(0)),
                  pqscope::deadline_exceeded);
  conn.deadline(std::nullopt);
  if (conn.status() == connection_status::in_transaction) {  // the cancel has met no record
    tx.commit();
    CHECK(here.count() == 1);
  } else {
    tx.rollback();
    CHECK(here.count() == 0);
  }
  ensure_usable(conn);
}

TEST_CASE("an expired deadline, or a stop, asks the source for nothing and sends nothing") {
  scratch here;
  connection conn{here.db()};
  int asked = 0;
  auto const source = ids(5) | std::views::transform([&](int i) {
                        ++asked;
                        return i;
                      });
  conn.deadline(0ns);
  CHECK_THROWS_AS(conn.execute_many("INSERT INTO t VALUES ($1)", source),
                  pqscope::deadline_exceeded);
  CHECK_THROWS_AS(conn.pipeline(two_statements), pqscope::deadline_exceeded);
  CHECK(asked == 0);
  CHECK(conn.round_trips() == 0);
  ensure_usable(conn);
}

TEST_CASE("a server that falls silent among the records is given up after a stop") {
  scratch here;
  faulty_proxy proxy{here.db()};
  connection conn{proxy.config()};
  std::stop_source stop;
  conn.stop_on(stop.get_token());
  auto const source = ids_then(20'000, [&] {
    proxy.stall();
    stop.request_stop();
  });
  try {
    conn.execute_many("INSERT INTO t VALUES ($1)", source);
    FAIL("nobody answers");
  } catch (pqscope::operation_cancelled const& failure) {
    CHECK_FALSE(failure.connection_usable());
  }
  CHECK(conn.status() == connection_status::broken);
  proxy.cut_all();
  CHECK(here.count() == 0);
}

TEST_CASE("a connection lost in a pipeline is connection_lost, and nothing of it has happened") {
  scratch here;
  for (bool const in_session : {false, true}) {
    CAPTURE(in_session);
    faulty_proxy proxy{here.db()};
    connection conn{proxy.config()};
    proxy.cut_before("VALUES (2)");
    if (in_session) {
      CHECK_THROWS_AS(with_session(conn, [](session& s) { s.pipeline(two_statements); }),
                      pqscope::connection_lost);
    } else {
      CHECK_THROWS_AS(conn.pipeline(two_statements), pqscope::connection_lost);
    }
    CHECK(conn.status() == connection_status::broken);
    CHECK(here.count() == 0);
  }
}

TEST_CASE("the body's exception wins where the connection is lost in it") {
  scratch here;
  connection conn{here.db()};
  CHECK_THROWS_AS(conn.pipeline([&](auto& p) {
    p.execute("INSERT INTO t VALUES (1)");
    here.outside.terminate(conn.backend_pid());
    throw std::logic_error("mine");
  }),
                  std::logic_error);
  CHECK_THROWS_AS(conn.pipeline(two_statements), pqscope::error);
  CHECK(conn.status() == connection_status::broken);
  CHECK(here.count() == 0);
}

TEST_CASE("a deadline in a pipeline cancels the statement that waits, and undoes the others") {
  scratch here;
  connection conn{here.db()};
  support::witness locker;
  locker.execute("CREATE TABLE " + here.schema + ".locked (a int)");
  locker.execute("BEGIN; LOCK TABLE " + here.schema + ".locked");
  conn.deadline(100ms);
  try {
    conn.pipeline([](auto& p) {
      p.execute("INSERT INTO t VALUES (1)");
      p.execute("INSERT INTO locked VALUES (1)");
      p.execute("INSERT INTO t VALUES (2)");
    });
    FAIL("the table is locked");
  } catch (pqscope::deadline_exceeded const& failure) {
    CHECK(failure.connection_usable());
  }
  locker.execute("COMMIT");
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("a commit whose answer is lost is resolved after a pipeline or a batch, by its id") {
  scratch here;
  for (bool const batch : {false, true}) {
    CAPTURE(batch);
    faulty_proxy proxy{here.db()};
    proxy.cut_after("COMMIT");
    try {
      with_session(proxy.config(), [&](session& s) {
        if (batch) {
          s.execute_many("INSERT INTO t VALUES ($1 + 10)", ids(3));
        } else {
          s.pipeline(two_statements);
        }
      });
      FAIL("the answer is lost");
    } catch (pqscope::commit_in_doubt const& doubt) {
      REQUIRE(doubt.transaction_id().has_value());
      CHECK(pqscope::resolve(here.db(), doubt, 5s) == pqscope::resolution::committed);
    }
  }
  CHECK(here.count() == 5);
}
