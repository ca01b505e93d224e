#include "round_trip.hpp"

#include <tuple>

using namespace round_trips;

namespace {

enum class mood { sad, happy };

struct address {
  std::string street;
  int number;
  friend bool operator==(address const&, address const&) = default;
};

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "sad"}, {mood::happy, "happy"}});

namespace {

/// A connection in whose search path some domains lie.
pqscope::connection with_domains() {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp");
  db.execute("CREATE DOMAIN positive AS int CHECK (value > 0)");
  db.execute("CREATE DOMAIN small_positive AS positive CHECK (value < 100)");
  db.execute("CREATE DOMAIN label AS varchar(20) NOT NULL DEFAULT 'x'");
  db.execute("CREATE DOMAIN positives AS int[] CHECK (0 < ALL (value))");
  db.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  db.execute("CREATE DOMAIN good_mood AS mood CHECK (value = 'happy')");
  db.execute("CREATE TYPE address AS (street text, number int)");
  db.execute("CREATE DOMAIN home AS address CHECK ((value).number > 0)");
  return db;
}

}  // namespace

TEST_CASE("a domain's values are sent and read as those of the type below it") {
  auto db = with_domains();
  round_trip(db, "positive", 7, "7");
  round_trip(db, "small_positive", 7, "7");
  round_trip(db, "small_positive", std::int64_t{7}, "7");
  round_trip(db, "label", std::string("a b"), "a b");
  round_trip(db, "good_mood", mood::happy, "happy");
  round_trip(db, "home", pqscope::composite{address{"a", 1}}, "(a,1)");
  null_round_trip<int>(db, "positive");
  null_round_trip<int>(db, "small_positive");
  null_round_trip<mood>(db, "good_mood");
  null_round_trip<pqscope::composite<address>>(db, "home");
  support::ensure_usable(db);
}

TEST_CASE("no narrowing from a domain either") {
  auto db = with_domains();
  refused<std::int16_t, pqscope::type_mismatch>(db, "7::positive");
  support::ensure_usable(db);
}

TEST_CASE("domains are columns of tables, inserted and compared without a cast") {
  auto db = with_domains();
  db.execute("CREATE TABLE t (id small_positive, name label, all_of positives, at home)");
  db.execute("INSERT INTO t VALUES ($1, $2, $3, $4)", 7, "seven", std::vector<int>{1, 2},
             pqscope::composite{address{"a", 1}});
  struct row {
    int id;
    std::string name;
    std::vector<int> all_of;
    address at;
  };
  auto const read = db.query<row>("SELECT * FROM t WHERE id = $1 AND name = $2", 7, "seven").one();
  CHECK(read.id == 7);
  CHECK(read.name == "seven");
  CHECK(read.all_of == std::vector<int>{1, 2});
  CHECK(read.at == address{"a", 1});
  support::ensure_usable(db);
}

TEST_CASE("a domain's check fails as the server says, and the connection goes on") {
  auto db = with_domains();
  CHECK_THROWS_AS(db.execute("SELECT $1::positive", -1), pqscope::check_violation);
  CHECK_THROWS_AS(db.execute("SELECT $1::home", pqscope::composite{address{"a", -1}}),
                  pqscope::check_violation);
  support::ensure_usable(db);
}

TEST_CASE("a domain over an array is an array") {
  auto db = with_domains();
  std::vector<int> const values{1, 2};
  reads_as(db, "SELECT $1::positives", values, values);
  reads_as(db, "SELECT $1::positives", std::optional<std::vector<int>>(),
           std::optional<std::vector<int>>());
  support::ensure_usable(db);
}

TEST_CASE("an array of a domain is sent and read as one of the type below it") {
  auto db = with_domains();
  std::vector<std::optional<int>> const values{1, std::nullopt, 3};
  reads_as(db, "SELECT $1::positive[]", values, values);
  reads_as(db, "SELECT $1::positive[]::int[]", values, values);
  array_round_trip<std::int64_t>(db, "small_positive", {1, 99});
  std::vector<std::string> const labels{"", "a b"};
  reads_as(db, "SELECT $1::label[]", labels, labels);
  CHECK_THROWS_AS(db.execute("SELECT $1::positive[]", std::vector<int>{-1}),
                  pqscope::check_violation);
  CHECK_THROWS_AS(db.query<std::vector<std::int16_t>>("SELECT '{1}'::positive[]"),
                  pqscope::type_mismatch);
  std::vector<mood> const moods{mood::happy, mood::happy};
  reads_as(db, "SELECT $1::good_mood[]", moods, moods);
  support::ensure_usable(db);
}

TEST_CASE("an attribute that is a domain is read as the type below it") {
  auto db = with_domains();
  db.execute("CREATE TYPE counted AS (name label, count small_positive, at home)");
  using counted = std::tuple<std::string, int, address>;
  pqscope::composite const value{counted("a", 7, {"b", 1})};
  reads_as(db, "SELECT $1::counted", value, value);
  using narrow = std::tuple<std::string, std::int16_t, address>;
  CHECK_THROWS_AS(db.query<pqscope::composite<narrow>>("SELECT NULL::counted"),
                  pqscope::type_mismatch);
  using with_mood = std::tuple<int, mood>;
  CHECK(db.query<pqscope::composite<with_mood>>("SELECT ROW(1, 'happy'::good_mood)").one().value ==
        with_mood(1, mood::happy));
  support::ensure_usable(db);
}
