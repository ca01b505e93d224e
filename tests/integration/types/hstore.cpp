#include "round_trip.hpp"

#include <random>
#include <tuple>

using namespace round_trips;
using pqscope::hstore;

namespace {

/// Makes sure that the test database has the extension, which tests that run side by side share;
/// false where the server does not come with it.
bool has_hstore(pqscope::connection& db) {
  if (!db.query<bool>("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hstore')")
           .one()) {
    return false;
  }
  // two at a time would collide, IF NOT EXISTS or not
  db.execute("SELECT pg_advisory_lock(hashtext('hstore'))");
  db.execute("CREATE EXTENSION IF NOT EXISTS hstore SCHEMA public");
  db.execute("SELECT pg_advisory_unlock(hashtext('hstore'))");
  return true;
}

}  // namespace

TEST_CASE("an hstore keeps every text and NULL") {
  pqscope::connection db{support::test_config()};
  if (!has_hstore(db)) {
    SKIP("the server does not come with the extension hstore");
  }
  round_trip(db, "hstore", hstore{}, "");
  round_trip(db, "hstore", hstore{{"a", "1"}, {"b", std::nullopt}}, R"(b=>NULL, "a"=>"1")");
  round_trip(db, "hstore", hstore{{"", ""}, {R"(a"\,=>)", "NULL"}, {"ü😀\n", " '{}' "}},
             R"(""=>"", "a\"\\,=>"=>"NULL", "ü😀
"=>" '{}' ")");
  null_round_trip<hstore>(db, "hstore");
  array_round_trip<hstore>(db, "hstore", {{}, {{"a", "1"}}, {{R"("\)", std::nullopt}}});
  support::ensure_usable(db);
}

TEST_CASE("the server looks an hstore's values up by their keys") {
  pqscope::connection db{support::test_config()};
  if (!has_hstore(db)) {
    SKIP("the server does not come with the extension hstore");
  }
  db.execute("CREATE TEMP TABLE things (id int, tags hstore)");
  hstore const tags{{"colour", "red"}, {"size", std::nullopt}};
  db.execute("INSERT INTO things VALUES (1, $1), (2, NULL)", tags);
  struct thing {
    int id;
    std::optional<hstore> tags;
  };
  auto const things = db.query<thing>("SELECT * FROM things ORDER BY id").all();
  CHECK(things[0].tags == tags);
  CHECK_FALSE(things[1].tags);
  CHECK(db.query<std::string>("SELECT tags -> 'colour' FROM things WHERE tags @> $1",
                              hstore{{"colour", "red"}})
            .one() == "red");
  using pair = std::tuple<int, hstore>;
  CHECK(db.query<pqscope::composite<pair>>("SELECT ROW(1, tags) FROM things WHERE id = 1")
            .one()
            .value == pair(1, tags));
  CHECK(db.query<pqscope::composite<std::tuple<int, hstore>>>("SELECT $1::things",
                                                              pqscope::composite{pair(2, tags)})
            .one()
            .value == pair(2, tags));
  support::ensure_usable(db);
}

TEST_CASE("other types are not taken for an hstore") {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp");
  db.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  db.execute("CREATE TYPE pair AS (a int, b int)");
  refused<hstore, pqscope::decode_error>(db, "'happy'::mood");
  refused<hstore, pqscope::decode_error>(db, "'(1,2)'::pair");
  refused<hstore, pqscope::decode_error>(db, "'{happy}'::mood[]");
  refused<hstore, pqscope::type_mismatch>(db, "'a=>1'::text");
  support::ensure_usable(db);
}

TEST_CASE("a key with a NUL byte is refused before anything is sent") {
  pqscope::connection db{support::test_config()};
  auto const before = db.round_trips();
  CHECK_THROWS_AS(db.execute("SELECT $1", hstore{{std::string("a\0b", 3), "1"}}),
                  pqscope::usage_error);
  CHECK(db.round_trips() == before);
  support::ensure_usable(db);
}

TEST_CASE("random hstores survive") {
  pqscope::connection db{support::test_config()};
  if (!has_hstore(db)) {
    SKIP("the server does not come with the extension hstore");
  }
  std::mt19937 random(20240229);
  constexpr char const* pieces[] = {"a", "\"", "'", "\\", ",", "=>", "NULL", " ", "\n", "ü", "{"};
  auto const text = [&] {
    std::string made;
    for (auto length = random() % 6; length > 0; --length) {
      made += pieces[random() % std::size(pieces)];
    }
    return made;
  };
  for (int round = 0; round < 50; ++round) {
    hstore made;
    for (auto size = random() % 6; size > 0; --size) {
      made[text()] = random() % 4 == 0 ? std::optional<std::string>() : text();
    }
    reads_as(db, "SELECT $1::hstore", made, made);
    reads_as(db, "SELECT $1::hstore[]", std::vector{made, made}, std::vector{made, made});
  }
  support::ensure_usable(db);
}
