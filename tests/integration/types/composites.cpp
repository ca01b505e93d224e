#include "round_trip.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <tuple>

using namespace round_trips;
using namespace std::chrono_literals;
using pqscope::composite;

namespace {

enum class mood { sad, happy };

struct address {
  std::string street;
  std::optional<int> number;
  friend bool operator==(address const&, address const&) = default;
};

struct person {
  std::string name;
  std::optional<address> home;
  std::vector<address> others;
  mood now = mood::sad;
  std::vector<mood> before;
  friend bool operator==(person const&, person const&) = default;
};

struct point {
  double x = 0;
  double y = 0;
  friend bool operator==(point const&, point const&) = default;
};

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "träurig \"(,)\\"}, {mood::happy, "happy"}});
template <>
inline constexpr bool pqscope::is_composite<point> = true;

namespace {

/// A connection in whose search path the types of the structs above lie.
pqscope::connection with_types() {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp");
  db.execute(R"_(CREATE TYPE mood AS ENUM ('träurig "(,)\', 'happy'))_");
  db.execute("CREATE TYPE address AS (street text, number int)");
  db.execute("CREATE TYPE place AS (x float8, y float8)");
  db.execute(
      "CREATE TYPE person AS (name varchar(80), home address, others address[], now mood, "
      "before mood[])");
  return db;
}

person const ada{"ada, \"the (first)\"",
                 address{R"(a "b" \ ')", 7},
                 {{"", -1}, {"{NULL}", std::nullopt}},
                 mood::happy,
                 {mood::sad, mood::happy}};

}  // namespace

TEST_CASE("a struct goes into a composite type and back, whatever its texts contain") {
  auto db = with_types();
  round_trip(db, "address", composite{address{"High Street", 7}}, R"_(("High Street",7))_");
  round_trip(db, "address", composite{address{"", {}}}, R"_(("",))_");
  round_trip(db, "address", composite{address{R"(a "b" \ , ( ) ' é)", -7}},
             R"_(("a ""b"" \\ , ( ) ' é",-7))_");
  round_trip(db, "place", point{1.5, -2}, "(1.5,-2)");
  null_round_trip<composite<address>>(db, "address");
  null_round_trip<point>(db, "place");
  using pair = std::tuple<std::optional<std::string>, std::int64_t>;
  round_trip(db, "address", composite{pair(std::nullopt, 1)}, "(,1)");
  support::ensure_usable(db);
}

TEST_CASE("arrays of composites keep NULLs and dimensions") {
  auto db = with_types();
  array_round_trip<composite<address>>(
      db, "address", {{{"a", 1}}, {{"\"\\,()", {}}}, {{"{}", std::numeric_limits<int>::min()}}});
  array_round_trip<point>(db, "place", {{0, 1}, {-1e300, 5e-324}});
  support::ensure_usable(db);
}

TEST_CASE("composites lie within composites, with enums and arrays of enums") {
  auto db = with_types();
  reads_as(db, "SELECT $1::person", composite{ada}, composite{ada});
  person const nobody{"", std::nullopt, {}, mood::sad, {}};
  reads_as(db, "SELECT $1::person", composite{nobody}, composite{nobody});
  reads_as(db, "SELECT $1::person[]", std::vector{composite{ada}, composite{nobody}},
           std::vector{composite{ada}, composite{nobody}});
  CHECK(db.query<std::string>("SELECT ((($1::person).others)[2]).street", composite{ada}).one() ==
        "{NULL}");
  CHECK(db.query<mood>("SELECT (($1::person).before)[1]", composite{ada}).one() == mood::sad);
  support::ensure_usable(db);
}

TEST_CASE("a struct is a row by itself, and a column's value within one") {
  auto db = with_types();
  db.execute("CREATE TABLE people OF person");
  db.execute("INSERT INTO people SELECT ($1::person).*", composite{ada});
  CHECK(db.query<person>("SELECT * FROM people").one() == ada);
  CHECK(db.query<composite<person>>("SELECT people FROM people").one().value == ada);
  struct entry {
    int id;
    person who;
    std::optional<address> nothing;
  };
  auto const entry_read =
      db.query<entry>("SELECT p AS who, 1 AS id, NULL::address AS nothing FROM people p").one();
  CHECK(entry_read.who == ada);
  CHECK_FALSE(entry_read.nothing);
  auto const [id, home] = db.query<int, address>("SELECT 1, home FROM people").one();
  CHECK(id == 1);
  CHECK(home == *ada.home);
  CHECK(db.query<std::vector<address>>("SELECT others FROM people").one() == ada.others);
  CHECK(db.query<std::optional<address>>("SELECT home FROM people").one() == ada.home);
  // a marked struct is a value everywhere
  CHECK(db.query<point>("SELECT '(1,2)'::place").one() == point{1, 2});
  CHECK_THROWS_AS(db.query<point>("SELECT 1.0::float8 AS x, 2.0::float8 AS y"),
                  pqscope::type_mismatch);
  support::ensure_usable(db);
}

TEST_CASE("composites are inserted without a cast, and compared after one") {
  auto db = with_types();
  db.execute("CREATE TABLE sites (id int, at place, road address, past address[])");
  db.execute("INSERT INTO sites VALUES ($1, $2, $3, $4)", 1, point{1, 2}, composite{*ada.home},
             std::vector{composite{*ada.home}});
  db.execute("INSERT INTO sites VALUES ($1, $2, $3, $4)", 2, std::optional<point>(), nullptr,
             std::vector<composite<address>>{});
  CHECK(db.query<int>("SELECT id FROM sites WHERE at = $1::place", point{1, 2}).one() == 1);
  CHECK(
      db.query<int>("SELECT id FROM sites WHERE road = $1::address", composite{*ada.home}).one() ==
      1);
  // the operator is that of all composites, so the server cannot tell of which type this one is
  CHECK_THROWS_AS(db.query<int>("SELECT id FROM sites WHERE at = $1", point{1, 2}),
                  pqscope::feature_not_supported);
  using row = std::tuple<std::optional<point>, std::optional<address>, std::vector<address>>;
  auto const rows = db.query<row>("SELECT at, road, past FROM sites ORDER BY id").all();
  CHECK(rows == std::vector<row>{{point{1, 2}, ada.home, {*ada.home}}, {{}, {}, {}}});
  support::ensure_usable(db);
}

TEST_CASE("an anonymous row is read by position") {
  auto db = with_types();
  using pair = std::tuple<int, std::string>;
  CHECK(db.query<composite<pair>>("SELECT ROW(1, 'a')").one().value == pair(1, "a"));
  CHECK(db.query<composite<address>>("SELECT ROW('a', 1)").one().value == address{"a", 1});
  CHECK(db.query<std::vector<pair>>("SELECT array_agg((i, 'x')) FROM generate_series(1, 2) i")
            .one() == std::vector<pair>{{1, "x"}, {2, "x"}});
  using nested = std::tuple<int, std::tuple<bool, std::optional<pair>>>;
  CHECK(db.query<composite<nested>>("SELECT ROW(1, ROW(true, ROW(2, 'b')))").one().value ==
        nested(1, {true, pair(2, "b")}));
  using both = std::tuple<int, pair>;
  CHECK(db.query<int, pair>("SELECT 1, ROW(2, 'c')").one() == both(1, {2, "c"}));
  CHECK(db.execute("SELECT ROW(1, 'a')")[0][0].as<pair>() == pair(1, "a"));
  CHECK(db.query<composite<address>>("SELECT r FROM (SELECT 'a', 1) AS r").one().value ==
        address{"a", 1});
  support::ensure_usable(db);
}

TEST_CASE("dropped attributes are not there") {
  auto db = with_types();
  db.execute("CREATE TABLE road (street text, gone int, number int)");
  db.execute("INSERT INTO road VALUES ('a', 1, 2)");
  db.execute("ALTER TABLE road DROP COLUMN gone");
  reads_as(db, "SELECT road FROM road", composite{address{"a", 2}});
  support::ensure_usable(db);
}

TEST_CASE("a composite that does not fit is refused, and the column named") {
  auto db = with_types();
  refused<composite<std::tuple<std::string>>, pqscope::type_mismatch>(db, "'(a,1)'::address");
  refused<composite<std::tuple<std::string, int, int>>, pqscope::type_mismatch>(db,
                                                                                "'(a,1)'::address");
  refused<composite<std::tuple<std::string, int>>, pqscope::unexpected_null>(db, "'(a,)'::address");
  refused<composite<std::tuple<int, int>>, pqscope::decode_error>(db, "'(a,1)'::address");
  refused<composite<address>, pqscope::decode_error>(db, "'happy'::mood");
  refused<composite<address>, pqscope::decode_error>(db, "'{\"(a,1)\"}'::address[]");
  refused<composite<address>, pqscope::type_mismatch>(db, "1");
  // no narrowing in binary; in text format types are not told, and the value counts
  auto const wide = pqscope::dynamic_sql{"SELECT ROW('a', 1::bigint) AS subject"};
  CHECK_THROWS_AS(db.query<composite<address>>(wide).one(), pqscope::type_mismatch);
  CHECK(db.execute(wide)[0][0].as<address>() == address{"a", 1});
  support::ensure_usable(db);
}

TEST_CASE("the server refuses a composite parameter that does not fit, and goes on") {
  auto db = with_types();
  CHECK_THROWS_AS(db.execute("SELECT $1::address", composite{std::tuple(1)}),
                  pqscope::server_error);
  CHECK_THROWS_AS(db.execute("SELECT $1::address", composite{std::tuple("a", "b")}),
                  pqscope::server_error);
  support::ensure_usable(db);
}

TEST_CASE("every type is written within a composite as the server reads it, in any session") {
  auto db = with_types();
  db.execute(
      "CREATE TYPE everything AS (a bool, b int2, c int4, d int8, e float4, f float8, g "
      "text, "
      "h bytea, i date, j time, k timestamp, l timestamptz, m interval, n uuid, o jsonb, p "
      "json, "
      "q int[], r text[], s timestamptz[], t numeric)");
  using microseconds = std::chrono::microseconds;
  using everything =
      std::tuple<bool, std::int16_t, std::int32_t, std::int64_t, float, double, std::string,
                 std::vector<std::byte>, std::chrono::sys_days, pqscope::time_of_day,
                 std::chrono::local_time<microseconds>, std::chrono::sys_time<microseconds>,
                 pqscope::interval, pqscope::uuid, pqscope::jsonb, pqscope::json,
                 std::vector<std::vector<int>>, std::vector<std::optional<std::string>>,
                 std::vector<std::chrono::sys_time<microseconds>>, std::optional<pqscope::uuid>>;
  using number = std::numeric_limits<std::int64_t>;
  auto const moment = [](std::int64_t value) {
    return std::chrono::sys_time<microseconds>(microseconds(value));
  };
  auto const wall = [](std::int64_t value) {
    return std::chrono::local_time<microseconds>(microseconds(value));
  };
  auto const day = [](int value) { return std::chrono::sys_days(std::chrono::days(value)); };
  everything const smallest{false,
                            std::numeric_limits<std::int16_t>::min(),
                            std::numeric_limits<std::int32_t>::min(),
                            number::min(),
                            std::numeric_limits<float>::denorm_min(),
                            -std::numeric_limits<double>::max(),
                            "",
                            {},
                            day(-2'440'588),
                            pqscope::time_of_day(),
                            wall(-210'866'803'200'000'000),
                            moment(-210'866'803'200'000'000),
                            {-14, 3, -1},
                            pqscope::uuid{},
                            pqscope::jsonb(),
                            pqscope::json(),
                            {},
                            {},
                            {},
                            {}};
  everything const largest{true,
                           std::numeric_limits<std::int16_t>::max(),
                           std::numeric_limits<std::int32_t>::max(),
                           number::max(),
                           std::numeric_limits<float>::infinity(),
                           0.1,
                           "\"\\(,)",
                           {std::byte{'\\'}},
                           pqscope::infinite_future<std::chrono::sys_days>,
                           pqscope::time_of_day(24h),
                           pqscope::infinite_past<std::chrono::local_time<microseconds>>,
                           moment(9'223'372'036'000'000'000),
                           {14, -3, 1},
                           pqscope::uuid::parse("ffffffff-ffff-ffff-ffff-ffffffffffff"),
                           pqscope::jsonb(R"({"a": "\\"})"),
                           pqscope::json(R"( [ "," ] )"),
                           {{1, 2}, {3, 4}},
                           {"\"", std::nullopt, "NULL"},
                           {moment(1), moment(-1)},
                           {}};
  for (char const* settings :
       {"SET DateStyle = ISO", "SET DateStyle = 'SQL, DMY'", "SET DateStyle = 'German'",
        "SET IntervalStyle = sql_standard", "SET IntervalStyle = iso_8601",
        "SET TimeZone = 'America/St_Johns'", "SET bytea_output = escape"}) {
    INFO(settings);
    db.execute(pqscope::dynamic_sql{settings});
    for (everything const& value : {smallest, largest}) {
      // numeric, the last, is always NULL here: uuid is not it
      auto const read = db.query<composite<everything>>(
                              "SELECT ROW((r).a, (r).b, (r).c, (r).d, (r).e, (r).f, (r).g, (r).h, "
                              "(r).i, (r).j, (r).k, (r).l, (r).m, (r).n, (r).o, (r).p, (r).q, "
                              "(r).r, (r).s, NULL::uuid) FROM (SELECT $1::everything AS r) AS s",
                              composite{value})
                            .one()
                            .value;
      CHECK((read == value));
    }
  }
  support::ensure_usable(db);
}

TEST_CASE("random composites survive within composites and arrays") {
  auto db = with_types();
  std::mt19937_64 random(20240229);
  constexpr char const* pieces[] = {"a", "\"", "'",  "\\", ",",  "(",    ")", "{",
                                    "}", " ",  "\n", "ü",  "😀", "NULL", "\t"};
  auto const text = [&] {
    std::string made;
    for (auto length = random() % 8; length > 0; --length) {
      made += pieces[random() % std::size(pieces)];
    }
    return made;
  };
  auto const some_address = [&] {
    return address{text(), random() % 4 == 0 ? std::optional<int>()
                                             : std::optional<int>(static_cast<int>(random()))};
  };
  for (int round = 0; round < 50; ++round) {
    person made{text(), some_address(), {}, mood::happy, {}};
    for (auto more = random() % 4; more > 0; --more) {
      made.others.push_back(some_address());
      made.before.push_back(random() % 2 == 0 ? mood::sad : mood::happy);
    }
    std::vector const twice{composite{made}, composite{made}};
    reads_as(db, "SELECT $1::person", composite{made}, composite{made});
    reads_as(db, "SELECT $1::person[]", twice, twice);
  }
  support::ensure_usable(db);
}
