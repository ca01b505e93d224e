#include "round_trip.hpp"

#include <random>
#include <tuple>

using namespace round_trips;

namespace {

/// Makes sure that the test database has the extension in a version that knows the type; false
/// where the server does not come with it.
bool has_vector_type(pqscope::connection& db, std::string const& name) {
  if (!db.query<bool>("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')")
           .one()) {
    return false;
  }
  // two at a time would collide, IF NOT EXISTS or not
  db.execute("SELECT pg_advisory_lock(hashtext('pgvector'))");
  db.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public");
  db.execute("SELECT pg_advisory_unlock(hashtext('pgvector'))");
  return db.query<bool>("SELECT to_regtype($1) IS NOT NULL", name).one();
}

}  // namespace

TEST_CASE("a vector of pgvector keeps every number") {
  pqscope::connection db{support::test_config()};
  if (!has_vector_type(db, "vector")) {
    SKIP("the server does not come with pgvector");
  }
  round_trip(db, "vector", pqscope::vector{{1, -2, 0.5F}}, "[1,-2,0.5]");
  round_trip(db, "vector(1)", pqscope::vector{{3.4028235e38F}}, "[3.4028235e38]");
  null_round_trip<pqscope::vector>(db, "vector");
  array_round_trip<pqscope::vector>(db, "vector", {{{1, 2}}, {{-1e-30F}}});
  pqscope::vector const longest{std::vector<float>(16000, 0.1F)};
  reads_as(db, "SELECT $1::vector", longest, longest);
  std::mt19937 random(20240229);
  for (int round = 0; round < 20; ++round) {
    pqscope::vector made{std::vector<float>(1 + random() % 100)};
    for (float& number : made.values) {
      number = static_cast<float>(random()) / 3.0F - 5e8F;
    }
    reads_as(db, "SELECT $1::vector", made, made);
  }
  support::ensure_usable(db);
}

TEST_CASE("vectors are inserted, compared and measured without a cast") {
  pqscope::connection db{support::test_config()};
  if (!has_vector_type(db, "vector")) {
    SKIP("the server does not come with pgvector");
  }
  db.execute("CREATE TEMP TABLE items (id int, embedding vector(2))");
  db.execute("INSERT INTO items VALUES (1, $1), (2, $2)", pqscope::vector{{1, 0}},
             pqscope::vector{{3, 4}});
  CHECK(db.query<int>("SELECT id FROM items ORDER BY embedding <-> $1 LIMIT 1",
                      pqscope::vector{{3, 3}})
            .one() == 2);
  struct item {
    int id;
    pqscope::vector embedding;
  };
  CHECK(db.query<item>("SELECT * FROM items WHERE id = 2").one().embedding.values ==
        std::vector<float>{3, 4});
  CHECK(db.query<std::vector<float>>("SELECT embedding::real[] FROM items WHERE id = 1").one() ==
        std::vector<float>{1, 0});
  support::ensure_usable(db);
}

TEST_CASE("a half vector keeps the numbers of half precision") {
  pqscope::connection db{support::test_config()};
  if (!has_vector_type(db, "halfvec")) {
    SKIP("the server does not come with pgvector 0.7 or newer");
  }
  round_trip(db, "halfvec", pqscope::halfvec{{1, -2, 0.5F, 65504, 0x1p-24F}},
             "[1,-2,0.5,65504,5.9604645e-8]");
  null_round_trip<pqscope::halfvec>(db, "halfvec");
  array_round_trip<pqscope::halfvec>(db, "halfvec", {{{1, 2}}, {{-65504}}});
  reads_as(db, "SELECT $1::halfvec", pqscope::halfvec{{0x1.554p-2F}}, pqscope::halfvec{{1 / 3.0F}});
  support::ensure_usable(db);
}

TEST_CASE("a sparse vector keeps dimensions and numbers") {
  pqscope::connection db{support::test_config()};
  if (!has_vector_type(db, "sparsevec")) {
    SKIP("the server does not come with pgvector 0.7 or newer");
  }
  round_trip(db, "sparsevec", pqscope::sparsevec{5, {{0, 1.5F}, {4, -2.0F}}}, "{1:1.5,5:-2}/5");
  round_trip(db, "sparsevec", pqscope::sparsevec{1'000'000'000, {}}, "{}/1000000000");
  null_round_trip<pqscope::sparsevec>(db, "sparsevec");
  array_round_trip<pqscope::sparsevec>(db, "sparsevec", {{1, {}}, {3, {{2, 1e-30F}}}});
  support::ensure_usable(db);
}

TEST_CASE("other types are not taken for a vector") {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp");
  db.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  db.execute("CREATE TYPE pair AS (a int, b int)");
  for (char const* value : {"'happy'::mood", "'(1,2)'::pair", "'{happy}'::mood[]"}) {
    refused<pqscope::vector, pqscope::decode_error>(db, value);
    refused<pqscope::halfvec, pqscope::decode_error>(db, value);
    refused<pqscope::sparsevec, pqscope::decode_error>(db, value);
  }
  refused<pqscope::vector, pqscope::type_mismatch>(db, "'{1}'::real[]");
  support::ensure_usable(db);
}

TEST_CASE("a vector that is none is refused before anything is sent") {
  pqscope::connection db{support::test_config()};
  auto const before = db.round_trips();
  CHECK_THROWS_AS(db.execute("SELECT $1", pqscope::vector{}), pqscope::usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1", pqscope::sparsevec{}), pqscope::usage_error);
  CHECK(db.round_trips() == before);
  support::ensure_usable(db);
}
