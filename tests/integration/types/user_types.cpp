#include "round_trip.hpp"

#include <tuple>
#include <type_traits>
#include <variant>

using namespace round_trips;
using pqscope::composite;

template <>
struct pqscope::range_type<double> : pqscope::user_range_type {};

namespace {

enum class mood { sad, happy };

struct address {
  std::string street;
  std::optional<int> number;
  mood now = mood::sad;
  friend bool operator==(address const&, address const&) = default;
};

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "sad"}, {mood::happy, "happy"}});

namespace {

/// A connection in whose search path some types lie that go with it.
pqscope::connection with_types() {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp");
  db.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  db.execute("CREATE DOMAIN positive AS int CHECK (value > 0)");
  db.execute("CREATE DOMAIN good_mood AS mood CHECK (value = 'happy')");
  db.execute("CREATE TYPE address AS (street text, number positive, now good_mood)");
  db.execute("CREATE TYPE place AS (home address, past address[], all_of positive[])");
  return db;
}

/// How many round trips something costs.
template <class Use>
std::uint64_t trips(pqscope::connection& db, Use&& use) {
  auto const before = db.round_trips();
  use();
  return db.round_trips() - before;
}

/// What a mismatch says.
template <class Use>
std::string mismatch(Use&& use) {
  try {
    use();
  } catch (pqscope::type_mismatch const& e) {
    return e.what();
  }
  FAIL("nothing was thrown");
  return {};
}

bool says(std::string const& text, std::string_view part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an enum is read into a text without a cast, alone, in arrays and in composites") {
  auto db = with_types();
  CHECK(db.query<std::string>("SELECT 'sad'::mood").one() == "sad");
  auto const rows = db.query<std::string_view>("SELECT unnest(enum_range(NULL::mood))");
  CHECK(rows.all() == std::vector<std::string_view>{"sad", "happy"});
  CHECK(db.query<std::optional<std::string>>("SELECT NULL::mood").one() == std::nullopt);
  reads_as(db, "SELECT enum_range(NULL::mood)", std::vector<std::string>{"sad", "happy"});
  using attributes = std::tuple<std::string, int, std::string>;
  reads_as(db, "SELECT '(a,1,happy)'::address", composite{attributes("a", 1, "happy")});
  support::ensure_usable(db);
}

TEST_CASE("domains are what is below them, in arrays, composites and anonymous rows") {
  auto db = with_types();
  array_round_trip<int>(db, "positive", {1, 2, 3});
  array_round_trip<mood>(db, "good_mood", {mood::happy, mood::happy});
  round_trip(db, "address", composite{address{"a b", 7, mood::happy}}, "(\"a b\",7,happy)");
  array_round_trip<composite<address>>(db, "address",
                                       {{{"", 1, mood::happy}}, {{"\"", {}, mood::happy}}});
  using place = std::tuple<address, std::vector<address>, std::vector<std::optional<int>>>;
  composite const where{place{{"a", 1, mood::happy}, {{"b", {}, mood::happy}}, {1, std::nullopt}}};
  reads_as(db, "SELECT $1::place", where, where);
  using pair = std::tuple<int, mood, std::vector<int>>;
  reads_as(db, "SELECT ROW(7::positive, 'happy'::good_mood, '{1,2}'::positive[])",
           composite{pair(7, mood::happy, {1, 2})});
  reads_as(db,
           "SELECT array_agg(ROW(i::positive, 'happy'::good_mood, ARRAY[i::positive])) "
           "FROM generate_series(1, 2) i",
           std::vector<pair>{{1, mood::happy, {1}}, {2, mood::happy, {2}}});
  support::ensure_usable(db);
}

TEST_CASE("the domains of information_schema are what is below them, wherever they stand") {
  auto db = with_types();
  std::string const from =
      " FROM information_schema.columns WHERE table_schema = 'pg_catalog' AND table_name = 'pg_am'";
  auto const names =
      pqscope::dynamic_sql{"SELECT array_agg(column_name ORDER BY ordinal_position)" + from};
  auto const positions = pqscope::dynamic_sql{"SELECT array_agg(ordinal_position)" + from};
  auto const anonymous =
      pqscope::dynamic_sql{"SELECT ROW(column_name, ordinal_position)" + from + " LIMIT 1"};
  using names_type = std::vector<std::string>;
  using pair = composite<std::tuple<std::string, int>>;
  names_type const expected{"oid", "amname", "amhandler", "amtype"};
  CHECK(trips(db, [&] { CHECK(db.query<names_type>(names).one() == expected); }) == 2);
  CHECK(trips(db, [&] { CHECK(db.stream<names_type>(names).all().at(0) == expected); }) == 1);
  CHECK(db.execute(names)[0][0].as<names_type>() == expected);
  CHECK(db.query<std::vector<int>>(positions).one().size() == 4);
  CHECK(db.query<pair>(anonymous).one() == pair{{"oid", 1}});
  CHECK(says(mismatch([&] { static_cast<void>(db.query<std::vector<int>>(names)); }),
             "is information_schema.sql_identifier[], which cannot be read as integer[]"));
  support::ensure_usable(db);
}

TEST_CASE("a row of a system catalog is a composite") {
  auto db = with_types();
  struct cast {
    std::uint32_t oid;
    std::uint32_t castsource;
    std::uint32_t casttarget;
    std::uint32_t castfunc;
    char castcontext;
    char castmethod;
  };
  auto const cast_of = [](auto const& found) { return found.value.castsource; };
  constexpr char const* text =
      "SELECT c FROM pg_cast AS c WHERE castsource = 'int4'::regtype AND casttarget = "
      "'int8'::regtype";
  pqscope::dynamic_sql const widening{text};
  CHECK(cast_of(db.query<composite<cast>>(widening).one()) == pqscope::oid::int4);
  CHECK(cast_of(db.stream<composite<cast>>(widening).all().at(0)) == pqscope::oid::int4);
  CHECK(cast_of(db.execute(widening)[0][0].as<composite<cast>>()) == pqscope::oid::int4);
  CHECK(says(mismatch([&] { static_cast<void>(db.query<composite<std::tuple<int>>>(widening)); }),
             "column \"c\" is pg_cast, which cannot be read as composite: it has 6 attributes"));
  support::ensure_usable(db);
}

TEST_CASE("the first meeting with a type costs a round trip, and later ones none") {
  auto db = with_types();
  auto const enums = [&] { CHECK(db.query<std::string>("SELECT 'sad'::mood").one() == "sad"); };
  auto const places = [&] {
    using place = std::tuple<address, std::vector<address>, std::vector<int>>;
    auto const rows = db.query<composite<place>>(
        "SELECT '(\"(a,1,happy)\",{},\"{1}\")'::place FROM generate_series(1, 100)");
    CHECK(rows.all().size() == 100);
  };
  CHECK(trips(db, [&] { CHECK(db.query<int>("SELECT 1").one() == 1); }) == 1);
  CHECK(trips(db, enums) == 2);
  CHECK(trips(db, enums) == 1);
  CHECK(trips(db, places) == 2);  // with all that it is made of
  CHECK(trips(db, places) == 1);
  CHECK(trips(db, [&] {
          static_cast<void>(db.query<std::vector<address>>("SELECT '{}'::address[]"));
        }) == 1);
  CHECK(trips(db, [&] { static_cast<void>(db.query<int>("SELECT 1::positive")); }) == 1);
  CHECK(trips(db, [&] { static_cast<void>(db.execute("SELECT 'sad'::mood")); }) == 1);
  support::ensure_usable(db);
}

TEST_CASE("what is new in several columns, and in anonymous rows, is asked for at once") {
  auto db = with_types();
  CHECK(trips(db, [&] {
          auto const rows = db.query<composite<std::tuple<int, std::string>>>(
              "VALUES (ROW(1, 'happy'::good_mood)), (ROW(2::positive, 'x'))");
          CHECK(rows.all()[1].value == std::tuple(2, std::string("x")));
        }) == 2);
  CHECK(trips(db, [&] {
          static_cast<void>(
              db.query<mood, composite<address>, std::vector<int>, composite<std::tuple<mood>>>(
                  "SELECT 'sad'::mood, NULL::address, NULL::positive[], ROW('sad'::mood) "
                  "WHERE false"));
        }) == 2);
  support::ensure_usable(db);
}

TEST_CASE("a type is asked for within its transaction, and goes with it") {
  auto db = with_types();
  {
    pqscope::transaction tx{db};
    tx.execute("CREATE TYPE passing AS ENUM ('x')");
    CHECK(trips(db, [&] { CHECK(tx.query<std::string>("SELECT 'x'::passing").one() == "x"); }) ==
          2);
    CHECK(trips(db, [&] { CHECK(tx.query<std::string>("SELECT 'x'::passing").one() == "x"); }) ==
          1);
    tx.rollback();
  }
  db.execute("CREATE TYPE passing AS (a int)");
  using attributes = std::tuple<int>;
  CHECK(trips(db, [&] {
          CHECK(db.query<composite<attributes>>("SELECT '(1)'::passing").one().value ==
                attributes(1));
        }) == 2);
  support::ensure_usable(db);
}

TEST_CASE("a type that was dropped and made again, or changed, is looked at again") {
  auto db = with_types();
  CHECK(db.query<std::string>("SELECT 'sad'::mood").one() == "sad");
  db.execute("DROP TYPE mood CASCADE");
  db.execute("CREATE TYPE mood AS (sad int)");
  CHECK(trips(db, [&] {
          CHECK(says(
              mismatch([&] { static_cast<void>(db.query<std::string>("SELECT '(1)'::mood")); }),
              "mood"));
        }) == 2);
  struct first {
    int sad;
  };
  struct second {
    std::int64_t sad;
    std::optional<std::string> happy;
  };
  CHECK(db.query<composite<first>>("SELECT '(1)'::mood").one().value.sad == 1);
  db.execute("ALTER TYPE mood ADD ATTRIBUTE happy text, ALTER ATTRIBUTE sad TYPE bigint");
  auto const reads = [&] {
    auto const read = db.query<composite<second>>("SELECT '(2,x)'::mood").one().value;
    CHECK(read.sad == 2);
    CHECK(read.happy == "x");
  };
  CHECK(trips(db, reads) == 2);
  CHECK(trips(db, reads) == 1);
  CHECK_THROWS_AS(db.query<composite<first>>("SELECT '(1,)'::mood").one(), pqscope::type_mismatch);
  support::ensure_usable(db);
}

TEST_CASE("a type that was changed since is seen value by value where it still seems to fit") {
  auto db = with_types();
  db.execute("CREATE TYPE pair AS (a int, b int)");
  using two = std::tuple<int, int>;
  CHECK(db.query<composite<two>>("SELECT '(1,2)'::pair").one().value == two(1, 2));
  db.execute("ALTER TYPE pair ALTER ATTRIBUTE b TYPE bigint");
  CHECK_THROWS_AS(db.query<composite<two>>("SELECT '(1,2)'::pair").one(), pqscope::type_mismatch);
  db.execute("ALTER TYPE pair DROP ATTRIBUTE b");
  CHECK_THROWS_AS(db.query<composite<two>>("SELECT '(1)'::pair").one(), pqscope::type_mismatch);
  support::ensure_usable(db);
}

TEST_CASE("a mismatch names the type as the database does, and the attribute") {
  auto db = with_types();
  db.execute("CREATE TYPE \"odd, name\" AS (street text, number bigint, now mood)");
  auto const text = mismatch([&] {
    static_cast<void>(
        db.query<int, composite<address>>("SELECT 1, NULL::\"odd, name\" AS subject"));
  });
  CHECK(says(text,
             "\"subject\" is \"odd, name\", which cannot be read as composite: its attribute "
             "2, \"number\", is bigint, which cannot be read as integer"));
  CHECK(says(mismatch([&] {
               static_cast<void>(
                   db.query<std::vector<address>>("SELECT NULL::\"odd, name\"[] AS subject"));
             }),
             "composite[]: its elements do not fit: its attribute 2"));
  struct swapped {
    std::optional<int> number;
    std::string street;
    mood now;
  };
  CHECK(says(
      mismatch([&] { static_cast<void>(db.query<composite<swapped>>("SELECT NULL::address")); }),
      "its attribute 1, \"street\", is the field \"number\" of the C++ type"));
  CHECK(says(mismatch([&] {
               static_cast<void>(db.query<composite<std::tuple<int>>>("SELECT NULL::address"));
             }),
             "it has 3 attributes, the C++ type has 1 fields"));
  CHECK(says(mismatch([&] { static_cast<void>(db.query<int>("SELECT 'sad'::mood AS m")); }),
             "\"m\" is mood, which cannot be read as integer; cast it"));
  CHECK(says(
      mismatch([&] { static_cast<void>(db.query<std::vector<int>>("SELECT '{sad}'::mood[]")); }),
      " is mood[], which cannot be read as integer[]"));
  CHECK(says(mismatch([&] {
               static_cast<void>(
                   db.query<composite<std::tuple<int>>>("SELECT ROW('sad'::mood)").one());
             }),
             "attribute 1 of the composite is mood"));
  support::ensure_usable(db);
}

TEST_CASE("a mismatch advises a cast only to what is the name of a type") {
  auto db = with_types();
  auto const told = [&]<class T>(std::type_identity<T>) {
    return mismatch([&] { static_cast<void>(db.query<T>("SELECT 'sad'::mood AS m")); });
  };
  CHECK(says(told(std::type_identity<int>{}), "cast it in the SQL text, as in \"m\"::integer\n"));
  CHECK(says(told(std::type_identity<pqscope::range<int>>{}), "as in \"m\"::int4range\n"));
  for (auto const& text : {told(std::type_identity<std::variant<int, bool>>{}),
                           told(std::type_identity<std::vector<std::variant<int, bool>>>{}),
                           told(std::type_identity<pqscope::range<double>>{}),
                           told(std::type_identity<std::vector<pqscope::range<double>>>{}),
                           told(std::type_identity<pqscope::multirange<double>>{}),
                           told(std::type_identity<composite<address>>{}),
                           told(std::type_identity<std::vector<mood>>{})}) {
    CAPTURE(text);
    CHECK(says(text, "column \"m\" is mood, which cannot be read as"));
    CHECK_FALSE(says(text, "cast it"));
  }
  support::ensure_usable(db);
}

TEST_CASE("types made by users are told apart before a value is looked at") {
  auto db = with_types();
  refused<mood, pqscope::decode_error>(db, "'(a,1,happy)'::address");
  CHECK_THROWS_AS(db.query<mood>("SELECT NULL::address"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<mood>("SELECT '{}'::mood[]"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<std::vector<mood>>("SELECT 'sad'::mood"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<std::vector<mood>>("SELECT '{}'::address[]"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<composite<address>>("SELECT 'sad'::mood"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<pqscope::hstore>("SELECT 'sad'::mood"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<pqscope::vector>("SELECT 'sad'::mood"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<std::string>("SELECT NULL::address"), pqscope::type_mismatch);
  support::ensure_usable(db);
}

TEST_CASE("a variant takes the alternative that a type made by users is") {
  auto db = with_types();
  using either = std::variant<int, composite<address>, std::vector<mood>, mood, std::string>;
  CHECK(std::get<mood>(db.query<either>("SELECT 'happy'::mood").one()) == mood::happy);
  CHECK(std::get<std::vector<mood>>(db.query<either>("SELECT '{sad}'::mood[]").one()).size() == 1);
  CHECK(std::get<composite<address>>(db.query<either>("SELECT '(a,1,happy)'::address").one())
            .value.street == "a");
  CHECK(db.query<std::vector<either>>("SELECT '{1,2}'::positive[]").one() ==
        std::vector<either>{1, 2});
  support::ensure_usable(db);
}
