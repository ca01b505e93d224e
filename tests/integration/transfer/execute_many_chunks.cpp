// Records for a plain INSERT that go many at a time: the same as one by one, but faster.

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::session;
using pqscope::with_session;
using support::ensure_usable;
using support::scratch;

namespace {

constexpr int many = 60'000;

/// Pairs of a number and its double, of which one is the given one again.
auto records(int count, int again_at = -1, int again = 0) {
  return std::views::iota(0, count) |
         std::views::transform([=](int i) { return std::pair{i == again_at ? again : i, i * 2}; });
}

/// With how many statements the rows of a table were inserted: each has its number in them.
long long statements(scratch& here, std::string const& table) {
  return here.outside.number("SELECT count(DISTINCT cmin::text) FROM " + here.schema + '.' + table);
}

}  // namespace

TEST_CASE("many records of a plain INSERT go many at a time, in one round trip, in their order") {
  scratch here;
  here.outside.execute("CREATE TABLE " + here.schema +
                       ".o (place bigserial PRIMARY KEY, id int, v int)");
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};
  CHECK(conn.execute_many("INSERT INTO o (id, v) VALUES ($1, $2)", records(many)) == many);
  CHECK(watcher.round_trips() == 1);
  CHECK(conn.round_trips() == 1);
  CHECK(statements(here, "o") < many / 2);
  CHECK(here.outside.number("SELECT count(*) FROM " + here.schema +
                            ".o WHERE place = id + 1 AND v = 2 * id") == many);
  CHECK(watcher.statements() == std::vector<std::string>{"INSERT INTO o (id, v) VALUES ($1, $2)"});
  CHECK(watcher.details().at(0).rows == many);

  with_session(conn, [&](session& s) {
    CHECK(s.execute_many("INSERT INTO t VALUES ($2, $1);",
                         records(many) | std::views::transform([](auto each) {
                           return std::pair{each.second, each.first};
                         })) == many);
    CHECK(watcher.round_trips() == 2);
  });
  CHECK(watcher.round_trips() == 3);
  CHECK(here.count() == many);
  CHECK(statements(here, "t") < many / 2);
  ensure_usable(conn);
}

TEST_CASE("values of every kind arrive as they do one by one") {
  scratch here;
  connection conn{here.db()};
  conn.execute("CREATE TYPE mood AS ENUM ('sad', 'glad')");
  conn.execute("CREATE DOMAIN word AS varchar(9) CHECK (value <> 'bad')");
  for (std::string const name : {"alone", "together"}) {
    conn.execute(pqscope::dynamic_sql{
        "CREATE TABLE \"" + name +
        "\" (a bigint, \"B\"\"b\" text, c varchar(20), d char(4), e word, f mood, g json, h jsonb, "
        "i jsonb, j numeric(12, 2), k float8, l bool, m timestamptz, n bytea, o int4range, "
        "p text DEFAULT 'left out', q smallint, z timestamptz DEFAULT now())"});
  }
  using bytes = std::vector<std::byte>;
  auto const rows =
      std::views::iota(0, 20'000) | std::views::transform([](int i) {
        std::string const text = "row " + std::to_string(i) + " \\\"{,}'\n\xC3\xA9";
        auto const maybe = [&](auto value) {
          return i % 3 == 0 ? std::nullopt : std::optional{std::move(value)};
        };
        return std::tuple{
            i,
            maybe(text),
            std::to_string(i),
            std::string_view{"ab "},
            maybe(std::string{"word"}),
            i % 2 == 0 ? "sad" : "glad",
            pqscope::json{"{\"a\": [1,  2]}"},
            std::string{"{\"b\": 1.50}"},
            maybe(pqscope::jsonb{"[null]"}),
            pqscope::numeric{i},
            i * 0.5,
            maybe(i % 2 == 0),
            std::chrono::sys_time<std::chrono::microseconds>{std::chrono::microseconds{i}},
            bytes{std::byte{0}, std::byte{1}},
            pqscope::range<int>(i, i + 2),
            std::int64_t{i % 100}};
      });
  pqscope::transaction tx{conn};  // for now() to be the same
  CHECK(tx.execute_many(
            "INSERT INTO alone (a, \"B\"\"b\", c, d, e, f, g, h, i, j, k, l, m, n, o, q) VALUES "
            "($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,($16))",
            rows) == 20'000);
  CHECK(tx.execute_many(
            "insert /* all */ into Together (a, \"B\"\"b\", C, d, e, f, g, h, i, j, k, l, m, n, o, "
            "q) "
            "values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16) -- of them",
            rows) == 20'000);
  tx.commit();
  CHECK(statements(here, "alone") == 20'000);
  CHECK(statements(here, "together") < 20'000);
  CHECK(here.outside.number("SELECT count(*) FROM " + here.schema + ".alone JOIN " + here.schema +
                            ".together ON alone.*::text = together.*::text") == 20'000);
  ensure_usable(conn);
}

TEST_CASE("a record that fails among many is named as it would be alone") {
  scratch here;
  connection conn{here.db()};
  auto const fails = [&](auto& on) {
    try {
      on.execute_many("INSERT INTO t VALUES ($1, $2)", records(many, many - 5000, 17));
      FAIL("a record repeats an id");
    } catch (pqscope::unique_violation const& failure) {
      CHECK(failure.message().starts_with("record 55000, counted from 0: duplicate key"));
      CHECK(failure.detail() == "Key (id)=(17) already exists.");
      CHECK(failure.sql() == "INSERT INTO t VALUES ($1, $2)");
      CHECK(failure.connection_usable());
    }
  };
  fails(conn);
  CHECK(conn.status() == pqscope::connection_status::idle);
  CHECK(conn.round_trips() <= 3);  // one more to find the record, one for ROLLBACK
  CHECK(here.count() == 0);
  CHECK_THROWS_AS(
      with_session(conn,
                   [&](session& s) {
                     fails(s);
                     CHECK(s.status() == pqscope::connection_status::in_failed_transaction);
                   }),
      pqscope::transaction_rolled_back);
  with_session(conn, [&](session& s) {
    s.execute("INSERT INTO t VALUES (-1)");
    pqscope::savepoint inner{s};
    fails(inner);
    inner.rollback();
  });
  CHECK(here.ids() == std::vector<std::string>{"-1"});
  ensure_usable(conn);
}

TEST_CASE("what fails only as many rows is carried out one by one") {
  scratch here;
  here.outside.execute("ALTER TABLE " + here.table() +
                       " ADD CHECK (v < 30000 OR current_query() NOT LIKE '%unnest%')");
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};
  CHECK(conn.execute_many("INSERT INTO t VALUES ($1, $2)", records(many)) == many);
  CHECK(watcher.round_trips() <= 2);
  CHECK(here.count() == many);
  CHECK(statements(here, "t") >= 45'000);
  CHECK(watcher.details().at(0).rows == many);
  conn.execute("TRUNCATE t");
  with_session(conn, [&](session& s) {
    CHECK(s.execute_many("INSERT INTO t VALUES ($1, $2)", records(many)) == many);
    CHECK(s.transaction_id().has_value());
  });
  CHECK(here.count() == many);
  CHECK(here.outside.number("SELECT sum(v) FROM " + here.table()) == many * (many - 1LL));
  CHECK(watcher.notices().empty());
  ensure_usable(conn);
}

TEST_CASE("ON CONFLICT DO NOTHING counts the rows that were inserted") {
  scratch here;
  connection conn{here.db()};
  auto const halved =
      std::views::iota(0, many) | std::views::transform([](int i) { return std::pair{i / 2, i}; });
  CHECK(conn.execute_many("INSERT INTO t VALUES ($1, $2) ON CONFLICT (id) DO NOTHING", halved) ==
        many / 2);
  CHECK(conn.execute_many("INSERT INTO t VALUES ($1, $2) ON CONFLICT DO NOTHING", halved) == 0);
  CHECK(here.outside.number("SELECT count(*) FROM " + here.table() + " WHERE v = 2 * id") ==
        many / 2);
  ensure_usable(conn);
}

TEST_CASE("tables for which many rows are not the same as many times one get them one by one") {
  scratch here;
  connection conn{here.db()};
  conn.execute("CREATE SEQUENCE s");
  conn.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1'");
  conn.execute("CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
  struct table {
    char const* made;
    char const* then;
  };
  for (table const each : std::array<table, 7>{{
           {"CREATE TABLE w (id int, v int)",
            "CREATE TRIGGER g AFTER INSERT ON w EXECUTE FUNCTION g()"},
           {"CREATE TABLE w (id int, v int)",
            "CREATE TRIGGER g BEFORE INSERT ON w FOR EACH ROW EXECUTE FUNCTION g()"},
           {"CREATE TABLE w (id int PRIMARY KEY, v int)",
            "ALTER TABLE w ADD FOREIGN KEY (id) REFERENCES w (id)"},
           {"CREATE TABLE w (id int, v int, x timestamptz DEFAULT statement_timestamp())", ""},
           {"CREATE TABLE w (id int, v int, x int DEFAULT f())", ""},
           {"CREATE TABLE w (id int, v int)", "ALTER TABLE w ENABLE ROW LEVEL SECURITY"},
           {"CREATE TABLE w (id int, v int)", "CREATE RULE r AS ON INSERT TO w DO ALSO SELECT 1"},
       }}) {
    CAPTURE(each.made, each.then);
    conn.execute(pqscope::dynamic_sql{each.made});
    if (*each.then != '\0') {
      conn.execute(pqscope::dynamic_sql{each.then});
    }
    CHECK(conn.execute_many("INSERT INTO w (id, v) VALUES ($1, $2)", records(20'000)) >= 20'000);
    CHECK(statements(here, "w") == 20'000);
    conn.execute("DROP TABLE w");
  }
  ensure_usable(conn);
}

TEST_CASE("a record may not refer to one behind it, though they go at once") {
  scratch here;
  connection conn{here.db()};
  conn.execute("ALTER TABLE t ADD FOREIGN KEY (v) REFERENCES t (id)");
  auto const forward = std::views::iota(0, many) | std::views::transform([](int i) {
                         return std::pair{i, i == 50'000 ? i + 1 : i};
                       });
  try {
    conn.execute_many("INSERT INTO t VALUES ($1, $2)", forward);
    FAIL("the record it refers to is not there yet");
  } catch (pqscope::foreign_key_violation const& failure) {
    CHECK(failure.message().starts_with("record 50000, counted from 0: "));
  }
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("a value that cannot be sent is named, and a source that throws undoes the others") {
  scratch here;
  connection conn{here.db()};
  conn.execute("CREATE TABLE texts (a text)");
  with_session(conn, [&](session& s) {
    s.execute("INSERT INTO texts VALUES ('stays')");
    auto const nul = std::views::iota(0, many) | std::views::transform([](int i) {
                       return i == 50'000 ? std::string("a\0b", 3) : std::to_string(i);
                     });
    try {
      s.execute_many("INSERT INTO texts VALUES ($1)", nul);
      FAIL("a NUL byte");
    } catch (pqscope::usage_error const& failure) {
      CHECK(std::string_view{failure.what()}.starts_with(
          "record 50000, counted from 0: parameter $1: the text holds a NUL byte"));
    }
    auto const thrown = std::views::iota(0, many) | std::views::transform([](int i) {
                          if (i == 50'000) {
                            throw std::runtime_error("dry");
                          }
                          return std::to_string(i);
                        });
    CHECK_THROWS_AS(s.execute_many("INSERT INTO texts VALUES ($1)", thrown), std::runtime_error);
  });
  CHECK_THROWS_AS(conn.execute_many("INSERT INTO texts VALUES ($1)",
                                    std::views::iota(0, many) | std::views::transform([](int i) {
                                      return i < 50'000 ? std::to_string(i)
                                                        : throw std::runtime_error("dry");
                                    })),
                  std::runtime_error);
  CHECK(conn.status() == pqscope::connection_status::idle);
  CHECK(here.outside.column("SELECT a FROM " + here.schema + ".texts") ==
        std::vector<std::string>{"stays"});
  ensure_usable(conn);
}

TEST_CASE("the values of a record that fails among many stay out of the message") {
  scratch here;
  connection conn{here.db()};
  conn.execute("CREATE TYPE mood AS ENUM ('sad', 'glad')");
  conn.execute("CREATE TABLE moods (id int, m mood)");
  auto const moods = std::views::iota(0, many) | std::views::transform([](int i) {
                       return std::pair{i, std::string{i == 50'000 ? "secret" : "sad"}};
                     });
  try {
    conn.execute_many("INSERT INTO moods VALUES ($1, $2)", moods);
    FAIL("no such label");
  } catch (pqscope::server_error const& failure) {
    CHECK(failure.sqlstate() == "22P02");
    CHECK(failure.message() ==
          "record 50000, counted from 0: invalid input value for enum mood: \"$2\"");
  }
  ensure_usable(conn);
}

TEST_CASE("a deferred constraint fails many records at the commit, and leaves no transaction") {
  scratch here;
  connection conn{here.db()};
  conn.execute("ALTER TABLE t ADD UNIQUE (v) DEFERRABLE INITIALLY DEFERRED");
  auto const twice = std::views::iota(0, many) |
                     std::views::transform([](int i) { return std::pair{i, i == 50'000 ? 7 : i}; });
  CHECK_THROWS_AS(conn.execute_many("INSERT INTO t VALUES ($1, $2)", twice),
                  pqscope::unique_violation);
  CHECK(conn.status() == pqscope::connection_status::idle);
  CHECK(here.count() == 0);
  ensure_usable(conn);
}
