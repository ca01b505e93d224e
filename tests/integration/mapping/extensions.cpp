#include <catch2/catch_test_macros.hpp>
#include <pqscope/mapping/queries.hpp>
#include <pqscope/pqscope.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

namespace {

struct page {
  std::int64_t id{};
  std::vector<float> embedding{};
  pqscope::vector other{};
};

struct account {
  std::int64_t id{};
  std::string email{};
};

/// A schema of the test's own as the place of tables and extensions, dropped at its end.
struct own_schema {
  std::string name = support::unique_name("extensions");
  support::witness outside;

  own_schema() { outside.execute("CREATE SCHEMA " + name); }
  own_schema(own_schema const&) = delete;
  own_schema& operator=(own_schema const&) = delete;
  ~own_schema() { outside.execute("DROP SCHEMA " + name + " CASCADE"); }

  bool has(std::string const& extension) {
    return outside.number("SELECT count(*) FROM pg_available_extensions WHERE name = $1",
                          {extension}) != 0;
  }
  /// A connection that finds an extension, wherever it is, and makes a table here. The extension is
  /// shared by all tests of the database, and made once.
  pqscope::connection open(std::string const& extension, std::string const& table) {
    pqscope::connection db{
        support::test_config().with("options", "-c search_path=" + name + ",public")};
    pqscope::with_session(db, [&](pqscope::session& s) {
      // two at a time would collide, IF NOT EXISTS or not
      s.execute("SELECT pg_advisory_xact_lock(hashtext($1))", extension);
      s.execute(pqscope::compose("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public",
                                 pqscope::identifier{extension}));
    });
    db.execute_script(pqscope::dynamic_sql{table});
    return db;
  }
};

}  // namespace

template <>
inline constexpr auto pqscope::mapping<page> = pqscope::table(
    "pages", pqscope::column<&page::id>().primary_key(),
    pqscope::column<&page::embedding>().vector(3), pqscope::column<&page::other>().vector(2));
template <>
inline constexpr auto pqscope::mapping<account> =
    pqscope::table("accounts", pqscope::column<&account::id>().primary_key(),
                   pqscope::column<&account::email>().type("citext").unique());

using pqscope::col;
using support::ensure_usable;

TEST_CASE("the nearest vectors come first, by each distance") {
  own_schema schema;
  if (!schema.has("vector")) {
    SKIP("the server does not come with pgvector");
  }
  auto db = schema.open(
      "vector", "CREATE TABLE pages (id bigint PRIMARY KEY, embedding vector(3), other vector(2))");
  db.insert(page{.id = 1, .embedding = {1, 0, 0}, .other = {{1, 0}}});
  db.insert(page{.id = 2, .embedding = {0, 5, 0}, .other = {{0, 1}}});
  std::vector<float> const near{0, 1, 0};
  auto const first_by = [&](auto const& distance) {
    return db.select<page>().order_by(distance).first().value();
  };
  REQUIRE(first_by(col<&page::embedding>.l2_distance(near)).id == 1);
  REQUIRE(first_by(col<&page::embedding>.cosine_distance(near)).id == 2);
  REQUIRE(first_by(col<&page::embedding>.negative_inner_product(near)).embedding ==
          std::vector<float>{0, 5, 0});
  REQUIRE(first_by(col<&page::other>.l2_distance(std::vector<float>{0, 1})).id == 2);
  REQUIRE(first_by(col<&page::other>.l2_distance(pqscope::vector{{1, 0}})).id == 1);
  REQUIRE(
      db.find<page>(col<&page::id> == 2).values(col<&page::embedding>.l2_distance(near)).one() ==
      4.0);
  REQUIRE(db.update<page>()
              .set(col<&page::embedding> = near)
              .where(col<&page::embedding>.l2_distance(near) < 2)
              .returning()
              .one()
              .embedding == near);
  ensure_usable(db);
}

TEST_CASE("a column of a type given by name is compared and read as text") {
  own_schema schema;
  if (!schema.has("citext")) {
    SKIP("the server does not come with citext");
  }
  auto db = schema.open("citext", "CREATE TABLE accounts (id bigint PRIMARY KEY, email citext)");
  db.insert(account{.id = 1, .email = "Ada@Example.org"});
  REQUIRE(db.find<account>(col<&account::email> == "ada@example.org").one().id == 1);
  REQUIRE(db.find<account>(col<&account::email>.in({"ADA@example.org"})).one().email ==
          "Ada@Example.org");
  ensure_usable(db);
}
