// Defaults of columns whose type a parameter does not declare.

#include <catch2/catch_test_macros.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/mapping/queries.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/session_objects.hpp>

#include <optional>
#include <string>
#include <vector>

#include "integration/mapping_schema/place.hpp"
#include "support/ensure_usable.hpp"

using list = std::vector<std::string>;
using pqscope::col;
using support::ensure_usable;

namespace {

enum class level { low, high };

struct task {
  int id{};
  std::optional<level> urgency{};
  std::optional<std::vector<level>> seen{};
  std::optional<std::string> place{};
  std::optional<std::string> code{};
  std::optional<std::string> label{};
  std::optional<std::string> bits{};
  std::optional<std::string> made{};
  std::optional<std::string> limited{};
};
/// Without an enum, so that many are inserted by one statement.
struct host {
  int id{};
  std::optional<std::string> place{};
  std::optional<std::string> code{};
  std::optional<std::string> label{};
  std::optional<std::string> limited{};
  std::string tags = "{}";
};

}  // namespace

template <>
inline constexpr auto pqscope::labels<level> =
    pqscope::enum_labels<level>({{level::low, "low"}, {level::high, "high"}});
template <>
inline constexpr std::string_view pqscope::enum_type<level> = "Level of it";
template <>
inline constexpr auto pqscope::mapping<task> = pqscope::table(
    "tasks", pqscope::column<&task::id>().primary_key().identity(),
    pqscope::column<&task::urgency>().default_value("'high'"),
    pqscope::column<&task::seen>().default_value("'{low}'"),
    pqscope::column<&task::place>().type("inet").default_value("'10.0.0.1'"),
    pqscope::column<&task::code>().character(3).default_value("'abc'"),
    pqscope::column<&task::label>().type("varchar(5)").default_value("'none'"),
    pqscope::column<&task::bits>().type("bit(3)").default_value("'101'"),
    pqscope::column<&task::made>().type("timestamp(0) with time zone").default_value("now()"),
    pqscope::column<&task::limited>().type("short_text").default_value("'none'"));
template <>
inline constexpr auto pqscope::mapping<host> =
    pqscope::table("hosts", pqscope::column<&host::id>().primary_key().identity(),
                   pqscope::column<&host::place>().type("inet").default_value("'10.0.0.1'"),
                   pqscope::column<&host::code>().character(3).default_value("'abc'"),
                   pqscope::column<&host::label>().type("varchar(5)").default_value("'none'"),
                   pqscope::column<&host::limited>().type("short_text").default_value("'none'"),
                   pqscope::column<&host::tags>().type("short_text[]"));

TEST_CASE("an empty optional takes the default of a column of any type, a value is kept") {
  support::place here;
  pqscope::connection db{here.db()};
  db.execute("CREATE DOMAIN short_text AS varchar(5)");
  pqscope::create_all<task>(db);
  task const made = db.insert(task{});
  REQUIRE(made.urgency == level::high);
  REQUIRE(made.seen == std::vector{level::low});
  REQUIRE(made.place == "10.0.0.1/32");
  REQUIRE(made.code == "abc");
  REQUIRE(made.label == "none");
  REQUIRE(made.bits == "101");
  REQUIRE(made.made);
  REQUIRE(made.limited == "none");

  task const given = db.upsert(task{.urgency = level::low,
                                    .seen = std::vector{level::high, level::low},
                                    .place = "::1",
                                    .code = "xyz",
                                    .label = "12345",
                                    .bits = "011",
                                    .made = "2020-01-02 03:04:05+00"});
  REQUIRE(given.urgency == level::low);
  REQUIRE(given.seen == std::vector{level::high, level::low});
  REQUIRE(given.place == "::1/128");
  REQUIRE(given.code == "xyz");
  REQUIRE(given.label == "12345");
  REQUIRE(given.bits == "011");
  REQUIRE(db.count<task>(col<&task::made> == "2020-01-02 03:04:05+00") == 1);
  REQUIRE(db.upsert(task{.id = given.id}).urgency == level::high);
  ensure_usable(db);
}

TEST_CASE("a value that is too long for a column with a default is refused, not cut") {
  support::place here;
  pqscope::connection db{here.db()};
  db.execute("CREATE DOMAIN short_text AS varchar(5)");
  pqscope::create_all<task, host>(db);
  REQUIRE_THROWS_AS(db.insert(task{.code = "wxyz"}), pqscope::string_data_right_truncation);
  REQUIRE_THROWS_AS(db.insert(task{.label = "123456"}), pqscope::string_data_right_truncation);
  REQUIRE_THROWS_AS(db.insert(task{.limited = "123456"}), pqscope::string_data_right_truncation);
  REQUIRE_THROWS_AS(db.insert(task{.bits = "1"}), pqscope::server_error);
  for (host const& wrong :
       {host{.label = "123456"}, host{.limited = "123456"}, host{.tags = "{abc,123456}"}}) {
    REQUIRE_THROWS_AS(pqscope::with_session(db,
                                            [&](pqscope::session& s) {
                                              s.add(host{});
                                              s.add(wrong);
                                            }),
                      pqscope::string_data_right_truncation);
  }
  REQUIRE(db.count<task>() == 0);
  REQUIRE(db.count<host>() == 0);
  ensure_usable(db);
}

TEST_CASE("objects without a value take the default, alone and many at once") {
  support::place here;
  pqscope::connection db{here.db()};
  db.execute("CREATE DOMAIN short_text AS varchar(5)");
  pqscope::create_all<task, host>(db);
  pqscope::with_session(db, [](pqscope::session& s) {
    auto one = s.add(task{});
    auto other = s.add(task{.urgency = level::low, .place = "::1"});
    auto first = s.add(host{});
    auto second = s.add(
        host{.place = "::1", .code = "xyz", .label = "12345", .limited = "a,\"{", .tags = "{a,b}"});
    s.flush();
    REQUIRE(one->urgency == level::high);
    REQUIRE(one->place == "10.0.0.1/32");
    REQUIRE(other->urgency == level::low);
    REQUIRE(other->place == "::1/128");
    REQUIRE(first->place == "10.0.0.1/32");
    REQUIRE(first->code == "abc");
    REQUIRE(second->place == "::1/128");
    REQUIRE(second->code == "xyz");
    REQUIRE(second->label == "12345");
    REQUIRE(first->limited == "none");
    REQUIRE(second->limited == "a,\"{");
    REQUIRE(second->tags == "{a,b}");
    REQUIRE(s.query<std::string>("SELECT limited || tags::text FROM hosts ORDER BY id").all() ==
            list{"none{}", "a,\"{{a,b}"});
  });
  ensure_usable(db);
}

TEST_CASE("a value that is longer than its column is none of the values it is looked for among") {
  support::place here;
  pqscope::connection db{here.db()};
  db.execute("CREATE DOMAIN short_text AS varchar(5)");
  pqscope::create_all<host>(db);
  db.insert(host{.label = "12345"});
  REQUIRE(db.count<host>(col<&host::label>.in({"12345", "x"})) == 1);
  REQUIRE(db.count<host>(col<&host::label>.in({"123456", "x"})) == 0);
  REQUIRE(db.count<host>(col<&host::label>.not_in({"123456", "x"})) == 1);
  REQUIRE(db.count<host>(col<&host::place>.in({"10.0.0.1/32"})) == 1);
  ensure_usable(db);
}
