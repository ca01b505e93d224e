#include "support/database.hpp"
#include "support/ensure_usable.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

namespace {

struct user {
  std::int64_t id{};
  std::string name;
  std::optional<std::string> email;

  friend bool operator==(user const&, user const&) = default;
};

template <class Value>
struct named {
  Value value;
};

// NOLINTBEGIN
struct wide {
  int f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20,
      f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31, f32, f33, f34, f35, f36, f37, f38, f39,
      f40, f41, f42, f43, f44, f45, f46, f47, f48, f49, f50, f51, f52, f53, f54, f55, f56, f57, f58,
      f59, f60, f61, f62, f63, f64;
};
// NOLINTEND

}  // namespace

TEST_CASE("the columns of a struct are found by name, in any order") {
  pqscope::connection db{support::test_config()};
  user const ada{7, "ada", "ada@example.org"};
  CHECK(db.query<user>("SELECT 7::bigint AS id, 'ada' AS name, 'ada@example.org' AS email").one() ==
        ada);
  CHECK(db.query<user>("SELECT 'ada@example.org' AS email, 'ada' AS name, 7::bigint AS id").one() ==
        ada);
  CHECK(db.query<user>("SELECT NULL::text AS email, 'ada' AS name, 7::bigint AS id").one() ==
        user{7, "ada", std::nullopt});
  support::ensure_usable(db);
}

TEST_CASE("first, all and iteration give structs") {
  pqscope::connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE users (id bigint, name text, email text)");
  db.execute("INSERT INTO users VALUES (1, 'a', NULL), (2, 'b', 'b@c')");
  auto const found = db.query<user>("SELECT * FROM users WHERE id = $1", 2).first();
  REQUIRE(found);
  CHECK(found->email == "b@c");
  CHECK_FALSE(db.query<user>("SELECT * FROM users WHERE id = $1", 3).first());
  CHECK(db.query<user>("SELECT * FROM users ORDER BY id").all() ==
        std::vector<user>{{1, "a", std::nullopt}, {2, "b", "b@c"}});
  std::string names;
  for (auto const& [id, name, email] : db.query<user>("SELECT * FROM users ORDER BY id")) {
    names += name;
  }
  CHECK(names == "ab");
  support::ensure_usable(db);
}

TEST_CASE("a struct may be local, in an unnamed namespace, or a template") {
  pqscope::connection db{support::test_config()};
  struct local {
    int a;
    std::string b;
  };
  auto const row = db.query<local>("SELECT 'x' AS b, 1 AS a").one();
  CHECK(row.a == 1);
  CHECK(row.b == "x");
  CHECK(db.query<named<double>>("SELECT 1.5::float8 AS value").one().value == 1.5);
  CHECK(db.query<named<std::vector<int>>>("SELECT '{1,2}'::int[] AS value").one().value.size() ==
        2);
  CHECK(db.query<named<std::array<int, 2>>>("SELECT '{1,2}'::int[] AS value").one().value[1] == 2);
  support::ensure_usable(db);
}

TEST_CASE("a struct of one field is not the value itself") {
  pqscope::connection db{support::test_config()};
  CHECK(db.query<named<int>>("SELECT 5 AS value").one().value == 5);
  CHECK_THROWS_AS(db.query<named<int>>("SELECT 5 AS other"), pqscope::type_mismatch);
  support::ensure_usable(db);
}

TEST_CASE("members may be const, and have initialisers that play no part") {
  pqscope::connection db{support::test_config()};
  struct row {
    int const id;
    std::string const name = "nobody";
    std::optional<int> age = 99;
  };
  auto const rows = db.query<row>("SELECT 1 AS id, 'ada' AS name, NULL::int AS age");
  CHECK(rows.one().id == 1);
  CHECK(rows.one().name == "ada");
  CHECK_FALSE(rows.one().age);
  CHECK(rows.all().size() == 1);
  CHECK(rows.first()->id == 1);
  support::ensure_usable(db);
}

TEST_CASE("a struct has up to 64 fields") {
  pqscope::connection db{support::test_config()};
  std::string columns = "SELECT 1 AS f1";
  for (int i = 2; i <= 64; ++i) {
    columns.insert(7, std::to_string(i) + " AS f" + std::to_string(i) + ", ");
  }
  auto const row = db.query<wide>(pqscope::dynamic_sql{columns}).one();
  CHECK(row.f1 == 1);
  CHECK(row.f2 == 2);
  CHECK(row.f33 == 33);
  CHECK(row.f64 == 64);
  support::ensure_usable(db);
}

TEST_CASE("a name that the server folds to lower case matches a field in lower case only") {
  pqscope::connection db{support::test_config()};
  struct row {
    int userName;
  };
  CHECK(db.query<row>("SELECT 1 AS \"userName\"").one().userName == 1);
  CHECK_THROWS_AS(db.query<row>("SELECT 1 AS userName"), pqscope::type_mismatch);
  support::ensure_usable(db);
}

TEST_CASE("every supported type is a field") {
  pqscope::connection db{support::test_config()};
  struct everything {
    bool a;
    short b;
    double c;
    std::vector<std::byte> d;
    pqscope::uuid e;
    pqscope::jsonb f;
    std::chrono::sys_time<std::chrono::microseconds> g;
    std::chrono::sys_days h;
    pqscope::interval i;
    std::optional<std::vector<std::optional<std::string>>> j;
    char k;
  };
  auto const row =
      db.query<everything>(
            "SELECT true AS a, 1::smallint AS b, 0.5::float8 AS c, '\\x01'::bytea AS d, "
            "gen_random_uuid() AS e, '{}'::jsonb AS f, now() AS g, current_date AS h, "
            "'1 day'::interval AS i, '{a,NULL}'::text[] AS j, 'k'::\"char\" AS k")
          .one();
  CHECK(row.a);
  CHECK(row.d.size() == 1);
  CHECK(row.i.days == 1);
  CHECK(row.j->size() == 2);
  CHECK(row.k == 'k');
  support::ensure_usable(db);
}
