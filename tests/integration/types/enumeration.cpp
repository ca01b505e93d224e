#include "round_trip.hpp"

using namespace round_trips;

namespace {

enum class mood { sad, ok, happy, awkward, unlabelled };

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> = pqscope::enum_labels<mood>({
    {mood::sad, "träurig 😢"},
    {mood::ok, "ok"},
    {mood::happy, "it's \"happy\""},
    {mood::awkward, "a,{b}\\ NULL "},
});

namespace {

constexpr char const* create_mood =
    R"(CREATE TYPE mood AS ENUM ('träurig 😢', 'ok', 'it''s "happy"', 'a,{b}\ NULL ', 'unknown'))";

/// A connection in whose search path a type `mood` lies that goes with it.
pqscope::connection with_mood() {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp");
  db.execute(pqscope::dynamic_sql{create_mood});
  return db;
}

}  // namespace

TEST_CASE("a C++ enum is a PostgreSQL enum, whatever its labels contain") {
  auto db = with_mood();
  for (mood const value : {mood::sad, mood::ok, mood::happy, mood::awkward}) {
    round_trip(db, "mood", value, *pqscope::label_of(value));
    round_trip(db, "text", value, *pqscope::label_of(value));
  }
  null_round_trip<mood>(db, "mood");
  array_round_trip<mood>(db, "mood", {mood::sad, mood::ok, mood::happy, mood::awkward});
  array_round_trip<mood>(db, "text", {mood::awkward, mood::happy});
  support::ensure_usable(db);
}

TEST_CASE("an enum's order is the server's") {
  auto db = with_mood();
  CHECK(db.query<bool>("SELECT $1 > 'ok'::mood", mood::happy).one());
  CHECK(db.query<mood>("SELECT max(m) FROM unnest($1::mood[]) AS m",
                       std::vector<mood>{mood::ok, mood::sad, mood::happy})
            .one() == mood::happy);
  support::ensure_usable(db);
}

TEST_CASE("enums are inserted, selected and compared without a cast") {
  auto db = with_mood();
  db.execute("CREATE TABLE people (name text, current mood, past mood[])");
  db.execute("INSERT INTO people VALUES ($1, $2, $3)", "ada", mood::happy,
             std::vector<mood>{mood::sad, mood::awkward});
  struct person {
    std::string name;
    mood current;
    std::vector<mood> past;
  };
  auto const ada = db.query<person>("SELECT * FROM people WHERE current = $1", mood::happy).one();
  CHECK(ada.name == "ada");
  CHECK(ada.current == mood::happy);
  CHECK(ada.past == std::vector<mood>{mood::sad, mood::awkward});
  support::ensure_usable(db);
}

TEST_CASE("a label that the C++ enum does not know is an error that names label and column") {
  auto db = with_mood();
  refused<mood, pqscope::decode_error>(db, "'unknown'::mood");
  refused<mood, pqscope::decode_error>(db, "'nonsense'::text");
  refused<std::vector<mood>, pqscope::decode_error>(db, "'{ok,unknown}'::mood[]");
  try {
    static_cast<void>(db.query<mood>("SELECT 'unknown'::mood").one());
  } catch (pqscope::decode_error const& e) {
    CHECK(std::string_view(e.what()).find("\"unknown\"") != std::string_view::npos);
  }
  refused<mood, pqscope::type_mismatch>(db, "1");
  support::ensure_usable(db);
}

TEST_CASE("an enumerator without a label is refused before anything is sent") {
  auto db = with_mood();
  auto const before = db.round_trips();
  CHECK_THROWS_AS(db.execute("SELECT $1::mood", mood::unlabelled), pqscope::usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1::mood", static_cast<mood>(77)), pqscope::usage_error);
  CHECK(db.round_trips() == before);
  support::ensure_usable(db);
}

TEST_CASE("other types made by users are not taken for an enum's label") {
  auto db = with_mood();
  db.execute("CREATE TYPE pair AS (a int, b int)");
  refused<mood, pqscope::decode_error>(db, "ROW(1, 2)::pair");
  refused<mood, pqscope::decode_error>(db, "'{ok}'::mood[]");
  CHECK_THROWS_AS(db.query<mood>("SELECT '{ok}'::mood[]"), pqscope::type_mismatch);
  support::ensure_usable(db);
}

TEST_CASE("an enum column is read into a text as it is, in both formats") {
  auto db = with_mood();
  auto const row = db.query<int, std::string>("SELECT 1, 'ok'::mood AS current").one();
  CHECK(std::get<1>(row) == "ok");
  CHECK(db.query<std::string>("SELECT 'ok'::mood::text").one() == "ok");
  CHECK(db.execute("SELECT 'ok'::mood")[0][0].as<std::string>() == "ok");
  CHECK(db.query<std::string>("SELECT unnest(enum_range(NULL::mood))").all().size() == 5);
  support::ensure_usable(db);
}
