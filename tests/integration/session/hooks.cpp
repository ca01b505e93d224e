#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::session;
using pqscope::with_session;
using support::scratch;

using texts = std::vector<std::string>;

TEST_CASE("hooks registered before and after the first statement run in order once committed") {
  scratch here;
  texts log;
  with_session(here.db(), [&](session& s) {
    s.after_commit([&] { log.push_back("first, rows " + std::to_string(here.count())); });
    s.execute("INSERT INTO t VALUES (1)");
    s.after_commit([&] { log.emplace_back("second"); });
    s.after_rollback([&] { log.emplace_back("rolled back"); });
    CHECK(log.empty());
  });
  CHECK(log == texts{"first, rows 1", "second"});
}

TEST_CASE("a scope without statements runs its hooks too") {
  texts log;
  auto const db = support::test_config();
  with_session(db, [&](session& s) { s.after_commit([&] { log.emplace_back("committed"); }); });
  with_session(db, [&](session& s) {
    s.after_commit([&] { log.emplace_back("wrong"); });
    s.after_rollback([&] { log.emplace_back("rolled back"); });
    s.rollback();
  });
  CHECK_THROWS_AS(with_session(db,
                               [&](session& s) {
                                 s.after_rollback([&] { log.emplace_back("thrown"); });
                                 throw 1;
                               }),
                  int);
  CHECK(log == texts{"committed", "rolled back", "thrown"});
}

TEST_CASE(
    "after_rollback hooks run after every way of being rolled back, after_commit hooks never") {
  scratch here;
  pqscope::connection conn{here.db()};
  texts log;
  auto const listen = [&](session& s, std::string const& name) {
    s.after_commit([&] { log.emplace_back("wrong"); });
    s.after_rollback([&, name] { log.push_back(name); });
    s.execute("INSERT INTO t VALUES (1)");
  };
  with_session(conn, [&](session& s) {
    listen(s, "rollback()");
    s.rollback();
  });
  with_session(conn, [&](session& s) {
    listen(s, "rollback{}");
    throw pqscope::rollback{};
  });
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 listen(s, "exception");
                                 throw 1;
                               }),
                  int);
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 listen(s, "silent rollback");
                                 CHECK_THROWS(s.execute("SELECT 1/0"));
                               }),
                  pqscope::transaction_rolled_back);
  CHECK(log == texts{"rollback()", "rollback{}", "exception", "silent rollback"});
  support::ensure_usable(conn);
}

TEST_CASE("hooks of nested scopes wait for the outermost, and are dropped with those rolled back") {
  pqscope::connection conn{support::test_config()};
  for (bool const begun : {false, true}) {
    texts log;
    auto const listen = [&](session& s, std::string const& name) {
      s.after_commit([&, name] { log.push_back(name); });
      s.after_rollback([&] { log.emplace_back("wrong"); });
      if (begun) {
        s.execute("SELECT 1");
      }
    };
    with_session(conn, [&](session& s) {
      listen(s, "outer");
      with_session(s, [&](session& n) {
        listen(n, "kept");
        with_session(n, [&](session& deep) { listen(deep, "deep"); });
      });
      with_session(s, [&](session& n) {
        listen(n, "dropped");
        n.rollback();
      });
      with_session(s, [&](session& n) {
        listen(n, "left");
        throw pqscope::rollback{};
      });
      CHECK_THROWS_AS(with_session(s,
                                   [&](session& n) {
                                     listen(n, "thrown");
                                     throw 1;
                                   }),
                      int);
      CHECK(log.empty());
    });
    CHECK(log == texts{"outer", "kept", "deep"});
  }
  support::ensure_usable(conn);
}

TEST_CASE("a hook that throws does not undo or repeat the work, and the others run") {
  scratch here;
  pqscope::connection conn{here.db()};
  int calls = 0;
  texts log;
  CHECK_THROWS_AS(with_session(conn, {.retry = {.attempts = 3, .base_delay = {}}},
                               [&](session& s) {
                                 ++calls;
                                 s.execute("INSERT INTO t VALUES ($1)", calls);
                                 s.after_commit([] {
                                   throw pqscope::connection_lost("of another connection");
                                 });
                                 s.after_commit([&] { log.emplace_back("called"); });
                               }),
                  pqscope::connection_lost);
  CHECK(calls == 1);
  CHECK(log == texts{"called"});
  CHECK(here.count() == 1);
  support::ensure_usable(conn);
}

TEST_CASE("a hook that throws does not repeat work that did nothing either") {
  int calls = 0;
  CHECK_THROWS_AS(with_session(support::test_config(), {.retry = {.attempts = 3, .base_delay = {}}},
                               [&](session& s) {
                                 ++calls;
                                 s.after_commit([] {
                                   throw pqscope::connection_lost("of another connection");
                                 });
                               }),
                  pqscope::connection_lost);
  CHECK(calls == 1);
}

TEST_CASE("a hook of rollback() that throws leaves it; one of a thrown exception does not") {
  pqscope::testing::recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};
  CHECK_THROWS_AS(with_session(conn,
                               [](session& s) {
                                 s.execute("SELECT 1");
                                 s.after_rollback([] { throw 7; });
                                 s.rollback();
                               }),
                  int);
  CHECK_THROWS_AS(with_session(conn,
                               [](session& s) {
                                 s.execute("SELECT 1");
                                 s.after_rollback([] { throw 7; });
                                 throw std::string{"mine"};
                               }),
                  std::string);
  CHECK(seen.problems().size() == 1);
  support::ensure_usable(conn);
}

TEST_CASE("a hook may use the connection again") {
  scratch here;
  pqscope::connection conn{here.db()};
  with_session(conn, [&](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    s.after_commit([&] {
      with_session(conn, [](session& again) { again.execute("INSERT INTO t VALUES (2)"); });
    });
  });
  CHECK(here.count() == 2);
  support::ensure_usable(conn);
}
