#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/testing/rolled_back.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::dynamic_sql;
using pqscope::session;
using pqscope::with_session;
using support::ensure_usable;
using support::scratch;

namespace {

struct named {
  int id;
  std::string name;
};

}  // namespace

TEST_CASE("statements of a pipeline go in one round trip, and are answered in order") {
  pqscope::testing::recorder watcher;
  connection conn{support::test_config(), {.observer = &watcher}};
  // [pipeline]
  auto [a, b] = conn.pipeline([](auto& p) {
    return std::tuple{p.template query<int>("SELECT 1"),
                      p.execute("SELECT $1::int4 AS two, $2::text", 2, "text")};
  });
  // [pipeline]
  static_assert(std::is_same_v<decltype(a), pqscope::rows<int>>);
  static_assert(std::is_same_v<decltype(b), pqscope::result>);
  CHECK(a.one() == 1);
  CHECK(b[0]["two"].as<int>() == 2);
  CHECK(b[0][1].text() == "text");
  CHECK(watcher.round_trips() == 1);
  CHECK(conn.round_trips() == 1);
  CHECK(watcher.statements() ==
        std::vector<std::string>{"SELECT 1", "SELECT $1::int4 AS two, $2::text"});
  auto const events = watcher.details();
  CHECK(events.at(0).rows == 1);
  CHECK(events.at(1).carried_out);
  CHECK(events.at(1).where.line() == events.at(0).where.line() + 1);
  ensure_usable(conn);
}

TEST_CASE("the body may return one handle, a pair, a vector, other values, or nothing") {
  scratch here;
  connection conn{here.db()};
  auto const one = conn.pipeline(
      [](pqscope::pipeline& p) { return p.query<named>("SELECT 1 AS id, 'x'::text AS name"); });
  CHECK(one.one().name == "x");

  auto const [numbers, flag] = conn.pipeline(
      [](auto& p) { return std::pair{p.template query<int, std::string>("SELECT 1, 'x'"), true}; });
  CHECK(numbers.one() == std::tuple{1, std::string{"x"}});
  CHECK(flag);

  auto const many = conn.pipeline([](pqscope::pipeline& p) {
    std::vector<pqscope::pipelined<pqscope::rows<int>>> handles;
    for (int i = 0; i < 300; ++i) {
      handles.push_back(p.query<int>("SELECT $1::int4", i));
    }
    CHECK(p.size() == 300);
    return handles;
  });
  REQUIRE(many.size() == 300);
  for (int i = 0; i < 300; ++i) {
    CHECK(many[static_cast<std::size_t>(i)].one() == i);
  }

  CHECK(conn.pipeline([](auto& p) {
    p.execute("INSERT INTO t VALUES (1)");
    return 5;
  }) == 5);
  conn.pipeline([](auto& p) {
    for (int i = 2; i < 5; ++i) {
      p.execute("INSERT INTO t VALUES ($1)", i);
    }
  });
  CHECK(here.count() == 4);
  ensure_usable(conn);
}

TEST_CASE("handles that the body returns may be in containers within each other") {
  connection conn{support::test_config()};
  auto const two = conn.pipeline([](pqscope::pipeline& p) {
    return std::array{p.query<int>("SELECT 1"), p.query<int>("SELECT 2")};
  });
  CHECK(two[0].one() + two[1].one() == 3);

  auto const named = conn.pipeline([](pqscope::pipeline& p) {
    std::vector<std::pair<std::string, pqscope::pipelined<pqscope::rows<int>>>> all;
    for (int i = 0; i < 3; ++i) {
      all.emplace_back(std::to_string(i), p.query<int>("SELECT $1::int4", i));
    }
    return std::tuple{std::move(all), std::vector{true, false}};
  });
  for (auto const& [name, rows] : std::get<0>(named)) {
    CHECK(name == std::to_string(rows.one()));
  }
  CHECK(std::get<1>(named) == std::vector{true, false});

  for (bool const asked : {true, false}) {
    auto const perhaps = conn.pipeline([&](pqscope::pipeline& p) {
      return asked ? std::optional{p.query<int>("SELECT 7")} : std::nullopt;
    });
    CHECK(perhaps.has_value() == asked);
    CHECK((!asked || perhaps->one() == 7));
  }
  ensure_usable(conn);
}

TEST_CASE("arguments and texts are copied: they need not outlive the body") {
  connection conn{support::test_config()};
  auto const [a, b, c] = conn.pipeline([](auto& p) {
    std::string text(100, 'a');
    dynamic_sql const made{"SELECT '" + text + "' || $1"};
    auto first = p.template query<std::string>(made, text);
    text.assign(100, 'b');
    auto second = p.template query<std::string>("SELECT $1::text", text);
    pqscope::parameter_list list;
    list.add(1).add(2);
    auto third = p.template query<int>(dynamic_sql{"SELECT $1 + $2"}, std::move(list));
    return std::tuple{std::move(first), std::move(second), std::move(third)};
  });
  CHECK(a.one() == std::string(200, 'a'));
  CHECK(b.one() == std::string(100, 'b'));
  CHECK(c.one() == 3);
  ensure_usable(conn);
}

TEST_CASE("in a session BEGIN rides ahead, and the transaction's id is asked for") {
  scratch here;
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};
  with_session(conn, [&](session& s) {
    s.pipeline([](auto& p) {
      p.execute("INSERT INTO t VALUES (1)");
      p.execute("INSERT INTO t VALUES (2)");
    });
    CHECK(watcher.round_trips() == 1);
    CHECK(s.transaction_id().has_value());
  });
  CHECK(watcher.round_trips() == 2);
  CHECK(watcher.statements() == std::vector<std::string>{"BEGIN", "INSERT INTO t VALUES (1)",
                                                         "INSERT INTO t VALUES (2)", "COMMIT"});
  CHECK(here.count() == 2);
  ensure_usable(conn);
}

TEST_CASE("SET TRANSACTION in a pipeline is not preceded or followed by a snapshot of ours") {
  scratch here;
  connection conn{here.db()};
  with_session(conn, [&](session& s) {
    s.pipeline([](auto& p) { p.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"); });
    s.pipeline([](auto& p) { p.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); });
    CHECK(s.query<std::string>("SHOW transaction_isolation").one() == "repeatable read");
  });
  ensure_usable(conn);
}

TEST_CASE("outside a transaction an error in the middle undoes all, and names its statement") {
  scratch here;
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};
  unsigned line = 0;
  try {
    conn.pipeline([&](auto& p) {
      p.execute("INSERT INTO t VALUES (1)");
      line = __LINE__ + 1;
      p.execute("INSERT INTO t VALUES ($1 / 0)", 1);
      p.execute("INSERT INTO t VALUES (3)");
    });
    FAIL("division by zero");
  } catch (pqscope::division_by_zero const& failure) {
    CHECK(failure.message() == "statement 1 of the pipeline, counted from 0: division by zero");
    CHECK(failure.sql() == "INSERT INTO t VALUES ($1 / 0)");
    CHECK(failure.where().line() == line);
  }
  CHECK(here.count() == 0);
  auto const events = watcher.details();
  REQUIRE(events.size() == 3);
  CHECK(events[0].carried_out);
  CHECK(events[1].sqlstate == "22012");
  CHECK_FALSE(events[2].carried_out);
  CHECK(events[2].sqlstate.empty());
  CHECK(watcher.round_trips() == 1);
  ensure_usable(conn);
}

TEST_CASE("a statement that fails to parse is named too") {
  connection conn{support::test_config()};
  try {
    conn.pipeline([](auto& p) {
      p.execute("SELECT 1");
      p.execute("SELECT 2");
      p.execute("SELECT nothing");
    });
    FAIL("no such column");
  } catch (pqscope::undefined_column const& failure) {
    CHECK(failure.message().starts_with("statement 2 of the pipeline"));
    CHECK(failure.position() == 8);
  }
  conn.pipeline([](auto& p) {
    p.execute("SELECT 1");
    p.execute("SELECT 2");
  });
  ensure_usable(conn);
}

TEST_CASE("inside a transaction an error fails it, and a savepoint contains it") {
  scratch here;
  connection conn{here.db()};
  auto const failing = [](auto& p) {
    p.execute("INSERT INTO t VALUES (7)");
    p.execute("SELECT 1 / 0");
  };
  CHECK_THROWS_AS(
      with_session(conn,
                   [&](session& s) {
                     s.execute("INSERT INTO t VALUES (1)");
                     CHECK_THROWS_AS(s.pipeline(failing), pqscope::division_by_zero);
                     CHECK(s.status() == pqscope::connection_status::in_failed_transaction);
                   }),
      pqscope::transaction_rolled_back);
  CHECK(here.count() == 0);
  with_session(conn, [&](session& s) {
    s.execute("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(with_session(s, [&](session& inner) { inner.pipeline(failing); }),
                    pqscope::division_by_zero);
    s.pipeline([](auto& p) { p.execute("INSERT INTO t VALUES (2)"); });
  });
  CHECK(here.ids() == std::vector<std::string>{"1", "2"});
  ensure_usable(conn);
}

TEST_CASE("inside rolled_back a failing pipeline is undone alone") {
  scratch here;
  connection conn{here.db()};
  pqscope::testing::rolled_back(conn, [&](connection& on) {
    on.execute("INSERT INTO t VALUES (1)");
    CHECK_THROWS_AS(on.pipeline([](auto& p) {
      p.execute("INSERT INTO t VALUES (7)");
      p.execute("SELECT 1 / 0");
    }),
                    pqscope::division_by_zero);
    on.pipeline([](auto& p) { p.execute("INSERT INTO t VALUES (2)"); });
    CHECK(on.query<std::int64_t>("SELECT count(*) FROM t").one() == 2);
  });
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("the body's exception wins, and nothing is sent; nor is anything for an empty pipeline") {
  pqscope::testing::recorder watcher;
  connection conn{support::test_config(), {.observer = &watcher}};
  CHECK_THROWS_AS(conn.pipeline([](auto& p) {
    p.execute("SELECT 1 / 0");
    throw std::logic_error("mine");
  }),
                  std::logic_error);
  conn.pipeline([](auto&) {});
  CHECK(conn.pipeline([](auto&) { return 1; }) == 1);
  with_session(conn, [](session& s) { s.pipeline([](auto&) {}); });
  CHECK(watcher.round_trips() == 0);
  ensure_usable(conn);
}

TEST_CASE("COPY, transaction commands and scripts are refused before anything is sent") {
  scratch here;
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};
  for (char const* const text :
       {"COPY t TO STDOUT", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "ROLLBACK TO a",
        "RELEASE a", "PREPARE TRANSACTION 'a'", "SELECT 1; SELECT 2"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(conn.pipeline([&](auto& p) {
      p.execute("INSERT INTO t VALUES (1)");
      p.execute(dynamic_sql{text});
    }),
                    pqscope::usage_error);
  }
  CHECK_THROWS_AS(conn.pipeline([](auto& p) { p.execute("COPY t FROM STDIN"); }),
                  pqscope::usage_error);
  CHECK(watcher.round_trips() == 0);
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("columns that do not fit are told when all statements have been carried out") {
  scratch here;
  connection conn{here.db()};
  CHECK_THROWS_AS(conn.pipeline([](auto& p) {
    auto wrong = p.template query<int>("SELECT 'x'::text");
    p.execute("INSERT INTO t VALUES (1)");
    return wrong;
  }),
                  pqscope::type_mismatch);
  CHECK(here.count() == 1);
  ensure_usable(conn);
}

TEST_CASE("a handle of another pipeline, or one that was moved from, is refused") {
  connection conn{support::test_config()};
  std::optional<pqscope::pipelined<pqscope::result>> kept;
  conn.pipeline([&](pqscope::pipeline& p) { kept.emplace(p.execute("SELECT 1")); });
  CHECK_THROWS_AS(conn.pipeline([&](pqscope::pipeline& p) {
    p.execute("SELECT 2");
    return std::move(*kept);
  }),
                  pqscope::usage_error);
  CHECK_THROWS_AS(conn.pipeline([](pqscope::pipeline& p) {
    auto first = p.execute("SELECT 2");
    auto second = std::move(first);
    return std::pair{std::move(first), std::move(second)};
  }),
                  pqscope::usage_error);
  ensure_usable(conn);
}

TEST_CASE("a pipeline's statements are prepared once and reused, whatever the cache holds") {
  for (std::size_t const capacity : {0U, 1U, 2U, 100U}) {
    CAPTURE(capacity);
    connection conn{support::test_config(), {.statement_cache = capacity}};
    for (int i = 0; i < 4; ++i) {
      auto const [a, b, c, d] = conn.pipeline([&](auto& p) {
        return std::tuple{p.template query<int>("SELECT $1::int4 + 1", i),
                          p.template query<int>("SELECT $1::int4 + 2", i),
                          p.template query<int>("SELECT $1::int4 + 1", i + 5),
                          p.template query<int>("SELECT $1::int4 + 3", i)};
      });
      CHECK(a.one() == i + 1);
      CHECK(b.one() == i + 2);
      CHECK(c.one() == i + 6);
      CHECK(d.one() == i + 3);
      if (i % 2 == 0) {
        conn.execute("SELECT 'something else'");
      }
    }
    auto const prepared =
        conn.query<std::int64_t>("SELECT count(*) FROM pg_prepared_statements").one();
    CHECK(prepared <= static_cast<std::int64_t>(capacity));
    ensure_usable(conn);
  }
}

TEST_CASE("prepared statements that are gone or changed are mended outside a transaction") {
  connection conn{support::test_config()};
  conn.execute("CREATE TEMPORARY TABLE changing (a int)");
  auto const both = [&] {
    return conn.pipeline([](auto& p) {
      p.execute("INSERT INTO changing VALUES (1)");
      return p.execute("SELECT * FROM changing");
    });
  };
  CHECK(both().size() == 1);
  conn.execute("ALTER TABLE changing ADD b int");
  CHECK(both().columns().size() == 2);
  CHECK(both().size() == 3);
  conn.pipeline([](auto& p) {
    p.execute("DEALLOCATE ALL");
    p.execute("SELECT * FROM changing");
  });
  CHECK(both().size() == 4);
  ensure_usable(conn);
}

TEST_CASE("what stands behind DEALLOCATE in a pipeline is carried out, inside a transaction too") {
  connection conn{support::test_config()};
  std::string const name_of_first =
      "SELECT name FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int4'";
  for (std::string text : {"/* all */ deallocate ALL", "DISCARD PLANS", ""}) {
    pqscope::transaction tx{conn};
    tx.pipeline([](auto& p) { p.execute("SELECT $1::int4", 1); });
    if (text.empty()) {
      auto const name = tx.execute(dynamic_sql{name_of_first});
      text = "DEALLOCATE " + std::string{name[0][0].text()};
    }
    auto const [first, second, third] = tx.pipeline([&](pqscope::pipeline& p) {
      auto before = p.query<int>("SELECT $1::int4", 1);
      p.execute(dynamic_sql{text});
      return std::tuple{std::move(before), p.query<int>("SELECT $1::int4", 2),
                        p.query<int>("SELECT $1::int4 + 1", 2)};
    });
    CHECK(first.one() == 1);
    CHECK(second.one() == 2);
    CHECK(third.one() == 3);
    tx.commit();
  }
  auto const last = conn.pipeline([](pqscope::pipeline& p) {
    p.execute("DEALLOCATE ALL");
    return p.query<int>("SELECT $1::int4", 4);
  });
  CHECK(last.one() == 4);
  ensure_usable(conn);
}

TEST_CASE("answers larger than any buffer do not stop a pipeline") {
  connection conn{support::test_config()};
  std::string const text(2'000'000, 'x');
  auto const answers = conn.pipeline([&](pqscope::pipeline& p) {
    std::vector<pqscope::pipelined<pqscope::rows<std::string>>> handles;
    for (int i = 0; i < 8; ++i) {
      handles.push_back(p.query<std::string>("SELECT $1::text || $1::text", text));
    }
    return handles;
  });
  for (auto const& each : answers) {
    CHECK(each.one().size() == 4'000'000);
  }
  ensure_usable(conn);
}

TEST_CASE("what the body does with the session itself goes ahead of the pipeline") {
  scratch here;
  connection conn{here.db()};
  with_session(conn, [&](session& s) {
    auto const seen = s.pipeline([&](pqscope::pipeline& p) {
      auto handle = p.query<std::int64_t>("SELECT count(*) FROM t");
      s.execute("INSERT INTO t VALUES (1)");
      return handle;
    });
    CHECK(seen.one() == 1);
  });
  ensure_usable(conn);
}

TEST_CASE("every object that carries out statements has pipelines and execute_many") {
  scratch here;
  connection conn{here.db()};
  auto const work = [&](auto& on, int offset) {
    on.pipeline([&](auto& p) { p.execute("INSERT INTO t VALUES ($1)", offset); });
    CHECK(on.execute_many("INSERT INTO t VALUES ($1)", std::vector<int>{offset + 1, offset + 2}) ==
          2);
  };
  work(conn, 0);
  pqscope::transaction tx{conn};
  work(tx, 10);
  {
    pqscope::savepoint inner{tx};
    work(inner, 20);
    inner.commit();
  }
  tx.commit();
  pqscope::unique_session owned{conn};
  work(owned, 30);
  owned.commit();
  CHECK(here.count() == 12);
  ensure_usable(conn);
}
