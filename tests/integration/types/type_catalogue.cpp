#include "round_trip.hpp"

#include <pqscope/testing/recorder.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <source_location>
#include <thread>
#include <tuple>

using pqscope::composite;
using pqscope::dynamic_sql;
using pqscope::testing::recorder;

namespace {

enum class mood { sad, happy };
using pair = std::tuple<int, int>;

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "sad"}, {mood::happy, "happy"}});

namespace {

/// A schema of the test database with types in it, for as long as this lives.
struct types_in_schema {
  std::string schema = support::unique_name("types");
  pqscope::config target = support::test_config();

  types_in_schema() {
    support::witness db;
    db.execute("CREATE SCHEMA " + schema + "; SET search_path = " + schema +
               "; CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a int, b int);"
               "CREATE DOMAIN positive AS int CHECK (value > 0)");
    target = target.with("options", "-c search_path=" + schema);
  }
  types_in_schema(types_in_schema const&) = delete;
  types_in_schema& operator=(types_in_schema const&) = delete;
  ~types_in_schema() {
    support::witness db;
    db.execute("SET client_min_messages = warning; DROP SCHEMA " + schema + " CASCADE");
  }
};

/// How many round trips something costs.
template <class Use>
std::uint64_t trips(pqscope::connection& db, Use&& use) {
  auto const before = db.round_trips();
  use();
  return db.round_trips() - before;
}

template <class Connection>
std::string read_mood(Connection& db) {
  return db.template query<std::string>("SELECT 'sad'::mood").one();
}

template <class Connection>
pair read_pair(Connection& db) {
  return db.template query<composite<pair>>("SELECT '(1,2)'::pair").one().value;
}

}  // namespace

TEST_CASE("connections of a pool share what they have learnt of their database") {
  types_in_schema const made;
  pqscope::pool db{made.target, {.max_size = 2}};
  auto first = db.acquire();
  auto second = db.acquire();
  CHECK(trips(*first, [&] { CHECK(read_mood(*first) == "sad"); }) == 2);
  CHECK(trips(*first, [&] { CHECK(read_pair(*first) == pair(1, 2)); }) == 2);
  // until it has asked once, the server has not said that it is the same database
  CHECK(trips(*second, [&] { CHECK(read_mood(*second) == "sad"); }) == 2);
  CHECK(trips(*second, [&] { CHECK(read_pair(*second) == pair(1, 2)); }) == 1);
  CHECK(trips(*second, [&] { CHECK(read_mood(*second) == "sad"); }) == 1);
  support::ensure_usable(*first);
  support::ensure_usable(*second);
}

TEST_CASE("databases whose types have the same OIDs are told apart") {
  support::witness admin;
  auto const original = support::unique_name("original");
  auto const copy = support::unique_name("copy");
  admin.execute("CREATE DATABASE " + original);
  auto target = support::test_config();
  target.dbname = original;
  {
    pqscope::connection db{target};
    db.execute_script(dynamic_sql{"CREATE TYPE pair AS (a int, b int)"});
  }
  admin.execute("CREATE DATABASE " + copy + " TEMPLATE " + original);
  {
    auto other = target;
    other.dbname = copy;
    std::array<std::string, 2> const names{original, copy};
    std::size_t next = 0;
    pqscope::pool db{target, {.max_size = 2, .before_connect = [&](pqscope::config& to) {
                                to.dbname = names[next++];
                              }}};
    auto first = db.acquire();
    auto second = db.acquire();
    second->execute("ALTER TYPE pair ALTER ATTRIBUTE b TYPE bigint");
    auto const oid = [](pqscope::connection& of) {
      return of.query<pqscope::oid_t>("SELECT 'pair'::regtype::oid").one();
    };
    CHECK(oid(*first) == oid(*second));
    CHECK(read_pair(*first) == pair(1, 2));
    CHECK_THROWS_AS(read_pair(*second), pqscope::type_mismatch);
    CHECK(trips(*second, [&] {
            using wide = std::tuple<int, std::int64_t>;
            CHECK(second->query<composite<wide>>("SELECT '(1,2)'::pair").one().value == wide(1, 2));
          }) == 1);
    CHECK(trips(*first, [&] { CHECK(read_pair(*first) == pair(1, 2)); }) == 1);
  }
  admin.execute("DROP DATABASE " + original + " WITH (FORCE)");
  admin.execute("DROP DATABASE " + copy + " WITH (FORCE)");
}

TEST_CASE("threads learn side by side") {
  types_in_schema const made;
  pqscope::pool db{made.target, {.max_size = 4}};
  std::atomic<int> right{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        auto conn = db.acquire();
        right += read_mood(*conn) == "sad" && read_pair(*conn) == pair(1, 2) ? 1 : 0;
      }
    });
  }
  threads.clear();
  CHECK(right == 200);
}

TEST_CASE("a session's query of a new type costs one round trip more, once") {
  types_in_schema const made;
  recorder log;
  pqscope::connection db{made.target, {.observer = &log}};
  auto const session = [&] {
    return trips(db, [&] {
      pqscope::with_session(db, [](pqscope::session& s) { CHECK(read_mood(s) == "sad"); });
    });
  };
  CHECK(session() == 3);
  CHECK(session() == 2);
  auto const all = log.details();
  auto const is_question = [](pqscope::testing::recorded_statement const& each) {
    return each.text.find("pg_type") != std::string::npos;
  };
  auto const asked = std::find_if(all.begin(), all.end(), is_question);
  REQUIRE(asked != all.end());
  CHECK(asked->origin == pqscope::statement_origin::internal);
  CHECK(asked->carried_out);
  CHECK(std::count_if(all.begin(), all.end(), is_question) == 1);
  support::ensure_usable(db);
}

TEST_CASE("types are learnt beforehand by their names, with those they are made of") {
  types_in_schema const made;
  pqscope::connection db{made.target};
  CHECK(trips(db, [&] { db.learn_types({"pair", made.schema + ".mood", "positive"}); }) == 1);
  CHECK(trips(db, [&] {
          CHECK(read_mood(db) == "sad");
          CHECK(read_pair(db) == pair(1, 2));
          CHECK(db.query<std::vector<int>>("SELECT '{1}'::positive[]").one().size() == 1);
        }) == 3);
  CHECK(trips(db, [&] { db.learn_types({}); }) == 0);
  CHECK_THROWS_AS(db.learn_types({"mood", "missing"}), pqscope::undefined_object);
  CHECK_THROWS_AS(db.learn_types({"mood; DROP TYPE mood"}), pqscope::server_error);
  CHECK(read_mood(db) == "sad");
  pqscope::pool pool{made.target, {.max_size = 1, .after_connect = [](pqscope::connection& fresh) {
                                     fresh.learn_types({"mood"});
                                   }}};
  auto conn = pool.acquire();
  CHECK(trips(*conn, [&] { CHECK(read_mood(*conn) == "sad"); }) == 1);
  support::ensure_usable(*conn);
  support::ensure_usable(db);
}

TEST_CASE("a stream asks nothing: what it has to know is learnt before") {
  types_in_schema const made;
  pqscope::connection db{made.target};
  auto const read = [&] {
    return db.stream<std::string>("SELECT unnest(enum_range(NULL::mood))").all();
  };
  auto const before = db.round_trips();
  CHECK(db.stream<mood>("SELECT 'happy'::mood").all() == std::vector{mood::happy});
  CHECK(db.stream<composite<pair>>("SELECT '(1,2)'::pair").all()[0].value == pair(1, 2));
  CHECK(db.round_trips() - before == 2);
  try {
    read();
    FAIL("nothing was thrown");
  } catch (pqscope::type_mismatch const& e) {
    INFO(e.what());
    CHECK(std::string_view(e.what()).find("learn_types") != std::string_view::npos);
  }
  support::ensure_usable(db);
  db.learn_types({"mood"});
  CHECK(trips(db, [&] { CHECK(read() == std::vector<std::string>{"sad", "happy"}); }) == 1);
  support::ensure_usable(db);
}

TEST_CASE("copied rows are checked with what has been learnt") {
  types_in_schema const made;
  pqscope::connection db{made.target};
  auto const read = [&] {
    std::vector<std::string> found;
    for (auto const& each : db.copy_out<std::string>("SELECT unnest(enum_range(NULL::mood))")) {
      found.push_back(each);
    }
    return found;
  };
  CHECK_THROWS_AS(read(), pqscope::type_mismatch);
  db.learn_types({"mood"});
  CHECK(read() == std::vector<std::string>{"sad", "happy"});
  support::ensure_usable(db);
}

TEST_CASE("a pipeline asks when all of it has been answered") {
  types_in_schema const made;
  pqscope::connection db{made.target};
  auto const run = [&] {
    auto [a, b, c] = db.pipeline([](pqscope::pipeline& p) {
      return std::tuple{p.query<std::string>("SELECT 'sad'::mood"), p.execute("SELECT 1"),
                        p.query<composite<pair>>("SELECT '(1,2)'::pair")};
    });
    CHECK(a.one() == "sad");
    CHECK(b.size() == 1);
    CHECK(c.one().value == pair(1, 2));
  };
  CHECK(trips(db, run) == 3);
  CHECK(trips(db, run) == 1);
  support::ensure_usable(db);
}

TEST_CASE("a cursor asks with its first page") {
  types_in_schema const made;
  pqscope::connection db{made.target};
  pqscope::transaction tx{db};
  auto moods = tx.cursor<std::string>("SELECT 'sad'::mood FROM generate_series(1, 3)");
  CHECK(trips(db, [&] { CHECK(moods.fetch(1) == std::vector<std::string>{"sad"}); }) == 2);
  CHECK(trips(db, [&] { CHECK(moods.fetch(2).size() == 2); }) == 1);
  tx.commit();
  support::ensure_usable(db);
}

TEST_CASE("nothing is asked in a failed transaction") {
  types_in_schema const made;
  pqscope::connection db{made.target};
  auto const here = std::source_location::current();
  std::array const mood_type{db.query<pqscope::oid_t>("SELECT 'mood'::regtype::oid").one()};
  db.execute("BEGIN");
  CHECK_THROWS_AS(db.execute("SELECT 1 / 0"), pqscope::division_by_zero);
  CHECK(trips(db, [&] {
          CHECK(pqscope::detail::learn_types(db.core_for(here), mood_type, here) == nullptr);
        }) == 0);
  CHECK_THROWS_AS(db.learn_types({"mood"}), pqscope::in_failed_sql_transaction);
  db.execute("ROLLBACK");
  CHECK(trips(db, [&] {
          CHECK(pqscope::detail::learn_types(db.core_for(here), mood_type, here)->size() == 1);
        }) == 1);
  support::ensure_usable(db);
}

TEST_CASE("a transaction in which a type cannot be seen takes it as if nothing were known") {
  types_in_schema const made;
  pqscope::connection db{made.target};
  support::witness other;
  {
    pqscope::transaction tx{db, {.isolation = pqscope::isolation::repeatable_read}};
    tx.execute("SELECT 1");
    other.execute("CREATE TYPE " + made.schema + ".later AS ENUM ('sad')");
    CHECK(tx.query<mood>("SELECT 'sad'::later").one() == mood::sad);
    CHECK_THROWS_AS(tx.query<std::string>("SELECT 'sad'::later"), pqscope::type_mismatch);
    tx.commit();
  }
  CHECK(db.query<std::string>("SELECT 'sad'::later").one() == "sad");
  support::ensure_usable(db);
}

TEST_CASE("rows are read when the connection, and what it knew, is gone") {
  types_in_schema const made;
  auto const read = [&] {
    pqscope::connection db{made.target};
    return db.query<composite<std::tuple<std::string, std::vector<int>>>>(
        "SELECT ROW('sad'::mood, '{1,2}'::positive[])");
  };
  auto const rows = read();
  CHECK(rows.one().value == std::tuple(std::string("sad"), std::vector{1, 2}));
}

TEST_CASE("a parameter of no declared type is whatever the server expects") {
  types_in_schema const made;
  pqscope::connection db{made.target};
  db.execute("CREATE TEMP TABLE t (past mood[], day date, numbers positive[], one mood)");
  std::vector<std::optional<std::string>> const labels{"sad", std::nullopt, "happy"};
  CHECK_THROWS_AS(db.execute("INSERT INTO t (past) VALUES ($1)", labels),
                  pqscope::datatype_mismatch);
  db.execute("INSERT INTO t VALUES ($1, $2, $3, $4)", pqscope::inferred{labels},
             pqscope::inferred{std::string("2024-02-29")}, pqscope::inferred{std::vector{1L, 2L}},
             std::optional<pqscope::inferred<std::string>>());
  CHECK(db.query<std::vector<std::optional<std::string>>>(
              "SELECT past FROM t WHERE past = $1 AND numbers = $2", pqscope::inferred{labels},
              pqscope::inferred{std::vector{1, 2}})
            .one() == labels);
  CHECK(db.query<bool>("SELECT 'sad'::mood = ANY($1)",
                       pqscope::inferred{std::vector<std::string>{"sad"}})
            .one());
  support::ensure_usable(db);
}
