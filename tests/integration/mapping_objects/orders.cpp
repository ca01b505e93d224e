// The order of statements where rows refer to others of their own table, or tables to each other.

#include <pqscope/error/usage_error.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/session_objects.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "integration/mapping_objects/shelf.hpp"
#include "support/ensure_usable.hpp"

using pqscope::session;
using pqscope::usage_error;
using pqscope::with_session;
using namespace support;

namespace orders {

struct folder {
  int id{};
  std::optional<int> parent_id;
  std::vector<std::string> tags;  // an array: inserted one by one
};
struct singer {
  int id{};
  std::optional<int> best_song_id;
};
struct song {
  int id{};
  int singer_id{};
};

struct subject {
  std::string code;
  std::optional<std::string> above;
  std::optional<std::string> mark;   // unique
  std::optional<std::string> state;  // has a default
};
struct lecture {
  int id{};
  std::string mark;
};

}  // namespace orders

template <>
inline constexpr auto pqscope::mapping<orders::subject> =
    pqscope::table("subjects", pqscope::column<&orders::subject::code>().primary_key(),
                   pqscope::column<&orders::subject::above>().references<&orders::subject::code>(),
                   pqscope::column<&orders::subject::mark>().unique(),
                   pqscope::column<&orders::subject::state>().default_value("'new'"));
template <>
inline constexpr auto pqscope::mapping<orders::lecture> =
    pqscope::table("lectures", pqscope::column<&orders::lecture::id>().primary_key().identity(),
                   pqscope::column<&orders::lecture::mark>().references<&orders::subject::mark>());
template <>
inline constexpr auto pqscope::mapping<orders::folder> =
    pqscope::table("folders", pqscope::column<&orders::folder::id>().primary_key(),
                   pqscope::column<&orders::folder::parent_id>().references<&orders::folder::id>(
                       pqscope::on_delete::restrict),
                   pqscope::column<&orders::folder::tags>());
template <>
inline constexpr auto pqscope::mapping<orders::singer> = pqscope::table(
    "singers", pqscope::column<&orders::singer::id>().primary_key(),
    pqscope::column<&orders::singer::best_song_id>().references<&orders::song::id>());
template <>
inline constexpr auto pqscope::mapping<orders::song> =
    pqscope::table("songs", pqscope::column<&orders::song::id>().primary_key(),
                   pqscope::column<&orders::song::singer_id>().references<&orders::singer::id>());

using namespace orders;

TEST_CASE("rows of one table are deleted from the leaves on, in whatever order they are removed") {
  shelf here;
  auto const order =
      GENERATE(std::vector{1, 2, 3, 4, 5}, std::vector{5, 4, 3, 2, 1}, std::vector{3, 1, 5, 2, 4});
  pqscope::create_all<folder>(here.conn);
  with_session(here.conn, [](session& s) {
    s.execute(
        "INSERT INTO folders VALUES (1, NULL, '{}'), (2, 1, '{}'), (3, 1, '{}'), "
        "(4, 3, '{}'), (5, 4, '{}'), (6, 6, '{}'), (7, NULL, '{}'), (8, 7, '{}')");
  });
  auto const before = here.conn.round_trips();
  with_session(here.conn, [&](session& s) {
    for (int const each : order) {
      s.remove(s.get<folder>(each));
    }
    s.remove(s.get<folder>(8));
  });
  CHECK(here.conn.round_trips() == before + 7);
  CHECK(here.column("SELECT id FROM folders ORDER BY id") == std::vector<std::string>{"6", "7"});
  ensure_usable(here.conn);
}

TEST_CASE("rows of one table with keys of their own are inserted from the root on") {
  shelf here;
  auto const order =
      GENERATE(std::vector{1, 2, 3, 4}, std::vector{4, 3, 2, 1}, std::vector{3, 1, 4, 2});
  pqscope::create_all<folder>(here.conn);
  std::map<int, std::optional<int>> const parents{{1, std::nullopt}, {2, 1}, {3, 2}, {4, 3}};
  auto const before = here.conn.round_trips();
  with_session(here.conn, [&](session& s) {
    for (int const each : order) {
      s.add(folder{.id = each, .parent_id = parents.at(each), .tags = {"a"}});
    }
  });
  CHECK(here.conn.round_trips() == before + 1);
  CHECK(here.count("folders") == 4);
  ensure_usable(here.conn);
}

TEST_CASE("of tables that refer to each other the one that can do without goes first") {
  shelf here;
  bool const singer_first = GENERATE(true, false);
  pqscope::create_all<singer, song>(here.conn);
  with_session(here.conn, [&](session& s) {
    if (singer_first) {
      s.add(singer{.id = 1, .best_song_id = {}});
    }
    s.add(song{.id = 2, .singer_id = 1});
    if (!singer_first) {
      s.add(singer{.id = 1, .best_song_id = {}});
    }
  });
  CHECK(here.count("songs") == 1);
  with_session(here.conn, [&](session& s) {
    if (singer_first) {
      s.remove(s.get<singer>(1));
    }
    s.remove(s.get<song>(2));
    if (!singer_first) {
      s.remove(s.get<singer>(1));
    }
  });
  CHECK(here.count("singers") + here.count("songs") == 0);
  ensure_usable(here.conn);
}

TEST_CASE("objects that refer to new ones with keys of their own wait for nothing") {
  shelf here;
  pqscope::create_all<subject, lecture>(here.conn);
  auto const before = here.conn.round_trips();
  auto const below = with_session(here.conn, [](session& s) {
    auto const above = s.add(subject{.code = "a", .above = {}, .mark = "m", .state = {}});
    auto const middle = s.add(subject{.code = "b", .above = {}, .mark = {}, .state = {}}, above);
    s.add(lecture{}, above);
    auto const given = s.add(branch{.id = 7, .parent_id = {}, .name = "root"});
    s.add(branch{.id = 8, .parent_id = {}, .name = "leaf"}, given);
    return s.add(subject{.code = "c", .above = {}, .mark = {}, .state = {}}, middle);
  });
  CHECK(here.conn.round_trips() == before + 1);
  CHECK(below->above == "b");
  CHECK(below->state == "new");
  CHECK(here.column("SELECT code || coalesce(above, '-') FROM subjects ORDER BY code") ==
        std::vector<std::string>{"a-", "ba", "cb"});
  CHECK(here.column("SELECT parent_id FROM branches WHERE id = 8") ==
        std::vector<std::string>{"7"});
  CHECK(here.column("SELECT mark FROM lectures") == std::vector<std::string>{"m"});
  ensure_usable(here.conn);
}

TEST_CASE("a new object cannot refer to one that has no value in the column") {
  shelf here;
  pqscope::create_all<subject, lecture>(here.conn);
  CHECK_THROWS_AS(with_session(here.conn,
                               [](session& s) {
                                 auto const none = s.add(
                                     subject{.code = "a", .above = {}, .mark = {}, .state = {}});
                                 s.add(lecture{}, none);
                               }),
                  usage_error);
  CHECK(here.count("lectures") == 0);
  ensure_usable(here.conn);
}
