#include "every_form.hpp"

using namespace round_trips;
using pqscope::dynamic_sql;

namespace {

/// A connection that finds an extension, if the server comes with it.
bool has_extension(pqscope::connection& db, std::string const& name) {
  if (!db.query<bool>("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)", name)
           .one()) {
    return false;
  }
  // two at a time would collide, IF NOT EXISTS or not
  db.execute("SELECT pg_advisory_lock(hashtext($1))", name);
  db.execute(dynamic_sql{"CREATE EXTENSION IF NOT EXISTS " + name + " SCHEMA public"});
  db.execute("SELECT pg_advisory_unlock(hashtext($1))", name);
  return true;
}

pqscope::connection connect() {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp, public");
  return db;
}

}  // namespace

TEST_CASE("hstore travels in every form") {
  auto db = connect();
  if (!has_extension(db, "hstore")) {
    SKIP("the server does not come with hstore");
  }
  every_form<pqscope::hstore>(db, "hstore",
                              {{{}, ""},
                               {{{"", ""}, {"a", std::nullopt}, {"\"\\'", "NULL,=>{}()"}},
                                R"_(""=>"", "a"=>NULL, "\"\\'"=>"NULL,=>{}()")_"}});
  support::ensure_usable(db);
}

TEST_CASE("citext travels in every form, as a text") {
  auto db = connect();
  if (!has_extension(db, "citext")) {
    SKIP("the server does not come with citext");
  }
  every_form<std::string>(db, "citext", {{"", ""}, {"Aa \"(,)\\{}", "Aa \"(,)\\{}"}});
  support::ensure_usable(db);
}

TEST_CASE("pgvector's types travel in every form") {
  auto db = connect();
  if (!has_extension(db, "vector")) {
    SKIP("the server does not come with pgvector");
  }
  every_form<pqscope::vector>(db, "vector", {{{{1, -2, 0.5F}}, "[1,-2,0.5]"}});
  if (db.query<bool>("SELECT to_regtype('sparsevec') IS NOT NULL").one()) {
    every_form<pqscope::halfvec>(db, "halfvec", {{{{1, -65504}}, "[1,-65504]"}});
    every_form<pqscope::sparsevec>(db, "sparsevec", {{{3, {{1, 0.5F}}}, "{2:0.5}/3"}});
  }
  support::ensure_usable(db);
}
