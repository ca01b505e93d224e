// Statements that are kept until something else is sent.

#include <pqscope/connection/connection.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/copy_in.hpp>
#include <pqscope/transfer/execute_many.hpp>
#include <pqscope/transfer/pipeline.hpp>
#include <pqscope/transfer/stream.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::dynamic_sql;
using pqscope::savepoint;
using pqscope::session;
using pqscope::session_options;
using pqscope::transaction;
using pqscope::unique_violation;
using pqscope::usage_error;
using pqscope::with_session;
using support::ensure_usable;
using support::scratch;

using namespace std::chrono_literals;

namespace {

std::uint64_t trips(connection const& conn, std::uint64_t since) {
  return conn.round_trips() - since;
}

}  // namespace

TEST_CASE("a whole session of deferred statements costs one round trip") {
  scratch here;
  connection conn{here.db()};
  for (int round = 0; round < 3; ++round) {
    auto const before = conn.round_trips();
    //! [defer]
    with_session(conn, [&](session& s) {
      for (int i = 0; i < 100; ++i) {
        s.defer("INSERT INTO t VALUES ($1)", round * 100 + i);
      }
      s.defer("UPDATE t SET id = -id WHERE id = $1", round * 100 + 99);
    });
    //! [defer]
    CHECK(trips(conn, before) == 1);
    CHECK(here.count() == (round + 1) * 100);
  }
  CHECK(conn.query<std::int64_t>("SELECT count(*) FROM t WHERE id < 0").one() == 3);
  ensure_usable(conn);
}

TEST_CASE("deferred statements ride ahead of the next statement, in their order") {
  scratch here;
  pqscope::testing::recorder seen;
  connection conn{here.db(), {.observer = &seen}};
  with_session(conn, [&](session& s) {
    s.defer("INSERT INTO t VALUES ($1)", 1);
    s.defer("INSERT INTO t VALUES ($1)", 2);
    CHECK(s.query<std::int64_t>("SELECT count(*) FROM t").one() == 2);
    s.defer("DELETE FROM t WHERE id = $1", 1);
  });
  CHECK(seen.round_trips() == 2);
  CHECK(seen.statements() == std::vector<std::string>{"BEGIN", "INSERT INTO t VALUES ($1)",
                                                      "INSERT INTO t VALUES ($1)",
                                                      "SELECT count(*) FROM t",
                                                      "DELETE FROM t WHERE id = $1", "COMMIT"});
  CHECK(here.ids() == std::vector<std::string>{"2"});
  ensure_usable(conn);
}

TEST_CASE("an observer sees a deferred statement as the caller's, at its place, with its rows") {
  scratch here;
  pqscope::testing::recorder seen;
  connection conn{here.db(), {.observer = &seen}};
  unsigned line = 0;
  with_session(conn, [&](session& s) {
    line = std::source_location::current().line() + 1;
    s.defer("INSERT INTO t SELECT generate_series(1, 5)");
  });
  bool found = false;
  for (auto const& each : seen.details()) {
    if (each.text.starts_with("INSERT")) {
      found = true;
      CHECK(each.origin == pqscope::statement_origin::caller);
      CHECK(each.where.line() == line);
      CHECK(each.rows == 5);
    }
  }
  CHECK(found);
  ensure_usable(conn);
}

TEST_CASE("the error of a deferred statement leaves the commit and names the place of the call") {
  scratch here;
  connection conn{here.db()};
  unsigned line = 0;
  try {
    with_session(conn, [&](session& s) {
      s.defer("INSERT INTO t VALUES ($1)", 1);
      line = std::source_location::current().line() + 1;
      s.defer("INSERT INTO t VALUES ($1)", 1);
      s.defer("INSERT INTO t VALUES ($1)", 2);
    });
    FAIL("the server's refusal was lost");
  } catch (unique_violation const& refused) {
    CHECK(refused.where().line() == line);
    CHECK(refused.sql() == "INSERT INTO t VALUES ($1)");
    CHECK(refused.connection_usable());
    CHECK(std::string_view{refused.what()}.find("deferring.cpp") != std::string_view::npos);
  }
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("the error of a deferred statement leaves the statement that it rode with") {
  scratch here;
  connection conn{here.db()};
  transaction tx{conn};
  unsigned const line = std::source_location::current().line() + 1;
  tx.defer("INSERT INTO nowhere VALUES ($1)", 1);
  try {
    tx.execute("INSERT INTO t VALUES (1)");
    FAIL("the server's refusal was lost");
  } catch (pqscope::undefined_table const& refused) {
    CHECK(refused.where().line() == line);
  }
  tx.defer("INSERT INTO t VALUES (2)");
  CHECK_THROWS_AS(tx.commit(), pqscope::transaction_rolled_back);
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("a serialization failure of a deferred statement runs the work again") {
  scratch here;
  connection conn{here.db()};
  int const runs =
      with_session(conn, {.retry = {.attempts = 3, .base_delay = 1ms}}, [](session& s) {
        s.defer("INSERT INTO t VALUES ($1)", s.attempt());
        if (s.attempt() < 3) {
          s.defer("DO $$ BEGIN RAISE 'again' USING ERRCODE = 'serialization_failure'; END $$");
        }
        return s.attempt();
      });
  CHECK(runs == 3);
  CHECK(here.ids() == std::vector<std::string>{"3"});
  ensure_usable(conn);
}

TEST_CASE("what was deferred in a scope that is left is never sent") {
  scratch here;
  connection conn{here.db()};
  auto const before = conn.round_trips();
  CHECK_THROWS_AS(with_session(conn,
                               [](session& s) {
                                 s.defer("INSERT INTO t VALUES (1)");
                                 throw std::runtime_error{"changed my mind"};
                               }),
                  std::runtime_error);
  with_session(conn, [](session& s) {
    s.defer("INSERT INTO t VALUES (2)");
    s.rollback();
  });
  {
    transaction const tx{conn};
    conn.defer("INSERT INTO t VALUES (3)");
  }
  CHECK(trips(conn, before) == 0);
  with_session(conn, [](session& s) { s.execute("SELECT 1"); });
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("a rollback after a statement drops what was deferred since") {
  scratch here;
  connection conn{here.db()};
  transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (1)");
  {
    savepoint sp{tx};
    sp.execute("INSERT INTO t VALUES (2)");
    sp.defer("INSERT INTO nowhere VALUES (3)");
    sp.rollback();
  }
  tx.defer("INSERT INTO t VALUES (4)");
  {
    savepoint sp{tx};
    sp.defer("INSERT INTO nowhere VALUES (5)");
  }
  tx.commit();
  CHECK(here.ids() == std::vector<std::string>{"1", "4"});
  transaction again{conn};
  again.execute("INSERT INTO t VALUES (6)");
  again.defer("INSERT INTO t VALUES (7)");
  again.rollback();
  CHECK(here.count() == 2);
  ensure_usable(conn);
}

TEST_CASE("a savepoint's commit sends what was deferred in it, and its failure is undone alone") {
  scratch here;
  connection conn{here.db()};
  with_session(conn, [&](session& outer) {
    outer.defer("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(with_session(outer,
                                 [](session& inner) {
                                   inner.defer("INSERT INTO t VALUES (2)");
                                   inner.defer("INSERT INTO t VALUES (2)");
                                 }),
                    unique_violation);
    auto const before = conn.round_trips();
    with_session(outer, [](session& inner) { inner.defer("INSERT INTO t VALUES (3)"); });
    CHECK(trips(conn, before) == 1);
    outer.defer("INSERT INTO t VALUES (4)");
  });
  CHECK(here.ids() == std::vector<std::string>{"1", "3", "4"});
  ensure_usable(conn);
}

TEST_CASE("arguments and text of a deferred statement are copied") {
  scratch here;
  connection conn{here.db()};
  conn.execute("CREATE TEMP TABLE kept (id int, name text, note text, data bytea, at float8)");
  with_session(conn, [](session& s) {
    {
      std::string name(1000, 'n');
      std::string text = "INSERT INTO kept VALUES ($1, $2, $3, $4, $5)";
      std::vector<std::byte> const data(3, std::byte{7});
      s.defer(dynamic_sql{text}, 1, name, std::optional<std::string>{}, data, 1.5);
      name.assign(1000, 'x');
      text.assign(text.size(), ' ');
    }
    pqscope::parameter_list values;
    values.add(2).add(std::string{"b"});
    s.defer(dynamic_sql{"INSERT INTO kept (id, name) VALUES ($1, $2)"}, values);
    s.defer("INSERT INTO kept (id, name) VALUES (3, '')");
  });
  auto const rows = conn.query<int, std::string, std::optional<std::string>,
                               std::optional<std::vector<std::byte>>, std::optional<double>>(
                            "SELECT * FROM kept ORDER BY id")
                        .all();
  REQUIRE(rows.size() == 3);
  CHECK(std::get<1>(rows[0]) == std::string(1000, 'n'));
  CHECK_FALSE(std::get<2>(rows[0]));
  CHECK(std::get<3>(rows[0]) == std::vector<std::byte>(3, std::byte{7}));
  CHECK(std::get<4>(rows[0]) == 1.5);
  CHECK(std::get<1>(rows[1]) == "b");
  ensure_usable(conn);
}

TEST_CASE("what cannot wait is refused and nothing is sent") {
  scratch here;
  connection conn{here.db()};
  auto const before = conn.round_trips();
  CHECK_THROWS_AS(conn.defer("SELECT 1"), usage_error);
  {
    transaction tx{conn};
    CHECK_THROWS_AS(tx.defer("COMMIT"), usage_error);
    CHECK_THROWS_AS(tx.defer("ROLLBACK"), usage_error);
    CHECK_THROWS_AS(tx.defer("COPY t TO STDOUT"), usage_error);
    CHECK_THROWS_AS(tx.defer("DEALLOCATE ALL"), usage_error);
    CHECK_THROWS_AS(tx.defer(dynamic_sql{"/* a */ Discard all"}), usage_error);
    CHECK_THROWS_AS(tx.defer("SELECT $1::text", std::string{"a\0b", 3}), usage_error);
    savepoint sp{tx};
    CHECK_THROWS_AS(tx.defer("SELECT 1"), usage_error);
  }
  CHECK(trips(conn, before) == 0);
  transaction tx{conn};
  tx.commit();
  CHECK_THROWS_AS(tx.defer("SELECT 1"), usage_error);
  ensure_usable(conn);
}

TEST_CASE(
    "a small statement cache serves many deferred texts, and one that was emptied on the way") {
  scratch here;
  std::size_t const capacity = GENERATE(0U, 1U, 2U, 100U);
  connection conn{here.db(), {.statement_cache = capacity}};
  for (int round = 0; round < 4; ++round) {
    with_session(conn, [&](session& s) {
      for (int i = 0; i < 2; ++i) {
        int const first = round * 10 + i * 5;
        s.defer("INSERT INTO t VALUES ($1)", first);
        s.defer("INSERT INTO t VALUES ($1 + 1)", first);
        s.defer("INSERT INTO t SELECT $1 + 2", first);
      }
      if (round == 2) {
        s.execute("DEALLOCATE ALL");
      }
      CHECK(s.query<std::int64_t>("SELECT count(*) FROM t WHERE id >= $1", round * 10).one() == 6);
      s.defer("INSERT INTO t VALUES ($1)", round * 10 + 9);
    });
  }
  CHECK(here.count() == 28);
  // beside BEGIN, COMMIT and the question for the transaction's id
  CHECK(conn.query<std::int64_t>(
                "SELECT count(*) FROM pg_prepared_statements WHERE name !~ '_[A-Z]+$'")
            .one() <= static_cast<std::int64_t>(capacity));
  ensure_usable(conn);
}

TEST_CASE("deferred statements go ahead of streams, COPY, pipelines, batches and scripts") {
  scratch here;
  connection conn{here.db()};
  with_session(conn, [](session& s) {
    s.defer("INSERT INTO t VALUES (1)");
    for (auto const count : s.stream<std::int64_t>("SELECT count(*) FROM t")) {
      CHECK(count == 1);
    }
    s.defer("INSERT INTO t VALUES (2)");
    CHECK(s.copy_in("t", {"id"}, std::vector<int>{3}) == 1);
    s.defer("INSERT INTO t VALUES (4)");
    CHECK(s.pipeline([](auto& p) {
             return p.template query<std::int64_t>("SELECT count(*) FROM t");
           }).one() == 4);
    s.defer("INSERT INTO t VALUES (5)");
    CHECK(s.execute_many("INSERT INTO t VALUES ($1)", std::vector<int>{6, 7}) == 2);
    s.defer("INSERT INTO t VALUES (8)");
    s.execute_script(dynamic_sql{"DELETE FROM t WHERE id = 8"});
  });
  CHECK(here.count() == 7);
  ensure_usable(conn);
}

TEST_CASE("an error of a deferred statement leaves whatever sent it") {
  scratch here;
  connection conn{here.db()};
  int const way = GENERATE(0, 1, 2, 3, 4);
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 s.defer("INSERT INTO nowhere VALUES (1)");
                                 switch (way) {
                                   case 0:
                                     s.stream<int>("SELECT 1").all();
                                     break;
                                   case 1:
                                     s.copy_in("t", {"id"}, std::vector<int>{3});
                                     break;
                                   case 2:
                                     s.pipeline([](auto& p) { return p.execute("SELECT 1"); });
                                     break;
                                   case 3:
                                     s.execute_many("INSERT INTO t VALUES ($1)",
                                                    std::vector<int>{6, 7});
                                     break;
                                   default:
                                     s.execute_script(dynamic_sql{"SELECT 1"});
                                 }
                                 FAIL("the error was lost");
                               }),
                  pqscope::undefined_table);
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("hooks run after a commit that took deferred statements along") {
  scratch here;
  connection conn{here.db()};
  std::vector<std::string> ran;
  with_session(conn, [&](session& s) {
    s.after_commit([&] { ran.emplace_back("committed"); });
    s.defer("INSERT INTO t VALUES (1)");
  });
  CHECK(ran == std::vector<std::string>{"committed"});
  ensure_usable(conn);
}

TEST_CASE("many deferred statements that make the server talk do not stop each other") {
  scratch here;
  connection conn{here.db()};
  conn.execute(
      "CREATE FUNCTION pg_temp.talk(int) RETURNS void LANGUAGE plpgsql AS "
      "$$ BEGIN RAISE NOTICE '%', repeat('n', 4000); END $$");
  std::string const bulk(4000, 'b');
  auto const before = conn.round_trips();
  with_session(conn, [&](session& s) {
    for (int i = 0; i < 2000; ++i) {
      s.defer("SELECT pg_temp.talk($1), $2::text", i, bulk);
    }
    s.defer("INSERT INTO t VALUES (1)");
  });
  CHECK(trips(conn, before) == 1);
  CHECK(here.count() == 1);
  ensure_usable(conn);
}
