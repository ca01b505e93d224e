// The order of statements where rows refer to others of their own table, or tables to each other.

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

}  // namespace orders

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
