// What becomes of added objects that were changed, removed or looked for after their INSERT.

#include <pqscope/error/usage_error.hpp>
#include <pqscope/mapping/queries.hpp>
#include <pqscope/session_objects.hpp>
#include <pqscope/unique_session.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include "integration/mapping_objects/shelf.hpp"
#include "support/ensure_usable.hpp"

using pqscope::session;
using pqscope::tracked;
using pqscope::with_session;
using namespace support;

namespace {

/// A branch whose key, where the server makes it, is -1 until then.
struct twig {
  int id = -1;
  std::string name;
};

}  // namespace

template <>
inline constexpr auto pqscope::mapping<twig> =
    pqscope::table("branches", pqscope::column<&twig::id>().primary_key().identity(),
                   pqscope::column<&twig::name>());

TEST_CASE("an added object that was changed after its INSERT is what was added once undone") {
  shelf here;
  tracked<author> one;
  tracked<author> other;
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 one = s.add(author{.name = "a", .email = {}});
                                 other = s.add(author{.name = "b", .email = {}});
                                 s.flush();
                                 CHECK(one->id != 0);
                                 one->name = "changed";
                                 s.remove(other);
                                 s.flush();
                                 one->name = "changed again";
                                 throw std::runtime_error{"no"};
                               }),
                  std::runtime_error);
  CHECK(one->id == 0);
  CHECK(one->name == "a");
  CHECK(other->id == 0);
  CHECK(other->name == "b");
  CHECK(here.count("authors") == 0);
  ensure_usable(here.conn);
}

TEST_CASE("what a nested session does to an object that was added outside is undone alone") {
  shelf here;
  tracked<author> one;
  tracked<author> inner;
  auto const leave = [](session& s, auto&& does) {
    CHECK_THROWS_AS(with_session(s,
                                 [&](session& nested) {
                                   does(nested);
                                   nested.flush();
                                   throw std::runtime_error{"no"};
                                 }),
                    std::runtime_error);
  };
  with_session(here.conn, [&](session& s) {
    one = s.add(author{.name = "a", .email = {}});
    s.flush();
    auto const id = one->id;
    leave(s, [&](session&) { one->name = "changed"; });
    CHECK(one->name == "a");
    CHECK(one->id == id);
    leave(s, [&](session& nested) { nested.remove(one); });
    CHECK(s.get<author>(id) == one);
    with_session(s, [&](session& nested) {
      inner = nested.add(author{.name = "b", .email = {}});
      nested.flush();
    });
    leave(s, [&](session&) { inner->name = "changed"; });
    CHECK(inner->name == "b");
    CHECK(inner->id != 0);
    inner->email = "b@c";
  });
  CHECK(here.column("SELECT name || coalesce(email, '') FROM authors ORDER BY id") ==
        std::vector<std::string>{"a", "bb@c"});
  ensure_usable(here.conn);
}

TEST_CASE("what a nested session has added is undone with the session around it") {
  shelf here;
  tracked<author> one;
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 with_session(s, [&](session& nested) {
                                   one = nested.add(author{.name = "a", .email = {}});
                                   nested.flush();
                                 });
                                 CHECK(one->id != 0);
                                 throw std::runtime_error{"no"};
                               }),
                  std::runtime_error);
  CHECK(one->id == 0);
  CHECK(one->name == "a");
  CHECK(here.count("authors") == 0);
  ensure_usable(here.conn);
}

TEST_CASE("added objects are found by the key they have got, also after it was changed") {
  shelf here;
  with_session(here.conn, [](session& s) {
    std::vector<tracked<author>> all;
    for (char const* name : {"c", "a", "b"}) {
      all.push_back(s.add(author{.name = name, .email = {}}));
    }
    s.flush();
    for (auto const& each : all) {
      CHECK(s.get<author>(each->id) == each);
    }
    auto const first = all[0]->id;
    all[0]->id = 70;
    s.flush();
    CHECK(s.get<author>(70) == all[0]);
    CHECK_FALSE(s.get<author>(first));
    s.remove(all[1]);
    s.flush();
    CHECK_FALSE(s.get<author>(all[1]->id));
  });
  CHECK(here.column("SELECT name FROM authors ORDER BY name") ==
        std::vector<std::string>{"b", "c"});
  ensure_usable(here.conn);
}

TEST_CASE("the objects of a session without a lambda are those of its session") {
  shelf here;
  std::int64_t key = 0;
  {
    pqscope::unique_session s{here.conn};
    tracked<author> const one = s.add(author{.name = "ada", .email = {}});
    s.add(book{.title = "notes", .pages = {}}, one);
    tracked<book> const other = s.add(book{.title = "sketch", .pages = {}});
    s.refer<&book::author_id>(other, one);
    s.flush();
    CHECK(one->id != 0);
    CHECK(other->author_id == one->id);
    key = one->id;
    s.commit();
  }
  {
    pqscope::unique_session s{here.conn};
    tracked<author> const known = s.get<author>(key);
    REQUIRE(known);
    known->name = "eve";
    CHECK(s->get<author>(key) == known);
    {
      auto const pause = s.no_autoflush();
      CHECK(s.query<std::string>("SELECT name FROM authors").one() == "ada");
    }
    CHECK(s.query<std::string>("SELECT name FROM authors").one() == "eve");
    s.execute("UPDATE authors SET email = 'e@x'");
    s.refresh(known);
    CHECK(known->email == "e@x");
    s.remove(s.get<book>(1));
    tracked<book> const last = s.track(s.find<book>(pqscope::col<&book::title> == "sketch").one());
    last->pages = 3;
    s.commit();
    CHECK_THROWS_AS(s.add(author{.name = "late", .email = {}}), pqscope::usage_error);
  }
  CHECK(here.column("SELECT name FROM authors") == std::vector<std::string>{"eve"});
  CHECK(here.column("SELECT title || pages FROM books") == std::vector<std::string>{"sketch3"});
  ensure_usable(here.conn);
}

TEST_CASE("the server makes the key of a struct that has what a new one has, be it -1") {
  shelf here;
  CHECK(here.conn.insert(twig{.name = "a"}).id == 1);
  CHECK(here.conn.insert(twig{.id = 0, .name = "zero"}).id == 0);
  tracked<twig> undone;
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 undone = s.add(twig{.name = "b"});
                                 auto const other = s.add(twig{.name = "c"});
                                 s.flush();
                                 CHECK(undone->id == 2);
                                 CHECK(other->id == 3);
                                 throw std::runtime_error{"no"};
                               }),
                  std::runtime_error);
  CHECK(undone->id == -1);
  ensure_usable(here.conn);
}

TEST_CASE(
    "an object belongs to no session once its own has ended, whatever still pauses its flushes") {
  shelf here;
  pqscope::unique_session ended{here.conn};
  auto const pause = ended.no_autoflush();
  auto const one = ended.add(author{.name = "a", .email = {}});
  ended.commit();
  with_session(here.conn, [&](session& s) {
    s.refresh(one);
    one->name = "b";
  });
  CHECK(here.column("SELECT name FROM authors") == std::vector<std::string>{"b"});
  ensure_usable(here.conn);
}
