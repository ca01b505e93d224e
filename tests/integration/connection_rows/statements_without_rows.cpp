#include "support/database.hpp"
#include "support/ensure_usable.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

TEST_CASE("a typed query of a statement that returns no columns is a type_mismatch") {
  pqscope::connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE t (a int)");
  CHECK_THROWS_AS(db.query<int>("INSERT INTO t VALUES (1)"), pqscope::type_mismatch);
  struct row {
    int a;
  };
  CHECK_THROWS_AS(db.query<row>("UPDATE t SET a = 2"), pqscope::type_mismatch);
  CHECK_THROWS_AS((db.query<int, int>("DELETE FROM t WHERE false")), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<int>(""), pqscope::type_mismatch);
  try {
    static_cast<void>(db.query<row>("TRUNCATE t"));
  } catch (pqscope::type_mismatch const& e) {
    CHECK(std::string_view(e.what()).find("returns no rows") != std::string_view::npos);
  }
  support::ensure_usable(db);
}

TEST_CASE("a type_mismatch comes after the statement: what it did stays done") {
  pqscope::connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE t (a int)");
  CHECK_THROWS_AS(db.query<std::string>("INSERT INTO t VALUES (1) RETURNING a"),
                  pqscope::type_mismatch);
  CHECK(db.query<std::int64_t>("SELECT count(*) FROM t").one() == 1);
  {
    pqscope::transaction tx{db};
    CHECK_THROWS_AS(tx.query<std::string>("INSERT INTO t VALUES (2) RETURNING a"),
                    pqscope::type_mismatch);
    CHECK_THROWS_AS(tx.query<int>("SELECT NULL::int").one(), pqscope::unexpected_null);
    tx.commit();
  }
  CHECK(db.query<std::int64_t>("SELECT count(*) FROM t").one() == 2);
  support::ensure_usable(db);
}

TEST_CASE("RETURNING is read like any other result") {
  pqscope::connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, name text)");
  struct inserted {
    std::int64_t id;
    std::string name;
  };
  auto const row = db.query<inserted>("INSERT INTO t (name) VALUES ($1) RETURNING *", "ada").one();
  CHECK(row.id == 1);
  CHECK(row.name == "ada");
  CHECK(db.query<std::int64_t>("UPDATE t SET name = 'x' WHERE false RETURNING id").all().empty());
  support::ensure_usable(db);
}

TEST_CASE("rows without columns are empty tuples") {
  pqscope::connection db{support::test_config()};
  CHECK(db.query<std::tuple<>>("SELECT FROM generate_series(1, 3)").size() == 3);
  CHECK(db.query<std::tuple<>>("SELECT FROM generate_series(1, 3)").all().size() == 3);
  CHECK(db.query<std::tuple<>>("CREATE TEMP TABLE t ()").empty());
  CHECK_THROWS_AS(db.query<int>("SELECT"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<std::tuple<>>("SELECT 1"), pqscope::type_mismatch);
  CHECK(db.execute("SELECT FROM generate_series(1, 3)").size() == 3);
  support::ensure_usable(db);
}
