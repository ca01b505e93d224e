// What becomes of added objects that were changed, removed or looked for after their INSERT.

#include <pqscope/session_objects.hpp>
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
